package import NIOCore

/// Server frames back to back, as JSON texts, on their way from a session to one connection.
///
/// A batch knows nothing of how its frames travel: the WebSocket connection puts a frame header before each, an HTTP stream
/// its own framing. It is emptied and filled again, so that a token costs no allocation.
package struct FrameBatch: Sendable {
    /// The frames' JSON, without anything between them.
    package private(set) var bytes: ByteBuffer
    /// Where each frame ends in `bytes`.
    package private(set) var ends: [Int]

    package init(capacityBytes: Int = 0) {
        bytes = ByteBuffer()
        bytes.reserveCapacity(capacityBytes)
        ends = []
    }

    package var isEmpty: Bool { ends.isEmpty }
    package var byteCount: Int { bytes.writerIndex }
    package var frameCount: Int { ends.count }

    package mutating func removeAll() {
        bytes.clear()
        ends.removeAll(keepingCapacity: true)
    }

    /// Adds one frame: `write` writes exactly one JSON object.
    @inline(__always)
    package mutating func append(_ write: (inout ByteBuffer) -> Void) {
        write(&bytes)
        ends.append(bytes.writerIndex)
    }

    package mutating func append(_ frame: ByteBuffer) {
        bytes.writeImmutableBuffer(frame)
        ends.append(bytes.writerIndex)
    }

    package mutating func append(_ other: FrameBatch) {
        let offset = bytes.writerIndex
        bytes.writeImmutableBuffer(other.bytes)
        ends.append(contentsOf: other.ends.lazy.map { $0 + offset })
    }

    /// Calls `body` with each frame's bytes, in order. They are valid only during the call.
    @inline(__always)
    package func forEachFrame(_ body: (UnsafeRawBufferPointer) -> Void) {
        bytes.withUnsafeReadableBytes { all in
            var start = 0
            for end in ends {
                body(UnsafeRawBufferPointer(rebasing: all[start..<end]))
                start = end
            }
        }
    }
}
