import Conversation
import NIOConcurrencyHelpers
import Sessions
import Testing

/// Commits that fail: they change nothing, and nobody else notices.
@Suite struct FailureTests {
    @Test(arguments: TestedStore.allCases)
    func `an older owner is refused and told the current term`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1", ownerTerm: 5)
            try await writer.create()
            try await writer.exchange("1")
            let before = try await writer.stored()
            var old = Writer(store, session: "s_1", ownerTerm: 4)
            for change in [SessionChange.head("u_1"), .cleared, .deleted] {
                let result = await store.commit(old.next([change]))
                #expect(throws: SessionStoreError.outdatedTerm(current: 5)) { try result.get() }
            }
            #expect(try await writer.stored() == before)
            var same = Writer(store, session: "s_1", ownerTerm: 5)
            try await same.commit(.head("u_1"))
        }
    }

    static let misfits: [SessionChange] = [
        .created(owner: Writer.owner, ref: nil, settings: Writer.settings, createdAt: 1),
        .accepted(.named("1", settings: Writer.settings), message: nil),
        .accepted(
            AcceptedTurn(
                id: "t_9", kind: .send, ref: "r_1", parent: "u_9", reply: "a_9", seq: 1, settings: Writer.settings),
            message: nil),
        .started(turn: "t_9"),
        .started(turn: "t_1"),
        .progress(turn: "t_1", [ReplyPiece(number: 0, item: 0, block: .text("late"))]),
        .progress(turn: "t_9", []),
        .ended(turn: "t_1", reply: .reply("1", [])),
        .ended(turn: "t_9", reply: .reply("9", [])),
    ]

    @Test(arguments: TestedStore.allCases, misfits)
    func `a commit that does not fit leaves the session as it was`(store: TestedStore, misfit: SessionChange)
        async throws
    {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            try await writer.exchange("1")
            try await writer.accept("2", after: "a_1")
            let before = try await writer.stored()
            // What comes before the misfit in the same commit does not count either.
            let result = await store.commit(
                writer.next([
                    .head("u_1"), .settings(SessionSettings(model: "other")), .started(turn: "t_2"), misfit,
                    .cleared,
                ]))
            #expect(isInconsistent(result))
            #expect(try await writer.stored() == before)
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `a commit for a session that does not exist fails`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            for changes in [[], [SessionChange.head("a_1")], [.cleared]] {
                #expect(isInconsistent(await store.commit(writer.next(changes))))
            }
            let stored = try await writer.stored()
            #expect(stored == nil)
            // What a deletion wants is so.
            try await writer.commit(.deleted)
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `among many commits at once each session's failure is its own`(store: TestedStore) async throws {
        try await store.with { store in
            let count = 200
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<count {
                    group.addTask {
                        var writer = Writer(store, session: "s_\(index)")
                        let result = await store.commit(
                            writer.next([
                                .created(
                                    owner: Writer.owner, ref: nil, settings: SessionSettings(model: "m"),
                                    createdAt: 1),
                                index.isMultiple(of: 3) ? .started(turn: "t_1") : .head("a_1"),
                            ]))
                        #expect(isInconsistent(result) == index.isMultiple(of: 3))
                    }
                }
            }
            for index in 0..<count {
                let stored = try await store.session("s_\(index)")
                #expect((stored == nil) == index.isMultiple(of: 3))
                #expect(stored == nil || stored?.head == "a_1")
            }
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `one session's commits complete in their order, the failed ones too`(store: TestedStore) async throws {
        try await store.with { store in
            let completed = NIOLockedValueBox<[Int]>([])
            let count = 1_500
            await withCheckedContinuation { done in
                var writer = Writer(store, session: "s_1")
                for index in 0..<count {
                    let changes: [SessionChange] =
                        index == 0
                        ? [.created(owner: Writer.owner, ref: nil, settings: Writer.settings, createdAt: 1)]
                        : [index.isMultiple(of: 7) ? .started(turn: "t_9") : .head("a_\(index)")]
                    store.write(writer.next(changes)) { result in
                        if index > 0 { #expect(isInconsistent(result) == index.isMultiple(of: 7)) }
                        let all = completed.withLockedValue { completed in
                            completed.append(index)
                            return completed.count
                        }
                        if all == count { done.resume() }
                    }
                }
            }
            #expect(completed.withLockedValue(\.self) == Array(0..<count))
            let stored = try await store.session("s_1")
            #expect(stored?.head == "a_\(count - 1)")
        }
    }
}

func isInconsistent(_ result: Result<Void, SessionStoreError>) -> Bool {
    if case .failure(.inconsistent) = result { true } else { false }
}
