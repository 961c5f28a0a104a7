import ChatProtocol
import Conversation
import JSON
import Models
import Testing

@testable import Sessions

@Suite(.timeLimit(.minutes(1))) struct StoreFailureTests {
    @Test func `nothing is seen before it is on disk, and the model is asked meanwhile`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower) = try await fixture.open()
        store.hold()
        session.send("Hi", id: "m1", from: follower)
        try await fixture.provider.nextCall().reply("Hello")
        session.say(.ping("still nothing"), id: nil, from: follower)
        #expect(try await follower.next()["type"] == "pong")
        store.release()
        #expect(try await follower.until("turn.done").types.first == "message")
    }

    @Test func `a snapshot waits until what the session knows may be seen`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower) = try await fixture.open()
        store.hold()
        session.send("Hi", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        let late = try await fixture.join(session, 2)
        try await call.say([.event(.blockStarted(index: 0, .text)), .delta(0, "Hel")])
        store.release()
        let snapshot = try #require(try await late.until("snapshot").last)
        #expect(snapshot["messages"]?.arrayValue?.count == 1)
        #expect(snapshot["live"]?["blocks"]?.arrayValue?.first?["text"] == "Hel")
    }

    @Test func `a message that cannot be saved is refused, and its turn stopped`() async throws {
        let store = HeldStore()
        let fixture = try SessionFixture(store: store)
        let (session, follower) = try await fixture.open()
        store.hold()
        session.send("Hi", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        store.release(failing: .unavailable("disk full"))
        let frames = try await follower.until("error")
        #expect(frames.last?["code"] == "storage")
        #expect(frames.last?["ref"] == "m1")
        #expect(!frames.types.contains("message"))
        try await call.untilCancelled()
    }
}
