import Conversation
import Foundation
import Testing

@Suite struct RetrieveTests {
    private func input(
        _ path: [Message], _ rankings: [[String]], turns: Int? = 4, recall: Int? = 2, budget: Int? = nil
    ) -> ContextInput {
        ContextInput(
            path: path, settings: Talk.settings(Retrieve.name, turns: turns, budget: budget, recall: recall),
            rankings: rankings)
    }

    private func recalledText(_ plan: ContextPlan) -> String {
        plan.messages.first { $0.id.hasPrefix("recalled:") }.map { $0.content.description } ?? ""
    }

    private func named(turns: Int) -> [Message] {
        (0..<turns).flatMap {
            [Talk.user("u\($0)", "question-\($0)."), Talk.reply("a\($0)", [.text("answer-\($0).")])]
        }
            + [Talk.user("u\(turns)", "question-\(turns).")]
    }

    @Test func `the best older exchanges stand before the newest message, in their order, marked`() throws {
        let plan = try Retrieve().plan(for: self.input(self.named(turns: 20), [["a9", "u3", "u1"]]))
        #expect(plan.ids == ["u16", "a16", "u17", "a17", "u18", "a18", "u19", "a19", "recalled:u20", "u20"])
        let text = self.recalledText(plan)
        #expect(text.contains("[17 turns ago]\\nUser: question-3.\\n\\nAssistant: answer-3."))
        let third = try #require(text.range(of: "question-3."))
        let ninth = try #require(text.range(of: "question-9."))
        #expect(third.lowerBound < ninth.lowerBound)
        #expect(!text.contains("question-1."))
        #expect(plan.recalledMessages == 4)
        #expect(plan.sentMessages == 9)
        #expect(plan.droppedMessages == 28)
        // What stands before the recalled is the same in the next turn.
        #expect(plan.stableMessages == 8)
    }

    @Test func `words and meaning are merged by rank`() throws {
        let plan = try Retrieve().plan(
            for: self.input(self.named(turns: 20), [["u1", "u2", "u3"], ["u4", "u2", "u3"]]))
        // Twice second beats once first.
        #expect(self.recalledText(plan).contains("question-2."))
        #expect(self.recalledText(plan).contains("question-3."))
    }

    @Test func `what is in the window, on another branch or unknown is not recalled`() throws {
        let plan = try Retrieve().plan(for: self.input(self.named(turns: 20), [["u19", "x7", "a16", "u20"]]))
        #expect(plan.recalledMessages == 0)
        #expect(plan.ids.last == "u20")
        #expect(plan.stableMessages == plan.messages.count)
    }

    @Test func `the window before what is recalled moves in steps`() throws {
        let path = self.named(turns: 40)
        var starts: [String] = []
        for turn in 0...40 {
            let plan = try Retrieve().plan(for: self.input(Array(path.prefix(2 * turn + 1)), [["u0"]]))
            let start = try #require(plan.ids.first)
            if starts.last != start { starts.append(start) }
        }
        #expect(starts.count == 19)
        #expect(starts.prefix(3) == ["u0", "u2", "u4"])
    }

    @Test func `an exchange that has no room is passed over for one that has`() throws {
        var path = self.named(turns: 20)
        path[2] = Talk.user("u1", Talk.text(tokens: 900))
        let plan = try Retrieve().plan(for: self.input(path, [["u1", "u2"]], budget: 1_000))
        #expect(self.recalledText(plan).contains("question-2."))
        #expect(!self.recalledText(plan).contains("abc"))
        #expect(plan.estimatedTokens <= 1_000)
    }

    @Test func `recalling nothing is a window of turns`() throws {
        let plan = try Retrieve().plan(for: self.input(self.named(turns: 20), [["u1"]], recall: 0))
        #expect(plan.ids == ["u16", "a16", "u17", "a17", "u18", "a18", "u19", "a19", "u20"])
    }

    @Test func `fusion takes what several rankings agree on, and keeps the order of one`() {
        #expect(RankFusion.merged([["a", "b", "c"]]) == ["a", "b", "c"])
        #expect(RankFusion.merged([["a", "b"], ["c", "b"]]) == ["b", "a", "c"])
        #expect(RankFusion.merged([["a", "a", "b"], []]) == ["a", "b"])
        #expect(RankFusion.merged([[Int]]()) == [])
    }
}
