import Models
import WhinchatTesting

/// The two ways to speak to a provider, each over HTTP to a fake one.
enum ProviderDialect: String, CaseIterable { case anthropic, openai }

let testKey = "sk-test-0123456789abcdef"

func provider(_ dialect: ProviderDialect, at server: FakeProvider) -> any ModelProvider {
    switch dialect {
    case .anthropic: AnthropicProvider(apiKey: testKey, baseURL: server.baseURL + "/", models: ["m"])
    case .openai: OpenAIProvider(apiKey: testKey, baseURL: server.baseURL + "/v1", models: ["m"])
    }
}

func withServer(_ body: (FakeProvider) async throws -> Void) async throws {
    let server = try await FakeProvider.start()
    do {
        try await body(server)
    } catch {
        await server.stop()
        throw error
    }
    await server.stop()
}
