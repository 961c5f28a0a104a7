import CCurl
package import Logging
package import NIOCore

/// All transfers of the process: one thread that drives libcurl's multi interface.
///
/// libcurl's callbacks come once for each HTTP chunk, thousands a second, so nothing here suspends: the thread sleeps in
/// `epoll_wait`, gathers what one pass over the ready sockets brought, and hands it to each event loop in one `execute`.
package final class CurlEngine: Sendable {
    /// libcurl wants this once in a process, before any other call (curl_global_init(3)).
    private static let globalCode = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    private let commands: EngineCommands
    private let configuration: Configuration

    /// - Throws: `TransferError` of kind `unavailable` where libcurl, epoll or the thread cannot be had.
    package init(configuration: Configuration = Configuration(), logger: Logger) throws {
        guard Self.globalCode == CURLE_OK else {
            throw TransferError(.unavailable, message: "curl_global_init failed", curlCode: Int32(Self.globalCode.rawValue))
        }
        self.configuration = configuration
        commands = try EngineCommands()
        try EngineThread(commands: commands, configuration: configuration, logger: logger).start()
    }

    /// Ends the thread where nobody has called `shutdown`; without waiting, as a deinitialiser cannot.
    deinit { _ = commands.post(.shutdown(nil)) }

    /// The way from one event loop to the engine. What the engine's pass over its sockets brought for one queue crosses to the
    /// loop in one `execute`. Make one for each loop, and keep it: its buffers are used again and again.
    package func makeQueue(on eventLoop: any EventLoop) -> TransferQueue {
        TransferQueue(eventLoop: eventLoop, commands: commands, limitBytes: configuration.undeliveredLimitBytes)
    }

    /// Ends every transfer with `unavailable`, closes every connection, then ends the thread. Returns when the thread has let go
    /// of everything; the event loops must live until then. Transfers started later end with `unavailable`.
    package func shutdown() async {
        await withCheckedContinuation { continuation in
            if !commands.post(.shutdown(continuation)) { continuation.resume() }
        }
    }
}
