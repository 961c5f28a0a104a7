import Configuration
import Foundation
import JSON

/// One of the places that settings come from, as one of swift-configuration's snapshots.
struct SettingSource {
    /// What the environment's names begin with.
    static let variablePrefix = "WHINCHAT_"

    /// In bytes. A config file has ten fields; this bound only keeps a wrong path from filling the memory.
    private static let maxFileBytes = 1 << 20

    let snapshot: any ConfigSnapshot
    let origin: (SettingKey) -> SettingOrigin

    /// What was typed behind the command.
    static func flags(_ values: [SettingKey: [String]]) -> SettingSource {
        var known: [AbsoluteConfigKey: ConfigValue] = [:]
        for (key, values) in values where !values.isEmpty {
            let content: ConfigContent = key.isList ? .stringArray(values) : .string(values.last ?? "")
            known[AbsoluteConfigKey([key.rawValue])] = ConfigValue(content, isSecret: false)
        }
        return SettingSource(snapshot: InMemoryProvider(values: known).snapshot()) { .flag($0) }
    }

    /// `WHINCHAT_…`; an empty variable counts as not set.
    static func environment(_ variables: [String: String]) -> SettingSource {
        let provider = EnvironmentVariablesProvider(environmentVariables: variables.filter { !$0.value.isEmpty })
        return SettingSource(snapshot: provider.prefixKeys(with: "whinchat").snapshot()) { .variable($0) }
    }

    /// A JSON object with the settings' names.
    static func file(path: String) throws(SettingError) -> SettingSource {
        let contents: Data
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            contents = try file.read(upToCount: maxFileBytes + 1) ?? Data()
        } catch {
            throw .file(path: path, reason: "it cannot be read")
        }
        guard contents.count <= maxFileBytes else { throw .file(path: path, reason: "it is larger than 1 MiB") }
        return try json(Array(contents), path: path)
    }

    /// The contents of a config file.
    static func json(_ contents: [UInt8], path: String) throws(SettingError) -> SettingSource {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: contents)
        } catch {
            throw .file(path: path, reason: "it is not JSON: \(error)")
        }
        guard let fields = value.objectValue else { throw .file(path: path, reason: "it is not a JSON object") }
        var known: [AbsoluteConfigKey: ConfigValue] = [:]
        for (field, value) in fields.sorted(by: { $0.key < $1.key }) {
            guard let key = SettingKey(rawValue: field), key != .config else {
                throw .unknownField(path: path, field: field)
            }
            guard !value.isNull else { continue }
            guard let content = content(value) else {
                throw .type(origin: .file(path: path, key), expected: "a text, a number or a list of texts")
            }
            known[AbsoluteConfigKey([field])] = ConfigValue(content, isSecret: false)
        }
        return SettingSource(snapshot: InMemoryProvider(values: known).snapshot()) { .file(path: path, $0) }
    }

    /// Not by swift-configuration's own JSON provider: to that `true` is also the number 1.
    private static func content(_ value: JSONValue) -> ConfigContent? {
        switch value {
        case .string(let text): return .string(text)
        case .int(let number): return .int(number)
        case .bool(let bool): return .bool(bool)
        case .array(let values):
            let texts = values.compactMap(\.stringValue)
            return texts.count == values.count ? .stringArray(texts) : nil
        case .double(let number): return .double(number)
        case .null, .object: return nil
        }
    }
}
