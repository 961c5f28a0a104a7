import HTTPTypes

/// Which methods each path of the server answers.
struct AllowedMethods: Sendable {
    private struct Pattern {
        /// nil stands for anything.
        var segments: [String?]
        var methods: [HTTPRequest.Method]
    }

    private var patterns: [Pattern] = []

    /// - Parameter path: as Hummingbird's router has it; a segment with a colon stands for anything.
    mutating func allow(_ method: HTTPRequest.Method, at path: String) {
        let segments = Self.segments(path).map { $0.hasPrefix(":") ? nil : String($0) }
        let methods = method == .get ? [.get, .head] : [method]
        if let index = patterns.firstIndex(where: { $0.segments == segments }) {
            patterns[index].methods += methods
        } else {
            patterns.append(Pattern(segments: segments, methods: methods))
        }
    }

    /// Those of a path; nil: nothing is there.
    func methods(at path: String) -> [HTTPRequest.Method]? {
        let segments = Self.segments(path).map(String.init)
        return patterns.first { pattern in
            guard pattern.segments.count == segments.count else { return false }
            return zip(pattern.segments, segments).allSatisfy { known, given in known == nil || known == given }
        }?.methods
    }

    private static func segments(_ path: String) -> [Substring] { path.split(separator: "/") }
}
