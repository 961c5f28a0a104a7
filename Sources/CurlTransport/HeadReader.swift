/// Reads the header lines of a response, one at a time, into a `ResponseHead`.
struct HeadReader {
    enum Step: Equatable {
        case goOn
        /// The final head is complete.
        case complete(ResponseHead)
        /// The lines of this response exceed the bound.
        case tooLarge
    }

    /// The most bytes of header lines of one response, interim ones (1xx) and trailers included.
    let limitBytes: Int
    private var byteCount = 0
    private var head: ResponseHead?
    private(set) var isComplete = false

    init(limitBytes: Int) {
        self.limitBytes = limitBytes
    }

    /// Takes one line with its line ending, as libcurl gives it: RFC 9112 §2.1, the status line first, an empty line last.
    mutating func received(_ line: UnsafeRawBufferPointer) -> Step {
        byteCount += line.count
        guard byteCount <= limitBytes else { return .tooLarge }
        // RFC 9112 §7.1.2: what follows a chunked body are trailers, of which we use none.
        guard !isComplete else { return .goOn }

        let text = Self.trimmed(line[...])
        if line.starts(with: "HTTP/".utf8) {
            head = ResponseHead(status: Self.status(in: text), headers: [])
        } else if text.isEmpty {
            guard let head else { return .goOn }
            // RFC 9110 §15.2: any number of interim responses may come first.
            if (100..<200).contains(head.status) {
                self.head = nil
            } else {
                isComplete = true
                return .complete(head)
            }
        } else if line.first == UInt8(ascii: " ") || line.first == UInt8(ascii: "\t") {
            // RFC 9112 §5.2: a line that was folded continues the value before it.
            if let last = head?.headers.indices.last {
                head?.headers[last].value += " " + String(decoding: text, as: UTF8.self)
            }
        } else if let colon = text.firstIndex(of: UInt8(ascii: ":")) {
            let name = String(decoding: Self.trimmed(text[..<colon]), as: UTF8.self).lowercased()
            let value = String(decoding: Self.trimmed(text[(colon + 1)...]), as: UTF8.self)
            head?.headers.append((name, value))
        }
        return .goOn
    }

    /// RFC 9112 §4: `HTTP/1.1 200 OK`, the reason may be missing. 0 where there is no number, which libcurl has refused.
    private static func status(in line: Slice<UnsafeRawBufferPointer>) -> Int {
        guard let space = line.firstIndex(of: UInt8(ascii: " ")) else { return 0 }
        return line[space...].drop { $0 == UInt8(ascii: " ") }.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            .prefix(3).reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    private static func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        func isSpace(_ byte: UInt8) -> Bool { [9, 10, 13, 32].contains(byte) }
        var bytes = bytes.drop(while: isSpace)
        while let last = bytes.last, isSpace(last) { bytes.removeLast() }
        return bytes
    }
}
