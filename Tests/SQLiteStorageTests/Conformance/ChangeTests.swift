import Conversation
import JSON
import Sessions
import Testing

/// What each change does to a session, in every store.
@Suite struct ChangeTests {
    @Test(arguments: TestedStore.allCases)
    func `a created session comes back as it was made`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            let settings = SessionSettings(
                title: "A title", system: "Be brief.\n", model: "m-1", temperature: 0.1, maxTokens: 4_096,
                tools: ["calculate"], context: .init(policy: "window", turns: 3, budgetTokens: 9_000))
            try await writer.create(ref: "r_0", settings: settings)
            let expected = StoredSession(
                id: "s_1", owner: Writer.owner, ownerTerm: 1, epoch: "e_1", lastSeq: 1, isAtRest: false,
                settings: settings, createdAt: 1_000, lastActiveAt: 1_001)
            #expect(try await writer.stored() == expected)
            #expect(try await store.session("s_2") == nil)
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `each commit moves the session's numbers and time`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            writer.ownerTerm = 7
            let commit = SessionCommit(
                session: "s_1", id: CommitID(rawValue: 9), ownerTerm: 7, epoch: "e_2", lastSeq: 40, isAtRest: true,
                time: 5_000, changes: [])
            try await store.commit(commit).get()
            let stored = try #require(try await writer.stored())
            #expect(stored.ownerTerm == 7)
            #expect(stored.epoch == "e_2")
            #expect(stored.lastSeq == 40)
            #expect(stored.isAtRest)
            #expect(stored.lastActiveAt == 5_000)
            #expect(stored.createdAt == 1_000)
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `turns go from queued over running to ended, in the order of their acceptance`(store: TestedStore) async throws
    {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            for name in ["z", "a", "m"] { try await writer.accept(name) }
            try await writer.commit(.started(turn: "t_z"))
            try await writer.commit(.ended(turn: "t_z", reply: .reply("z", [.text("Hi")])), .started(turn: "t_a"))
            let stored = try #require(try await writer.stored())
            #expect(stored.turns.map(\.accepted.id) == ["t_z", "t_a", "t_m"])
            #expect(stored.turns.map(\.state) == [.ended, .running, .queued])
            #expect(Set(stored.messages.map(\.id)) == ["u_z", "u_a", "u_m", "a_z"])
            #expect(stored.messages.first { $0.id == "a_z" } == .reply("z", [.text("Hi")]))
            #expect(stored.head == "a_m")
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `an accepted turn comes back whole, with the settings of its time`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await writer.create(settings: SessionSettings(model: "first"))
            var turns: [AcceptedTurn] = []
            for (index, kind) in AcceptedTurn.Kind.allCases.enumerated() {
                let turn = AcceptedTurn(
                    id: "t_\(index)", kind: kind, ref: "r_\(index)", parent: "u_0", reply: "a_\(index)", seq: index + 5,
                    settings: SessionSettings(system: "\(index / 2)", model: "first", temperature: 0.7))
                turns.append(turn)
                try await writer.commit(
                    .accepted(turn, message: index == 0 ? .user("0", [.text("Hello")]) : nil),
                    .settings(SessionSettings(model: "changed \(index)")))
            }
            let stored = try #require(try await writer.stored())
            #expect(stored.turns.map(\.accepted) == turns)
            #expect(stored.settings == SessionSettings(model: "changed 2"))
            #expect(stored.messages.map(\.id) == ["u_0"])
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `a running reply's pieces are kept until its end`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            try await writer.accept("1")
            try await writer.commit(.started(turn: "t_1"))
            let call = ToolCall(id: "c_1", name: "calculate", input: ["expression": "6*7"])
            try await writer.commit(
                .progress(
                    turn: "t_1",
                    [
                        ReplyPiece(number: 0, item: 0, block: .thinking(Thinking(text: "Hm"))),
                        ReplyPiece(number: 1, item: 1, block: .toolCall(call)),
                    ]))
            try await writer.commit(
                .progress(
                    turn: "t_1",
                    [
                        ReplyPiece(number: 2, item: 0, block: .thinking(Thinking(text: ", 42.", signature: "sig"))),
                        ReplyPiece(number: 3, item: 2, block: .text("It is ")),
                    ]))
            try await writer.commit(.progress(turn: "t_1", [ReplyPiece(number: 4, item: 2, block: .text("42."))]))
            let stored = try #require(try await writer.stored())
            #expect(stored.turns[0].pieces.map(\.number) == [0, 1, 2, 3, 4])
            #expect(
                stored.turns[0].pieces.content == [
                    .thinking(Thinking(text: "Hm, 42.", signature: "sig")), .toolCall(call), .text("It is 42."),
                ])
            try await writer.commit(.ended(turn: "t_1", reply: .reply("1", [.text("It is 42.")])))
            #expect(try await writer.stored()?.turns[0].pieces == [])
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `the head moves to what a commit says`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await writer.create()
            try await writer.exchange("1")
            try await writer.exchange("2", after: "a_1")
            try await writer.commit(.head("a_1"))
            #expect(try await writer.stored()?.head == "a_1")
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `clear empties the history and keeps the ids of its commands`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await writer.create(settings: SessionSettings(title: "T", model: "m"))
            try await writer.exchange("1")
            try await writer.accept("2", after: "a_1")
            try await writer.commit(.cleared)
            var stored = try #require(try await writer.stored())
            #expect(stored.turns == [])
            #expect(stored.messages == [])
            #expect(stored.head == nil)
            #expect(stored.clearedRefs == ["r_1", "r_2"])
            #expect(stored.settings == SessionSettings(title: "T", model: "m"))
            try await writer.exchange("3")
            try await writer.commit(.cleared)
            stored = try #require(try await writer.stored())
            #expect(stored.clearedRefs == ["r_1", "r_2", "r_3"])
            #expect(try await store.unfinishedSessions() == [])
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `a deleted session is gone, and its id can be taken again`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await writer.create(ref: "r_0")
            try await writer.exchange("1")
            try await writer.accept("2", after: "a_1")
            try await writer.commit(.deleted)
            #expect(try await writer.stored() == nil)
            #expect(try await store.sessions(of: Writer.owner, createdBy: "r_0") == (nil, 0))
            #expect(try await store.unfinishedSessions() == [])
            try await writer.create(ref: "r_0")
            let stored = try #require(try await writer.stored())
            #expect(stored.messages == [])
            #expect(stored.turns == [])
        }
    }
}
