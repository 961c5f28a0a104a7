import ChatProtocol
import Conversation
import JSON
import Models
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Sessions

/// Any history of sessions that share few places: no more calls at once than there are places, and at the end none is taken.
@Suite(.serialized, .timeLimit(.minutes(2))) struct PlaceHistoryTests {
    /// What plays: sessions, their followers, and the model's calls.
    private final class Play {
        let fixture: SessionFixture
        let store: HeldStore
        var generator: SeededGenerator
        var sessions: [(session: ChatSession, follower: RecordingFollower)] = []
        /// Those that were deleted, if that could be saved.
        private var left: [(session: ChatSession, follower: RecordingFollower)] = []
        private let calls = NIOLockedValueBox<[ScriptedCall]>([])
        private var hearing: Task<Void, Never>?
        private var number = 0

        init(seed: UInt64) throws {
            var limits = SessionLimits()
            limits.places.turns = 2
            limits.places.turnsPerUser = 1
            store = HeldStore()
            fixture = try SessionFixture(store: store, tools: [Letter()], limits: limits)
            generator = SeededGenerator(seed: seed)
            hearing = Task { [provider = fixture.provider, calls] in
                while let call = try? await provider.nextCall() { calls.withLockedValue { $0.append(call) } }
            }
        }

        deinit { hearing?.cancel() }

        func open() async throws {
            let owner = Bool.random(using: &generator) ? SessionFixture.owner : Owner(key: "anonymous:ada")
            sessions.append(try await fixture.open(as: owner))
        }

        /// How many calls are under way.
        func openCalls() async throws -> Int {
            try await fixture.loops[0].submit { [calls] in
                calls.withLockedValue { $0.count { !$0.isOver } }
            }.get()
        }

        private func anyCall() -> ScriptedCall? {
            calls.withLockedValue { calls in
                calls.isEmpty ? nil : calls.remove(at: Int.random(in: calls.indices, using: &generator))
            }
        }

        func step() async throws {
            number += 1
            let place = Int.random(in: sessions.indices, using: &generator)
            let (session, follower) = sessions[place]
            switch Int.random(in: 0..<20, using: &generator) {
            case 0...6:
                let onBusy = OnBusy.allCases.randomElement(using: &generator) ?? .queue
                session.send("Hi \(number)", id: "m\(number)", from: follower, onBusy: onBusy)
            case 7: session.say(.regenerate(.init()), id: "m\(number)", from: follower)
            case 8, 9: session.say(.cancel(.init()), id: nil, from: follower)
            case 10:
                if let queued = await session.queuedTurns.first {
                    session.say(.cancel(.init(send: queued)), id: nil, from: follower)
                }
            case 11: session.say(.clear, id: nil, from: follower)
            case 12:
                session.say(.delete, id: nil, from: follower)
                left.append(sessions.remove(at: place))
                store.fail(nil)
                try await open()
            case 13: session.allow("c_1", id: nil, from: follower)
            case 14: session.deny("c_1", id: nil, from: follower)
            case 15: store.fail(Bool.random(using: &generator) ? .unavailable("disk") : nil)
            case 16: await session.tick(.now())
            default:
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: try await anyCall()?.say(.letter)
                case 1:
                    let error = ModelError(.malformed, message: "no", retryable: false)
                    try await anyCall()?.say([.event(.failed(error))])
                default: try await anyCall()?.reply("Hello")
                }
            }
        }

        /// Lets everything end.
        func finish() async throws {
            store.fail(nil)
            try await eventually {
                while let call = anyCall() { try await call.reply("Bye") }
                var isIdle = true
                for (session, follower) in sessions + left {
                    for call in await session.waitingCallIDs { session.deny(call, id: nil, from: follower) }
                    await session.tick(.now())
                    let isDone = await session.isIdle
                    isIdle = isIdle && isDone
                }
                return isIdle
            }
        }
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func `places are never passed, and all are given back`(seed: UInt64) async throws {
        let play = try Play(seed: seed)
        for _ in 0..<5 { try await play.open() }
        for _ in 0..<150 {
            try await play.step()
            let calls = try await play.openCalls()
            #expect(calls <= 2, "seed \(seed)")
        }
        try await play.finish()
        try await eventually { play.fixture.directory.environment.places.counts == (0, 0) }
    }
}

extension ChatSession {
    fileprivate var isIdle: Bool { running == nil && queue.isEmpty && commits.isEmpty && held.isEmpty }
    fileprivate var waitingCallIDs: [String] { running.map { Array($0.turn.waiting.keys) } ?? [] }
}
