/// Where a setting's value came from, as a person knows it.
enum SettingOrigin: Equatable, CustomStringConvertible {
    case flag(SettingKey)
    case variable(SettingKey)
    case file(path: String, SettingKey)

    var description: String {
        switch self {
        case .flag(let key): key.flag
        case .variable(let key): key.variable
        case .file(let path, let key): "\"\(key.rawValue)\" in \(path)"
        }
    }
}
