import ChatProtocol
import JSON
import NIOCore
import Testing

@testable import Sessions

/// A connection without a socket: it takes what a session sends it, as fast as the test lets it.
///
/// `@unchecked Sendable`: its state is touched on its event loop only.
final class RecordingFollower: FollowerTransport, @unchecked Sendable {
    let eventLoop: any EventLoop
    let id: FollowerID
    private let frames: AsyncStream<JSONValue>
    private let continuation: AsyncStream<JSONValue>.Continuation
    private var iterator: AsyncStream<JSONValue>.Iterator
    private var takesMore = true
    private(set) var deliveries = 0
    private(set) var fellBehind = false

    init(_ id: Int, on eventLoop: any EventLoop) {
        self.id = FollowerID(rawValue: id)
        self.eventLoop = eventLoop
        (frames, continuation) = AsyncStream.makeStream()
        iterator = frames.makeAsyncIterator()
    }

    func deliver(_ batch: FrameBatch, for follower: FollowerID) -> Bool {
        eventLoop.preconditionInEventLoop()
        deliveries += 1
        do {
            for value in try batch.values() { continuation.yield(value) }
        } catch {
            Issue.record("a frame is not JSON: \(error)")
        }
        return takesMore
    }

    func fellBehind(_ follower: FollowerID) {
        fellBehind = true
        continuation.yield(["type": "fell behind"])
    }

    func began(_ follower: FollowerID) {}

    func released(_ follower: FollowerID) {
        continuation.yield(["type": "released"])
    }

    /// From now on the socket is full after each delivery.
    func fillUp() async throws {
        try await eventLoop.submit { self.takesMore = false }.get()
    }

    /// The socket takes everything again.
    func drain(_ session: ChatSession) async throws {
        try await eventLoop.submit { self.takesMore = true }.get()
        session.perform { [id] in $0.ready(id) }
    }

    /// The next frame.
    func next() async throws -> JSONValue {
        try #require(await iterator.next(isolation: nil))
    }

    /// The frames up to the next of `type`, which is the last.
    func until(_ type: String) async throws -> [JSONValue] {
        var frames: [JSONValue] = []
        repeat { frames.append(try await next()) } while frames.last?["type"] != .string(type)
        return frames
    }
}

extension [JSONValue] {
    var types: [String] { compactMap { $0["type"]?.stringValue } }
    /// The text of all deltas.
    var text: String {
        filter { $0["type"] == "delta" }.compactMap { $0["text"]?.stringValue }.joined()
    }
}
