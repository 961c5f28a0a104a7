import JSON
import NIOCore
import Testing

@Suite struct ByteBufferJSONTests {
    @Test func `every character is escaped as the standard wants, at every place in a word`() throws {
        for scalar in (0..<0x100).compactMap(Unicode.Scalar.init) {
            // Beyond 256 bytes another way of writing is taken.
            for place in Array(0..<18) + [300] {
                let string = String(repeating: "a", count: place) + String(Character(scalar)) + "bcdefghij"
                var buffer = ByteBuffer()
                buffer.writeJSONString(string)
                let written = String(buffer: buffer)
                #expect(try JSONValue(parsing: written) == .string(string))
                // RFC 8259 §7: only these must be escaped; anything else stands as it is.
                let bare = scalar.value >= 0x20 && scalar != "\"" && scalar != "\\"
                #expect(
                    written.utf8.count == string.utf8.count + 2
                        + (bare ? 0 : "\"\\\n\r\t".contains(Character(scalar)) ? 1 : 5))
            }
        }
    }

    @Test func `an escaped piece can be written without quotes, and values whole`() {
        var buffer = ByteBuffer()
        Array("a\"b".utf8).withUnsafeBytes { buffer.writeJSONEscaped($0) }
        buffer.writeJSON(["k": [1, "v"]])
        #expect(String(buffer: buffer) == #"a\"b{"k":[1,"v"]}"#)
    }
}
