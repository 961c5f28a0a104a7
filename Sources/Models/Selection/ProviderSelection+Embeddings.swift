import Foundation

extension ProviderSelection {
    /// The model that makes vectors, at `baseURL`, or where the provider in OpenAI's protocol is.
    ///
    /// - Parameter environment: `EMBEDDING_API_KEY`, else `OPENAI_API_KEY`; that one is sent to no server that it is not for.
    package func embeddingModel(
        _ name: String, baseURL: String?, environment: [String: String]
    ) -> EmbeddingModel {
        let provider = kind == .openai ? self.baseURL : environment.value("OPENAI_BASE_URL")
        // A local server that was found by itself wants no key.
        let providerKey = kind == .openai ? apiKey : environment.value("OPENAI_API_KEY")
        let own = provider ?? OpenAIProvider.defaultBaseURL
        let isProviders = baseURL.map { Self.origin(of: $0) == Self.origin(of: own) } ?? true
        return EmbeddingModel(
            name: name, apiKey: environment.value("EMBEDDING_API_KEY") ?? (isProviders ? providerKey : nil),
            baseURL: baseURL ?? own)
    }

    /// Scheme, host and port.
    private static func origin(of url: String) -> String? {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(), let host = parts.host
        else {
            return nil
        }
        return "\(scheme)://\(host.lowercased()):\(parts.port ?? (scheme == "https" ? 443 : 80))"
    }
}
