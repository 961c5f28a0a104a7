import Conversation
import Testing

@Suite struct TokenEstimatorTests {
    static let counters = ["smollm2-135m", "cl100k_base"]

    @Test(arguments: RecordedTalk.names, Self.counters)
    func `probe`(name: String, counter: String) throws {
        let talk = try RecordedTalk(name)
        var shared = TokenCalibration()
        for other in RecordedTalk.names where other != name {
            var estimator = TokenEstimator(model: counter)
            try RecordedTalk(other).turns(countedBy: counter) { shared.observe(estimator.learn($0, reported: $1)) }
        }
        var estimator = TokenEstimator(model: counter, calibration: shared)
        var line = "\(name) \(counter): "
        try talk.turns(countedBy: counter) { plan, tokens in
            let raw = TokenEstimate.tokens(inPrompt: plan.messages, system: talk.system)
            let before = estimator.calibration.scale
            let error = estimator.learn(plan, reported: tokens).error
            line +=
                " \(raw)/\(tokens)=\(Int(Double(raw) / Double(tokens) * 100))% e=\(Int(error * 1000)) s=\(Int(before*100))"
        }
        print(line)
    }
}
