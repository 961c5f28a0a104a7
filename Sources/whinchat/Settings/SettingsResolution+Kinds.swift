import Conversation
import Foundation

// Settings of a kind that several have.
extension SettingsResolution {
    func modelName(_ key: SettingKey) throws(SettingError) -> String? {
        guard let found = try string(key) else { return nil }
        guard SettingsBounds.modelScalars.contains(found.value.unicodeScalars.count) else {
            throw .value(
                origin: found.origin, given: found.value,
                expected: "a name of 1 to \(SettingsBounds.modelScalars.upperBound) characters")
        }
        return found.value
    }

    func baseURL(_ key: SettingKey) throws(SettingError) -> String? {
        guard let found = try string(key) else { return nil }
        guard let url = URLComponents(string: found.value), let host = url.host, !host.isEmpty,
            url.scheme == "http" || url.scheme == "https", url.query == nil, url.fragment == nil
        else {
            throw .value(
                origin: found.origin, given: found.value,
                expected: "an address that begins with http:// or https://, without a query")
        }
        return found.value
    }
}
