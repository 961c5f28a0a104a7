import ChatProtocol
import Conversation
import Foundation
import JSON

/// The parameters of a request's query, as a form writes them (WHATWG URL §5.1).
struct QueryReader {
    private var values: [String: String] = [:]

    /// - Throws: `bad_field` where a value is no text.
    init(_ query: String?) throws(CommandError) {
        for pair in (query ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(parts[0]), let value = Self.decoded(parts.count > 1 ? parts[1] : "") else {
                throw CommandError(
                    .badField, "A parameter of the query is no UTF-8 behind its percent signs.", field: "query")
            }
            // Of several the first counts.
            if values[name] == nil { values[name] = value }
        }
    }

    subscript(name: String) -> String? { values[name] }

    /// Parameters as the members of a frame; numbers where they are meant to be and are.
    func members(_ names: [String], integers: [String] = []) -> [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        for name in names { members[name] = values[name].map(JSONValue.string) }
        for name in integers { members[name] = values[name].map { Int($0).map(JSONValue.int) ?? .string($0) } }
        return members
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(CommandError) -> Int? {
        guard let value = values[name] else { return nil }
        guard let integer = Int(value), range.contains(integer) else {
            throw CommandError(
                .badField, "\"\(name)\" must be an integer from \(range.lowerBound) to \(range.upperBound).",
                field: name)
        }
        return integer
    }

    func boolean(_ name: String) throws(CommandError) -> Bool? {
        guard let value = values[name] else { return nil }
        guard let boolean = Bool(value) else {
            throw CommandError(.badField, "\"\(name)\" must be \"true\" or \"false\".", field: name)
        }
        return boolean
    }

    /// An empty text is as if absent: a field in which nobody has written.
    func text(_ name: String, scalars limit: Int) throws(CommandError) -> String? {
        guard let value = values[name], !value.isEmpty else { return nil }
        guard value.unicodeScalars.count <= limit else {
            throw CommandError(.badField, "\"\(name)\" has more than \(limit) Unicode scalars.", field: name)
        }
        return value
    }

    private static func decoded(_ text: Substring) -> String? {
        text.replacing("+", with: " ").removingPercentEncoding
    }
}
