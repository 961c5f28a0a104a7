import JSON

/// What one provider's events mean.
package protocol EventStreamDialect {
    /// Whether `stopped` or `failed` has been said: nothing follows.
    var hasEnded: Bool { get }
    /// The provider has said how the reply ends, and only extras (usage) may follow: the end need not be awaited for long.
    var isEnding: Bool { get }

    mutating func receive(_ event: ServerSentEvent, into batch: inout ModelEventBatch)
    /// The stream has ended.
    mutating func finish(into batch: inout ModelEventBatch)
    mutating func fail(_ error: ModelError, into batch: inout ModelEventBatch)
}

/// A provider's event stream, bytes in, model events out. A pure value.
package struct EventStreamDecoder<Dialect: EventStreamDialect> {
    package private(set) var dialect: Dialect
    private var parser: ServerSentEventParser

    package init(_ dialect: Dialect, eventLimitBytes: Int = 1024 * 1024) {
        self.dialect = dialect
        self.parser = ServerSentEventParser(eventLimitBytes: eventLimitBytes)
    }

    package var hasEnded: Bool { dialect.hasEnded }

    /// Takes one read, cut anywhere, and appends what it says to the batch.
    package mutating func decode(_ bytes: UnsafeRawBufferPointer, into batch: inout ModelEventBatch) {
        Self.decode(bytes, parser: &parser, dialect: &dialect, into: &batch)
    }

    /// The response is complete. What the stream left open is an error: the end of a stream is not its success.
    package mutating func finish(into batch: inout ModelEventBatch) {
        guard !dialect.hasEnded else { return }
        Self.finish(parser: &parser, dialect: &dialect, into: &batch)
        dialect.finish(into: &batch)
    }

    /// The response broke off.
    package mutating func fail(_ error: ModelError, into batch: inout ModelEventBatch) {
        // The provider had said how it ends; only the usage or the closing line was lost.
        if dialect.isEnding { dialect.finish(into: &batch) }
        dialect.fail(error, into: &batch)
    }

    // The parser and the dialect are separate arguments, so that one can call the other.
    private static func decode(
        _ bytes: UnsafeRawBufferPointer, parser: inout ServerSentEventParser, dialect: inout Dialect,
        into batch: inout ModelEventBatch
    ) {
        guard !dialect.hasEnded else { return }
        do throws(ServerSentEventError) {
            try parser.consume(bytes) { event in
                if !dialect.hasEnded { dialect.receive(event, into: &batch) }
            }
        } catch {
            dialect.fail(ModelError(error), into: &batch)
        }
    }

    private static func finish(
        parser: inout ServerSentEventParser, dialect: inout Dialect, into batch: inout ModelEventBatch
    ) {
        try? parser.finish { event in
            // Half an event is not malformed, it is cut: the dialect will say so.
            if !dialect.hasEnded, Self.isWhole(event.data) { dialect.receive(event, into: &batch) }
        }
    }

    private static func isWhole(_ data: UnsafeRawBufferPointer) -> Bool {
        if data.elementsEqual("[DONE]".utf8) { return true }
        var json = JSONScanner(data)
        do {
            try json.skipValue()
            try json.finish()
            return true
        } catch {
            return false
        }
    }
}
