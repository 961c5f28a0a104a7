import Testing

@testable import Whinchat

@Suite struct ChatAddressTests {
    @Test(arguments: [
        ("http://127.0.0.1:8080", "127.0.0.1", 8080), ("http://localhost", "localhost", 80), ("http://h:1/", "h", 1),
        ("ws://h:1/v1/chat", "h", 1), ("http://[::1]:8080", "::1", 8080),
    ])
    func `an address has a host and a port`(text: String, host: String, port: Int) throws {
        let address = try #require(ChatAddress(text))
        #expect(address.host == host && address.port == port)
    }

    @Test(arguments: [
        "", "localhost:8080", "https://h", "wss://h", "http://", "http://h/other", "http://h?x", "http://u@h",
    ])
    func `anything else is refused`(text: String) {
        #expect(ChatAddress(text) == nil)
    }

    @Test func `an IPv6 address keeps its brackets in Host`() {
        #expect(ChatAddress("http://[::1]:8080")?.authority == "[::1]:8080")
    }
}
