import NIOCore
import WebSocket

extension RawConnection {
    enum Frame: Equatable {
        case text(String)
        case close(Int)
        case other(UInt8)
    }

    /// Sends an opening handshake and reads the answer.
    mutating func upgrade(
        _ path: String = "/v1/chat", host: String = "127.0.0.1", _ fields: [(String, String)] = []
    ) async throws -> Response {
        let handshake = try ClientHandshake(subprotocols: ["whinchat.v1"])
        let all = handshake.fields(host: host).dropFirst().map { ($0.name, $0.value) } + fields
        return try await request("GET", path, host: host, fields: all)
    }

    /// The next frame, of at most 125 bytes.
    mutating func frame() async throws -> Frame {
        var head = try await bytes(2)
        let opcode = (head.readInteger() ?? UInt8(0)) & 0x0f
        let length = Int((head.readInteger() ?? UInt8(0)) & 0x7f)
        var payload = try await bytes(length)
        switch opcode {
        case 1: return .text(String(buffer: payload))
        case 8: return .close(Int(payload.readInteger() ?? UInt16(1005)))
        default: return .other(opcode)
        }
    }

    mutating func sendText(_ text: String) async throws {
        var frame = ByteBuffer()
        FrameEncoder.write(.text, payload: ByteBuffer(string: text), maskingKey: .random(), into: &frame)
        try await send(frame)
    }

    mutating func sendClose(_ code: CloseCode) async throws {
        var frame = ByteBuffer()
        FrameEncoder.write(.close, payload: ByteBuffer(integer: code.rawValue), maskingKey: .random(), into: &frame)
        try await send(frame)
    }
}
