import JSON

/// What stands in a column is not what this program writes there: the file is damaged, or somebody changed it.
struct StoredFormError: Error, Hashable {
    /// What could not be read, such as `content`.
    let what: String

    /// Reads one JSON text.
    /// - Parameter read: gives nil for JSON of another form
    static func reading<Value>(
        _ text: String, _ what: String, _ read: (inout JSONScanner) throws(JSONError) -> Value?
    ) throws(StoredFormError) -> Value {
        var text = text
        let value: Value? = text.withUTF8 { utf8 in
            do throws(JSONError) {
                var scanner = JSONScanner(UnsafeRawBufferPointer(utf8))
                let value = try read(&scanner)
                try scanner.finish()
                return value
            } catch {
                return nil
            }
        }
        guard let value else { throw StoredFormError(what: what) }
        return value
    }
}
