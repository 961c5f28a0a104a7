import NIOCore
import WebSocket

/// A frame as a client sends it.
func masked(_ opcode: Opcode, _ payload: ByteBuffer, isFinal: Bool = true) -> ByteBuffer {
    var bytes = ByteBuffer()
    FrameEncoder.write(
        opcode, payload: payload, isFinal: isFinal, maskingKey: MaskingKey(0x37, 0xFA, 0x21, 0x3D), into: &bytes)
    return bytes
}

func masked(_ opcode: Opcode, _ text: String, isFinal: Bool = true) -> ByteBuffer {
    masked(opcode, ByteBuffer(string: text), isFinal: isFinal)
}

/// A frame as a server sends it.
func unmasked(_ opcode: Opcode, _ text: String, isFinal: Bool = true) -> ByteBuffer {
    var bytes = ByteBuffer()
    FrameEncoder.write(opcode, payload: ByteBuffer(string: text), isFinal: isFinal, into: &bytes)
    return bytes
}

extension ByteBuffer {
    static func + (left: ByteBuffer, right: ByteBuffer) -> ByteBuffer {
        var both = left
        both.writeImmutableBuffer(right)
        return both
    }
}

/// What a decoder made of some bytes.
struct Decoded: Equatable {
    var elements: [FrameDecoder.Element] = []
    var violation: ProtocolViolation?
}

/// Decodes bytes given in pieces, up to the first error.
func decode(
    _ pieces: [ByteBuffer], role: Role = .server, limits: FrameLimits = FrameLimits()
) -> Decoded {
    var decoder = FrameDecoder(role: role, limits: limits)
    var decoded = Decoded()
    do {
        for piece in pieces {
            var piece = piece
            while let element = try decoder.next(&piece) { decoded.elements.append(element) }
        }
    } catch {
        decoded.violation = error
    }
    return decoded
}

func decode(_ bytes: ByteBuffer, role: Role = .server, limits: FrameLimits = FrameLimits()) -> Decoded {
    decode([bytes], role: role, limits: limits)
}

/// The error that bytes lead to, if any.
func violation(_ bytes: [UInt8], role: Role = .server, limits: FrameLimits = FrameLimits()) -> ProtocolViolation? {
    decode(ByteBuffer(bytes: bytes), role: role, limits: limits).violation
}

/// The bytes cut in two at `index`.
func cut(_ bytes: ByteBuffer, at index: Int) -> [ByteBuffer] {
    var rest = bytes
    guard let first = rest.readSlice(length: index) else { return [bytes] }
    return [first, rest]
}

/// A small generator with a seed, so that a failure can be run again (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var word = self.state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
