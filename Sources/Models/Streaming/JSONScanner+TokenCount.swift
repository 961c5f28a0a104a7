import Conversation
import JSON

extension JSONScanner {
    /// The count of tokens that comes next, within what `Usage` takes; nil for anything but an integer, which is skipped.
    mutating func readTokenCount() throws(JSONError) -> Int? {
        try readInt().map(Usage.clamped(count:))
    }
}
