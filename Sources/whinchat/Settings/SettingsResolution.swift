import Configuration

/// Looks a setting up in the sources, the first that has it wins: flag, environment, file.
///
/// It asks swift-configuration's snapshots one by one, where `ConfigReader` would ask them all: so an error can say in
/// which of them the value stands, and a value of the wrong type is an error and not the default.
struct SettingsResolution {
    struct Found<Value> {
        let value: Value
        let origin: SettingOrigin
    }

    let sources: [SettingSource]

    func string(_ key: SettingKey) throws(SettingError) -> Found<String>? {
        try find(key, .string, expected: "a text") { content in
            if case .string(let text) = content { text } else { nil }
        }
    }

    func strings(_ key: SettingKey) throws(SettingError) -> Found<[String]>? {
        try find(key, .stringArray, expected: "a list of texts") { content in
            if case .stringArray(let texts) = content { texts } else { nil }
        }
    }

    func integer(_ key: SettingKey, in bounds: ClosedRange<Int>, unit: String = "") throws(SettingError) -> Found<Int>?
    {
        let expected = "a whole number from \(bounds.lowerBound) to \(bounds.upperBound)\(unit)"
        for source in sources {
            // A flag and a variable are texts, a file has numbers; a number in quotes is taken too.
            let number = try? source.snapshot.value(forKey: .init([key.rawValue]), type: .int).value
            if case .int(let value) = number?.content {
                guard bounds.contains(value) else {
                    throw .value(origin: source.origin(key), given: String(value), expected: expected)
                }
                return Found(value: value, origin: source.origin(key))
            }
            let one = SettingsResolution(sources: [source])
            guard let text = try one.find(key, .string, expected: expected, { Self.text($0) }) else { continue }
            guard let value = Int(text.value), bounds.contains(value) else {
                throw .value(origin: text.origin, given: text.value, expected: expected)
            }
            return Found(value: value, origin: text.origin)
        }
        return nil
    }

    /// A number with decimals, as it was written: a text on the command line, a number or a text in a file.
    func amount(_ key: SettingKey) throws(SettingError) -> Found<String>? {
        for source in sources {
            // As a text first: a flag and a variable can be read as a number too, but not as the one that was written.
            for type in [ConfigType.string, .int, .double] {
                let found = try? source.snapshot.value(forKey: .init([key.rawValue]), type: type).value
                switch found?.content {
                case .string(let text): return Found(value: text, origin: source.origin(key))
                case .int(let number): return Found(value: String(number), origin: source.origin(key))
                case .double(let number): return Found(value: String(number), origin: source.origin(key))
                default: break
                }
            }
            // Anything else that stands there is an error.
            _ = try SettingsResolution(sources: [source]).find(key, .string, expected: "an amount in US dollars") {
                Self.text($0)
            }
        }
        return nil
    }

    /// A flag is there or not, a variable says `true` or `false`, a file may have either form.
    func boolean(_ key: SettingKey) throws(SettingError) -> Found<Bool>? {
        for source in sources {
            let value = try? source.snapshot.value(forKey: .init([key.rawValue]), type: .bool).value
            if case .bool(let value) = value?.content { return Found(value: value, origin: source.origin(key)) }
            let one = SettingsResolution(sources: [source])
            let text = try one.find(key, .string, expected: "true or false") { Self.text($0) }
            guard let text else { continue }
            guard let value = Bool(text.value) else {
                throw .value(origin: text.origin, given: text.value, expected: "true or false")
            }
            return Found(value: value, origin: text.origin)
        }
        return nil
    }

    private static func text(_ content: ConfigContent) -> String? {
        if case .string(let text) = content { text } else { nil }
    }

    private func find<Value>(
        _ key: SettingKey, _ type: ConfigType, expected: String, _ read: (ConfigContent) -> Value?
    ) throws(SettingError) -> Found<Value>? {
        for source in sources {
            let found: ConfigValue?
            do {
                found = try source.snapshot.value(forKey: .init([key.rawValue]), type: type).value
            } catch {
                throw .type(origin: source.origin(key), expected: expected)
            }
            guard let found else { continue }
            guard let value = read(found.content) else { throw .type(origin: source.origin(key), expected: expected) }
            return Found(value: value, origin: source.origin(key))
        }
        return nil
    }
}
