package import JSON

/// Checks a value against the part of JSON Schema (2020-12) that tools use.
///
/// Known: `type`, `enum`, `const`, `properties`, `required`, `additionalProperties`, `items` as one schema, `minItems`,
/// `maxItems`, `minLength` and `maxLength` (in Unicode scalars), `pattern` on demand, `minimum`, `maximum`,
/// `exclusiveMinimum`, `exclusiveMaximum`, `anyOf`, `oneOf`, `allOf`, and `true` and `false` as schemas. Every other
/// keyword is ignored, `$ref` and `format` among them: a tool must itself refuse what its schema cannot say.
package struct JSONSchemaValidator: Sendable {
    /// Failures. What a model can put right at once; the rest shows at its next try.
    package static let maximumFailures = 10
    /// Levels of schemas within schemas, and so of values within values. Deeper than any tool's input, and far from the
    /// end of a stack.
    package static let maximumDepth = 64

    package let schema: JSONValue
    /// Whether `pattern` counts. A regular expression can take exponential time: leave it off for a schema that is not
    /// the server's own.
    package let checksPatterns: Bool

    package init(schema: JSONValue, checksPatterns: Bool = false) {
        self.schema = schema
        self.checksPatterns = checksPatterns
    }

    /// What is wrong with the value, at most `maximumFailures` of it; empty: the schema allows it.
    ///
    /// - Parameter root: what the value is called in the paths.
    package func failures(in value: JSONValue, root: String = "input") -> [JSONSchemaFailure] {
        Array(self.check(value, against: self.schema, at: root, depth: 0).prefix(Self.maximumFailures))
    }

    func check(_ value: JSONValue, against schema: JSONValue, at path: String, depth: Int) -> [JSONSchemaFailure] {
        guard depth < Self.maximumDepth else {
            return [JSONSchemaFailure(path: path, reason: "is nested deeper than \(Self.maximumDepth) levels")]
        }
        if schema == .bool(false) { return [JSONSchemaFailure(path: path, reason: "must not be there")] }
        guard let rules = schema.objectValue else { return [] }

        // A wrong type makes every other rule's complaint noise.
        if let reason = self.wrongType(value, rules["type"]) { return [JSONSchemaFailure(path: path, reason: reason)] }

        var reasons = self.wrongChoice(value, rules)
        switch value {
        case .int, .double: reasons += self.outOfBounds(value, rules)
        case .string(let string): reasons += self.wrongText(string, rules)
        case .array(let array): reasons += self.wrongCount(array, rules)
        case .null, .bool, .object: break
        }
        var failures = reasons.map { JSONSchemaFailure(path: path, reason: $0) }
        failures += self.inside(value, rules, at: path, depth: depth)
        failures += self.combined(value, rules, at: path, depth: depth)
        return failures
    }

    // MARK: Members and elements

    private func inside(
        _ value: JSONValue, _ rules: [String: JSONValue], at path: String, depth: Int
    ) -> [JSONSchemaFailure] {
        switch value {
        case .object(let members): return self.members(members, rules, at: path, depth: depth)
        case .array(let elements):
            guard let schema = rules["items"] else { return [] }
            var failures: [JSONSchemaFailure] = []
            for (index, element) in elements.enumerated() where failures.count < Self.maximumFailures {
                failures += self.check(element, against: schema, at: "\(path)[\(index)]", depth: depth + 1)
            }
            return failures
        default: return []
        }
    }

    private func members(
        _ members: [String: JSONValue], _ rules: [String: JSONValue], at path: String, depth: Int
    ) -> [JSONSchemaFailure] {
        let properties = rules["properties"]?.objectValue ?? [:]
        var failures: [JSONSchemaFailure] = []
        for name in (rules["required"]?.arrayValue ?? []).compactMap(\.stringValue) where members[name] == nil {
            failures.append(JSONSchemaFailure(path: Self.path(path, name), reason: "is required but missing"))
        }
        for (name, member) in members.sorted(by: { $0.key < $1.key }) where failures.count < Self.maximumFailures {
            let path = Self.path(path, name)
            if let schema = properties[name] {
                failures += self.check(member, against: schema, at: path, depth: depth + 1)
            } else if rules["additionalProperties"] == .bool(false) {
                let known = properties.keys.sorted().joined(separator: ", ")
                failures.append(
                    JSONSchemaFailure(
                        path: path, reason: "is not known; the known fields are: \(known.isEmpty ? "none" : known)"))
            } else if let schema = rules["additionalProperties"] {
                failures += self.check(member, against: schema, at: path, depth: depth + 1)
            }
        }
        return failures
    }

    private static func path(_ path: String, _ name: String) -> String {
        let plain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return plain && !name.isEmpty ? "\(path).\(name)" : "\(path)[\(self.quoted(.string(name)))]"
    }

    // MARK: Schemas of schemas

    private func combined(
        _ value: JSONValue, _ rules: [String: JSONValue], at path: String, depth: Int
    ) -> [JSONSchemaFailure] {
        var failures: [JSONSchemaFailure] = []
        for schema in rules["allOf"]?.arrayValue ?? [] {
            failures += self.check(value, against: schema, at: path, depth: depth + 1)
        }
        for (keyword, most) in [("anyOf", Int.max), ("oneOf", 1)] {
            guard let schemas = rules[keyword]?.arrayValue else { continue }
            let attempts = schemas.map { self.check(value, against: $0, at: path, depth: depth + 1) }
            let matches = attempts.count { $0.isEmpty }
            if matches == 0 {
                let reasons = attempts.enumerated().map { index, failures in
                    "(\(index + 1)) \(failures.first.map { "\($0.path) \($0.reason)" } ?? "")"
                }
                failures.append(
                    JSONSchemaFailure(
                        path: path, reason: "has none of the allowed forms: " + reasons.joined(separator: "; ")))
            } else if matches > most {
                failures.append(
                    JSONSchemaFailure(
                        path: path, reason: "must have exactly one of the allowed forms, but has \(matches)"))
            }
        }
        return failures
    }
}
