// The system's SQLite for queries that a model writes. Sessions are stored through GRDB, which keeps SQLite's authorizer for
// itself; here the authorizer is the point.
#ifndef WHINCHAT_CSQLITE_SHIM_H
#define WHINCHAT_CSQLITE_SHIM_H

#include <sqlite3.h>

// sqlite3_test_control is variadic. Turns every optimisation of the query planner off for one connection: flattening copies
// the expressions of a subquery to each place that names them, so that fifteen short levels make 2^15 of them, or 10^15,
// while the statement is prepared, where neither the authorizer nor (before SQLite 3.41) the progress handler is asked.
static inline void whinchat_sqlite_plain_plans(sqlite3 *database) {
    (void)sqlite3_test_control(SQLITE_TESTCTRL_OPTIMIZATIONS, database, 0xffffffffu);
}

#endif
