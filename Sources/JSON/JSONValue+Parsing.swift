extension JSONValue {
    /// Reads one whole JSON text.
    ///
    /// - Throws: `JSONError` for anything but RFC 8259 in valid UTF-8, nested at most `JSONScanner.depthLimit` deep.
    package init(parsing bytes: some Collection<UInt8>) throws(JSONError) {
        // Typed throws do not pass through `withContiguousStorageIfAvailable`, so the result carries the error.
        let result: Result<JSONValue, JSONError> =
            bytes.withContiguousStorageIfAvailable { Self.parse(UnsafeRawBufferPointer($0)) }
            ?? Array(bytes).withUnsafeBytes { Self.parse($0) }
        self = try result.get()
    }

    package init(parsing text: String) throws(JSONError) {
        try self.init(parsing: text.utf8)
    }

    /// Reads one whole JSON text.
    package init(parsing bytes: UnsafeRawBufferPointer) throws(JSONError) {
        self = try Self.parse(bytes).get()
    }

    private static func parse(_ bytes: UnsafeRawBufferPointer) -> Result<JSONValue, JSONError> {
        do throws(JSONError) {
            var scanner = JSONScanner(bytes)
            let value = try scanner.readValue()
            try scanner.finish()
            return .success(value)
        } catch {
            return .failure(error)
        }
    }
}
