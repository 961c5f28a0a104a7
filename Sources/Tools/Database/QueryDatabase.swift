package import JSON

/// Lets a model ask a sample database, to show how tools meet data: it reads, and can do nothing else.
package struct QueryDatabase: Tool {
    /// Bytes of UTF-8. More than any question to six columns needs.
    package static let maximumLength = 4_000

    package let name = "query_database"

    package let description = """
        Runs one read-only SQL query (SQLite's dialect) on the sample database of a small shop and gives the rows as a \
        table, at most \(QueryTable.maximumRows) of them: count, sum and group in SQL. Nothing can be changed, and there is no printf: use round. Tables:
        \(SampleShop.summary)
        """

    package let inputSchema: JSONValue = [
        "type": "object",
        "properties": [
            "sql": [
                "type": "string", "minLength": 1, "maxLength": .int(QueryDatabase.maximumLength),
                "description": "One SELECT (or WITH … SELECT), without parameters",
            ]
        ],
        "required": ["sql"],
        "additionalProperties": false,
    ]

    private let database: ReadOnlyDatabase

    /// - Throws: `DatabaseError` where SQLite cannot make the sample database in memory.
    package init() throws {
        self.database = try ReadOnlyDatabase(script: SampleShop.script, tables: SampleShop.tables)
    }

    package func run(_ input: JSONValue) async throws -> String {
        guard let sql = input["sql"]?.stringValue else { throw ToolFailure("sql is missing.") }
        return try await self.database.query(sql).text
    }
}
