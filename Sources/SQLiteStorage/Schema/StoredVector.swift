import Foundation

/// A vector as it stands in a column: its 32-bit floats one after the other, the lowest byte first.
enum StoredVector {
    static func data(_ values: [Float]) -> Data {
        // The order of every machine that Swift's Linux releases run on.
        values.withUnsafeBytes { Data($0) }
    }
}
