/// An event stream's parser (WHATWG HTML §9.2.6): bytes split anywhere in, events out.
///
/// An event that lies wholly within one read is handed out where it lies; only what a read's end cuts is copied, into
/// buffers that are used again.
package struct ServerSentEventParser {
    /// The most bytes of one event's name, data and unfinished line. Default 1 MiB: a block with search results is the largest
    /// that is known, at some hundred KiB.
    private let eventLimitBytes: Int
    /// A line that the last read cut.
    private var line: [UInt8] = []
    private var name = Field()
    private var data = Field()
    private var hasData = false
    private var isAtStart = true
    /// The last read ended with a CR: a LF that follows belongs to it.
    private var skipsLineFeed = false
    /// The last `id` field, which stays until another comes.
    package private(set) var lastEventID = ""
    /// The last `retry` field, in milliseconds.
    package private(set) var retryMilliseconds: Int?

    package init(eventLimitBytes: Int = 1024 * 1024) {
        self.eventLimitBytes = eventLimitBytes
    }

    /// Takes one read and hands out the events that it completes.
    package mutating func consume(
        _ bytes: UnsafeRawBufferPointer, _ body: (ServerSentEvent) -> Void
    ) throws(ServerSentEventError) {
        guard !bytes.isEmpty else { return }
        var start = 0
        if skipsLineFeed {
            skipsLineFeed = false
            if bytes[0] == UInt8(ascii: "\n") { start = 1 }
        }
        while let end = Self.endOfLine(in: bytes, from: start) {
            let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            if line.isEmpty {
                try take(line: piece, staysInPlace: true, body)
            } else {
                try checkSize(adding: piece.count)
                line.append(contentsOf: piece)
                try takeKeptLine(body)
            }
            start = end + 1
            if bytes[end] == UInt8(ascii: "\r") {
                if start == bytes.count {
                    skipsLineFeed = true
                } else if bytes[start] == UInt8(ascii: "\n") {
                    start += 1
                }
            }
        }
        name.keep()
        data.keep()
        try checkSize(adding: bytes.count - start)
        line.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[start...]))
    }

    /// The stream has ended: hands out the event that lacks its blank line, if there is one. The standard drops it, but some
    /// servers close right after their last line.
    package mutating func finish(_ body: (ServerSentEvent) -> Void) throws(ServerSentEventError) {
        if !line.isEmpty { try takeKeptLine(body) }
        dispatch(body)
    }

    // MARK: - Lines

    private mutating func takeKeptLine(_ body: (ServerSentEvent) -> Void) throws(ServerSentEventError) {
        var whole: [UInt8] = []
        swap(&whole, &line)
        let result: Result<Void, ServerSentEventError> = whole.withUnsafeBytes { bytes in
            do throws(ServerSentEventError) {
                return .success(try take(line: bytes, staysInPlace: false, body))
            } catch {
                return .failure(error)
            }
        }
        whole.removeAll(keepingCapacity: true)
        swap(&whole, &line)
        try result.get()
    }

    private mutating func take(
        line: UnsafeRawBufferPointer, staysInPlace: Bool, _ body: (ServerSentEvent) -> Void
    ) throws(ServerSentEventError) {
        try checkSize(adding: line.count)
        var line = line
        if isAtStart {
            isAtStart = false
            if line.starts(with: [0xEF, 0xBB, 0xBF]) { line = UnsafeRawBufferPointer(rebasing: line[3...]) }
        }
        guard let first = line.first else { return dispatch(body) }
        // A line that starts with a colon is a comment.
        if first == UInt8(ascii: ":") { return }
        if let value = Self.value(of: "data", in: line) {
            if hasData { data.appendLineFeed() }
            data.append(value, staysInPlace: staysInPlace)
            hasData = true
        } else if let value = Self.value(of: "event", in: line) {
            name.clear()
            name.append(value, staysInPlace: staysInPlace)
        } else if let value = Self.value(of: "id", in: line) {
            if !value.contains(0) { lastEventID = String(decoding: value, as: UTF8.self) }
        } else if let value = Self.value(of: "retry", in: line) {
            let isNumber = value.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            if isNumber, let time = Int(String(decoding: value, as: UTF8.self)) { retryMilliseconds = time }
        }
    }

    private mutating func dispatch(_ body: (ServerSentEvent) -> Void) {
        // Without data there is no event.
        if hasData {
            name.withBytes { name in data.withBytes { data in body(ServerSentEvent(name: name, data: data)) } }
        }
        name.clear()
        data.clear()
        hasData = false
    }

    private func checkSize(adding count: Int) throws(ServerSentEventError) {
        guard line.count + name.count + data.count + count <= eventLimitBytes else {
            throw .eventTooLarge(limitBytes: eventLimitBytes)
        }
    }

    /// The value of the line's field, if that is its name: behind the colon and one space; empty where there is no colon.
    @inline(__always)
    private static func value(of field: StaticString, in line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        let count = field.utf8CodeUnitCount
        guard line.count >= count else { return nil }
        for index in 0..<count where line[index] != field.utf8Start[index] { return nil }
        guard line.count > count else { return UnsafeRawBufferPointer(rebasing: line[count...]) }
        guard line[count] == UInt8(ascii: ":") else { return nil }
        let hasSpace = line.count > count + 1 && line[count + 1] == UInt8(ascii: " ")
        return UnsafeRawBufferPointer(rebasing: line[(count + (hasSpace ? 2 : 1))...])
    }

    /// The place of the next CR or LF, eight bytes at a time (as in JSON's `WordScan`, the lowest mark is exact).
    @inline(__always)
    private static func endOfLine(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        let lows: UInt64 = 0x0101_0101_0101_0101
        var index = start
        while index &+ 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let feeds = word ^ (lows &* 0x0A)
            let returns = word ^ (lows &* 0x0D)
            let found = (((feeds &- lows) & ~feeds) | ((returns &- lows) & ~returns)) & 0x8080_8080_8080_8080
            if found != 0 { return index &+ found.trailingZeroBitCount >> 3 }
            index &+= 8
        }
        while index < bytes.count {
            if bytes[index] == 0x0A || bytes[index] == 0x0D { return index }
            index &+= 1
        }
        return nil
    }
}

extension ServerSentEventParser {
    /// A field's value: where it lies in the read, or a copy.
    private struct Field {
        private var inPlace: UnsafeRawBufferPointer?
        private var copy: [UInt8] = []

        var count: Int { inPlace?.count ?? copy.count }

        mutating func append(_ value: UnsafeRawBufferPointer, staysInPlace: Bool) {
            if staysInPlace, inPlace == nil, copy.isEmpty {
                inPlace = value
            } else {
                keep()
                copy.append(contentsOf: value)
            }
        }

        mutating func appendLineFeed() {
            keep()
            copy.append(UInt8(ascii: "\n"))
        }

        /// The read's bytes are about to go.
        mutating func keep() {
            guard let bytes = inPlace else { return }
            copy.append(contentsOf: bytes)
            inPlace = nil
        }

        mutating func clear() {
            inPlace = nil
            copy.removeAll(keepingCapacity: true)
        }

        func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
            if let inPlace { body(inPlace) } else { copy.withUnsafeBytes(body) }
        }
    }
}
