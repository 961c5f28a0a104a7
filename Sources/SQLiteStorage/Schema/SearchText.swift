import GRDB
import Sessions

/// SQL's `search_text(content)`: what a search finds of a message. On every connection that writes.
///
/// The same content must give the same text for ever: FTS5 takes a message out of its index by the words that it gives. A
/// change of it needs a migration that rebuilds the index.
enum SearchText {
    static let function = DatabaseFunction("search_text", argumentCount: 1, pure: true) { arguments in
        // A damaged message can be deleted too.
        guard let content = String.fromDatabaseValue(arguments[0]), let blocks = try? StoredContent.blocks(content)
        else { return "" }
        return SearchWords.spaced(blocks.searchedText).withoutNUL
    }
}
