extension SessionSettings {
    /// Checks every setting against `SettingsBounds`.
    ///
    /// - Throws: the first field that is out of bounds, with its limit.
    package func validate() throws(SettingsError) {
        try self.check(
            self.title, .title, scalars: 0...SettingsBounds.titleScalars, bytes: SettingsBounds.titleBytes)
        try self.check(
            self.system, .system, scalars: 0...SettingsBounds.systemScalars, bytes: SettingsBounds.systemBytes)
        try self.check(self.model, .model, scalars: SettingsBounds.modelScalars, bytes: .max)
        // A name that goes into a header or a log must not break its line; a system prompt has lines.
        for (field, text) in [(SettingsError.Field.title, self.title), (.model, self.model)] {
            guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
                throw SettingsError(field: field, limit: .printable)
            }
        }
        // A NaN is in no range.
        if let temperature, !SettingsBounds.temperature.contains(temperature) {
            throw SettingsError(field: .temperature, limit: .numbers(SettingsBounds.temperature))
        }
        try self.check(self.maxTokens, .maxTokens, in: SettingsBounds.maxTokens)
        try self.check(tools: self.tools ?? [])
        guard Identifier.isValid(self.context.policy) else { throw SettingsError(field: .policy, limit: .name) }
        try self.check(self.context.turns, .turns, in: SettingsBounds.turns)
        try self.check(self.context.budgetTokens, .budgetTokens, in: SettingsBounds.budgetTokens)
        try self.check(self.context.minimumTurns, .minimumTurns, in: SettingsBounds.minimumTurns)
        try self.check(self.context.recall, .recall, in: SettingsBounds.recall)
        try self.check(
            self.context.clearToolResultsAfter, .clearToolResultsAfter, in: SettingsBounds.clearToolResultsAfter)
    }

    private func check(
        _ text: String, _ field: SettingsError.Field, scalars: ClosedRange<Int>, bytes: Int
    ) throws(SettingsError) {
        guard scalars.contains(text.unicodeScalars.count) else {
            throw SettingsError(field: field, limit: .scalars(scalars))
        }
        guard text.utf8.count <= bytes else { throw SettingsError(field: field, limit: .bytes(bytes)) }
    }

    private func check(
        _ number: Int?, _ field: SettingsError.Field, in range: ClosedRange<Int>
    ) throws(SettingsError) {
        guard let number, !range.contains(number) else { return }
        throw SettingsError(field: field, limit: .integers(range))
    }

    private func check(tools: [String]) throws(SettingsError) {
        guard tools.count <= SettingsBounds.tools else {
            throw SettingsError(field: .tools, limit: .entries(SettingsBounds.tools))
        }
        guard tools.allSatisfy(Identifier.isValid) else { throw SettingsError(field: .tools, limit: .name) }
        guard Set(tools).count == tools.count else { throw SettingsError(field: .tools, limit: .unique) }
    }
}
