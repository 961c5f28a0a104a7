/// An address as RFC 5322 §3.4.1 has it in its plainest form: `dot-atom@dot-atom`, in ASCII. Quoted local parts and address
/// literals are left out: nobody has them, and attacks do.
struct EmailAddress: Hashable {
    let text: String

    init(local: String, domain: String) {
        self.text = "\(local)@\(domain)"
    }

    /// Nil for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        // RFC 5321 §4.5.3.1: 64 octets and 255, and 256 with its brackets for the whole path.
        guard parts.count == 2, text.utf8.count <= 254, parts[0].utf8.count <= 64,
            Self.isDotAtom(parts[0], Self.isAtomText), Self.isDotAtom(parts[1], Self.isDomainText)
        else { return nil }
        let labels = parts[1].split(separator: ".")
        guard labels.count >= 2, labels.allSatisfy({ $0.utf8.count <= 63 && !$0.hasPrefix("-") && !$0.hasSuffix("-") })
        else { return nil }
        self.text = text
    }

    private static func isDotAtom(_ text: Substring, _ isAllowed: (UInt8) -> Bool) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy {
            !$0.isEmpty && $0.utf8.allSatisfy(isAllowed)
        }
    }

    private static func isDomainText(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// RFC 5322 §3.2.3, `atext`.
    private static func isAtomText(_ byte: UInt8) -> Bool {
        self.isDomainText(byte) || "!#$%&'*+/=?^_`{|}~".utf8.contains(byte)
    }
}
