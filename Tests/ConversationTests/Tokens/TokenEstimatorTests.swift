import Conversation
import Testing

@Suite struct TokenEstimatorTests {
    static let counters = ["smollm2-135m", "cl100k_base"]

    /// What a server has learned of a model in other conversations.
    private func calibration(of counter: String, without name: String) throws -> TokenCalibration {
        var calibration = TokenCalibration()
        for other in RecordedTalk.names where other != name {
            var estimator = TokenEstimator(model: counter)
            try RecordedTalk(other).turns(countedBy: counter) {
                calibration.observe(estimator.learn($0, reported: $1))
            }
        }
        return calibration
    }

    @Test(arguments: RecordedTalk.names, Self.counters)
    func `over a recorded conversation the estimates are within a tenth of what was counted`(
        name: String, counter: String
    ) throws {
        let talk = try RecordedTalk(name)
        var estimator = TokenEstimator(model: counter, calibration: try self.calibration(of: counter, without: name))
        var errors: [Double] = []
        var off = 0.0
        var all = 0
        try talk.turns(countedBy: counter) { plan, tokens in
            let error = estimator.learn(plan, reported: tokens).error
            errors.append(error)
            off += abs(error) * Double(tokens)
            all += tokens
        }
        #expect(off / Double(all) < 0.1, "\(errors)")
        // A model and a script that do not go together are found out within three turns.
        #expect(errors.dropFirst(3).allSatisfy { abs($0) < 0.1 }, "\(errors)")
        if name != "languages" { #expect(errors.allSatisfy { abs($0) < 0.15 }, "\(errors)") }
    }

    @Test(arguments: RecordedTalk.names)
    func `the raw estimate alone is within an eighth of a large tokeniser`(name: String) throws {
        let talk = try RecordedTalk(name)
        var last = (raw: 0, tokens: 1)
        try talk.turns(countedBy: "cl100k_base") { plan, tokens in
            last = (TokenEstimate.tokens(inPrompt: plan.messages, system: talk.system), tokens)
        }
        #expect(abs(Double(last.raw) / Double(last.tokens) - 1) < 0.125, "\(last)")
    }

    @Test func `a prompt that was counted is known exactly, and so is any made of its messages`() throws {
        let talk = try RecordedTalk("english")
        var estimator = TokenEstimator(model: "cl100k_base")
        var counts: [Int] = []
        var plans: [ContextPlan] = []
        try talk.turns(countedBy: "cl100k_base") { plan, tokens in
            estimator.learn(plan, reported: tokens)
            #expect(estimator.tokens(in: plan.messages, head: plan.head) == tokens)
            counts.append(tokens)
            plans.append(plan)
        }
        // An earlier prompt, and the window of the last turns: what the later reports add up to.
        #expect(estimator.tokens(in: plans[5].messages, head: plans[5].head) == counts[5])
        let plan = try #require(plans.last)
        let head = estimator.tokens(in: [], head: plan.head)
        let window = Array(plan.messages.dropFirst(plans[5].messages.count))
        #expect(estimator.tokens(in: window, head: plan.head) == head + counts[11] - counts[5])
    }

    private func plan(_ path: [Message], system: String = "") throws -> ContextPlan {
        try FullHistory().plan(for: ContextInput(path: path, settings: Talk.settings("full", system: system)))
    }

    @Test(arguments: [1_000_000_000, Int.max]) func `a count that no prompt could have is not believed`(count: Int)
        throws
    {
        var estimator = TokenEstimator(model: "m")
        let plan = try self.plan([Talk.user("u0", "Hello")])
        estimator.learn(plan, reported: 12)
        let before = estimator
        #expect(estimator.learn(plan, reported: count) == TokenLesson(error: 0, raw: 0, tokens: 0))
        #expect(estimator == before)
    }

    @Test func `what a provider adds unseen belongs to the head, not to the first message`() throws {
        var estimator = TokenEstimator(model: "m")
        let first = try self.plan([Talk.user("u0", "Hello")], system: "Be kind.")
        #expect(estimator.learn(first, reported: 400).error < -0.9)
        #expect(estimator.calibration == TokenCalibration())
        let other = try self.plan([Talk.user("v0", "Bye")], system: "Be kind.")
        #expect(estimator.tokens(in: other.messages, head: other.head) == 400)
        let bare = try self.plan([Talk.user("v0", "Bye")])
        #expect(estimator.tokens(in: bare.messages, head: bare.head) == 5)
    }

    @Test func `a message whose content has changed is estimated anew`() throws {
        var estimator = TokenEstimator(model: "m")
        let path = [Talk.user("u0", "q"), Talk.toolReply("a0", resultTokens: 2_000), Talk.user("u1", "r")]
        let plan = try self.plan(path)
        estimator.learn(plan, reported: 4_000)
        #expect(estimator.tokens(in: plan.messages, head: plan.head) == 4_000)
        var cleared = plan.messages
        cleared[1] = cleared[1].clearingToolResults
        #expect(estimator.tokens(in: cleared, head: plan.head) < 300)
    }

    @Test func `reports that make no sense break nothing`() throws {
        var estimator = TokenEstimator(model: "m")
        var generator = SeededGenerator(seed: 3)
        for turn in 0..<50 {
            let plan = try self.plan(Talk.path(turns: turn, tokens: 20))
            let report = [0, -5, 1, 1_000_000_000, Int.random(in: 0...2_000, using: &generator)].randomElement(
                using: &generator)
            estimator.learn(plan, reported: report ?? 0)
            #expect(TokenCalibration.scaleBounds.contains(estimator.calibration.scale))
            #expect(estimator.calibration.steadyScale >= estimator.calibration.scale)
            #expect(estimator.tokens(in: plan.messages, head: plan.head) >= 0)
        }
    }

    @Test func `a calibration is stored and comes back, and nonsense counts as nothing`() {
        var calibration = TokenCalibration()
        calibration.observe(TokenLesson(error: 0, raw: 1_000, tokens: 1_300))
        let again = TokenCalibration(
            estimated: calibration.estimated, reported: calibration.reported, steadyScale: calibration.steadyScale)
        #expect(again == calibration)
        #expect(calibration.scale > 1.25 && calibration.scale < 1.3)
        for (estimated, reported) in [(Double.nan, 1.0), (1, .infinity), (-1, 1), (1, -1)] {
            #expect(
                TokenCalibration(estimated: estimated, reported: reported, steadyScale: 2) == TokenCalibration())
        }
    }

    @Test func `a session begins with little of what others have learned, and learns its own`() {
        var shared = TokenCalibration()
        for _ in 0..<100 { shared.observe(TokenLesson(error: 0, raw: 1_000, tokens: 1_000)) }
        var own = TokenEstimator(model: "m", calibration: shared).calibration
        own.observe(TokenLesson(error: 0, raw: 2_000, tokens: 4_000))
        #expect(own.scale > 1.8)
        #expect(shared.estimated <= 200_000)
    }
}
