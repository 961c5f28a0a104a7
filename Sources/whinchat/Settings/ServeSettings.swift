import ChatServer
import Conversation
import Foundation
import Logging
import Models
import Sessions
import Tools

/// The settings of `whinchat serve`, each within its bounds.
struct ServeSettings: Equatable {
    /// Where the models come from.
    enum Provider: String, CaseIterable {
        case demo
        case anthropic
        case openai
    }

    /// In scalars: a host name has at most 253 (RFC 1035 §2.3.4).
    private static let maxHostScalars = 253

    var host = "127.0.0.1"
    var port = 8080
    var dataFolder = "./data"
    var provider: Provider?
    var baseURL: String?
    var model: String?
    var maxTokens: Int?
    var system: String?
    var allowedOrigins: [WebOrigin] = []
    var tools = BuiltInTool.allCases
    /// Retries of one call to the model, before it has said anything.
    var maxRetries = RetryPolicy().maximumRetries
    var fallbackModel: String?
    var context = ContextSettings()
    /// How long turns that run may take to end when the server is told to. 30 s: most replies are said in that.
    var drainTimeout = Duration.seconds(30)
    var sessionLimits = SessionLimits()
    /// By model. None unless given.
    var prices: [String: TokenPrice] = [:]
    var metrics = MetricsAccess.loopback
    var logLevel = Logger.Level.info

    init() {}

    init(_ settings: SettingsResolution) throws(SettingError) {
        if let found = try settings.string(.host) {
            host =
                found.value.hasPrefix("[") && found.value.hasSuffix("]")
                ? String(found.value.dropFirst().dropLast()) : found.value
            guard !host.isEmpty, host.unicodeScalars.count <= Self.maxHostScalars, !host.contains("/"),
                !host.contains(" ")
            else { throw found.refused("a host name or an address, such as 127.0.0.1 or 0.0.0.0") }
        }
        if let found = try settings.integer(.port, in: 0...65535) { port = found.value }
        if let found = try settings.string(.data) {
            guard !found.value.isEmpty else { throw found.refused("the path of a folder") }
            dataFolder = found.value
        }
        if let found = try settings.string(.provider) {
            guard let known = Provider(rawValue: found.value) else {
                throw found.refused("one of \(Provider.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            provider = known
        }
        baseURL = try settings.baseURL(.baseURL)
        model = try settings.modelName(.model)
        maxTokens = try settings.integer(.maxTokens, in: SettingsBounds.maxTokens, unit: " tokens")?.value
        if let found = try settings.string(.system) {
            guard found.value.unicodeScalars.count <= SettingsBounds.systemScalars,
                found.value.utf8.count <= SettingsBounds.systemBytes
            else {
                throw found.refused(
                    "a text of at most \(SettingsBounds.systemScalars) characters and \(SettingsBounds.systemBytes) bytes"
                )
            }
            system = found.value
        }
        if let found = try settings.strings(.allowOrigin) {
            for text in found.value {
                guard let origin = WebOrigin(text) else {
                    throw .value(
                        origin: found.origin, given: text,
                        expected: "an origin, such as https://chat.example, without a path")
                }
                allowedOrigins.append(origin)
            }
        }
        if let found = try settings.string(.tools) {
            guard let selection = BuiltInTool.selection(found.value) else {
                let names = BuiltInTool.allCases.map(\.rawValue).joined(separator: ", ")
                throw found.refused("all, none, or names of \(names), with commas")
            }
            tools = selection
        }
        if let retries = try settings.integer(.maxRetries, in: 0...10) { maxRetries = retries.value }
        fallbackModel = try settings.modelName(.fallbackModel)
        context = try ContextSettings(settings)
        if let seconds = try settings.integer(.stallTimeout, in: 1...3600, unit: " seconds") {
            sessionLimits.stallTimeout = .seconds(seconds.value)
        }
        if let seconds = try settings.integer(.drainTimeout, in: 0...3600, unit: " seconds") {
            drainTimeout = .seconds(seconds.value)
        }
        if let seconds = try settings.integer(.idleAfter, in: 1...86_400, unit: " seconds") {
            sessionLimits.idleAfter = .seconds(seconds.value)
        }
        if let seconds = try settings.integer(.unattendedTime, in: 1...86_400, unit: " seconds") {
            sessionLimits.unattendedTime = .seconds(seconds.value)
        }
        if let tokens = try settings.integer(.unattendedTokens, in: SettingsBounds.maxTokens, unit: " tokens") {
            sessionLimits.unattendedTokens = tokens.value
        }
        try readTurnBounds(settings)
        try readSpendingBounds(settings)
        if let found = try settings.string(.metrics) {
            guard let access = MetricsAccess(rawValue: found.value) else {
                throw found.refused("one of \(MetricsAccess.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            metrics = access
        }
        if let found = try settings.string(.logLevel) {
            guard let level = Logger.Level(rawValue: found.value) else {
                throw found.refused("one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            logLevel = level
        }
    }

    /// Resolves the settings, the config file among them where one is named.
    static func resolve(
        flags: [SettingKey: [String]], environment: [String: String]
    ) throws(SettingError) -> ServeSettings {
        let above = [SettingSource.flags(flags), SettingSource.environment(environment)]
        guard let file = try SettingsResolution(sources: above).string(.config) else {
            return try ServeSettings(SettingsResolution(sources: above))
        }
        return try ServeSettings(SettingsResolution(sources: above + [SettingSource.file(path: file.value)]))
    }
}

extension SettingsResolution.Found<String> {
    fileprivate func refused(_ expected: String) -> SettingError {
        .value(origin: origin, given: value, expected: expected)
    }
}
