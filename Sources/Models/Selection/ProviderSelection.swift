/// Which provider answers, and why: decided from what is set, without touching anything.
package struct ProviderSelection: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case anthropic, openai, demo
    }

    /// What a person chose, by flags, environment or file.
    package struct Choice: Hashable, Sendable {
        /// `--provider`; nil: chosen by what is there.
        package var provider: Kind?
        /// `--base-url`: instead of the provider's own environment variable.
        package var baseURL: String?
        /// `--model`: becomes the default.
        package var model: String?

        package init(provider: Kind? = nil, baseURL: String? = nil, model: String? = nil) {
            self.provider = provider
            self.baseURL = baseURL
            self.model = model
        }
    }

    package var kind: Kind
    package var apiKey: String?
    package var baseURL: String?
    /// The default first.
    package var models: [String]
    package var organisation: String?
    package var project: String?
    /// For a person, as the end of "anthropic answers, because …": `ANTHROPIC_API_KEY is set`.
    package var reason: String

    /// The vendor's own API is meant, and there is no key for it: every call would be refused.
    package var lacksKey: Bool { kind != .demo && apiKey == nil && baseURL == nil }

    /// The models that are offered where none is chosen, the default first: the vendors' middle sizes, then others.
    package static func defaultModels(of kind: Kind) -> [String] {
        switch kind {
        case .anthropic: ["claude-sonnet-5", "claude-opus-5", "claude-haiku-4-5"]
        case .openai: ["gpt-5-mini", "gpt-5", "gpt-4.1"]
        case .demo: ["demo"]
        }
    }

    /// Whether looking for an Ollama can change the outcome.
    package static func needsProbe(_ choice: Choice, environment: [String: String]) -> Bool {
        choice.provider == nil && choice.baseURL == nil && environment.value("ANTHROPIC_API_KEY") == nil
            && environment.value("OPENAI_API_KEY") == nil
    }

    /// - Parameters:
    ///   - environment: `ANTHROPIC_API_KEY`, `ANTHROPIC_BASE_URL`, `OPENAI_API_KEY`, `OPENAI_BASE_URL`, `OPENAI_ORG_ID` and
    ///     `OPENAI_PROJECT_ID` are read; empty ones count as unset.
    ///   - ollama: what the probe found.
    package init(_ choice: Choice, environment: [String: String], ollama: OllamaServer? = nil) {
        if let provider = choice.provider {
            self.init(provider, choice, environment, reason: "it was chosen")
        } else if choice.baseURL != nil {
            // A base URL alone names no dialect; OpenAI's is the one that everybody speaks.
            self.init(.openai, choice, environment, reason: "a base URL was given without a provider")
        } else if environment.value("ANTHROPIC_API_KEY") != nil {
            self.init(.anthropic, choice, environment, reason: "ANTHROPIC_API_KEY is set")
        } else if environment.value("OPENAI_API_KEY") != nil {
            self.init(.openai, choice, environment, reason: "OPENAI_API_KEY is set")
        } else if let ollama, !ollama.models.isEmpty {
            self.init(.openai, choice, environment, reason: "no key is set, and an Ollama answers on \(ollama.address)")
            apiKey = nil
            baseURL = "http://\(ollama.address)/v1"
            models = Self.models(ollama.models, first: choice.model)
        } else {
            self.init(.demo, choice, environment, reason: "no key is set, and no Ollama with a model answers")
        }
    }

    private init(_ kind: Kind, _ choice: Choice, _ environment: [String: String], reason: String) {
        self.kind = kind
        self.reason = reason
        models = Self.models(Self.defaultModels(of: kind), first: choice.model)
        switch kind {
        case .anthropic:
            apiKey = environment.value("ANTHROPIC_API_KEY")
            baseURL = choice.baseURL ?? environment.value("ANTHROPIC_BASE_URL")
        case .openai:
            apiKey = environment.value("OPENAI_API_KEY")
            baseURL = choice.baseURL ?? environment.value("OPENAI_BASE_URL")
            organisation = environment.value("OPENAI_ORG_ID")
            project = environment.value("OPENAI_PROJECT_ID")
        case .demo: break
        }
        // A server of one's own has models of its own: the vendor's names would only be refused there.
        if baseURL != nil, let model = choice.model { models = [model] }
    }

    private static func models(_ models: [String], first: String?) -> [String] {
        guard let first else { return models }
        return [first] + models.filter { $0 != first }
    }
}

extension ProviderSelection {
    package func makeProvider() -> any ModelProvider {
        switch kind {
        case .anthropic:
            AnthropicProvider(apiKey: apiKey, baseURL: baseURL ?? AnthropicProvider.defaultBaseURL, models: models)
        case .openai:
            OpenAIProvider(
                apiKey: apiKey, baseURL: baseURL ?? OpenAIProvider.defaultBaseURL, models: models,
                organisation: organisation, project: project)
        case .demo: DemoProvider(models: models)
        }
    }
}

extension [String: String] {
    func value(_ name: String) -> String? {
        self[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
