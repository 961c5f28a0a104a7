import JSON

extension Message {
    /// The bytes of UTF-8 of all its texts, with some for the frame of each block: how much room it takes.
    package var textBytes: Int {
        content.reduce(256 + (record?.error?.message.utf8.count ?? 0)) { $0 + 64 + $1.textBytes }
    }

    /// The message with its texts cut off, at a scalar's boundary, once they fill `limit` bytes.
    package func cut(toTextBytes limit: Int) -> Message {
        var rest = limit
        var message = self
        message.content = content.map { block in
            let cut = block.cut(toTextBytes: rest)
            rest = max(0, rest - cut.textBytes)
            return cut
        }
        return message
    }
}

extension ContentBlock {
    package var textBytes: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .thinking(let thinking): thinking.text.utf8.count
        case .toolCall(let call): call.input?.jsonText.utf8.count ?? 0
        case .toolResult(let result): result.output.utf8.count
        // Its content is not shown to clients.
        case .opaque: 0
        }
    }

    fileprivate func cut(toTextBytes limit: Int) -> ContentBlock {
        switch self {
        case .text(let text):
            return .text(text.prefix(utf8Bytes: limit))
        case .thinking(var thinking):
            thinking.text = thinking.text.prefix(utf8Bytes: limit)
            return .thinking(thinking)
        case .toolCall(var call):
            if textBytes > limit { call.input = nil }
            return .toolCall(call)
        case .toolResult(var result):
            result.output = result.output.prefix(utf8Bytes: limit)
            return .toolResult(result)
        case .opaque:
            return self
        }
    }
}

extension String {
    /// The longest beginning of at most so many bytes of UTF-8 that ends at a scalar's boundary.
    package func prefix(utf8Bytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var index = utf8.index(startIndex, offsetBy: limit)
        while index > startIndex, index.samePosition(in: unicodeScalars) == nil { index = utf8.index(before: index) }
        return String(self[..<index])
    }
}
