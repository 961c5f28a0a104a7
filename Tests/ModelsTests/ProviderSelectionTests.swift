import Models
import NIOCore
import Testing
import WhinchatTesting

@Suite struct ProviderSelectionTests {
    typealias Choice = ProviderSelection.Choice
    private let ollama = OllamaServer(models: ["llama3.2:latest", "qwen3"])

    @Test func `a choice goes before everything`() {
        let all = ["ANTHROPIC_API_KEY": "a", "OPENAI_API_KEY": "o"]
        for kind in ProviderSelection.Kind.allCases {
            let selection = ProviderSelection(Choice(provider: kind), environment: all, ollama: ollama)
            #expect(selection.kind == kind)
            #expect(selection.reason == "it was chosen")
        }
        #expect(ProviderSelection(Choice(provider: .anthropic), environment: [:]).lacksKey)
        #expect(!ProviderSelection(Choice(provider: .openai, baseURL: "http://x"), environment: [:]).lacksKey)
    }

    @Test func `then Anthropic's key, then OpenAI's, then an Ollama, then the demo`() {
        var environment = [
            "ANTHROPIC_API_KEY": "a", "ANTHROPIC_BASE_URL": "http://a", "OPENAI_API_KEY": "o",
            "OPENAI_BASE_URL": "http://o/v1",
            "OPENAI_ORG_ID": "org", "OPENAI_PROJECT_ID": "",
        ]
        var selection = ProviderSelection(Choice(), environment: environment, ollama: ollama)
        #expect(selection.kind == .anthropic && selection.apiKey == "a" && selection.baseURL == "http://a")
        #expect(selection.reason == "ANTHROPIC_API_KEY is set")
        #expect(!ProviderSelection.needsProbe(Choice(), environment: environment))

        environment["ANTHROPIC_API_KEY"] = ""
        selection = ProviderSelection(Choice(), environment: environment, ollama: ollama)
        #expect(selection.kind == .openai && selection.apiKey == "o" && selection.baseURL == "http://o/v1")
        #expect(selection.organisation == "org" && selection.project == nil)
        #expect(selection.reason == "OPENAI_API_KEY is set")

        environment["OPENAI_API_KEY"] = nil
        #expect(ProviderSelection.needsProbe(Choice(), environment: environment))
        selection = ProviderSelection(Choice(), environment: environment, ollama: ollama)
        #expect(selection.kind == .openai && selection.apiKey == nil)
        #expect(selection.baseURL == "http://127.0.0.1:11434/v1")
        #expect(selection.models == ["llama3.2:latest", "qwen3"])
        #expect(selection.reason == "no key is set, and an Ollama answers on 127.0.0.1:11434")

        for nothing in [nil, OllamaServer(models: [])] {
            selection = ProviderSelection(Choice(), environment: environment, ollama: nothing)
            #expect(selection.kind == .demo && selection.models == ["demo"])
        }
    }

    @Test func `a base URL alone means a server that speaks OpenAI's dialect`() {
        let selection = ProviderSelection(
            Choice(baseURL: "http://x/v1", model: "m"), environment: ["ANTHROPIC_API_KEY": "a"])
        #expect(selection.kind == .openai && selection.baseURL == "http://x/v1" && selection.models == ["m"])
    }

    @Test func `a chosen model is the default`() {
        let choice = Choice(model: "claude-haiku-4-5")
        let selection = ProviderSelection(choice, environment: ["ANTHROPIC_API_KEY": "a"])
        #expect(selection.models == ["claude-haiku-4-5", "claude-sonnet-5", "claude-opus-5"])
        #expect(
            ProviderSelection(Choice(model: "qwen3"), environment: [:], ollama: ollama).models
                == ["qwen3", "llama3.2:latest"])
    }

    @Test func `each selection makes its provider`() {
        for kind in ProviderSelection.Kind.allCases {
            let provider = ProviderSelection(Choice(provider: kind, model: "m"), environment: [:]).makeProvider()
            #expect(provider.name == kind.rawValue)
            #expect(provider.models.first == "m")
        }
    }

    @Test(
        arguments: [
            (200, #"{"models":[{"name":"a","size":1},{"model":"b"},{}]}"#, ["a", "b"]), (200, "{}", nil),
            (200, "<html>", nil),
            (404, #"{"models":[]}"#, nil),
        ] as [(Int, String, [String]?)])
    func `the probe reads what an Ollama has`(status: Int, body: String, models: [String]?) async throws {
        let server = try await FakeProvider.start { exchange in
            guard exchange.request.path == "/api/tags", exchange.request.method == "GET" else { return }
            Task { try await exchange.respond(status: status, body: body) }
        }
        let address = "127.0.0.1:\(server.port)"
        let found = try await OllamaServer.probe(address: address, over: Rig.get().loop, within: .seconds(30)).get()
        #expect(found == models.map { OllamaServer(address: address, models: $0) })
        await server.stop()
    }

    @Test func `a probe of nothing, or of silence, finds nothing`() async throws {
        let server = try await FakeProvider.start()
        let address = "127.0.0.1:\(server.port)"
        #expect(
            try await OllamaServer.probe(address: address, over: Rig.get().loop, within: .milliseconds(50)).get() == nil
        )
        await server.stop()
        #expect(try await OllamaServer.probe(address: address, over: Rig.get().loop, within: .seconds(30)).get() == nil)
    }
}
