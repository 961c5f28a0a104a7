import ArgumentParser
import ChatServer
import CoreMetrics
import Foundation
import Logging
import NIOCore
import NIOPosix
import Prometheus
import SQLiteStorage
import ServiceLifecycle
import Sessions
import Tools
import UnixSignals
import WebClient
import WebSocketChannel

// From settings to a server that runs, and what goes wrong on the way.
extension ServeCommand {
    /// How long a shutdown may take once no turn runs: the longest closing handshake is 10 s.
    private static let maxShutdown = Duration.seconds(15)

    /// - Parameter ownTools: those of the application that embeds this program.
    func run(ownTools: [any Tool]) async throws {
        let settings: ServeSettings
        do {
            settings = try ServeSettings.resolve(flags: flags, environment: ProcessInfo.processInfo.environment)
        } catch {
            StandardStreams.writeError("Error: \(error)\n")
            throw ExitCode(error.exitCode)
        }
        let level = settings.logLevel
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        let metrics = PrometheusRegistry(families: MetricFamily.whinchat)
        // For what other libraries and an application's own tools count; ours is handed on.
        MetricsSystem.bootstrap(metrics)
        do {
            try await serve(settings, ownTools: ownTools, metrics: metrics, logger: Logger(label: "whinchat"))
        } catch {
            if error is IdentityKeyError || error is DataFolderError || error is SQLiteStorageError
                || error is ToolRegistry.Problem
            {
                StandardStreams.writeError("Error: \(error)\n")
                throw ExitCode(78)
            }
            guard let reason = BindFailure.reason(error, host: settings.host, port: settings.port) else { throw error }
            StandardStreams.writeError("Error: \(reason)\n")
            throw ExitCode(1)
        }
    }

    private func serve(
        _ settings: ServeSettings, ownTools: [any Tool], metrics: PrometheusRegistry, logger: Logger
    ) async throws {
        let folder = try DataFolder(path: settings.dataFolder)
        let key = try IdentityKey(in: URL(fileURLWithPath: settings.dataFolder))
        let storage = try SQLiteStorage(folder: folder, logger: logger, metrics: metrics)
        let configuration = ChatServerConfiguration(
            host: settings.host, port: settings.port, allowedOrigins: settings.allowedOrigins,
            metricsAccess: settings.metrics)
        let group = MultiThreadedEventLoopGroup.singleton
        let backend = try await ChatBackend.make(
            settings, environment: ProcessInfo.processInfo.environment, ownTools: ownTools, store: storage,
            group: group, pingInterval: configuration.webSocket.keepAliveInterval ?? .seconds(20), metrics: metrics,
            logger: logger)
        let server = ChatServer(
            configuration: configuration, site: try StaticSite(folder: WebClient.folder), identityKey: key,
            makeConnection: backend.makeConnection, directory: backend.directory, metrics: metrics,
            eventLoopGroup: group, logger: logger
        ) { address in
            StandardStreams.write(
                Self.greeting(host: settings.host, port: address.port ?? settings.port, model: backend.model))
        }
        try await backend.directory.recover()
        let draining = DrainingService(server: server, directory: backend.directory, timeout: settings.drainTimeout)
        var services = ServiceGroupConfiguration(
            services: backend.services + [draining], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        services.maximumGracefulShutdownDuration = settings.drainTimeout + Self.maxShutdown
        try await ServiceGroup(configuration: services).run()
        await storage.close()
    }

    /// The first lines of the output: the address, and which model answers and why that one.
    static func greeting(host: String, port: Int, model: String) -> String {
        let isWildcard = ["0.0.0.0", "::"].contains(host)
        let name = isWildcard ? "127.0.0.1" : host.contains(":") ? "[\(host)]" : host
        let others = isWildcard ? " (and this machine's other addresses)" : ""
        return "Whinchat is at http://\(name):\(port)\(others)\n\(model)\n"
    }
}
