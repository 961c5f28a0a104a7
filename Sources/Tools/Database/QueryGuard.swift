import CSQLite
import Dispatch
import Synchronization

/// What a query may do, and how much of it: asked by SQLite while it prepares a statement, and again and again while it runs.
///
/// Unchecked: apart from `isCancelled` it is touched only where the query runs.
final class QueryGuard: @unchecked Sendable {
    /// How long a query may run. A second is an age for a few hundred rows.
    static let timeLimit = DispatchTimeInterval.seconds(1)
    /// By how much the process's SQLite may grow meanwhile. 32 MiB: a thousand times the sample database. Counted for the
    /// whole process, as SQLite counts, so it has room for what others do in that second.
    static let memoryLimitBytes: sqlite3_int64 = 32 * 1024 * 1024
    /// SQLite's instructions between two looks at the clock: few, as one may be a function that takes milliseconds.
    static let instructionsBetweenLooks: Int32 = 50

    /// Those of SQLite's functions that only compute. What is not here cannot be called: `load_extension`,
    /// `fts3_tokenizer`, `sqlite_log`, whatever a later SQLite may bring, and `printf`, which counts to a thousand million for
    /// `%.1000000000c` while nobody can stop it.
    private static let functions: Set<String> = Set(
        """
        -> ->> abs acos acosh asin asinh atan atan2 atanh avg ceil ceiling char coalesce concat concat_ws cos cosh count \
        cume_dist current_date current_time current_timestamp date datetime degrees dense_rank exp first_value floor \
        glob group_concat hex ifnull iif instr json json_array json_array_length json_extract \
        json_group_array json_group_object json_object json_quote json_type json_valid julianday lag last_value \
        lead length like likelihood likely ln log log10 log2 lower ltrim max min mod nth_value ntile nullif percent_rank \
        pi pow power quote radians random rank replace round row_number rtrim sign sin sinh soundex sqrt strftime \
        string_agg substr substring sum tan tanh time timediff total trim trunc typeof unicode unixepoch unlikely upper
        """.split(separator: " ").map(String.init))

    /// Besides the tables: the schema, which the model knows.
    private static let schemaTables: Set<String> = ["sqlite_master", "sqlite_schema"]

    private let tables: Set<String>
    private var deadline = DispatchTime.distantFuture
    private var memoryAtStart: sqlite3_int64 = 0
    let isCancelled = Atomic(false)
    /// Why the guard said no, for the model.
    private(set) var objection: String?

    init(tables: Set<String>) {
        self.tables = tables.union(Self.schemaTables)
    }

    /// The query's time begins: not while it waited for others.
    func begin() {
        self.deadline = .now() + Self.timeLimit
        self.memoryAtStart = sqlite3_memory_used()
    }

    // MARK: While it is prepared

    /// sqlite3_set_authorizer: 0 allows, SQLITE_DENY ends the statement.
    static let authorizer:
        @convention(c) (
            UnsafeMutableRawPointer?, Int32, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?,
            UnsafePointer<CChar>?
        ) -> Int32 = { context, action, first, second, _, _ in
            guard let context else { return SQLITE_DENY }
            return Unmanaged<QueryGuard>.fromOpaque(context).takeUnretainedValue()
                .allows(action, first.map { String(cString: $0) }, second.map { String(cString: $0) })
                ? SQLITE_OK : SQLITE_DENY
        }

    private func allows(_ action: Int32, _ first: String?, _ second: String?) -> Bool {
        switch action {
        case SQLITE_SELECT, SQLITE_RECURSIVE: return true
        case SQLITE_READ:
            let table = first?.lowercased() ?? ""
            // No column: rows are only counted, often those of a part of a WITH. (A virtual table fails before that.)
            if second?.isEmpty != false { return true }
            if self.tables.contains(table) { return true }
            return self.object("The table \(first ?? "?") may not be read.")
        case SQLITE_FUNCTION:
            if Self.functions.contains(second?.lowercased() ?? "") { return true }
            return self.object("The function \(second ?? "?") is not available.")
        default:
            return self.object("Only SELECT is allowed: the database can be read and nothing else.")
        }
    }

    // MARK: While it runs

    /// sqlite3_progress_handler: anything but 0 ends the statement with SQLITE_INTERRUPT.
    static let progress: @convention(c) (UnsafeMutableRawPointer?) -> Int32 = { context in
        guard let context else { return 1 }
        return Unmanaged<QueryGuard>.fromOpaque(context).takeUnretainedValue().mayGoOn() ? 0 : 1
    }

    private func mayGoOn() -> Bool {
        if self.isCancelled.load(ordering: .relaxed) { return self.object("The query was cancelled.") }
        if DispatchTime.now() > self.deadline {
            return self.object("The query took more than a second and was stopped. Ask for less at a time.")
        }
        if sqlite3_memory_used() - self.memoryAtStart > Self.memoryLimitBytes {
            return self.object("The query used too much memory and was stopped. Ask for less at a time.")
        }
        return true
    }

    private func object(_ words: String) -> Bool {
        self.objection = self.objection ?? words
        return false
    }
}
