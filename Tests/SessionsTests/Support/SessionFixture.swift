import ChatProtocol
import Conversation
import CurlTransport
import JSON
import Logging
import Models
import NIOCore
import NIOPosix
import Tools

@testable import Sessions

/// Sessions on real event loops, with a model that says what the test wants.
struct SessionFixture {
    static let owner = Owner(key: "local")

    let provider: ScriptedProvider
    let directory: SessionDirectory
    /// Two loops: sessions live on the first, followers on either.
    let loops: [any EventLoop]
    /// One for all: each has a thread and descriptors, of which hundreds are more than other tests of the process can bear
    /// (what watches child processes there uses `select`, which ends at 1,024).
    private static let engine = Result {
        try CurlEngine(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// - Parameter settings: with a title, so that most tests need not wait for that which the server makes.
    init(
        store: any SessionStore = MemoryStore(), tools: [any Tool] = [], limits: SessionLimits = SessionLimits(),
        prices: [String: TokenPrice] = [:], provider: ScriptedProvider = ScriptedProvider(),
        settings: SessionSettings = SessionSettings(title: "Titled", model: "scripted-1"),
        context: ContextServices = ContextServices()
    ) throws {
        self.provider = provider
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let engine = try Self.engine.get()
        let group = MultiThreadedEventLoopGroup.singleton
        loops = [group.next(), group.next()]
        let unique = loops[0] === loops[1] ? [loops[0]] : loops
        var environment = SessionEnvironment(
            provider: provider, tools: try ToolRegistry(tools), store: store,
            defaults: settings, pingInterval: .seconds(20), limits: limits, context: context, logger: logger)
        environment.prices = prices
        directory = SessionDirectory(
            environment: environment,
            loops: unique.map { SessionLoop(transfers: engine.makeQueue(on: $0)) })
    }

    /// A session with one follower that has seen its welcome.
    func open(
        on loop: Int = 0, as owner: Owner = Self.owner
    ) async throws -> (ChatSession, RecordingFollower) {
        let session = try await directory.create(owner: owner, ref: nil, settings: nil, on: loops[0]).session
        let follower = RecordingFollower(1, on: loops[loop])
        session.perform { [id = follower.id] in $0.follow(id, .init(), ref: "o1", isNew: true, over: follower) }
        _ = try await follower.until("welcome")
        return (session, follower)
    }

    func join(
        _ session: ChatSession, _ id: Int, on loop: Int = 0, epoch: String? = nil, after: Int? = nil, history: Int = 50
    ) async throws -> RecordingFollower {
        try await join(session.id, id, on: loop, epoch: epoch, after: after, history: history).1
    }

    /// Follows a session wherever it is, as a connection does.
    func join(
        _ session: String, _ id: Int, on loop: Int = 0, epoch: String? = nil, after: Int? = nil, history: Int = 50
    ) async throws -> (ChatSession, RecordingFollower) {
        let session = try await directory.find(session, owner: Self.owner, on: loops[0])
        let follower = RecordingFollower(id, on: loops[loop])
        let open = ClientCommand.Open(session: session.id, epoch: epoch, after: after, history: history)
        session.perform { $0.follow(follower.id, open, ref: nil, isNew: false, over: follower) }
        return (session, follower)
    }
}

extension ChatSession {
    nonisolated func send(
        _ text: String, id: String, from follower: RecordingFollower, onBusy: OnBusy = .queue,
        options: SettingsChange = SettingsChange()
    ) {
        say(.send(.init(text: text, onBusy: onBusy, options: options)), id: id, from: follower)
    }

    nonisolated func say(_ command: ClientCommand, id: String?, from follower: RecordingFollower) {
        perform { [follower = follower.id] in $0.handle(command, ref: id, from: follower) }
    }
}
