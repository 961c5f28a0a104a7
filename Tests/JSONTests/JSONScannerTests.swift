import JSON
import Testing

@Suite struct JSONScannerTests {
    private func scan<T>(_ text: String, _ body: (inout JSONScanner) throws -> T) rethrows -> T {
        try Array(text.utf8).withUnsafeBytes {
            var scanner = JSONScanner($0)
            return try body(&scanner)
        }
    }

    @Test(arguments: [
        #"{"index":7,"delta":{"text":"hi \u00e9","type":"text_delta"}}"#,
        #" { "delta" : { "type" : "text_delta" , "x" : [ {} , [ ] , "]" ] , "text" : "hi é" } , "index" : 7 } "#,
        #"{"\u0069ndex":7.0,"delta":{"te\u0078t":"hi \u00E9"}}"#,
    ])
    func `members are found in any order, spacing and spelling`(text: String) throws {
        var found: [UInt8] = []
        var index: Int?
        try scan(text) { json in
            var members = try json.beginObject()
            while let key = try json.nextKey(in: &members) {
                if key == "index" {
                    index = try json.readInt()
                } else if key == "delta" {
                    var inner = try json.beginObject()
                    while let key = try json.nextKey(in: &inner) {
                        if key == "text" { try json.readString(into: &found) } else { try json.skipValue() }
                    }
                } else {
                    try json.skipValue()
                }
            }
            try json.finish()
        }
        #expect(index == 7)
        #expect(String(decoding: found, as: UTF8.self) == "hi é")
    }

    @Test func `optional fields may be null or of another kind`() throws {
        #expect(try scan("null") { try $0.readStringIfPresent() } == nil)
        #expect(try scan("[1]") { try $0.readStringIfPresent() } == nil)
        #expect(try scan(#""a""#) { try $0.readStringIfPresent() } == "a")
        #expect(try scan("null") { try $0.readInt() } == nil)
        #expect(try scan("1.5") { try $0.readInt() } == nil)
        #expect(try scan(" null") { try $0.skipNull() })
        #expect(try scan("1") { try $0.skipNull() } == false)
        #expect(try scan(" true") { try $0.readBool() })
        #expect(throws: JSONError.self) { try scan("tru") { try $0.readBool() } }
    }

    @Test func `strings of every length are read whole, with a quote or an escape at every place`() throws {
        for length in 0..<40 {
            let clean = String(repeating: "x", count: length)
            #expect(try scan("\"\(clean)\"") { try $0.readString() } == clean)
            for place in 0..<max(length, 1) {
                let before = String(repeating: "é", count: place)
                let text = "\"" + before + #"\n"# + clean + "\""
                #expect(try scan(text) { try $0.readString() } == before + "\n" + clean)
                try scan(text + " ") { json in
                    try json.skipValue()
                    #expect(json.offset == text.utf8.count)
                }
            }
        }
    }

    @Test func `broken UTF-8 is refused, or repaired where the scanner is told to`() throws {
        let bytes: [UInt8] = [0x22, 0x61, 0xE2, 0x82, 0x62, 0x22]
        try bytes.withUnsafeBytes { (bytes) throws -> Void in
            #expect(throws: JSONError.self) {
                var json = JSONScanner(bytes)
                _ = try json.readString()
            }
            var json = JSONScanner(bytes, repairsUTF8: true)
            let text = try json.readString()
            #expect(text == "a\u{FFFD}b")
        }
    }

    @Test func `a text cut anywhere is an error, never a crash`() {
        let text = Array(#"{"a":[1,-2.5e3,{"b":"x\u00e9\ud83d\ude00"}],"c":null,"d":true}"#.utf8)
        for end in 0..<text.count {
            Array(text[..<end]).withUnsafeBytes { bytes in
                #expect(throws: JSONError.self) {
                    var json = JSONScanner(bytes)
                    try json.skipValue()
                }
                #expect(throws: JSONError.self) {
                    var json = JSONScanner(bytes)
                    _ = try json.readValue()
                }
            }
        }
    }

    @Test func `a key is compared byte by byte, whatever Unicode takes for the same`() throws {
        // The Kelvin sign is canonically equivalent to a K.
        for text in [#"{"\u212A":1}"#, "{\"\u{212A}\":1}"] {
            try Array(text.utf8).withUnsafeBytes { bytes in
                var json = JSONScanner(bytes)
                var members = try json.beginObject()
                let key = try #require(try json.nextKey(in: &members))
                #expect(!(key == "K"))
                #expect(key.string.utf8.count == 3)
            }
        }
    }
}
