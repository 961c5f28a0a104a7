import Conversation
import Testing

@Suite struct SessionSettingsTests {
    private let settings = SessionSettings(model: "demo")

    private func expect(
        _ field: SettingsError.Field, _ limit: SettingsError.Limit, _ change: SettingsChange,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(throws: SettingsError(field: field, limit: limit), sourceLocation: sourceLocation) {
            try self.settings.applying(change)
        }
    }

    @Test func `a session that only has a model sends the full history and nothing unset`() throws {
        try self.settings.validate()
        #expect(self.settings.context.policy == "full")
        #expect(self.settings.temperature == nil)
        #expect(self.settings.maxTokens == nil)
        #expect(self.settings.tools == nil)
    }

    @Test func `a change sets what it names and leaves the rest`() throws {
        let settings = SessionSettings(
            title: "Birds", system: "Be brief.", model: "demo", temperature: 0.5, maxTokens: 100, tools: ["calculate"],
            context: .init(policy: "window", turns: 5, budgetTokens: 1_000))
        #expect(try settings.applying(SettingsChange()) == settings)
        let changed = try settings.applying(SettingsChange(title: "", model: "other", turns: 6))
        var expected = settings
        expected.title = ""
        expected.model = "other"
        expected.context.turns = 6
        #expect(changed == expected)
        let all = SettingsChange(
            title: "a", system: "b", model: "c", temperature: 1, maxTokens: 2, tools: [], policy: "d", turns: 3,
            budgetTokens: 400, minimumTurns: 2, recall: 0, clearToolResultsAfter: 5)
        #expect(
            try settings.applying(all)
                == SessionSettings(
                    title: "a", system: "b", model: "c", temperature: 1, maxTokens: 2, tools: [],
                    context: .init(
                        policy: "d", turns: 3, budgetTokens: 400, minimumTurns: 2, recall: 0, clearToolResultsAfter: 5))
        )
        #expect(try settings.applying(all).applying(SettingsChange(turns: 4)).context.clearToolResultsAfter == 5)
    }

    @Test func `a change that names nothing is empty`() {
        #expect(SettingsChange().isEmpty)
        #expect(!SettingsChange(tools: []).isEmpty)
    }

    @Test func `settings at their bounds are taken`() throws {
        _ = try self.settings.applying(
            SettingsChange(
                title: String(repeating: "漢", count: 200), system: String(repeating: "漢", count: 32_000),
                model: String(repeating: "m", count: 200), temperature: 2, maxTokens: 1_000_000,
                tools: (1...64).map { "tool\($0)" }, policy: String(repeating: "p", count: 64), turns: 1_000,
                budgetTokens: 10_000_000))
        _ = try self.settings.applying(
            SettingsChange(system: "two\nlines", temperature: 0, maxTokens: 1, turns: 1, budgetTokens: 256))
    }

    @Test func `texts beyond their bounds are refused`() {
        self.expect(.title, .scalars(0...200), SettingsChange(title: String(repeating: "a", count: 201)))
        self.expect(.title, .bytes(600), SettingsChange(title: String(repeating: "💬", count: 151)))
        self.expect(.system, .scalars(0...32_000), SettingsChange(system: String(repeating: "a", count: 32_001)))
        self.expect(.system, .bytes(96_000), SettingsChange(system: String(repeating: "💬", count: 24_001)))
        self.expect(.model, .scalars(1...200), SettingsChange(model: ""))
        self.expect(.model, .scalars(1...200), SettingsChange(model: String(repeating: "a", count: 201)))
    }

    @Test func `a title's length is counted in scalars, not in what looks like one character`() {
        self.expect(.title, .scalars(0...200), SettingsChange(title: "e" + String(repeating: "\u{301}", count: 200)))
    }

    @Test func `control characters are refused in a title and in a model's name`() {
        self.expect(.title, .printable, SettingsChange(title: "a\nb"))
        self.expect(.model, .printable, SettingsChange(model: "a\r\nb"))
    }

    @Test func `numbers beyond their bounds are refused`() {
        for temperature in [-0.1, 2.1, .nan, .infinity] {
            self.expect(.temperature, .numbers(0...2), SettingsChange(temperature: temperature))
        }
        for tokens in [0, -1, 1_000_001] {
            self.expect(.maxTokens, .integers(1...1_000_000), SettingsChange(maxTokens: tokens))
        }
        for turns in [0, 1_001] { self.expect(.turns, .integers(1...1_000), SettingsChange(turns: turns)) }
        for budget in [255, 10_000_001] {
            self.expect(.budgetTokens, .integers(256...10_000_000), SettingsChange(budgetTokens: budget))
        }
    }

    @Test func `numbers of the policies beyond their bounds are refused`() {
        for turns in [0, 1_001] {
            self.expect(.minimumTurns, .integers(1...1_000), SettingsChange(minimumTurns: turns))
        }
        for count in [-1, 51] { self.expect(.recall, .integers(0...50), SettingsChange(recall: count)) }
        for turns in [-1, 1_001] {
            self.expect(.clearToolResultsAfter, .integers(0...1_000), SettingsChange(clearToolResultsAfter: turns))
        }
        #expect(
            SettingsError(field: .minimumTurns, limit: .integers(1...1_000)).description
                == "context.min_turns must be an integer from 1 to 1000.")
    }

    @Test func `tools must be few, have names, and be named once`() {
        self.expect(.tools, .entries(64), SettingsChange(tools: (1...65).map { "tool\($0)" }))
        self.expect(.tools, .name, SettingsChange(tools: ["no spaces"]))
        self.expect(.tools, .unique, SettingsChange(tools: ["a", "b", "a"]))
        self.expect(.policy, .name, SettingsChange(policy: ""))
    }

    @Test func `an error names the field and the limit`() {
        #expect(
            SettingsError(field: .maxTokens, limit: .integers(1...1_000_000)).description
                == "max_tokens must be an integer from 1 to 1000000.")
        #expect(
            SettingsError(field: .budgetTokens, limit: .integers(256...300)).description
                == "context.budget_tokens must be an integer from 256 to 300.")
        #expect(
            SettingsError(field: .title, limit: .scalars(0...200)).description
                == "title must have at most 200 Unicode scalars.")
        #expect(
            SettingsError(field: .model, limit: .scalars(1...200)).description
                == "model must have 1 to 200 Unicode scalars.")
    }
}
