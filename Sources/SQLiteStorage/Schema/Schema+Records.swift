extension Schema {
    // How a reply's turn went, as JSON text: `StoredRecord`. Replies from before have none.
    static let version4 = "ALTER TABLE messages ADD COLUMN record TEXT"
}
