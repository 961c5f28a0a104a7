import Conversation
import Models
import Sessions

// What turns may take, each for itself, at once, and in a day.
extension ServeSettings {
    /// In tokens. A thousand million a day is beyond what any provider lets one key use.
    private static let tokensPerDay = 0...1_000_000_000

    mutating func readTurnBounds(_ settings: SettingsResolution) throws(SettingError) {
        if let seconds = try settings.integer(.turnTime, in: 1...86_400, unit: " seconds") {
            sessionLimits.turnTime = .seconds(seconds.value)
        }
        if let tokens = try settings.integer(.turnTokens, in: SettingsBounds.maxTokens, unit: " tokens") {
            sessionLimits.turnTokens = tokens.value
        }
        if let turns = try settings.integer(.maxTurns, in: 1...10_000) { sessionLimits.places.turns = turns.value }
        if let turns = try settings.integer(.maxTurnsPerUser, in: 1...10_000) {
            sessionLimits.places.turnsPerUser = turns.value
            // Who sets it means everybody.
            sessionLimits.places.sharedOwner = nil
        }
        if let turns = try settings.integer(.maxWaitingTurns, in: 0...100_000) {
            sessionLimits.places.waiting = turns.value
        }
    }

    mutating func readSpendingBounds(_ settings: SettingsResolution) throws(SettingError) {
        var bounds = SpendingBounds()
        bounds.sessionTokens = try tokens(.sessionTokensPerDay, settings)
        bounds.userTokens = try tokens(.userTokensPerDay, settings)
        bounds.sessionCost = try microdollars(.sessionCostPerDay, settings)
        bounds.userCost = try microdollars(.userCostPerDay, settings)
        sessionLimits.spending = bounds
        guard let found = try settings.strings(.price) else { return }
        for text in found.value {
            // A model's name may have a "=" too.
            guard let end = text.lastIndex(of: "="), let price = TokenPrice(text[text.index(after: end)...]),
                SettingsBounds.modelScalars.contains(text[..<end].unicodeScalars.count)
            else {
                throw .value(
                    origin: found.origin, given: text,
                    expected: "MODEL=IN/OUT or MODEL=IN/OUT/CACHE_READ/CACHE_WRITE, in US dollars for a million "
                        + "tokens, each 0 to \(TokenPrice.maximumDollars) with at most 6 decimals, such as small=0.25/2"
                )
            }
            prices[String(text[..<end])] = price
        }
    }

    /// nil: no bound.
    private func tokens(_ key: SettingKey, _ settings: SettingsResolution) throws(SettingError) -> Int? {
        guard let found = try settings.integer(key, in: Self.tokensPerDay, unit: " tokens"), found.value > 0
        else { return nil }
        return found.value
    }

    private func microdollars(_ key: SettingKey, _ settings: SettingsResolution) throws(SettingError) -> Int? {
        guard let found = try settings.amount(key) else { return nil }
        guard let amount = Dollars.microdollars(found.value) else {
            throw .value(
                origin: found.origin, given: found.value,
                expected: "an amount in US dollars below 1000000, with at most 6 decimals, such as 0.50")
        }
        return amount > 0 ? amount : nil
    }
}
