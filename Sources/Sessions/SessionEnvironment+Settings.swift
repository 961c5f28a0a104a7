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
        if let model = change.model, !provider.models.contains(model), model != defaults.model {
            let models = provider.models.map { "\"\($0)\"" }.joined(separator: ", ")
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
}
