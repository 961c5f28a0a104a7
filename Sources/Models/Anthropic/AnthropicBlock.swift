import Conversation
import JSON

/// A content block that has started and not stopped.
struct AnthropicBlock {
    private enum Kind {
        case text, thinking, toolUse
        /// `redacted_thinking`, `server_tool_use`, a server tool's result, and what the API may add: kept whole, as the next
        /// request must carry it back unchanged.
        case opaque
    }

    private enum DeltaType {
        case text, thinking, signature, inputJSON, citations, other
    }

    let providerIndex: Int
    let index: Int
    private let kind: Kind
    /// The block as it started; for an opaque one, as it stands but for `texts` and `citations`.
    private var members: [String: JSONValue]
    /// An opaque block's members that deltas add text to, and its citations: grown in place, as a copy for each delta would take
    /// quadratic time.
    private var texts: [String: [UInt8]] = [:]
    private var citations: [JSONValue]?
    /// The bytes of an opaque block's deltas so far.
    private var keptBytes = 0
    private var signature: [UInt8] = []
    /// An opaque block's input, as JSON text in pieces.
    private var input: [UInt8] = []
    private var hasInput = false

    init(providerIndex: Int, index: Int, members: [String: JSONValue]) {
        self.providerIndex = providerIndex
        self.index = index
        self.members = members
        // Cut, as comparing strings normalises them: slow for very long ones.
        switch members["type"]?.stringValue?.firstScalars(64) {
        case "text": kind = .text
        case "thinking": kind = .thinking
        case "tool_use" where members["name"]?.stringValue != nil && members["id"]?.stringValue != nil: kind = .toolUse
        default: kind = .opaque
        }
        if kind == .thinking, let signature = members["signature"]?.stringValue {
            self.signature = Array(signature.utf8)
        }
    }

    /// What the block has too much of, if anything.
    var excess: StreamExcess? {
        if signature.count > StreamExcess.signatureLimitBytes { return .signature }
        return keptBytes > StreamExcess.opaqueLimitBytes ? .opaqueBlock : nil
    }

    func appendStart(to batch: inout ModelEventBatch) {
        switch kind {
        case .text:
            batch.events.append(.blockStarted(index: index, .text))
            batch.appendDelta(index: index, members["text"]?.stringValue ?? "")
        case .thinking:
            batch.events.append(.blockStarted(index: index, .thinking))
            batch.appendDelta(index: index, members["thinking"]?.stringValue ?? "")
        case .toolUse:
            batch.events.append(
                .blockStarted(
                    index: index,
                    .toolCall(
                        id: members["id"]?.stringValue ?? "",
                        name: ToolName.sanitised(members["name"]?.stringValue ?? ""))))
        case .opaque: break
        }
    }

    func appendEndOfToolUse(to batch: inout ModelEventBatch) {
        // Some servers give the whole input at the start; and a tool without parameters gets no input at all.
        if !hasInput { batch.appendDelta(index: index, (members["input"] ?? [:]).jsonText) }
        batch.events.append(.blockDone(index: index))
    }

    func appendEnd(to batch: inout ModelEventBatch) {
        switch kind {
        case .text:
            batch.events.append(.blockDone(index: index))
        case .thinking:
            if !signature.isEmpty {
                batch.events.append(.signature(index: index, String(decoding: signature, as: UTF8.self)))
            }
            batch.events.append(.blockDone(index: index))
        case .toolUse:
            appendEndOfToolUse(to: &batch)
        case .opaque:
            var members = members
            for (name, text) in texts { members[name] = .string(String(decoding: text, as: UTF8.self)) }
            if let citations { members["citations"] = .array(citations) }
            if !input.isEmpty, let value = try? JSONValue(parsing: input) { members["input"] = value }
            batch.events.append(.opaque(index: index, .object(members)))
        }
    }

    /// Reads a delta object. Its `type` mostly comes first; where it does not, the object is read again with the type known.
    mutating func readDelta(_ json: inout JSONScanner, into batch: inout ModelEventBatch) throws(JSONError) {
        let start = json
        var type: DeltaType?
        var isUnread = false
        var walk = try json.beginObject()
        while let key = try json.nextKey(in: &walk) {
            if key == "type" {
                type = Self.deltaType(try json.readStringInPlace())
            } else if let type, !isUnread {
                try readMember(key, of: type, &json, into: &batch)
            } else {
                isUnread = true
                try json.skipValue()
            }
        }
        if isUnread, let type {
            var again = start
            var walk = try again.beginObject()
            while let key = try again.nextKey(in: &walk) {
                if key == "type" { try again.skipValue() } else { try readMember(key, of: type, &again, into: &batch) }
            }
        }
    }

    private static func deltaType(_ name: JSONKey) -> DeltaType {
        if name == "text_delta" { return .text }
        if name == "input_json_delta" { return .inputJSON }
        if name == "thinking_delta" { return .thinking }
        if name == "signature_delta" { return .signature }
        if name == "citations_delta" { return .citations }
        return .other
    }

    private mutating func readMember(
        _ key: JSONKey, of type: DeltaType, _ json: inout JSONScanner, into batch: inout ModelEventBatch
    ) throws(JSONError) {
        if kind == .opaque { return try keep(key, of: type, &json) }
        switch (kind, type) {
        case (.text, .text) where key == "text", (.thinking, .thinking) where key == "thinking":
            try batch.appendDelta(index: index, &json)
        case (.toolUse, .inputJSON) where key == "partial_json":
            if try batch.appendDelta(index: index, &json) { hasInput = true }
        case (.thinking, .signature) where key == "signature":
            try json.readString(into: &signature)
        default:
            try json.skipValue()
        }
    }

    /// Adds a delta's member to an opaque block: text to the text of that name, an input's piece to the input, a citation to the
    /// citations.
    private mutating func keep(
        _ key: JSONKey, of type: DeltaType, _ json: inout JSONScanner
    ) throws(JSONError) {
        let start = json.offset
        defer { keptBytes += json.offset - start }
        if type == .inputJSON, key == "partial_json" { return try json.readString(into: &input) }
        if type == .citations, key == "citation" {
            citations = citations ?? members["citations"]?.arrayValue ?? []
            citations?.append(try json.readValue())
            return
        }
        let name = key.string
        guard name.utf8.count <= JSONScanner.nameLimitBytes else {
            throw JSONError(
                reason: "a member's name is longer than \(JSONScanner.nameLimitBytes) bytes", offset: json.offset)
        }
        if try json.peekKind() == .string {
            if texts[name] == nil {
                texts[name] = Array((members[name]?.stringValue ?? "").utf8)
                keptBytes += name.utf8.count
            }
            try json.readString(into: &texts[name, default: []])
        } else {
            let value = try json.readValue()
            guard !value.isNull else { return }
            keptBytes += name.utf8.count
            texts[name] = nil
            members[name] = value
        }
    }
}
