import JSON

/// The rules that look at one value alone. Each gives the reasons why it is refused.
extension JSONSchemaValidator {
    func wrongType(_ value: JSONValue, _ rule: JSONValue?) -> String? {
        let names =
            switch rule {
            case .string(let name): [name]
            case .array(let names): names.compactMap(\.stringValue)
            default: [String]()
            }
        guard !names.isEmpty, !names.contains(where: { Self.isType($0, value) }) else { return nil }
        let wanted = names.map(Self.withArticle).joined(separator: " or ")
        return "must be \(wanted), but is \(Self.described(value))"
    }

    func wrongChoice(_ value: JSONValue, _ rules: [String: JSONValue]) -> [String] {
        var reasons: [String] = []
        if let choices = rules["enum"]?.arrayValue, !choices.contains(where: { Self.isEqual($0, value) }) {
            let list = choices.map(Self.quoted).joined(separator: ", ")
            reasons.append("must be one of \(list), but is \(Self.described(value))")
        }
        if let constant = rules["const"], !Self.isEqual(constant, value) {
            reasons.append("must be \(Self.quoted(constant)), but is \(Self.described(value))")
        }
        return reasons
    }

    func outOfBounds(_ value: JSONValue, _ rules: [String: JSONValue]) -> [String] {
        var reasons: [String] = []
        func check(_ keyword: String, _ words: String, _ isAllowed: (_ valueIsLess: Bool, _ isEqual: Bool) -> Bool) {
            guard let bound = rules[keyword], bound.doubleValue != nil else { return }
            guard !isAllowed(Self.isLess(value, bound), Self.isEqual(value, bound)) else { return }
            reasons.append("must be \(words) \(Self.quoted(bound)), but is \(Self.quoted(value))")
        }
        check("minimum", "at least") { isLess, _ in !isLess }
        check("maximum", "at most") { isLess, isEqual in isLess || isEqual }
        check("exclusiveMinimum", "more than") { isLess, isEqual in !isLess && !isEqual }
        check("exclusiveMaximum", "less than") { isLess, _ in isLess }
        return reasons
    }

    func wrongText(_ string: String, _ rules: [String: JSONValue]) -> [String] {
        var reasons: [String] = []
        // JSON Schema counts the characters of RFC 8259, which are Unicode scalars.
        let length = string.unicodeScalars.count
        if let least = rules["minLength"]?.intValue, length < least {
            reasons.append(
                least == 1 ? "must not be empty" : "must have at least \(least) characters, but has \(length)")
        }
        if let most = rules["maxLength"]?.intValue, length > most {
            reasons.append("must have at most \(most) characters, but has \(length)")
        }
        // A pattern that Swift cannot read is a mistake in the schema, and no fault of the value.
        if self.checksPatterns, let pattern = rules["pattern"]?.stringValue, let regex = try? Regex(pattern),
            string.firstMatch(of: regex) == nil
        {
            reasons.append("must match the regular expression \(pattern), but is \(Self.quoted(.string(string)))")
        }
        return reasons
    }

    func wrongCount(_ array: [JSONValue], _ rules: [String: JSONValue]) -> [String] {
        var reasons: [String] = []
        if let least = rules["minItems"]?.intValue, array.count < least {
            reasons.append("must have at least \(least) elements, but has \(array.count)")
        }
        if let most = rules["maxItems"]?.intValue, array.count > most {
            reasons.append("must have at most \(most) elements, but has \(array.count)")
        }
        return reasons
    }

    // MARK: Values

    private static func isType(_ name: String, _ value: JSONValue) -> Bool {
        switch (name, value) {
        case ("null", .null), ("boolean", .bool), ("string", .string), ("array", .array), ("object", .object),
            ("number", .int), ("number", .double), ("integer", .int):
            true
        // JSON Schema: 1.0 is an integer.
        case ("integer", .double(let double)): double == double.rounded()
        case ("null", _), ("boolean", _), ("string", _), ("array", _), ("object", _), ("number", _), ("integer", _):
            false
        // A type that JSON does not have is a mistake in the schema.
        default: true
        }
    }

    /// Equality as JSON has it: 1 and 1.0 are the same number, at any depth.
    static func isEqual(_ left: JSONValue, _ right: JSONValue) -> Bool {
        switch (left, right) {
        case (.int(let int), .double(let double)), (.double(let double), .int(let int)): Int(exactly: double) == int
        case (.array(let left), .array(let right)):
            left.count == right.count && zip(left, right).allSatisfy { self.isEqual($0, $1) }
        case (.object(let left), .object(let right)):
            left.count == right.count
                && left.allSatisfy { name, value in right[name].map { self.isEqual(value, $0) } ?? false }
        default: left == right
        }
    }

    private static func isLess(_ left: JSONValue, _ right: JSONValue) -> Bool {
        if case .int(let left) = left, case .int(let right) = right { return left < right }
        guard let left = left.doubleValue, let right = right.doubleValue else { return false }
        return left < right
    }

    // MARK: Words

    private static func withArticle(_ type: String) -> String {
        switch type {
        case "null": "null"
        case "array", "integer", "object": "an \(type)"
        default: "a \(type)"
        }
    }

    private static func described(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool(let bool): "\(bool)"
        case .int, .double: "the number \(self.quoted(value))"
        case .string: "the string \(self.quoted(value))"
        case .array(let array): array.isEmpty ? "an empty array" : "an array of \(array.count)"
        case .object: "an object"
        }
    }

    /// The value as JSON, cut to 100 scalars: the model knows what it wrote.
    static func quoted(_ value: JSONValue) -> String {
        let text = value.jsonText
        guard text.unicodeScalars.count > 100 else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(100))) + "…"
    }
}
