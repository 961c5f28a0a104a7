import ArgumentParser

/// `whinchat ttft`
struct TTFTCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ttft",
        abstract: "Measure how long replies take to begin, streamed and not.",
        discussion: """
            Asks a running server for the same reply over the WebSocket, as server-sent events, and as one whole response, \
            and prints the medians: the time to the first token, and to the end. Connections are made before the clock starts.
            """)

    @Argument(help: ArgumentHelp("Address of the server (default: http://127.0.0.1:8080).", valueName: "url"))
    var url: String = "http://127.0.0.1:8080"

    @Option(help: ArgumentHelp("What to say.", valueName: "text"))
    var message = "Tell me something about birds, in a few sentences."

    @Option(help: ArgumentHelp("Replies to measure in each way, 1 to 100.", valueName: "times"))
    var runs = 5

    func validate() throws {
        guard ChatAddress(url) != nil else {
            throw ValidationError(
                "url is \"\(url)\"; it must be an address such as http://127.0.0.1:8080, without TLS.")
        }
        guard (1...100).contains(runs) else { throw ValidationError("--runs is \(runs); it must be 1 to 100.") }
    }

    func run() async throws {
        guard let address = ChatAddress(url) else { throw ExitCode(64) }
        let measurement = ReplyMeasurement(address: address, message: message)
        var comparison = TimingComparison()
        do {
            // In turns, so that what slows the machine down for a while slows all of them.
            for _ in 0..<runs {
                for transport in TransportMeasure.allCases {
                    comparison.add(try await measurement.timing(of: transport), of: transport)
                }
            }
        } catch let error as any CustomStringConvertible {
            StandardStreams.writeError("Error: \(error)\n")
            throw ExitCode(1)
        }
        StandardStreams.write(
            "Medians of \(runs) \(runs == 1 ? "reply" : "replies") in each way from \(address)\n\n\(comparison.text)")
    }
}
