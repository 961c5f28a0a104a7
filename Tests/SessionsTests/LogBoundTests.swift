import ChatProtocol
import Conversation
import JSON
import Models
import Testing

@testable import Sessions

/// However much a client says, a session's log has a bound.
@Suite(.timeLimit(.minutes(1))) struct LogBoundTests {
    private func long(_ number: Int) -> ClientCommand {
        .configure(SettingsChange(system: String(repeating: "世", count: 31_990) + "\(number)"))
    }

    @Test func `one who configures on and on fills no memory`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        for number in 0..<30 {
            session.say(long(number), id: nil, from: follower)
            _ = try await follower.until("session.updated")
        }
        #expect(await session.logBytes <= SessionLog.keptBytes)
    }

    @Test func `while a turn runs it is refused in the end, and goes on when the turn has ended`() async throws {
        let fixture = try SessionFixture()
        let (session, follower) = try await fixture.open()
        session.send("Hi", id: "m1", from: follower)
        let call = try await fixture.provider.nextCall()
        _ = try await follower.until("turn.started")
        var refused: JSONValue?
        for number in 0..<300 where refused == nil {
            session.say(long(number), id: nil, from: follower)
            let frame = try await follower.next()
            if frame["type"] == "error" { refused = frame }
        }
        #expect(refused?["code"] == "busy")
        #expect(refused?["retryable"] == true)
        session.send("And", id: "m2", from: follower)
        #expect(try await follower.next()["code"] == "busy")
        try await call.reply("Hello")
        _ = try await follower.until("turn.done")
        session.say(long(-1), id: nil, from: follower)
        #expect(try await follower.until("session.updated").count == 1)
        #expect(await session.logBytes <= SessionLog.maximumBytes + 256 * 1024)
    }
}
