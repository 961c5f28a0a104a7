import Conversation
import JSON
import Models
import NIOCore
import Testing
import WhinchatTesting

/// OpenAI's `/v1/embeddings`, over real HTTP.
@Suite struct EmbeddingModelTests {
    private func answer(to texts: [String], _ body: String, status: Int = 200) async throws -> (
        EmbeddingModel.Answer, ReceivedRequest
    ) {
        let server = try await FakeProvider.start()
        do {
            let model = EmbeddingModel(name: "small", apiKey: testKey, baseURL: server.baseURL + "/v1/")
            let transfers = try Rig.get().loop.transfers
            async let vectors = model.vectors(of: texts, over: transfers, within: .seconds(30))
            let exchange = try await server.nextExchange()
            try await exchange.respond(status: status, body: body)
            let result = (try await vectors, exchange.request)
            await server.stop()
            return result
        } catch {
            await server.stop()
            throw error
        }
    }

    @Test func `texts become vectors, in their order whatever the answer's`() async throws {
        let (answer, request) = try await answer(
            to: ["a", "b"],
            #"""
            {"object":"list","data":[{"index":1,"embedding":[0.5,-1]},{"index":0,"embedding":[1,2e-1]}],
             "usage":{"prompt_tokens":7,"total_tokens":7}}
            """#)
        #expect(answer.vectors == [[1, 0.2], [0.5, -1]])
        #expect(answer.tokens == 7)
        #expect(request.path == "/v1/embeddings")
        #expect(request["authorization"] == "Bearer \(testKey)")
        #expect(
            try JSONValue(parsing: request.body.readableBytesView)
                == ["model": "small", "input": ["a", "b"], "encoding_format": "float"])
    }

    @Test func `of a long text the beginning is sent`() async throws {
        let long = String(repeating: "é", count: EmbeddingModel.textBytes)
        let (_, request) = try await answer(to: [long], #"{"data":[{"embedding":[1]}]}"#)
        let input = try JSONValue(parsing: request.body.readableBytesView)["input"]?.arrayValue?.first?.stringValue
        #expect(input == String(repeating: "é", count: EmbeddingModel.textBytes / 2))
    }

    @Test(
        arguments: [
            #"{"data":[{"embedding":[1]}]}"#, #"{"data":[{"embedding":[1]},{"embedding":[]}]}"#,
            #"{"data":[{"embedding":[1]},{"embedding":[1,2]}]}"#, #"{"data":[{"embedding":[1]},{"embedding":["1"]}]}"#,
            #"{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}"#,
            #"{"data":[{"index":0,"embedding":[1]},{"index":2,"embedding":[1]}]}"#,
            #"{"data":[{"embedding":[1]},{"embedding":[1e300]}]}"#, "[]", "",
        ])
    func `an answer without a proper vector for each text is malformed`(body: String) async throws {
        do {
            _ = try await answer(to: ["a", "b"], body)
            Issue.record("it was taken")
        } catch let error as ModelError {
            #expect(error.code == .malformed)
        }
    }

    @Test func `what the server refuses is an error without the key`() async throws {
        do {
            _ = try await answer(to: ["a"], #"{"error":{"message":"Incorrect API key: \#(testKey)"}}"#, status: 401)
            Issue.record("it was taken")
        } catch let error as ModelError {
            #expect(error.code == .auth)
            #expect(!error.message.contains(testKey))
        }
    }
}
