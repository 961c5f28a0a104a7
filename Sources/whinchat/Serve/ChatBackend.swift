import ChatServer
import Conversation
import CoreMetrics
import CurlTransport
import Foundation
import Logging
import Models
import NIOCore
import NIOPosix
import ServiceLifecycle
import Sessions
import Tools

/// What stands behind the chat's WebSocket: the sessions, and the model that they ask.
struct ChatBackend {
    /// Serves a connection.
    let makeConnection: ChatConnectionMaker

    let directory: SessionDirectory

    /// Which model answers and why that one, for people.
    let model: String

    /// What has to run beside the server, in the order of their start.
    let services: [any Service]

    /// - Parameters:
    ///   - ownTools: those of an application that embeds the server
    ///   - store: where sessions are kept
    ///   - group: the event loops that connections live on, and so sessions too
    ///   - pingInterval: how often connections are pinged; clients are told
    ///   - metrics: where all of it is counted
    static func make(
        _ settings: ServeSettings, environment: [String: String], ownTools: [any Tool], store: any SessionStore,
        group: MultiThreadedEventLoopGroup, pingInterval: Duration,
        metrics: any MetricsFactory, logger: Logger
    ) async throws -> ChatBackend {
        let engine = try CurlEngine(logger: logger)
        let queues = group.makeIterator().map { engine.makeQueue(on: $0) }
        let selection = try await select(settings, environment, probingWith: queues)
        if selection.lacksKey {
            logger.warning(
                "no key is set for the provider, so it will refuse every call",
                metadata: ["provider": "\(selection.kind.rawValue)"])
        }
        let provider = RetryingProvider(
            selection.makeProvider(), policy: RetryPolicy(maximumRetries: settings.maxRetries),
            fallbackModel: settings.fallbackModel, metrics: metrics)
        var context = ContextServices()
        context.windows = ModelWindows(overrides: settings.context.modelWindows)
        context.countsExactly = settings.context.exactTokens
        context.summaryModel = settings.context.summaryModel
        context.embeddings = settings.context.embeddingModel.map {
            selection.embeddingModel($0, baseURL: settings.context.embeddingBaseURL, environment: environment)
        }
        let outbox = URL(fileURLWithPath: settings.dataFolder).appendingPathComponent("outbox")
        let tools = try settings.tools.map { try $0.make(transfers: queues[0], outbox: outbox) } + ownTools
        var sessions = SessionEnvironment(
            provider: provider, tools: try ToolRegistry(tools), store: store,
            defaults: SessionSettings(
                system: settings.system ?? "", model: provider.models[0], maxTokens: settings.maxTokens,
                context: SessionSettings.Context(policy: SlidingWindow.name)),
            pingInterval: pingInterval, limits: settings.sessionLimits, context: context, logger: logger)
        sessions.prices = settings.prices
        sessions.metrics = SessionMetrics(factory: metrics)
        warnOfPrices(
            settings,
            models: provider.models + [settings.fallbackModel, settings.context.summaryModel].compactMap(\.self), logger
        )
        let directory = SessionDirectory(environment: sessions, loops: queues.map { SessionLoop(transfers: $0) })
        return ChatBackend(
            makeConnection: ChatConnection.maker(directory),
            directory: directory,
            model: selection.kind == .demo
                ? "The built-in demo answers, because \(selection.reason)."
                : "\(provider.models[0]) answers (\(selection.kind.rawValue)), because \(selection.reason).",
            services: [EngineService(engine: engine)])
    }

    /// A bound on money that a model does not count towards would surprise whoever set it.
    private static func warnOfPrices(_ settings: ServeSettings, models: [String], _ logger: Logger) {
        let bounds = settings.sessionLimits.spending
        guard bounds.userCost != nil || bounds.sessionCost != nil else { return }
        for model in models where settings.prices[model] == nil {
            logger.warning(
                "no price is given for a model, so the bounds on a day's cost do not count it",
                metadata: ["model": "\(model)"])
        }
    }

    private static func select(
        _ settings: ServeSettings, _ environment: [String: String], probingWith queues: [TransferQueue]
    ) async throws -> ProviderSelection {
        let choice = ProviderSelection.Choice(
            provider: settings.provider.map { ProviderSelection.Kind($0) }, baseURL: settings.baseURL,
            model: settings.model)
        var ollama: OllamaServer?
        if ProviderSelection.needsProbe(choice, environment: environment), let queue = queues.first {
            ollama = try await OllamaServer.probe(over: ModelLoop(transfers: queue)).get()
        }
        return ProviderSelection(choice, environment: environment, ollama: ollama)
    }
}

extension ProviderSelection.Kind {
    init(_ provider: ServeSettings.Provider) {
        self =
            switch provider {
            case .anthropic: .anthropic
            case .openai: .openai
            case .demo: .demo
            }
    }
}

/// Keeps the curl engine until everything that uses it has ended.
private struct EngineService: Service {
    let engine: CurlEngine

    func run() async throws {
        try? await gracefulShutdown()
        await engine.shutdown()
    }
}
