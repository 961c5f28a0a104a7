import Glibc
import NIOCore

/// A listening socket whose queue is full and which never accepts: the kernel drops further SYNs, so that connecting to it
/// takes until the client gives up.
final class DeafServer {
    let port: Int
    private var sockets: [Int32] = []

    /// - Parameter isListening: false: the port is only taken, and connecting to it is refused.
    init(isListening: Bool = true) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        sockets = [listener]
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        func withAddress(_ body: (UnsafeMutablePointer<sockaddr>) -> Int32) -> Int32 {
            withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
            }
        }
        guard withAddress({ bind(listener, $0, length) }) == 0, !isListening || listen(listener, 0) == 0,
            withAddress({ getsockname(listener, $0, &length) }) == 0
        else { throw IOError(errnoCode: errno, reason: "listening") }
        port = Int(UInt16(bigEndian: address.sin_port))
        guard isListening else { return }
        // A backlog of 0 still takes one connection; a few more leave no room.
        for _ in 0..<4 {
            let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
            sockets.append(client)
            _ = withAddress { connect(client, $0, length) }
        }
    }

    deinit { sockets.forEach { _ = close($0) } }
}
