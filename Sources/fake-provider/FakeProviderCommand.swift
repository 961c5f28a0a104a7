import ArgumentParser
import Foundation
import NIOPosix
import WhinchatTesting

/// A model provider that plays: for end-to-end tests, benchmarks, and trying things by hand.
@main
struct FakeProviderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fake-provider",
        abstract: "A fake model provider on loopback: Anthropic's and OpenAI's streaming APIs, played by scenario.",
        discussion: """
            POST /v1/messages and /v1/chat/completions stream what the requested model's name says:
              tokens-N-rate-R      N tokens "w0 ", "w1 "... at R a second; R = 0: as fast as the socket takes them
              stamps-N-rate-R      the same; each token is the monotonic time in ns at which it was sent
              silent               no answer at all
              stall-after-N        N tokens, then silence
              break-after-N        N tokens, then a RST
              truncate-after-N     N tokens, then a proper end of the body without the API's own end
              error-after-N        N tokens, then an error event
              stops-REASON         three tokens, then the end, with this stop reason
              pauses-once          the same with "pause_turn", and the usual end where the request goes on from there
              status-S             an error response with that status
              tool-calculate       a call of the tool `calculate`; with its result, a reply that quotes it
              calls-NAME           the same with any tool; its input has the defaults of its schema
              fixture-NAME[-split-N]  the bytes of a file in --fixtures, N a chunk
            POST /v1/messages/count_tokens counts, POST /v1/embeddings makes vectors of words. Prompts are kept where Anthropic's
            cache_control says so, and usage tells what was read from there.
            GET /_log: the requests, and how and when each connection ended. GET /_stats: counts. POST /_reset: empties both.
            """)

    @Option(help: "The port; 0 takes a free one.")
    var port = 0

    @Flag(help: "Speak TLS, with a certificate made at the start; its PEM file is printed.")
    var tls = false

    @Option(help: "The folder that fixture-NAME reads from.")
    var fixtures: String?

    @Option(help: "Event loops.")
    var threads = 1

    func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        let certificate = tls ? try TestCertificate() : nil
        let playhouse = Playhouse(fixtures: fixtures.map { URL(fileURLWithPath: $0, isDirectory: true) })
        let provider = try await FakeProvider.start(port: port, certificate: certificate, group: group) { exchange in
            playhouse.answer(exchange)
        }
        if let certificate { print("certificate \(certificate.file)") }
        print("listening on 127.0.0.1:\(provider.port)")
        fflush(nil)
        // Until a signal ends the process.
        while true { try await Task.sleep(for: .seconds(3600)) }
    }
}
