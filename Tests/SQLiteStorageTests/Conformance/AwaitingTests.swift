import Conversation
import JSON
import Sessions
import Testing

/// What a turn has to do with tools elsewhere, in every store.
@Suite struct AwaitingTests {
    private static let letter = ToolCall(id: "c_1", name: "send_letter", input: ["to": "Ada \u{0} \"x\""])
    private static let place = ToolCall(id: "c_2", name: "get_place", input: [:])
    private static let clientTools = [
        ToolDescription(
            name: "get_place", description: "Where?\n\u{0}", inputSchema: ["type": "object", "required": ["a", "b"]]),
        ToolDescription(name: "set_theme", description: "", inputSchema: ["type": "object"]),
    ]

    /// A session whose one turn, `t_1`, runs and has called two tools.
    private func running(_ writer: inout Writer) async throws {
        try await writer.create()
        var turn = AcceptedTurn.named("1", settings: Writer.settings)
        turn.clientTools = Self.clientTools
        try await writer.commit(.accepted(turn, message: .user("1", [.text("Hello")])), .head("a_1"))
        try await writer.commit(.started(turn: "t_1"))
        try await writer.commit(
            .progress(
                turn: "t_1",
                [
                    ReplyPiece(number: 0, item: 0, block: .text("")),
                    ReplyPiece(number: 1, item: 1, block: .toolCall(Self.letter)),
                    ReplyPiece(number: 2, item: 2, block: .toolCall(Self.place)),
                ]))
    }

    @Test(arguments: TestedStore.allCases)
    func `a turn keeps its client's tools until its end`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await running(&writer)
            #expect(try await writer.stored()?.turns[0].accepted.clientTools == Self.clientTools)
            try await writer.commit(.ended(turn: "t_1", reply: .reply("1", [.text("Hi")])))
            #expect(try await writer.stored()?.turns[0].accepted.clientTools == [])
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `each commit says all that waits`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await running(&writer)
            #expect(try await writer.stored()?.turns[0].waiting == [])
            let approval = WaitingCall(call: Self.letter, kind: .approval, deadline: 1_763_737_200_123)
            let client = WaitingCall(call: Self.place, kind: .client, deadline: 5)
            let denied = WaitingCall(call: Self.letter, kind: .denied, deadline: 7)
            for waiting in [[approval, client], [client], [denied], [client, approval], []] {
                try await writer.commit(.waiting(turn: "t_1", waiting))
                #expect(try await writer.stored()?.turns[0].waiting == waiting)
            }
            #expect(try await store.unfinishedSessions() == ["s_1"])
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `a turn's end ends its waiting, and nothing else waits for it`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await running(&writer)
            let waiting = WaitingCall(call: Self.letter, kind: .approval, deadline: 1)
            try await writer.commit(.waiting(turn: "t_1", [waiting]))
            try await writer.commit(.ended(turn: "t_1", reply: .reply("1", [.text("Hi")])))
            #expect(try await writer.stored()?.turns[0].waiting == [])
            let late = await store.commit(writer.next([.waiting(turn: "t_1", [waiting])]))
            #expect(throws: SessionStoreError.self) { try late.get() }
            let unknown = await store.commit(writer.next([.waiting(turn: "t_9", [])]))
            #expect(throws: SessionStoreError.self) { try unknown.get() }
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `an edited input is the call's from then on`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await running(&writer)
            var edited = Self.letter
            edited.input = ["to": "Bob"]
            try await writer.commit(
                .progress(turn: "t_1", [ReplyPiece(number: 3, item: 1, block: .toolCall(edited))]),
                .waiting(turn: "t_1", [WaitingCall(call: Self.place, kind: .client, deadline: 1)]))
            let turn = try #require(try await writer.stored()?.turns[0])
            #expect(turn.pieces.items == [.text(""), .toolCall(edited), .toolCall(Self.place)])
            #expect(turn.pieces.content == [.toolCall(edited), .toolCall(Self.place)])
            #expect(turn.waiting.map(\.call) == [Self.place])
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `clear takes what waits along`(store: TestedStore) async throws {
        try await store.with { store in
            var writer = Writer(store, session: "s_1")
            try await running(&writer)
            try await writer.commit(
                .waiting(turn: "t_1", [WaitingCall(call: Self.letter, kind: .approval, deadline: 1)]))
            try await writer.commit(.cleared)
            #expect(try await writer.stored()?.turns == [])
            #expect(try await store.unfinishedSessions() == [])
        }
    }
}
