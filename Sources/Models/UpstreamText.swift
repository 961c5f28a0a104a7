import Conversation

/// Cleans what a provider says before anyone else sees it: an error message may quote the key that was sent.
package struct UpstreamText: Sendable {
    /// The most Unicode scalars of a message that are passed on: 1,000, as the protocol has it.
    package static let limitScalars = 1000
    /// How keys of known providers begin.
    private static let keyPrefixes = ["sk-", "sk_", "pk-", "rk-", "gsk_", "xai-", "hf_", "AIza", "ghp_", "key-", "eyJ"]
    /// A word that begins so is taken for a key from this length on: shorter ones name a key's kind.
    private static let keyLengthScalars = 12
    private static let replacement = "[key removed]"

    private let secrets: [Secret]

    /// - Parameter secrets: the configured keys; empty ones are ignored.
    package init(secrets: [String] = []) {
        // An excerpt is raw JSON, in which a slash may be escaped.
        let escaped = secrets.map {
            $0.split(separator: "/", omittingEmptySubsequences: false).joined(separator: #"\/"#)
        }
        self.secrets = Set(secrets + escaped).filter { !$0.isEmpty }.map { Secret($0) }
    }

    /// The text with any key removed, cut to 1,000 scalars.
    package func clean(_ text: String) -> String {
        // Cut generously first, so that an endless body costs little; a key that this cuts has its prefix still.
        var result = text.firstScalars(8 * Self.limitScalars)
        for secret in secrets { result = Self.replace(secret.value, in: result) }
        return Self.removeKeyLookalikes(result)
    }

    /// The most characters of a request's id: 200, several times what any provider's has.
    package static let requestIDLimit = 200

    /// A provider's id of a request with any key removed, its printable ASCII only; nil where nothing is left.
    package func cleanRequestID(_ id: String?) -> String? {
        guard let id else { return nil }
        // Cleaned before, for a key that is not ASCII, and after, for one that was broken up by characters which are not.
        let printable = clean(id).unicodeScalars.filter { (" "..."~").contains($0) }
        let cleaned = clean(String(String.UnicodeScalarView(printable)))
        return cleaned.isEmpty ? nil : String(cleaned.prefix(Self.requestIDLimit))
    }

    /// A short piece of what was received, for a person to recognise it by.
    package func excerpt(of bytes: UnsafeRawBufferPointer) -> String {
        let text = clean(String(decoding: bytes.prefix(1000), as: UTF8.self))
        return text.firstScalars(120)
    }

    private static func replace(_ secret: String, in text: String) -> String {
        var result: [UInt8] = []
        let bytes = Array(text.utf8)
        let needle = Array(secret.utf8)
        var index = 0
        while index < bytes.count {
            if bytes[index] == needle[0], bytes[index...].starts(with: needle) {
                result.append(contentsOf: replacement.utf8)
                index += needle.count
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func removeKeyLookalikes(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var word = String.UnicodeScalarView()
        func endWord() {
            let isKey = word.count >= keyLengthScalars && keyPrefixes.contains { String(word).hasPrefix($0) }
            result.append(contentsOf: isKey ? replacement.unicodeScalars : word)
            word = String.UnicodeScalarView()
        }
        for scalar in text.unicodeScalars {
            // A masked key (sk-ab***yz) is removed whole.
            if scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                || "-_*.".unicodeScalars.contains(scalar)
            {
                word.append(scalar)
            } else {
                endWord()
                result.append(scalar)
            }
        }
        endWord()
        return String(String.UnicodeScalarView(result.prefix(limitScalars)))
    }
}
