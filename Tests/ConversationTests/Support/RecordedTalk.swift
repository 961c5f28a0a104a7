import Conversation
import Foundation
import JSON
import Testing

/// A conversation with the tokens that were counted for the prompt of each of its turns; see Fixtures/README.md.
struct RecordedTalk {
    let name: String
    let system: String
    let messages: [Message]
    /// By who counted: for each question, the tokens of the prompt that ends with it.
    let promptTokens: [String: [Int]]

    static let names = ["english", "code", "languages", "data"]

    init(_ name: String) throws {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: "json"))
        let value = try JSONValue(parsing: [UInt8](Data(contentsOf: url)))
        self.name = name
        self.system = value["system"]?.stringValue ?? ""
        self.messages = (value["messages"]?.arrayValue ?? []).enumerated().map { index, message in
            let text = message["content"]?.stringValue ?? ""
            return message["role"]?.stringValue == "user"
                ? Talk.user("\(name)-\(index)", text) : Talk.reply("\(name)-\(index)", [.text(text)])
        }
        self.promptTokens = (value["prompt_tokens"]?.objectValue ?? [:]).mapValues {
            ($0.arrayValue ?? []).compactMap(\.intValue)
        }
    }

    /// The plan of each turn, with the tokens that were counted for it.
    func turns(countedBy counter: String, _ body: (ContextPlan, Int) -> Void) throws {
        let ends = self.messages.indices.filter { self.messages[$0].role == .user }
        let counts = try #require(self.promptTokens[counter])
        try #require(ends.count == counts.count)
        for (end, tokens) in zip(ends, counts) {
            let input = ContextInput(
                path: Array(self.messages[...end]), settings: SessionSettings(system: self.system, model: counter))
            body(try FullHistory().plan(for: input), tokens)
        }
    }
}
