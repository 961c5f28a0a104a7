/// The vectors that are nearest to one, by the cosine of the angle between them, of all that it is shown: exactly.
package struct NearestVectors<ID> {
    private let vector: [Float]
    private let length: Float
    private let limit: Int
    private var best: [(id: ID, cosine: Float)] = []

    package init(to vector: [Float], limit: Int) {
        self.vector = vector
        self.limit = limit
        length = vector.withUnsafeBytes { Self.product($0, $0) }.squareRoot()
    }

    /// Those shown so far, the nearest first; of equal ones the first that was shown.
    package var ids: [ID] { best.map(\.id) }

    /// One of another length, or without a direction, is passed over.
    /// - Parameter values: 32-bit floats in this machine's order, aligned or not
    package mutating func show(_ id: ID, _ values: UnsafeRawBufferPointer) {
        guard values.count == vector.count * MemoryLayout<Float>.stride, limit > 0 else { return }
        let product = vector.withUnsafeBytes { Self.product($0, values) }
        let cosine = product / (length * Self.product(values, values).squareRoot())
        guard cosine.isFinite, best.count < limit || best[best.count - 1].cosine < cosine else { return }
        if best.count == limit { best.removeLast() }
        best.insert((id, cosine), at: best.firstIndex { $0.cosine < cosine } ?? best.count)
    }

    private static func product(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Float {
        typealias Lanes = SIMD16<Float>
        let stride = MemoryLayout<Lanes>.stride
        var sums = Lanes()
        var offset = 0
        while offset + stride <= left.count {
            sums +=
                left.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
                * right.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
            offset += stride
        }
        var sum = sums.sum()
        while offset < left.count {
            sum +=
                left.loadUnaligned(fromByteOffset: offset, as: Float.self)
                * right.loadUnaligned(fromByteOffset: offset, as: Float.self)
            offset += MemoryLayout<Float>.stride
        }
        return sum
    }
}
