import Testing

@testable import Models

/// Where vectors come from, and which key is sent there.
@Suite struct EmbeddingSelectionTests {
    private func select(
        _ kind: ProviderSelection.Kind, provider: String? = nil, baseURL: String? = nil, _ environment: [String: String]
    ) -> EmbeddingModel {
        ProviderSelection(.init(provider: kind, baseURL: provider), environment: environment)
            .embeddingModel("e", baseURL: baseURL, environment: environment)
    }

    private let keys = ["OPENAI_API_KEY": "o", "ANTHROPIC_API_KEY": "a"]

    @Test func `the provider in OpenAI's protocol is asked, with its key`() {
        let model = select(.openai, provider: "http://p:9/v1", keys)
        #expect(model.url == "http://p:9/v1/embeddings" && model.apiKey?.value == "o")
        let own = select(.openai, keys)
        #expect(own.url == "https://api.openai.com/v1/embeddings" && own.apiKey?.value == "o")
    }

    @Test func `beside another provider OpenAI is asked`() {
        let model = select(.anthropic, keys)
        #expect(model.url == "https://api.openai.com/v1/embeddings" && model.apiKey?.value == "o")
        let other = select(.anthropic, keys.merging(["OPENAI_BASE_URL": "http://b/v1"]) { $1 })
        #expect(other.url == "http://b/v1/embeddings" && other.apiKey?.value == "o")
    }

    @Test func `the provider's key is sent to no other server`() {
        let other = select(.openai, provider: "http://p:9/v1", baseURL: "http://p:10/v1", keys)
        #expect(other.url == "http://p:10/v1/embeddings" && other.apiKey?.value == nil)
        #expect(select(.anthropic, baseURL: "http://e/v1", keys).apiKey?.value == nil)
        #expect(select(.openai, provider: "http://P:80/v1", baseURL: "http://p/v2", keys).apiKey?.value == "o")
        let own = keys.merging(["EMBEDDING_API_KEY": "k"]) { $1 }
        #expect(select(.openai, provider: "http://p:9/v1", baseURL: "http://p:10/v1", own).apiKey?.value == "k")
    }
}
