/// A setting that cannot be used: where it came from, and what would do.
enum SettingError: Error, Equatable, CustomStringConvertible {
    /// A value out of its bounds or of another form.
    case value(origin: SettingOrigin, given: String, expected: String)

    /// A value of another type.
    case type(origin: SettingOrigin, expected: String)

    /// A field that no setting has: a typing error would otherwise go unnoticed.
    case unknownField(path: String, field: String)

    /// The config file cannot be read, or is not a JSON object.
    case file(path: String, reason: String)

    var description: String {
        switch self {
        case .value(let origin, let given, let expected):
            "\(origin) is \"\(String(String.UnicodeScalarView(given.unicodeScalars.prefix(100))))\"; it must be \(expected)."
        case .type(let origin, let expected):
            "\(origin) must be \(expected)."
        case .unknownField(let path, let field):
            "The config file \(path) has \"\(field)\", which is no setting. Settings are: "
                + SettingKey.allCases.filter { $0 != .config }.map(\.rawValue).joined(separator: ", ") + "."
        case .file(let path, let reason):
            "The config file \(path) cannot be used: \(reason)."
        }
    }

    /// sysexits.h: 64 where the command line is wrong, 78 where the configuration is.
    var exitCode: Int32 {
        switch self {
        case .value(.flag, _, _), .type(.flag, _): 64
        default: 78
        }
    }
}
