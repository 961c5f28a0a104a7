/// The key of a masked frame, RFC 6455 §5.3.
package struct MaskingKey: Equatable, Sendable {
    /// The key's four bytes, the first one in the lowest byte.
    private var littleEndian: UInt32

    package init(_ first: UInt8, _ second: UInt8, _ third: UInt8, _ fourth: UInt8) {
        self.littleEndian = UInt32(first) | UInt32(second) << 8 | UInt32(third) << 16 | UInt32(fourth) << 24
    }

    /// A new key from the system's random numbers. RFC 6455 §10.3: it must be unpredictable.
    package static func random() -> MaskingKey {
        var generator = SystemRandomNumberGenerator()
        let number = UInt32.random(in: .min ... .max, using: &generator)
        return MaskingKey(
            UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8),
            UInt8(truncatingIfNeeded: number >> 16), UInt8(truncatingIfNeeded: number >> 24))
    }

    package var bytes: (UInt8, UInt8, UInt8, UInt8) {
        (
            UInt8(truncatingIfNeeded: self.littleEndian), UInt8(truncatingIfNeeded: self.littleEndian >> 8),
            UInt8(truncatingIfNeeded: self.littleEndian >> 16), UInt8(truncatingIfNeeded: self.littleEndian >> 24)
        )
    }

    /// Masks or unmasks in place, a word of eight bytes at a time.
    ///
    /// RFC 6455 §5.3: octet i of the payload is XORed with octet i mod 4 of the key.
    /// - Parameter offset: where in the frame's payload these bytes begin, in bytes.
    package func apply(to bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
        guard let base = bytes.baseAddress else { return }
        let count = bytes.count
        let turn = UInt32(truncatingIfNeeded: (offset & 3) &* 8)
        let key = self.littleEndian &>> turn | self.littleEndian &<< ((32 &- turn) & 31)
        let word = (UInt64(key) << 32 | UInt64(key)).littleEndian
        var index = 0
        while index &+ 8 <= count {
            let masked = base.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            base.storeBytes(of: masked ^ word, toByteOffset: index, as: UInt64.self)
            index &+= 8
        }
        var rest = key
        while index < count {
            let masked = base.load(fromByteOffset: index, as: UInt8.self)
            base.storeBytes(of: masked ^ UInt8(truncatingIfNeeded: rest), toByteOffset: index, as: UInt8.self)
            rest = rest &>> 8
            // The words took a multiple of four bytes and at most seven remain, so the key is needed up to twice.
            index &+= 1
            if index & 3 == 0 { rest = key }
        }
    }
}
