import Conversation
package import CurlTransport
import JSON
import NIOCore

/// A model that makes vectors of texts, at OpenAI's `/v1/embeddings` or a server that speaks it (Ollama, llama.cpp, vLLM).
/// Texts of like meaning get vectors of like direction.
package struct EmbeddingModel: Sendable {
    /// The texts of one request at most. 32, of `textBytes` each: answers in a second or two, on a small machine too.
    package static let batchTexts = 32
    /// Bytes of UTF-8 of one text at most, some 2,000 tokens: most models read 8,192 tokens, small ones 2,048. What a message
    /// is about is said by then.
    package static let textBytes = 8_000
    /// Numbers of one vector at most. The largest in use have 4,096.
    package static let vectorLength = 16_384
    /// 16 MiB: 32 vectors of 4,096 numbers take a good 2 MiB as text, and some servers write 20 digits a number.
    private static let answerLimitBytes = 16 * 1024 * 1024

    /// Vectors of one model say nothing about those of another: they are kept by this name.
    package let name: String
    let url: String
    let apiKey: Secret?

    /// - Parameters:
    ///   - apiKey: nil or empty: none is sent.
    ///   - baseURL: with `/v1`, as for `OpenAIProvider`.
    package init(name: String, apiKey: String?, baseURL: String = OpenAIProvider.defaultBaseURL) {
        self.name = name
        self.apiKey = apiKey.flatMap { $0.isEmpty ? nil : Secret($0) }
        self.url = endpoint(of: baseURL, path: "/embeddings")
    }

    private struct Request: Encodable {
        let model: String
        let input: [String]
        let encodingFormat = "float"

        enum CodingKeys: String, CodingKey {
            case model, input
            case encodingFormat = "encoding_format"
        }
    }

    /// What came of some texts.
    package struct Answer: Hashable, Sendable {
        /// One for each text, in their order, all of one length.
        package var vectors: [[Float]]
        /// Tokens, as the server counted them; 0 where it did not say.
        package var tokens: Int
    }

    /// - Parameters:
    ///   - texts: at most `batchTexts`; of each the first `textBytes`.
    ///   - limit: for all of it.
    /// - Throws: `ModelError`; `CancellationError`.
    package func vectors(
        of texts: [String], over transfers: TransferQueue, within limit: Duration
    ) async throws -> Answer {
        let request = Request(model: name, input: texts.map { $0.prefix(utf8Bytes: Self.textBytes) })
        let answer = try await transfers.exchange(
            request, to: url, headers: apiKey.map { [("authorization", "Bearer \($0.value)")] } ?? [],
            text: UpstreamText(secrets: [apiKey?.value ?? ""]), bodyLimitBytes: Self.answerLimitBytes, within: limit)
        return try Self.answer(answer, count: texts.count)
    }

    /// Reads `{"data":[{"index":0,"embedding":[…]}],"usage":{"prompt_tokens":5}}`.
    static func answer(_ json: JSONValue, count: Int) throws(ModelError) -> Answer {
        guard let data = json["data"]?.arrayValue, data.count == count else {
            throw .malformed("The provider's answer does not have a vector for each text.", requestID: nil)
        }
        var vectors = [[Float]](repeating: [], count: count)
        for (place, entry) in data.enumerated() {
            let index = entry["index"]?.intValue ?? place
            let numbers = entry["embedding"]?.arrayValue ?? []
            let vector = numbers.compactMap { $0.doubleValue.map(Float.init) }.filter(\.isFinite)
            guard vectors.indices.contains(index), !vector.isEmpty, vector.count == numbers.count,
                vector.count <= vectorLength
            else { throw .malformed("The provider's answer has a vector that is none.", requestID: nil) }
            vectors[index] = vector
        }
        // One that is named twice leaves another without any.
        guard vectors.allSatisfy({ $0.count == vectors[0].count }) else {
            throw .malformed("The provider's vectors have different lengths.", requestID: nil)
        }
        let tokens = json["usage"]?["prompt_tokens"]?.intValue ?? json["usage"]?["total_tokens"]?.intValue ?? 0
        return Answer(vectors: vectors, tokens: Usage.clamped(count: tokens))
    }
}
