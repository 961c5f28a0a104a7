import ChatProtocol
import JSON
import NIOCore

/// Puts frames into the body of an HTTP response.
struct FrameStreamEncoder {
    let format: StreamFormat
    /// The log's numbering, from its welcome.
    private var epoch = ByteBuffer()
    private var text = ReplyText()

    init(_ format: StreamFormat) { self.format = format }

    mutating func write(_ frame: UnsafeRawBufferPointer, _ head: FrameHead, into body: inout ByteBuffer) {
        switch format {
        case .events:
            if let epoch = head.epoch { self.epoch = ByteBuffer(bytes: epoch) }
            body.writeStaticString("event: ")
            body.writeBytes(head.type)
            if head.movesCursor, let seq = head.seq {
                body.writeStaticString("\nid: ")
                body.writeImmutableBuffer(epoch)
                body.writeStaticString(":")
                body.writeDecimal(seq)
            }
            // JSON as it is written here has no line feeds.
            body.writeStaticString("\ndata: ")
            body.writeBytes(frame)
            body.writeStaticString("\n\n")
        case .lines:
            body.writeBytes(frame)
            body.writeStaticString("\n")
        case .text:
            if let piece = text.take(frame, head) { body.writeString(piece) }
            if head.type.says("turn.done"), let ending = TurnEnding(frame), ending.status != "completed" {
                let message = ending.error?["message"]?.stringValue
                body.writeString("\n[\(ending.status)]\(message.map { " \($0)" } ?? "")\n")
            }
        }
    }
}
