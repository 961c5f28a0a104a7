import Foundation
import JSON
import Testing

@Suite struct JSONValueParsingTests {
    @Test(
        arguments: [
            ("null", JSONValue.null), ("true", true), (" false ", false), ("0", 0), ("-0", 0), ("42", 42), ("-17", -17),
            ("1.5", 1.5), ("1e3", 1000.0), ("1E+2", 100.0), ("25e-2", 0.25), ("-0.5", -0.5),
            ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
            ("9223372036854775808", 9223372036854775808.0), (#""""#, ""),
            (#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{c}\n\r\t"),
            (#""\u00e9\u20AC""#, "é€"), (#""\ud83d\ude00""#, "😀"), (#""😀é""#, "😀é"), ("[]", []), ("[1 , 2]", [1, 2]),
            ("{}", [:]), (#"{"a":{"b":[null]}}"#, ["a": ["b": [nil]]]), (#"{"a":1,"b":2,"a":3}"#, ["a": 3, "b": 2]),
            (#"{"\u0061":1}"#, ["a": 1]), ("\t\n\r {\"a\" \n:\t1 } ", ["a": 1]),
        ] as [(String, JSONValue)])
    func `a valid text gives its value`(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == value)
        #expect(try JSONValue(parsing: AnyCollection(Array(text.utf8))) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "nulll", "True", "01", "-", "+1", ".5", "1.", "1e", "1e+", "1e999", "0x10", "NaN", "\"", "\"a",
        "'a'",
        #""\""#, #""\x""#, #""\u12""#, #""\u12g4""#, "\"\n\"", "\"\u{0}\"", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]",
        "]", "{",
        "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "{1:2}", "[1}", "{\"a\":1]",
        "1 2",
        "\u{FEFF}1", "// no\n1",
    ])
    func `an invalid text is refused`(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    }

    @Test(
        arguments: [
            [0x22, 0x80, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22], [0x22, 0xFF, 0x22],
        ] as [[UInt8]])
    func `bytes that are not UTF-8 are refused`(bytes: [UInt8]) {
        #expect(throws: JSONError(reason: "invalid UTF-8", offset: 1)) { try JSONValue(parsing: bytes) }
    }

    @Test func `an error says where it was found`() {
        #expect(throws: JSONError(reason: "expected ',' or the end", offset: 7)) {
            try JSONValue(parsing: #"{"a":1 "b":2}"#)
        }
        #expect(throws: JSONError(reason: "unexpected end", offset: 5)) { try JSONValue(parsing: #"{"a":"#) }
    }

    @Test(arguments: [
        (#""\ud83d""#, "\u{FFFD}"), (#""\ude00x""#, "\u{FFFD}x"), (#""\ud83dA""#, "\u{FFFD}A"),
        (#""\ud83d\u0041""#, "\u{FFFD}A"), (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"), (#""\ud83d\n""#, "\u{FFFD}\n"),
    ])
    func `a lone surrogate becomes the replacement character`(text: String, expected: String) throws {
        #expect(try JSONValue(parsing: text) == .string(expected))
    }

    @Test func `nesting is taken to 64 levels and refused beyond`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSONValue(parsing: nested(64))
        #expect(throws: JSONError(reason: "nested too deeply", offset: 64)) { try JSONValue(parsing: nested(65)) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: String(repeating: "{\"a\":", count: 100_000)) }
    }

    @Test func `values are written with sorted keys and read back the same`() throws {
        let value: JSONValue = ["b": [1, -2.5, 1e20, nil, true], "a": "\"\\\n\u{1}\u{1f}é😀/", "c": [:], "": ""]
        let text = #"{"":"","a":"\"\\\n\u0001\u001fé😀/","b":[1,-2.5,1e+20,null,true],"c":{}}"#
        #expect(value.jsonText == text)
        #expect(try JSONValue(parsing: text) == value)
        #expect(JSONValue.double(.infinity).jsonText == "null")
    }

    @Test func `random values survive writing and reading, and Foundation reads the same`() throws {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<500 {
            let value = Self.randomValue(&random, depth: 0)
            let text = value.jsonText
            #expect(try JSONValue(parsing: text) == value)
            let wrapped = try JSONDecoder().decode([JSONValue].self, from: Data("[\(text)]".utf8))
            #expect(try JSONValue(parsing: wrapped[0].jsonText).jsonText == text)
        }
    }

    @Test func `damaged texts never crash, and the scanner skips no value that the parser would refuse for its shape`()
        throws
    {
        var random = SeededGenerator(seed: 2)
        for round in 0..<20_000 {
            var bytes = Array(Self.randomValue(&random, depth: 0).jsonText.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
                let at = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[at] = Array("{}[]\",:\\0truefalsnu \u{80}".utf8).randomElement(using: &random) ?? 0
                case 1: bytes.remove(at: at)
                default: bytes.removeSubrange(at...)
                }
            }
            let parsed = try? JSONValue(parsing: bytes)
            let skipped: Bool = bytes.withUnsafeBytes {
                var scanner = JSONScanner($0)
                do {
                    try scanner.skipValue()
                    try scanner.finish()
                    return true
                } catch {
                    return false
                }
            }
            // Skipping checks less (escapes, UTF-8, the range of numbers), never more.
            if parsed != nil { #expect(skipped, "round \(round): \(String(decoding: bytes, as: UTF8.self))") }
        }
    }

    static func randomValue(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth < 4 ? 8 : 6), using: &random) {
        case 0: return .null
        case 1: return .bool(.random(using: &random))
        case 2: return .int(.random(in: .min ... .max, using: &random))
        case 3: return .double(Double(Int.random(in: -1000...1000, using: &random)) + 0.5)
        case 4, 5: return .string(randomString(&random))
        case 6:
            return .array(
                (0..<Int.random(in: 0..<5, using: &random)).map { _ in randomValue(&random, depth: depth + 1) })
        default:
            var members: [String: JSONValue] = [:]
            for _ in 0..<Int.random(in: 0..<5, using: &random) {
                members[randomString(&random)] = randomValue(&random, depth: depth + 1)
            }
            return .object(members)
        }
    }

    static func randomString(_ random: inout SeededGenerator) -> String {
        let alphabet = Array("abcdefghij \"\\/\n\t\u{0}\u{1f}\u{7f}é€😀\u{2028}")
        return String(
            (0..<Int.random(in: 0..<20, using: &random)).compactMap { _ in alphabet.randomElement(using: &random) })
    }

    @Test(arguments: ["a", "\\u0061", "\u{301}"]) func `a member's name is taken to 1,024 bytes and refused beyond`(
        letter: String
    ) throws {
        let bytes = letter == "\u{301}" ? 2 : 1
        let name = String(repeating: letter, count: 1024 / bytes)
        #expect(try JSONValue(parsing: #"{"\#(name)":1}"#).objectValue?.count == 1)
        #expect(throws: JSONError(reason: "a member's name is longer than 1024 bytes", offset: 8)) {
            try JSONValue(parsing: #"[{"x": {"\#(name)\#(letter)":1}}]"#)
        }
    }

    @Test func `a number that is too large is refused with its reason`() {
        #expect(throws: JSONError(reason: "a number is too large", offset: 5)) {
            try JSONValue(parsing: #"{"a":1e999}"#)
        }
    }
}
