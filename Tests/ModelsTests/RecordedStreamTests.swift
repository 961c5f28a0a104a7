import Conversation
import JSON
import Models
import Testing

@Suite struct RecordedStreamTests {
    static let anthropicNames = ["basic", "tool-use", "thinking", "web-search", "overloaded", "refusal"].map {
        "anthropic-\($0)"
    }
    static let openAINames = [
        "openai-text", "openai-tool-calls", "openai-refusal", "deepseek-reasoning", "openrouter-text",
        "openrouter-error",
        "ollama-tool-call", "llama-cpp-text", "llama-cpp-error",
    ]

    @Test(arguments: anthropicNames) func `an Anthropic stream says the same however it is cut`(name: String) throws {
        try checkEveryCut(try fixture(name), anthropic)
    }

    @Test(arguments: openAINames) func `an OpenAI stream says the same however it is cut`(name: String) throws {
        try checkEveryCut(try fixture(name), openAI)
    }

    private func checkEveryCut<Dialect: EventStreamDialect>(
        _ bytes: [UInt8], _ dialect: () -> Dialect
    ) throws {
        let whole = replay([bytes[...]], dialect())
        let last = try #require(whole.heard.last)
        switch last {
        case .stopped, .failed: break
        default: Issue.record("ends with \(last)")
        }
        for ending in ["\n", "\r\n", "\r"] {
            let text = String(decoding: bytes, as: UTF8.self)
            let bytes = Array("\u{FEFF}\(text)".utf8).split(separator: 0x0A, omittingEmptySubsequences: false)
                .joined(separator: Array(ending.utf8))
            let stream = Array(bytes)
            #expect(replay([stream[...]], dialect()).heard == whole.heard)
            #expect(replay(stream.indices.map { stream[$0...$0] }, dialect()).heard == whole.heard)
            // The standard treats CR like LF but for what may follow it, and that the single bytes have tried.
            for cut in stream.indices where ending != "\r" {
                let halves = replay([stream[..<cut], stream[cut...]], dialect())
                #expect(halves.heard == whole.heard, "cut at \(cut)")
                #expect(halves.deltaCount == whole.deltaCount)
            }
        }
    }

    @Test(arguments: anthropicNames.filter { $0 != "anthropic-overloaded" })
    func `an Anthropic stream that breaks off is truncated at every byte before message_stop`(name: String) throws {
        let bytes = try fixture(name)
        let end = bytes.count - "\n\n".utf8.count
        for cut in 0..<end { #expect(replay([bytes[..<cut]], anthropic()).heard.last == .failed(.truncated)) }
        for cut in end...bytes.count {
            #expect(replay([bytes[..<cut]], anthropic()).heard == replay([bytes[...]], anthropic()).heard)
        }
    }

    @Test(arguments: openAINames.filter { !$0.hasSuffix("error") })
    func `an OpenAI stream that breaks off is truncated at every byte before its finish reason`(name: String) throws {
        let bytes = try fixture(name)
        let text = String(decoding: bytes, as: UTF8.self)
        let finish = try #require(text.ranges(of: "\"finish_reason\":\"").last)
        let end = text.utf8.distance(from: text.startIndex, to: finish.lowerBound)
        for cut in 0..<end { #expect(replay([bytes[..<cut]], openAI()).heard.last == .failed(.truncated)) }
        let whole = replay([bytes[...]], openAI()).heard
        for cut in end...bytes.count {
            let heard = replay([bytes[..<cut]], openAI()).heard
            #expect(heard.last == .failed(.truncated) || heard.last == whole.last)
        }
    }

    @Test func `garbage never crashes a decoder and always ends it`() throws {
        var random = SeededGenerator(seed: 3)
        let streams = try (Self.anthropicNames + Self.openAINames).map { try fixture($0) }
        for _ in 0..<3000 {
            var bytes = streams.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let at = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[at] = Array("{}[]\",:\\\n\r0".utf8).randomElement(using: &random) ?? 0
                case 2: bytes.removeSubrange(at..<min(at + 20, bytes.count))
                default: bytes.insert(contentsOf: bytes.prefix(Int.random(in: 0..<50, using: &random)), at: at)
                }
            }
            let cut = Int.random(in: 0...bytes.count, using: &random)
            for heard in [
                replay([bytes[..<cut], bytes[cut...]], anthropic()).heard,
                replay([bytes[..<cut], bytes[cut...]], openAI()).heard,
            ] {
                let ends = heard.filter {
                    switch $0 {
                    case .stopped, .failed: true
                    default: false
                    }
                }
                #expect(ends.count == 1)
                #expect(ends.last == heard.last)
            }
        }
    }
}
