/// One event of an event stream. Its bytes are valid only while it is handed out.
package struct ServerSentEvent {
    /// The `event` field; empty where there was none.
    package let name: UnsafeRawBufferPointer
    /// The `data` fields, joined by line feeds.
    package let data: UnsafeRawBufferPointer
}

/// Why an event stream cannot be read on.
package enum ServerSentEventError: Error, Hashable, Sendable {
    case eventTooLarge(limitBytes: Int)
}
