import Conversation
import CurlTransport
import JSON
import Logging
import Models
import NIOCore
import NIOPosix
import Synchronization
import WhinchatTesting

/// An engine and an event loop to make calls on, shared by all tests.
struct Rig: Sendable {
    /// Kept: without it, its transfers end.
    let engine: CurlEngine
    let loop: ModelLoop

    private static let shared = Result {
        // Ignores the proxies of the machine that the tests run on.
        let engine = try CurlEngine(configuration: .init(proxy: .none), logger: Logger(label: "test"))
        return Rig(
            engine: engine,
            loop: ModelLoop(transfers: engine.makeQueue(on: MultiThreadedEventLoopGroup.singleton.next())))
    }

    static func get() throws -> Rig { try shared.get() }

    /// - Parameter onBatch: called on the event loop for each batch.
    func start(
        _ provider: any ModelProvider, _ request: ModelRequest = .hello,
        onBatch: @escaping @Sendable (CallUnderTest) -> Void = { _ in }
    ) async throws -> CallUnderTest {
        try await loop.eventLoop.submit { [loop] in
            let call = CallUnderTest(on: loop.eventLoop, onBatch: onBatch)
            call.model = provider.start(request, on: loop, receiver: call)
            return call
        }.get()
    }
}

/// A call and what it said. Unchecked: the call itself is touched only on its event loop.
final class CallUnderTest: ModelEventReceiver, @unchecked Sendable {
    let eventLoop: any EventLoop
    var model: (any ModelCall)?
    private let transcript = Mutex(Transcript())
    private let end: EventLoopPromise<Void>
    private let text: EventLoopPromise<Void>
    private let onBatch: @Sendable (CallUnderTest) -> Void

    init(on eventLoop: any EventLoop, onBatch: @escaping @Sendable (CallUnderTest) -> Void) {
        self.eventLoop = eventLoop
        self.onBatch = onBatch
        end = eventLoop.makePromise()
        text = eventLoop.makePromise()
    }

    deinit {
        end.succeed()
        text.succeed()
    }

    func receive(_ batch: borrowing ModelEventBatch) {
        eventLoop.preconditionInEventLoop()
        let (hasText, hasEnded) = transcript.withLock { transcript in
            transcript.append(batch)
            let hasEnded =
                switch transcript.heard.last {
                case .stopped, .failed: true
                default: false
                }
            return (transcript.deltaCount > 0, hasEnded)
        }
        if hasText { text.succeed() }
        if hasEnded { end.succeed() }
        onBatch(self)
    }

    var soFar: Transcript { transcript.withLock { $0 } }

    /// Waits for the first delta.
    func firstText() async throws { try await text.futureResult.get(waitingFor: "the first delta") }

    /// Waits for the end, and hands over everything that was said.
    func ended() async throws -> Transcript {
        try await end.futureResult.get(waitingFor: "the end of the call")
        return soFar
    }

    func cancel() async throws {
        try await eventLoop.submit { self.model?.cancel() }.get()
    }
}

extension ModelRequest {
    static let hello = ModelRequest(model: "m", messages: [.user("Hello")])
}

extension Message {
    static func user(_ text: String) -> Message {
        Message(id: "u", parent: nil, role: .user, content: [.text(text)], createdAt: 0, turn: "t")
    }

    static func assistant(_ content: ContentBlock..., partial: Bool = false) -> Message {
        Message(id: "a", parent: "u", role: .assistant, content: content, createdAt: 0, turn: "t", partial: partial)
    }
}

extension ContentBlock {
    static func call(_ id: String, _ name: String = "f", _ input: JSONValue? = ["a": 1]) -> ContentBlock {
        .toolCall(ToolCall(id: id, name: name, input: input))
    }

    static func result(_ call: String, _ output: String = "out", isError: Bool = false) -> ContentBlock {
        .toolResult(ToolResult(call: call, output: output, isError: isError))
    }
}
