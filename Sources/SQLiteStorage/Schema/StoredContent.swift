import Conversation
import JSON

/// Content blocks as JSON text: an array of objects, each with its `kind`.
///
/// JSON, because SQLite's text ends at a NUL, which a message may have: in JSON it is an escape.
enum StoredContent {
    static func text(_ blocks: [ContentBlock]) -> String {
        var text: [UInt8] = [UInt8(ascii: "[")]
        for (index, block) in blocks.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            write(block, to: &text)
        }
        text.append(UInt8(ascii: "]"))
        return String(decoding: text, as: UTF8.self)
    }

    static func text(_ block: ContentBlock) -> String {
        var text: [UInt8] = []
        write(block, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    static func blocks(_ text: String) throws(StoredFormError) -> [ContentBlock] {
        try StoredFormError.reading(text, "content") { scanner throws(JSONError) in
            var blocks: [ContentBlock?] = []
            var walk = try scanner.beginArray()
            while try scanner.nextElement(in: &walk) { blocks.append(try block(&scanner)) }
            return blocks.contains(nil) ? nil : blocks.compactMap(\.self)
        }
    }

    static func block(_ text: String) throws(StoredFormError) -> ContentBlock {
        try StoredFormError.reading(text, "block") { scanner throws(JSONError) in try block(&scanner) }
    }

    // MARK: -

    private static func write(_ block: ContentBlock, to text: inout [UInt8]) {
        switch block {
        case .text(let words):
            begin("text", &text)
            write("text", words, &text)
        case .thinking(let thinking):
            begin("thinking", &text)
            write("text", thinking.text, &text)
            if let signature = thinking.signature { write("signature", signature, &text) }
        case .toolCall(let call):
            begin("tool_call", &text)
            write("call", call.id, &text)
            write("name", call.name, &text)
            if let input = call.input { write("input", input, &text) }
        case .toolResult(let result):
            begin("tool_result", &text)
            write("call", result.call, &text)
            write("output", result.output, &text)
            write("is_error", .bool(result.isError), &text)
        case .opaque(let provider, let value):
            begin("opaque", &text)
            write("provider", provider, &text)
            write("value", value, &text)
        }
        text.append(UInt8(ascii: "}"))
    }

    private static func begin(_ kind: StaticString, _ text: inout [UInt8]) {
        text.append(contentsOf: "{\"kind\":\"\(kind)\"".utf8)
    }

    private static func write(_ name: StaticString, _ string: String, _ text: inout [UInt8]) {
        write(name, .string(string), &text)
    }

    private static func write(_ name: StaticString, _ value: JSONValue, _ text: inout [UInt8]) {
        text.append(contentsOf: ",\"\(name)\":".utf8)
        value.write(to: &text)
    }

    /// The block that comes next; nil for one of an unknown kind, or without what its kind needs.
    ///
    /// With the scanner and not from a `JSONValue`, as a tool's input may itself be nested as deep as a value can be.
    private static func block(_ scanner: inout JSONScanner) throws(JSONError) -> ContentBlock? {
        var kind: String?
        var strings: [String: String] = [:]
        var value: JSONValue?
        var isError = false
        var walk = try scanner.beginObject()
        while let key = try scanner.nextKey(in: &walk) {
            if key == "kind" {
                kind = try scanner.readString()
            } else if key == "input" || key == "value" {
                value = try scanner.readValue()
            } else if key == "is_error" {
                isError = try scanner.readBool()
            } else {
                strings[key.string] = try scanner.readString()
            }
        }
        switch (kind, strings["text"], strings["call"], strings["name"], strings["output"], strings["provider"], value)
        {
        case ("text", let text?, _, _, _, _, _): return .text(text)
        case ("thinking", let text?, _, _, _, _, _):
            return .thinking(Thinking(text: text, signature: strings["signature"]))
        case ("tool_call", _, let call?, let name?, _, _, let input):
            return .toolCall(ToolCall(id: call, name: name, input: input))
        case ("tool_result", _, let call?, _, let output?, _, _):
            return .toolResult(ToolResult(call: call, output: output, isError: isError))
        case ("opaque", _, _, _, _, let provider?, let value?): return .opaque(provider: provider, value)
        default: return nil
        }
    }
}
