import ChatProtocol
import Conversation
import Models
import Tools

extension SessionEnvironment {
    /// Settings with a client's changes applied.
    ///
    /// - Parameter prefix: where the client wrote them, for the error.
    /// - Throws: `bad_field` for a model or a tool that is not offered.
    func settings(
        _ settings: SessionSettings, changedBy change: SettingsChange, prefix: String
    ) throws(CommandError) -> SessionSettings {
        if let model = change.model, !models.contains(model) {
            let models = models.map { "\"\($0)\"" }.joined(separator: ", ")
            throw CommandError(.badField, "\"\(prefix)model\" must be one of \(models).", field: prefix + "model")
        }
        if let unknown = change.tools?.first(where: { tools[$0] == nil }) {
            throw CommandError(
                .badField, "\"\(prefix)tools\" names \"\(unknown)\", which is not a tool of this server.",
                field: prefix + "tools")
        }
        if let policy = change.policy, ContextPolicies.named(policy) == nil {
            let policies = ContextPolicies.names.map { "\"\($0)\"" }.joined(separator: ", ")
            throw CommandError(
                .badField, "\"\(prefix)context.policy\" must be one of \(policies).", field: prefix + "context.policy")
        }
        do throws(SettingsError) {
            return try settings.applying(change)
        } catch {
            throw CommandError(.badField, prefix + error.description, field: prefix + error.field.rawValue)
        }
    }

    /// Settings from a store, as far as the server offers what they name: it may have offered something else when they were set.
    /// A model or a policy that is not offered gives way to the default, tools that are not there are left out.
    func offered(_ settings: SessionSettings) -> SessionSettings {
        var settings = settings
        if !models.contains(settings.model) { settings.model = defaults.model }
        if ContextPolicies.named(settings.context.policy) == nil { settings.context.policy = defaults.context.policy }
        settings.tools?.removeAll { tools[$0] == nil }
        return settings
    }
}
