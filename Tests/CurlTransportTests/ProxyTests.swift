import CurlTransport
import Glibc
import NIOCore
import Testing
import WhinchatTesting

@Suite struct ProxyTests {
    @Test func `a configured proxy is asked for the whole URL`() async throws {
        let proxy = try await FakeProvider.start()
        let rig = try Rig(.init(proxy: .url(proxy.baseURL)))
        let recorder = try await rig.get("http://provider.invalid/v1/models")
        let exchange = try await proxy.nextExchange()
        #expect(exchange.request.path == "http://provider.invalid/v1/models")
        try await exchange.respond(body: "by proxy")
        #expect(try await recorder.end() == nil)
        #expect(try await recorder.text() == "by proxy")
        await proxy.stop()
    }

    @Test func `a proxy that refuses to connect`() async throws {
        let proxy = try await FakeProvider.start()
        let rig = try Rig(.init(proxy: .url(proxy.baseURL)))
        let recorder = try await rig.get("https://provider.invalid/")
        let exchange = try await proxy.nextExchange()
        #expect(exchange.request.method == "CONNECT")
        try await exchange.respond(status: 407, body: "")
        let error = try await recorder.end()
        #expect(error?.kind == .proxy)
        await proxy.stop()
    }

    @Test func `a proxy whose name does not resolve`() async throws {
        let rig = try Rig(.init(proxy: .url("http://proxy.invalid:3128")))
        #expect(try await rig.get("http://127.0.0.1/").end()?.kind == .proxy)
    }

    @Test func `the proxy of the environment is used, and no_proxy heeded`() async {
        // The environment is the process's: a process of its own keeps the other tests out of it.
        await #expect(processExitsWith: .success) {
            let proxy = try await FakeProvider.start()
            setenv("http_proxy", proxy.baseURL, 1)
            setenv("no_proxy", "127.0.0.1", 1)
            let rig = try Rig(.init())
            let recorder = try await rig.get("http://provider.invalid/far")
            let exchange = try await proxy.nextExchange()
            #expect(exchange.request.path == "http://provider.invalid/far")
            try await exchange.respond(body: "by proxy")
            #expect(try await recorder.end() == nil)
            let direct = try await rig.get(proxy.baseURL + "/near")
            let next = try await proxy.nextExchange()
            #expect(next.request.path == "/near")
            try await next.respond()
            #expect(try await direct.end() == nil)
        }
    }

    @Test(arguments: ["CURL_CA_BUNDLE", "SSL_CERT_FILE"])
    func `the authorities of the environment are trusted`(variable: String) async {
        await #expect(processExitsWith: .success) { [variable] in
            let provider = try await FakeProvider.start(certificate: .shared())
            for other in ["CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"] { unsetenv(other) }
            setenv(variable, try TestCertificate.shared().file, 1)
            let rig = try Rig()
            let recorder = try await rig.get(provider.baseURL)
            try await provider.nextExchange().respond(body: "trusted")
            #expect(try await recorder.end() == nil)
        }
    }
}
