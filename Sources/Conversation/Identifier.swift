/// The ids of the protocol: opaque, unguessable, at most 64 characters of `A-Z a-z 0-9 _ -`.
package enum Identifier {
    /// What an id names; the raw value is the prefix that people read in logs. Nothing may depend on it.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case session = "s_"
        case userMessage = "u_"
        case reply = "a_"
        case turn = "t_"
        case call = "c_"
        case epoch = "e_"
    }

    /// Characters. 64 holds a UUID, a SHA-256 in hexadecimal and every provider's id of a call, and keeps frames small.
    package static let maximumLength = 64

    /// Crockford's base 32 in lower case: no two characters that people mix up, and the same in a file name on any system.
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    /// Makes an id of 128 random bits, 28 characters with its prefix, from the system's generator.
    package static func make(_ kind: Kind) -> String {
        var generator = SystemRandomNumberGenerator()
        return self.make(kind, using: &generator)
    }

    /// Makes an id from a generator of the caller's, as a test that wants the same ids twice does.
    package static func make(_ kind: Kind, using generator: inout some RandomNumberGenerator) -> String {
        var bits = UInt128(generator.next()) << 64 | UInt128(generator.next())
        return kind.rawValue
            + String(unsafeUninitializedCapacity: 26) { buffer in
                for index in 0..<26 {
                    buffer[index] = self.alphabet[Int(truncatingIfNeeded: bits & 31)]
                    bits >>= 5
                }
                return 26
            }
    }

    /// Whether an id, as a client gave it, is 1 to 64 characters of `A-Z a-z 0-9 _ -`.
    package static func isValid(_ id: String) -> Bool {
        let utf8 = id.utf8
        guard (1...self.maximumLength).contains(utf8.count) else { return false }
        return utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }
}
