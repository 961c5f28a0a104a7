/// What a frame is, RFC 6455 §5.2.
package enum Opcode: UInt8, Sendable, Equatable, CaseIterable {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xA

    /// RFC 6455 §5.5: control frames are those whose opcode's most significant bit is 1.
    package var isControl: Bool { self.rawValue & 0x8 != 0 }
}
