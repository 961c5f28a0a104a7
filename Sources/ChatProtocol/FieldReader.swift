import Conversation
import JSON

/// Reads the members of a client's object, and says which field broke which bound.
///
/// Absent and `null` mean the same. Unknown members are ignored.
struct FieldReader {
    private let members: [String: JSONValue]
    /// `create.` inside the member `create`, so that an error names the whole way to the field.
    private let prefix: String

    init(_ members: [String: JSONValue], prefix: String = "") {
        self.members = members
        self.prefix = prefix
    }

    private func value(_ name: String) -> JSONValue? {
        guard let value = members[name], !value.isNull else { return nil }
        return value
    }

    private func bad(_ name: String, _ rule: String) -> CommandError {
        CommandError(.badField, "\"\(prefix)\(name)\" \(rule).", field: prefix + name)
    }

    func required<Value>(_ name: String, _ value: Value?) throws(CommandError) -> Value {
        guard let value else { throw bad(name, "is required") }
        return value
    }

    /// - Parameter scalars: the most Unicode scalars; nil: the caller checks.
    func string(_ name: String, scalars limit: Int?) throws(CommandError) -> String? {
        guard let value = value(name) else { return nil }
        guard let string = value.stringValue else { throw bad(name, "must be a string") }
        if let limit, string.unicodeScalars.count > limit {
            throw bad(name, "has \(string.unicodeScalars.count) Unicode scalars, the most is \(limit)")
        }
        return string
    }

    func id(_ name: String) throws(CommandError) -> String? {
        guard let value = value(name) else { return nil }
        let rule = "must be 1 to \(Identifier.maximumLength) characters from A-Z a-z 0-9 _ -"
        guard let string = value.stringValue else { throw bad(name, rule) }
        guard Identifier.isValid(string) else { throw bad(name, rule) }
        return string
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(CommandError) -> Int? {
        guard let value = value(name) else { return nil }
        guard let integer = value.intValue, range.contains(integer) else {
            throw bad(name, "must be an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
    }

    func boolean(_ name: String) throws(CommandError) -> Bool? {
        guard let value = value(name) else { return nil }
        guard case .bool(let bool) = value else { throw bad(name, "must be true or false") }
        return bool
    }

    /// A value of any kind.
    func any(_ name: String) -> JSONValue? { value(name) }

    func number(_ name: String, in range: ClosedRange<Double>) throws(CommandError) -> Double? {
        guard let value = value(name) else { return nil }
        guard let number = value.doubleValue, range.contains(number) else {
            throw bad(name, "must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func choice<Choice>(_ name: String, _: Choice.Type) throws(CommandError) -> Choice?
    where Choice: RawRepresentable<String> & CaseIterable {
        guard let value = value(name) else { return nil }
        guard let choice = value.stringValue.flatMap(Choice.init(rawValue:)) else {
            throw bad(name, "must be one of \(Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))")
        }
        return choice
    }

    func object(_ name: String) throws(CommandError) -> FieldReader? {
        guard let value = value(name) else { return nil }
        guard case .object(let members) = value else { throw bad(name, "must be an object") }
        return FieldReader(members, prefix: "\(prefix)\(name).")
    }

    func array(_ name: String) throws(CommandError) -> [JSONValue]? {
        guard let value = value(name) else { return nil }
        guard case .array(let elements) = value else { throw bad(name, "must be an array") }
        return elements
    }

    /// An array of names, such as those of tools.
    func names(_ name: String) throws(CommandError) -> [String]? {
        guard let elements = try array(name) else { return nil }
        let names = elements.compactMap(\.stringValue)
        guard names.count == elements.count, names.count <= SettingsBounds.tools else {
            throw bad(name, "must be at most \(SettingsBounds.tools) strings")
        }
        return names
    }

    /// A value that is sent back as it came: a string or a number of at most 64 characters; anything else is as if absent.
    func echo(_ name: String) -> JSONValue? {
        switch value(name) {
        case .string(let string) where string.unicodeScalars.count <= 64: .string(string)
        case .int(let int): .int(int)
        case .double(let double): .double(double)
        default: nil
        }
    }
}
