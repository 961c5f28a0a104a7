package import Conversation
package import Logging
package import Models
package import Tools

/// What every session works with.
package struct SessionEnvironment: Sendable {
    package var provider: any ModelProvider
    package var tools: ToolRegistry
    package var store: any SessionStore
    /// The settings of a session whose client sets none.
    package var defaults: SessionSettings
    /// How often connections are pinged; clients are told.
    package var pingInterval: Duration
    package var limits: SessionLimits
    package var logger: Logger
    package var context: ContextServices
    /// What tokens cost, by model.
    package var prices: [String: TokenPrice] = [:]
    package var metrics = SessionMetrics()
    let ledger = SpendingLedger()
    let drain = SessionDrain()
    package let places: TurnPlaces

    package init(
        provider: any ModelProvider, tools: ToolRegistry, store: any SessionStore, defaults: SessionSettings,
        pingInterval: Duration,
        limits: SessionLimits = SessionLimits(), context: ContextServices = ContextServices(), logger: Logger
    ) {
        self.provider = provider
        self.tools = tools
        self.store = store
        self.defaults = defaults
        self.pingInterval = pingInterval
        self.limits = limits
        self.context = context
        self.logger = logger
        places = TurnPlaces(limits.places)
    }

    /// The models that a client may choose, the default first.
    var models: [String] {
        provider.models.contains(defaults.model) ? provider.models : [defaults.model] + provider.models
    }
}
