import Foundation
import NIOCore
import NIOPosix

/// Why the server cannot listen, in a sentence.
enum BindFailure {
    /// Nil for an error that is none of binding's.
    static func reason(_ error: any Error, host: String, port: Int) -> String? {
        switch error {
        case let error as IOError where error.errnoCode == EADDRINUSE:
            "Port \(port) of \(host) is in use. Take another with --port, or stop what listens there."
        case let error as IOError where error.errnoCode == EACCES:
            "Port \(port) needs rights that this user does not have. Take one from 1024 on with --port."
        case let error as IOError where error.errnoCode == EADDRNOTAVAIL:
            "\(host) is not an address of this machine. Take another with --host."
        case let error as IOError:
            "Listening on \(host), port \(port), failed: \(String(cString: strerror(error.errnoCode)))."
        case is SocketAddressError, is SocketAddressError.UnknownHost, is NIOConnectionError:
            "\(host) cannot be resolved to an address. Take another with --host."
        default: nil
        }
    }
}
