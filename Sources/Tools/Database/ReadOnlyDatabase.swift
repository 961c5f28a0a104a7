import CSQLite
import Dispatch
import Synchronization

/// A small database in memory for queries that nobody has read before they run.
///
/// Unchecked: the connection is touched only on its queue.
final class ReadOnlyDatabase: @unchecked Sendable {
    /// SQLite's limits (sqlite.org/c3ref/c_limit_attached.html) for what a query may be made of, each far above what a
    /// question to four small tables needs.
    private static let limits: [(Int32, Int32)] = [
        // Bytes of one value or row: short enough that no function on two of them takes long.
        (SQLITE_LIMIT_LENGTH, 5_000), (SQLITE_LIMIT_SQL_LENGTH, 16_384), (SQLITE_LIMIT_COLUMN, 100),
        (SQLITE_LIMIT_EXPR_DEPTH, 100), (SQLITE_LIMIT_COMPOUND_SELECT, 20), (SQLITE_LIMIT_VDBE_OP, 25_000),
        (SQLITE_LIMIT_FUNCTION_ARG, 20), (SQLITE_LIMIT_ATTACHED, 0), (SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100),
        (SQLITE_LIMIT_VARIABLE_NUMBER, 1), (SQLITE_LIMIT_TRIGGER_DEPTH, 1), (SQLITE_LIMIT_WORKER_THREADS, 0),
    ]

    private let connection: OpaquePointer
    private let tables: Set<String>
    /// One query at a time, each of a second at most, off the threads that everything else shares.
    private let queue = DispatchQueue(label: "whinchat.query_database")

    /// - Parameters:
    ///   - script: SQL that makes the tables and fills them.
    ///   - tables: those that may be read.
    init(script: String, tables: Set<String>) throws(DatabaseError) {
        var connection: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX
        var code = sqlite3_open_v2(":memory:", &connection, flags, nil)
        // Without this, sorting may write files.
        if code == SQLITE_OK { code = sqlite3_exec(connection, "PRAGMA temp_store = MEMORY", nil, nil, nil) }
        if code == SQLITE_OK { code = sqlite3_exec(connection, script, nil, nil, nil) }
        if code == SQLITE_OK { code = sqlite3_exec(connection, "PRAGMA query_only = ON", nil, nil, nil) }
        guard code == SQLITE_OK, let connection else {
            let error = DatabaseError(code: code, message: String(cString: sqlite3_errmsg(connection)))
            sqlite3_close_v2(connection)
            throw error
        }
        for (limit, value) in Self.limits { sqlite3_limit(connection, limit, value) }
        whinchat_sqlite_plain_plans(connection)
        self.connection = connection
        self.tables = tables
    }

    deinit { sqlite3_close_v2(self.connection) }

    /// - Throws: `ToolFailure` with what is wrong with the query.
    func query(_ sql: String) async throws -> QueryTable {
        let rules = QueryGuard(tables: self.tables)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                self.queue.async { continuation.resume(with: Result { try self.run(sql, rules) }) }
            }
        } onCancel: {
            rules.isCancelled.store(true, ordering: .relaxed)
        }
    }

    // MARK: On the queue

    private func run(_ sql: String, _ rules: QueryGuard) throws(ToolFailure) -> QueryTable {
        rules.begin()
        if rules.isCancelled.load(ordering: .relaxed) { throw ToolFailure("The query was cancelled.") }
        if let problem = QueryExpansion.problem(in: sql) { throw ToolFailure(problem) }
        let context = Unmanaged.passUnretained(rules).toOpaque()
        sqlite3_set_authorizer(self.connection, QueryGuard.authorizer, context)
        sqlite3_progress_handler(self.connection, QueryGuard.instructionsBetweenLooks, QueryGuard.progress, context)
        defer {
            sqlite3_progress_handler(self.connection, 0, nil, nil)
            sqlite3_set_authorizer(self.connection, nil, nil)
        }
        return try withExtendedLifetime(rules) { () throws(ToolFailure) in
            let statement = try self.prepare(sql, rules)
            defer { sqlite3_finalize(statement) }
            return try self.rows(of: statement, rules)
        }
    }

    private func prepare(_ sql: String, _ rules: QueryGuard) throws(ToolFailure) -> OpaquePointer {
        // SQLite would end at the zero, and a guard that reads further would not see what it sees.
        guard !sql.utf8.contains(0) else { throw ToolFailure("The query must not contain a zero byte.") }
        let bytes = Array(sql.utf8CString)
        var statement: OpaquePointer?
        var (code, rest) = (SQLITE_OK, "")
        bytes.withUnsafeBufferPointer { bytes in
            var tail: UnsafePointer<CChar>?
            code = sqlite3_prepare_v3(self.connection, bytes.baseAddress, Int32(bytes.count), 0, &statement, &tail)
            if let tail { rest = String(cString: tail) }
        }
        guard code == SQLITE_OK else { throw self.failure(code, rules) }
        guard let statement else { throw ToolFailure("There is no statement in that.") }
        do throws(ToolFailure) {
            guard self.isEmpty(rest) else { throw ToolFailure("Only one statement at a time.") }
            guard sqlite3_stmt_readonly(statement) != 0, sqlite3_column_count(statement) > 0 else {
                throw ToolFailure("Only SELECT is allowed: the database can be read and nothing else.")
            }
            guard sqlite3_bind_parameter_count(statement) == 0 else {
                throw ToolFailure("The query has parameters. Write the values into it.")
            }
        } catch {
            sqlite3_finalize(statement)
            throw error
        }
        return statement
    }

    /// Whether there is nothing but white space, semicolons and comments.
    private func isEmpty(_ sql: String) -> Bool {
        var rest = sql
        // Each round takes a semicolon at least; nobody writes many.
        for _ in 0..<10 where !rest.isEmpty {
            var statement: OpaquePointer?
            let bytes = Array(rest.utf8CString)
            let code = bytes.withUnsafeBufferPointer { bytes in
                var tail: UnsafePointer<CChar>?
                let code = sqlite3_prepare_v3(
                    self.connection, bytes.baseAddress, Int32(bytes.count), 0, &statement, &tail)
                rest = tail.map { String(cString: $0) } ?? ""
                return code
            }
            sqlite3_finalize(statement)
            guard code == SQLITE_OK, statement == nil else { return false }
        }
        return rest.isEmpty
    }

    private func rows(of statement: OpaquePointer, _ rules: QueryGuard) throws(ToolFailure) -> QueryTable {
        let columns = 0..<sqlite3_column_count(statement)
        var table = QueryTable(
            columns: columns.map { sqlite3_column_name(statement, $0).map { String(cString: $0) } ?? "" })
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { return table }
            guard code == SQLITE_ROW else { throw self.failure(code, rules) }
            guard table.append(columns.map { Self.value(statement, $0) }) else { return table }
        }
    }

    private static func value(_ statement: OpaquePointer, _ column: Int32) -> String? {
        switch sqlite3_column_type(statement, column) {
        case SQLITE_NULL: return nil
        case SQLITE_BLOB: return "(\(sqlite3_column_bytes(statement, column)) bytes)"
        default:
            guard let text = sqlite3_column_text(statement, column) else { return nil }
            let count = Int(sqlite3_column_bytes(statement, column))
            return String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
        }
    }

    private func failure(_ code: Int32, _ rules: QueryGuard) -> ToolFailure {
        if let objection = rules.objection { return ToolFailure(objection) }
        let message = String(cString: sqlite3_errmsg(self.connection)).unicodeScalars.prefix(300)
        return ToolFailure("SQLite says: \(String(message)).")
    }
}
