import Models
import Testing

@Suite struct ServerSentEventParserTests {
    private func parse(_ pieces: [[UInt8]], finish: Bool = true) throws -> [[String]] {
        var parser = ServerSentEventParser()
        var events: [[String]] = []
        func take(_ event: ServerSentEvent) {
            events.append([String(decoding: event.name, as: UTF8.self), String(decoding: event.data, as: UTF8.self)])
        }
        for piece in pieces { try piece.withUnsafeBytes { try parser.consume($0, take) } }
        if finish { try parser.finish(take) }
        return events
    }

    @Test(
        arguments: [
            ("data: a\n\n", [["", "a"]]), ("data:a\n\n", [["", "a"]]), ("data:  a\n\n", [["", " a"]]),
            ("event: e\ndata: a\n\n", [["e", "a"]]), ("data: a\nevent: e\n\n", [["e", "a"]]),
            ("data: a\ndata: b\ndata:\ndata: c\n\n", [["", "a\nb\n\nc"]]), ("data\n\n", [["", ""]]),
            ("data:\n\n", [["", ""]]),
            ("event: e\n\ndata: a\n\n", [["", "a"]]), ("event: a\nevent: b\ndata: x\n\n", [["b", "x"]]),
            (": comment\ndata: a\n: another\n\n", [["", "a"]]), (":\n\n\n\n", []),
            ("unknown: x\ndatax: y\ndata: a\n\n", [["", "a"]]),
            (" data: a\n\n", []), ("data: a: b\n\n", [["", "a: b"]]), ("\u{FEFF}data: a\n\n", [["", "a"]]),
            ("data: \u{FEFF}a\n\n", [["", "\u{FEFF}a"]]), ("\n\ndata: a\n\n\n\ndata: b\n\n", [["", "a"], ["", "b"]]),
            ("data: é😀\n\n", [["", "é😀"]]), ("data: a", [["", "a"]]), ("data: a\n", [["", "a"]]), ("", []),
        ] as [(String, [[String]])])
    func `a stream gives its events, whole and at every cut, with any line ending`(
        text: String, events: [[String]]
    ) throws {
        for ending in ["\n", "\r", "\r\n"] {
            let bytes = Array(
                text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: ending).utf8)
            #expect(try parse([bytes]) == events)
            #expect(try parse(bytes.map { [$0] }) == events)
            for cut in bytes.indices { #expect(try parse([Array(bytes[..<cut]), [], Array(bytes[cut...])]) == events) }
        }
    }

    @Test func `line endings may be mixed`() throws {
        #expect(
            try parse([Array("data: a\r\ndata: b\rdata: c\n\r\ndata: d\r\r".utf8)]) == [["", "a\nb\nc"], ["", "d"]])
    }

    @Test func `an event without its blank line waits for the end`() throws {
        #expect(try parse([Array("data: a\n".utf8)], finish: false) == [])
    }

    @Test func `id and retry are kept`() throws {
        var parser = ServerSentEventParser()
        try Array("id: 7\nretry: 1500\n\nid\nretry: x\nid: a\u{0}b\n".utf8).withUnsafeBytes {
            try parser.consume($0) { _ in }
        }
        #expect(parser.lastEventID == "")
        #expect(parser.retryMilliseconds == 1500)
    }

    @Test(arguments: [1, 7, 100, 10_000]) func `an event beyond the bound is refused, in reads of any size`(size: Int)
        throws
    {
        let line = Array(("data: " + String(repeating: "x", count: 1000)).utf8)
        let exact = Array("data: ".utf8) + Array(repeating: UInt8(ascii: "y"), count: 993)
        for (bytes, fits) in [(line, false), (line + [0x0A], false), (exact + [0x0A, 0x0A], true)] {
            var parser = ServerSentEventParser(eventLimitBytes: 1000)
            var refused = false
            for start in stride(from: 0, to: bytes.count, by: size) where !refused {
                do {
                    try bytes[start..<min(start + size, bytes.count)].withUnsafeBytes {
                        try parser.consume($0) { _ in }
                    }
                } catch {
                    refused = error as? ServerSentEventError == .eventTooLarge(limitBytes: 1000)
                }
            }
            #expect(refused == !fits)
        }
    }

    @Test func `many data lines count together`() {
        var parser = ServerSentEventParser(eventLimitBytes: 1000)
        let stream = Array(String(repeating: "data: 0123456789\n", count: 120).utf8)
        #expect(throws: ServerSentEventError.eventTooLarge(limitBytes: 1000)) {
            try stream.withUnsafeBytes { try parser.consume($0) { _ in } }
        }
    }
}
