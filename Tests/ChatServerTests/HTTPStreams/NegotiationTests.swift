import HTTPTypes
import JSON
import Testing

@testable import ChatServer

/// What headers and queries say.
@Suite struct NegotiationTests {
    private static let types = StreamFormat.allCases.map(\.rawValue)

    private static let accepted: [(String?, String?)] = [
        (nil, "text/event-stream"), ("", "text/event-stream"), ("*/*", "text/event-stream"),
        ("text/event-stream", "text/event-stream"), ("application/x-ndjson", "application/x-ndjson"),
        ("text/plain", "text/plain"), ("TEXT/PLAIN; charset=utf-8", "text/plain"),
        ("text/plain;q=0.5, application/x-ndjson", "application/x-ndjson"),
        ("text/*;q=0.5, text/plain ; q=0.9", "text/plain"), ("*/*;q=0.1,application/*", "application/x-ndjson"),
        ("text/event-stream;q=0, */*", "application/x-ndjson"), ("image/png", nil), ("*/*;q=0", nil),
        ("text/plain;q=x", nil),
    ]

    @Test(arguments: accepted)
    func `the client's best type counts, and the server's order among equals`(header: String?, type: String?) {
        #expect(AcceptHeader(header).best(of: Self.types) == type)
    }

    @Test func `a place in the log is an epoch and a number`() {
        #expect(EventCursor("e_1:0") == EventCursor(epoch: "e_1", seq: 0))
        #expect(EventCursor("e-A:9007199254740991") == EventCursor(epoch: "e-A", seq: 9_007_199_254_740_991))
    }

    @Test(arguments: [
        "", ":", "e_1", "e_1:", ":1", "e_1:-1", "e_1:+1", "e_1:1:2", "e 1:1", "e_1:x", "e_1:9007199254740992",
    ])
    func `anything else is none`(text: String) {
        #expect(EventCursor(text) == nil)
    }

    @Test func `a query is read as a form writes it`() throws {
        let query = try QueryReader("a=1&b=x+y%20z%2B&a=2&empty=&c&limit=12&%C3%A4=%E2%9C%93")
        #expect(query["a"] == "1" && query["b"] == "x y z+" && query["empty"] == "" && query["c"] == "")
        #expect(try query.text("empty", scalars: 1) == nil && query.text("b", scalars: 6) == "x y z+")
        #expect(query["ä"] == "✓")
        #expect(try query.integer("limit", in: 1...12) == 12 && query.integer("no", in: 1...2) == nil)
        #expect(throws: (any Error).self) { try query.integer("limit", in: 1...11) }
        #expect(throws: (any Error).self) { try query.integer("b", in: 1...11) }
        #expect(throws: (any Error).self) { try QueryReader("a=%ff") }
        #expect(query.members(["b"], integers: ["limit", "a"]) == ["b": "x y z+", "limit": 12, "a": 1])
    }

    @Test func `a path is known with the methods that it answers`() {
        var allowed = AllowedMethods()
        allowed.allow(.get, at: "/sessions")
        allowed.allow(.post, at: "/sessions")
        allowed.allow(.get, at: "/sessions/:session/events")
        #expect(allowed.methods(at: "/sessions") == [.get, .head, .post])
        #expect(allowed.methods(at: "/sessions/s_1/events") == [.get, .head])
        #expect(allowed.methods(at: "/sessions/s_1") == nil && allowed.methods(at: "/") == nil)
    }
}
