import Conversation
import Testing

@Suite struct SummariseTests {
    private let settings = Talk.settings(Summarise.name, turns: 4)

    private func input(_ path: [Message], _ summaries: [RunningSummary] = [], budget: Int? = nil) -> ContextInput {
        ContextInput(
            path: path, settings: Talk.settings(Summarise.name, turns: 4, budget: budget), summaries: summaries)
    }

    @Test func `what a summary covers is sent as the summary, before the turns word for word`() throws {
        let path = Talk.path(turns: 6, tokens: 10)
        let plan = try Summarise().plan(
            for: self.input(path, [RunningSummary(text: "They met.", lastMessage: "a1")]))
        #expect(plan.ids == ["summary:a1", "u2", "a2", "u3", "a3", "u4", "a4", "u5", "a5", "u6"])
        #expect(plan.messages[0].role == .user)
        guard case .text(let text) = plan.messages[0].content.first else { throw Missing() }
        #expect(text.contains("They met."))
        #expect(plan.summarisedMessages == 4)
        #expect(plan.sentMessages == 9)
        #expect(plan.droppedMessages == 0)
    }

    private struct Missing: Error {}

    @Test func `without a summary, and with one of another branch, the window applies`() throws {
        let path = Talk.path(turns: 100, tokens: 250)
        let window = try SlidingWindow().plan(
            for: ContextInput(path: path, settings: Talk.settings(turns: 4, budget: 9_000)))
        for summaries in [[], [RunningSummary(text: "Elsewhere.", lastMessage: "b7")]] {
            let plan = try Summarise().plan(for: self.input(path, summaries, budget: 9_000))
            #expect(plan.messages == window.messages)
            #expect(plan.droppedMessages == window.droppedMessages)
            #expect(plan.policy == "summarise")
        }
    }

    @Test func `of several summaries the one that covers most of this branch counts, and the newest of equals`() throws
    {
        let path = Talk.path(turns: 6, tokens: 10)
        let summaries = [
            RunningSummary(text: "one", lastMessage: "a0"), RunningSummary(text: "two", lastMessage: "a2"),
            RunningSummary(text: "two again", lastMessage: "a2"), RunningSummary(text: "other", lastMessage: "x"),
        ]
        let plan = try Summarise().plan(for: self.input(path, summaries))
        #expect(plan.messages[0].content.description.contains("two again"))
        // On a path that ends before, the older one holds still.
        let earlier = try Summarise().plan(for: self.input(Array(path.prefix(5)), summaries))
        #expect(earlier.ids == ["summary:a0", "u1", "a1", "u2"])
    }

    @Test func `what is neither in the summary nor in the window is told as dropped`() throws {
        let path = Talk.path(turns: 50, tokens: 250)
        let plan = try Summarise().plan(
            for: self.input(path, [RunningSummary(text: "Begun.", lastMessage: "a9")], budget: 6_000))
        #expect(plan.summarisedMessages == 20)
        #expect(plan.droppedMessages > 0)
        #expect(plan.estimatedTokens <= 6_000)
        #expect(plan.sentMessages + plan.droppedMessages + plan.summarisedMessages == 101)
    }

    // MARK: Jobs

    /// A session that has its summaries made after each turn: what was folded when.
    private func folds(turns: Int, tokens: Int, budget: Int? = nil) throws -> [(turn: Int, messages: [String])] {
        let path = Talk.path(turns: turns, tokens: tokens)
        var summaries: [RunningSummary] = []
        var folds: [(turn: Int, messages: [String])] = []
        for turn in 1...turns {
            // After the turn's reply.
            while let job = SummaryJob.next(for: self.input(Array(path.prefix(2 * turn)), summaries, budget: budget)) {
                #expect(job.previous == summaries.last)
                folds.append((turn, job.messages.map(\.id)))
                summaries.append(try #require(job.summary(from: "- notes of turn \(turn)\n")))
            }
        }
        return folds
    }

    @Test func `old turns are folded in steps, each once and in order`() throws {
        let folds = try self.folds(turns: 20, tokens: 10)
        #expect(folds.map(\.turn) == [6, 8, 10, 12, 14, 16, 18, 20])
        #expect(folds[0].messages == ["u0", "a0", "u1", "a1"])
        #expect(folds.flatMap(\.messages) == (0..<16).flatMap { ["u\($0)", "a\($0)"] })
    }

    @Test func `turns that fill the budget are folded before the window drops them`() throws {
        let path = Talk.path(turns: 40, tokens: 1_000)
        var summaries: [RunningSummary] = []
        for turn in 1...40 {
            while let job = SummaryJob.next(for: self.input(Array(path.prefix(2 * turn)), summaries, budget: 10_000)) {
                summaries.append(try #require(job.summary(from: "- t\(turn)")))
                #expect(job.prompt.utf8.count < 60_000)
            }
            guard turn < 40 else { break }
            let plan = try Summarise().plan(
                for: self.input(Array(path.prefix(2 * turn + 1)), summaries, budget: 10_000))
            #expect(plan.droppedMessages == 0, "turn \(turn)")
        }
    }

    @Test func `a long history is folded in bounded pieces`() throws {
        let path = Array(Talk.path(turns: 200, tokens: 1_000).dropLast())
        let job = try #require(SummaryJob.next(for: self.input(path)))
        #expect(job.kind == .extend)
        #expect(TokenEstimate.tokens(in: job.prompt) < 13_000)
        #expect(job.messages.first?.id == "u0")
        #expect(job.messages.last?.id == job.lastMessage)
    }

    @Test func `a summary is extended, and only the additions are asked for`() throws {
        let previous = RunningSummary(text: "- Ann likes swifts.", lastMessage: "a1")
        let path = Array(Talk.path(turns: 10, tokens: 5).dropLast())
        let job = try #require(SummaryJob.next(for: self.input(path, [previous])))
        #expect(job.prompt.contains("- Ann likes swifts."))
        #expect(job.prompt.contains("User: abc"))
        #expect(job.messages.first?.id == "u2")
        #expect(
            job.summary(from: "\n- Decided: SQLite.\n\n")
                == RunningSummary(text: "- Ann likes swifts.\n- Decided: SQLite.", lastMessage: job.lastMessage))
        #expect(job.summary(from: " \n") == nil)
    }

    @Test func `notes that have grown too long are condensed, and stand for the same`() throws {
        let long = RunningSummary(text: Talk.text(tokens: 7_000), lastMessage: "a1")
        let path = Array(Talk.path(turns: 3, tokens: 5).dropLast())
        let job = try #require(SummaryJob.next(for: self.input(path, [long])))
        #expect(job.kind == .condense)
        #expect(job.messages.isEmpty)
        #expect(job.summary(from: "Short.") == RunningSummary(text: "Short.", lastMessage: "a1"))
    }

    @Test func `notes are asked for that a small budget has room for, and much longer ones are refused`() throws {
        let path = Array(Talk.path(turns: 10, tokens: 50).dropLast())
        let job = try #require(SummaryJob.next(for: self.input(path, budget: 1_000)))
        #expect(job.maxTokens == 250)
        #expect(!job.isTooLong(Talk.text(tokens: 300)) && job.isTooLong(Talk.text(tokens: 501)))
    }

    @Test func `a summary that takes most of the budget gives way to the turns`() throws {
        let path = Talk.path(turns: 6, tokens: 10)
        let long = RunningSummary(text: Talk.text(tokens: 600), lastMessage: "a1")
        let plan = try Summarise().plan(for: self.input(path, [long], budget: 1_000))
        #expect(plan.summarisedMessages == 0)
        #expect(plan.sentMessages == 13)
        #expect(plan.estimatedTokens <= 1_000)
        #expect(try Summarise().plan(for: self.input(path, [long], budget: 2_000)).summarisedMessages == 4)
    }

    @Test func `a short conversation needs no summary, and the newest turn is never folded`() throws {
        for turns in 0...5 {
            #expect(SummaryJob.next(for: self.input(Talk.path(turns: turns, tokens: 10).dropLast())) == nil)
        }
        let huge = [Talk.user("u0", Talk.text(tokens: 9_000)), Talk.reply("a0", [.text("ok")])]
        #expect(SummaryJob.next(for: self.input(huge, budget: 1_000)) == nil)
    }
}
