import CSQLite
import JSON
import Testing
import Tools

/// One after the other: what a query may use of memory is counted for the whole process.
@Suite(.serialized) struct QueryDatabaseTests {
    private func query(_ sql: String) async throws -> String {
        try await QueryDatabase().run(["sql": .string(sql)])
    }

    /// The failure's words; fails the test where there was none.
    private func refusal(_ sql: String) async throws -> String {
        let tool = try QueryDatabase()
        let failure = await #expect(throws: ToolFailure.self, "\(sql)") { try await tool.run(["sql": .string(sql)]) }
        return failure?.message ?? ""
    }

    // MARK: What it is for

    @Test func `rows come as a table`() async throws {
        #expect(
            try await query(
                "SELECT name, price_cents / 100.0 AS euros FROM products WHERE category = 'clothing' ORDER BY 1;")
                    == """
                    name | euros
                    Rain jacket, olive | 129.0
                    Wool hat | 29.0
                    (2 rows)
                    """)
        #expect(try await query("SELECT 1 AS a; /* x */ ; --") == "a\n1\n(1 row)")
        #expect(
            try await query("SELECT NULL AS a, 'x|y\nz' AS b, x'00ff' AS c")
                == "a | b | c\nNULL | x\\|y z | (2 bytes)\n(1 row)")
        #expect(try await query("SELECT name FROM customers WHERE id = 99") == "name\n(no rows)")
    }

    @Test func `the shop is plausible, and the same every time`() async throws {
        #expect(
            try await query(
                """
                SELECT (SELECT count(*) FROM customers) AS customers, (SELECT count(*) FROM products) AS products,
                    (SELECT count(*) FROM orders) AS orders, (SELECT count(*) > 120 FROM order_items) AS items,
                    (SELECT count(DISTINCT customer_id) > 5 FROM orders) AS buyers,
                    (SELECT count(*) FROM orders WHERE id NOT IN (SELECT order_id FROM order_items)) AS empty,
                    (SELECT min(ordered_on) || ' ' || max(ordered_on) FROM orders) AS dates,
                    (SELECT count(DISTINCT status) FROM orders) AS statuses
                """) == """
                    customers | products | orders | items | buyers | empty | dates | statuses
                    15 | 14 | 80 | 1 | 1 | 0 | 2025-01-08 2025-12-30 | 4
                    (1 row)
                    """)
    }

    @Test(arguments: [
        """
        WITH spent AS (SELECT o.customer_id, sum(i.quantity * i.unit_price_cents) AS cents FROM orders o
            JOIN order_items i ON i.order_id = o.id GROUP BY o.customer_id)
        SELECT c.name, round(spent.cents / 100.0, 2) AS euros,
            rank() OVER (ORDER BY spent.cents DESC) AS place
        FROM customers c JOIN spent ON spent.customer_id = c.id ORDER BY place LIMIT 3
        """,
        "SELECT strftime('%Y-%m', ordered_on) AS month, count(*) FROM orders GROUP BY month HAVING count(*) > 1",
        "SELECT upper(name), round(price_cents * 1.19 / 100, 2), iif(stock = 0, 'gone', 'there') FROM products LIMIT 3",
        "SELECT name, sql FROM sqlite_master WHERE type = 'table'",
        "EXPLAIN QUERY PLAN SELECT * FROM orders",
        "VALUES (1, 2), (3, 4)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) SELECT sum(i) FROM n",
        "SELECT count(*) FROM orders; -- that is all",
        "WITH a AS (SELECT 1 x), b AS (SELECT * FROM a), c AS (SELECT * FROM a JOIN b USING (x)) SELECT * FROM c, b, a",
    ]) func `what people ask of data works`(sql: String) async throws {
        let output = try await query(sql)
        #expect(output.contains("row"))
    }

    @Test func `a mistake is said in SQLite's words`() async throws {
        #expect(try await refusal("SELECT nme FROM customers") == "SQLite says: no such column: nme.")
        #expect(try await refusal("SELEC 1") == #"SQLite says: near "SELEC": syntax error."#)
        #expect(try await refusal("SELECT ?1") == "The query has parameters. Write the values into it.")
        #expect(try await refusal("SELECT 1; SELECT 2").hasPrefix("Only one statement"))
        #expect(try await refusal("-- nothing") == "There is no statement in that.")
        #expect(try await refusal("SELECT 1\0; DROP TABLE orders").contains("zero byte"))
    }

    // MARK: What it must not do

    @Test(arguments: [
        "INSERT INTO customers VALUES (99, 'x', 'x', 'x', 'x', 'x')", "UPDATE products SET stock = 0",
        "DELETE FROM orders", "DROP TABLE orders", "CREATE TABLE t(x)", "CREATE TEMP TABLE t AS SELECT 1",
        "ALTER TABLE orders RENAME TO o", "CREATE VIEW v AS SELECT 1", "REPLACE INTO customers SELECT * FROM customers",
        "CREATE TRIGGER t AFTER INSERT ON orders BEGIN SELECT 1; END", "CREATE INDEX i ON orders(id)",
        "WITH x AS (SELECT 1) DELETE FROM orders WHERE id IN x", "INSERT INTO orders SELECT * FROM orders RETURNING id",
        "ATTACH '/etc/passwd' AS p", "ATTACH ':memory:' AS p", "DETACH main", "VACUUM", "VACUUM INTO '/tmp/stolen.db'",
        "PRAGMA query_only = OFF", "PRAGMA journal_mode", "PRAGMA database_list", "PRAGMA table_info(orders)",
        "PRAGMA temp_store_directory = '/tmp'", "PRAGMA writable_schema = ON", "BEGIN", "COMMIT", "SAVEPOINT s",
        "ANALYZE", "REINDEX", "CREATE VIRTUAL TABLE f USING fts5(x)", "EXPLAIN DELETE FROM orders",
        "EXPLAIN ATTACH '/etc/passwd' AS p",
    ]) func `nothing but reading is prepared`(sql: String) async throws {
        #expect(try await refusal(sql).contains("Only SELECT is allowed"))
    }

    @Test(arguments: [
        "SELECT load_extension('/tmp/x.so')", "SELECT LOAD_EXTENSION('x', 'y')", "SELECT fts3_tokenizer('simple')",
        "SELECT readfile('/etc/passwd')", "SELECT writefile('/tmp/x', 'y')", "SELECT edit('x')",
        "SELECT randomblob(1000000000)", "SELECT zeroblob(1000000000)",
        "SELECT printf('%.1000000000c', 'x')", "SELECT format('%.1000000000c', 'x')",
        "SELECT sqlite_log(1, 'x')",
        "SELECT sqlite_compileoption_get(1)", "SELECT * FROM orders WHERE load_extension('x')",
        "SELECT * FROM orders ORDER BY load_extension('x')", "SELECT json_object('a', load_extension('x'))",
    ]) func `functions that do more than compute cannot be called`(sql: String) async throws {
        let words = try await refusal(sql)
        #expect(words.contains("is not available") || words.contains("no such function"))
    }

    @Test(arguments: [
        "SELECT * FROM pragma_database_list", "SELECT * FROM pragma_table_info('orders')",
        "SELECT * FROM pragma_function_list", "SELECT * FROM dbstat", "SELECT * FROM sqlite_stmt",
        "SELECT * FROM sqlite_temp_master", "SELECT * FROM sqlite_dbpage", "SELECT * FROM bytecode('SELECT 1')",
        "SELECT * FROM fsdir('/')", "SELECT * FROM json_each('[1]')", "SELECT * FROM csv",
        "SELECT * FROM temp.sqlite_master",
    ]) func `tables that are not the shop's cannot be read`(sql: String) async throws {
        _ = try await refusal(sql)
    }

    @Test func `an attack leaves the data and the next query as they were`() async throws {
        let tool = try QueryDatabase()
        let count: JSONValue = ["sql": "SELECT count(*) FROM orders"]
        let before = try await tool.run(count)
        for sql in ["DELETE FROM orders", "PRAGMA query_only = 0", Self.endless, "ATTACH ':memory:' AS x"] {
            await #expect(throws: ToolFailure.self) { try await tool.run(["sql": .string(sql)]) }
        }
        #expect(try await tool.run(count) == before)
    }

    // MARK: What would take for ever

    /// An expression of 4,000 characters.
    private static let long = "replace(replace('xxxxxxxxxx','x','yyyyyyyyyyyyyyyyyyyy'),'y','zzzzzzzzzzzzzzzzzzzz')"
    private static let endless =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

    @Test(arguments: [
        endless,
        "SELECT count(*) FROM orders a, orders b, orders c, orders d, orders e, orders f",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT max(i) FROM n",
        // A function that is slow by itself.
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT sum(\(long) LIKE '%z%z%z%z%z%z%z%y') FROM n",
    ]) func `a query without end is stopped`(sql: String) async throws {
        let words = try await refusal(sql)
        #expect(words.contains("more than a second"), "\(words)")
    }

    @Test(arguments: [
        // A row that is kept for each step: with UNION each must be compared with all before.
        """
        WITH RECURSIVE n(i, s) AS (SELECT 1, \(long) UNION SELECT i + 1, s FROM n)
        SELECT count(*) FROM n
        """,
        // A sort that keeps everything.
        """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000)
        SELECT \(long) || i AS s FROM n ORDER BY s DESC
        """,
    ]) func `a query that eats memory is stopped`(sql: String) async throws {
        sqlite3_memory_highwater(1)
        let words = try await refusal(sql)
        #expect(words.contains("was stopped"), "\(words)")
        // 32 MiB, and what comes between two looks.
        #expect(sqlite3_memory_highwater(0) < 56 * 1024 * 1024)
    }

    @Test(arguments: [
        "SELECT hex(hex(\(long)))", "SELECT trim(\(long), replace(\(long), 'z', 'a') || 'z')",
        "SELECT \(long) || \(long)",
        "SELECT group_concat(a.name || b.name) FROM orders, customers a, customers b",
        "SELECT replace(\(long), 'z', 'yyyyyyyy')",
    ]) func `a value has a bound`(sql: String) async throws {
        #expect(try await refusal(sql) == "SQLite says: string or blob too big.")
    }

    @Test func `a statement that would be copied a million times while it is prepared is refused`() async throws {
        // WITH: each name stands for two of the one before.
        func chain(_ next: (Int) -> String, _ count: Int) -> String {
            "WITH c0(x) AS (SELECT 1)" + (1..<count).map { ", c\($0)(x) AS (\(next($0 - 1)))" }.joined()
                + " SELECT count(*) FROM c\(count - 1)"
        }
        let doubled = try await refusal(chain({ "SELECT 1 FROM c\($0) a, c\($0) b" }, 60))
        #expect(doubled.contains("names the parts of its WITH too often"))
        let quoted = try await refusal(chain({ #"SELECT 1 FROM "c\#($0)" a, [C\#($0)] b"# }, 60))
        #expect(quoted.contains("names the parts of its WITH too often"))
        // The same name within itself.
        var nested = "SELECT 1 x"
        for _ in 0..<12 { nested = "WITH c AS (\(nested)) SELECT a.x FROM c a, c b, c d, c e" }
        #expect(try await refusal(nested).contains("names the parts of its WITH too often"))
    }

    @Test func `a statement whose expressions would double with each level is prepared at once`() async throws {
        var sql = "SELECT id AS x FROM orders WHERE id = 1"
        for _ in 0..<12 { sql = "SELECT x+x+x+x AS x FROM (\(sql))" }
        #expect(try await query(sql) == "x\n16777216\n(1 row)")
        let chain = (1..<90).map { ", c\($0)(x) AS (SELECT x+x+x FROM c\($0 - 1))" }.joined()
        #expect(try await query("WITH c0(x) AS (SELECT 0)\(chain) SELECT x FROM c89") == "x\n0\n(1 row)")
    }

    @Test func `long statements are refused before SQLite sees them`() throws {
        let schema = try QueryDatabase().inputSchema
        let sql = String(repeating: "x", count: QueryDatabase.maximumLength + 1)
        #expect(!JSONSchemaValidator(schema: schema).failures(in: ["sql": .string(sql)]).isEmpty)
    }

    @Test func `rows and bytes have a bound, and the cut is said`() async throws {
        let many = try await query(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000) SELECT i FROM n")
        #expect(many.hasSuffix("\n100\n(There are more rows; these are the first 100.)"))
        let wide = try await query("SELECT \(Self.long) AS a, hex(name) || email AS b FROM customers, orders")
        #expect(wide.utf8.count < 13_000)
        #expect(wide.contains("…"))
        #expect(wide.contains("There are more rows"))
    }

    @Test func `a query that is cancelled ends`() async throws {
        let tool = try QueryDatabase()
        let task = Task { try await tool.run(["sql": .string(Self.endless)]) }
        task.cancel()
        let failure = await #expect(throws: ToolFailure.self) { try await task.value }
        #expect(failure?.message == "The query was cancelled.")
    }

    @Test func `many queries at once each get their own answer`() async throws {
        let tool = try QueryDatabase()
        try await withThrowingTaskGroup { group in
            for number in 0..<50 {
                group.addTask {
                    let output = try await tool.run(["sql": .string("SELECT \(number) AS n")])
                    #expect(output == "n\n\(number)\n(1 row)")
                }
            }
            try await group.waitForAll()
        }
    }
}
