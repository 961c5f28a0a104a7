import Conversation
import Foundation

/// The settings that say how a prompt is chosen and counted.
struct ContextSettings: Equatable {
    /// Tokens that a model reads and writes, where it is not known or wrong, by the model's name.
    var modelWindows: [String: Int] = [:]
    /// Whether the provider is asked before each turn how many tokens its prompt has.
    var exactTokens = false
    var summaryModel: String?
    var embeddingModel: String?
    var embeddingBaseURL: String?

    /// Models. A server offers a handful.
    private static let maxModelWindows = 100

    init() {}

    init(_ settings: SettingsResolution) throws(SettingError) {
        if let found = try settings.strings(.modelWindow) {
            guard found.value.count <= Self.maxModelWindows else {
                throw found.refused("\(found.value.count) entries", "at most \(Self.maxModelWindows) of them")
            }
            for text in found.value {
                // A model's name may have a `=`, a number has none.
                let parts = text.split(separator: "=", omittingEmptySubsequences: false)
                let name = parts.dropLast().joined(separator: "=")
                guard parts.count > 1, let tokens = parts.last.flatMap({ Int($0) }),
                    SettingsBounds.modelScalars.contains(name.unicodeScalars.count),
                    SettingsBounds.budgetTokens.contains(tokens)
                else {
                    throw found.refused(
                        text,
                        "a model and its tokens, \(SettingsBounds.budgetTokens.lowerBound) to \(SettingsBounds.budgetTokens.upperBound), such as llama3.2=8192"
                    )
                }
                modelWindows[name] = tokens
            }
        }
        if let found = try settings.boolean(.exactTokens) { exactTokens = found.value }
        summaryModel = try settings.modelName(.summaryModel)
        embeddingModel = try settings.modelName(.embeddingModel)
        embeddingBaseURL = try settings.baseURL(.embeddingBaseURL)
    }
}

extension SettingsResolution.Found {
    fileprivate func refused(_ given: String, _ expected: String) -> SettingError {
        .value(origin: origin, given: given, expected: expected)
    }
}
