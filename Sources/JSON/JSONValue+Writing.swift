extension JSONValue {
    /// The value as JSON text: keys sorted, no spaces.
    public var jsonText: String {
        var text: [UInt8] = []
        write(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the value as JSON text: keys sorted, no spaces. A number that JSON cannot say (infinity) becomes `null`.
    package func write(to text: inout [UInt8]) {
        switch self {
        case .null: text.append(contentsOf: "null".utf8)
        case .bool(let bool): text.append(contentsOf: (bool ? "true" : "false").utf8)
        case .int(let int): text.append(contentsOf: String(int).utf8)
        case .double(let double): text.append(contentsOf: (double.isFinite ? double.description : "null").utf8)
        case .string(let string): Self.write(string, to: &text)
        case .array(let elements):
            text.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                element.write(to: &text)
            }
            text.append(UInt8(ascii: "]"))
        case .object(let members):
            text.append(UInt8(ascii: "{"))
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                Self.write(member.key, to: &text)
                text.append(UInt8(ascii: ":"))
                member.value.write(to: &text)
            }
            text.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ string: String, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        var string = string
        string.withUTF8 { utf8 in
            JSONEscaping.forEachPiece(of: UnsafeRawBufferPointer(utf8)) { text.append(contentsOf: $0) }
        }
        text.append(UInt8(ascii: "\""))
    }
}
