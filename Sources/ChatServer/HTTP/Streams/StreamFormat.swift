import NIOCore

/// How frames travel in the body of an HTTP response.
enum StreamFormat: String, CaseIterable {
    /// Server-sent events (WHATWG HTML §9.2): `event` is the frame's type, `id` the place in the log.
    case events = "text/event-stream"
    /// A frame a line.
    case lines = "application/x-ndjson"
    /// What the model says, and nothing else.
    case text = "text/plain"

    /// As a `Content-Type`.
    var contentType: String { self == .text ? "\(rawValue); charset=utf-8" : rawValue }

    /// What is sent so that somebody notices where the other side is gone: nothing that means anything.
    var heartbeat: ByteBuffer? {
        switch self {
        case .events: ByteBuffer(string: ":\n\n")
        case .lines: ByteBuffer(string: "\n")
        case .text: nil
        }
    }
}
