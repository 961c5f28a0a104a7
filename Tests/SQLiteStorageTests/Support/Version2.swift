/// What version 2 added to the tables of version 1, and some rows. Never to be changed.
enum Version2 {
    static let tables = """
        INSERT INTO grdb_migrations VALUES ('2 context');
        -- content is a block, as a summary may have a NUL.
        CREATE TABLE summaries (
            key INTEGER PRIMARY KEY,
            last_message INTEGER NOT NULL REFERENCES messages(key) ON DELETE CASCADE,
            content TEXT NOT NULL
        ) STRICT;
        CREATE INDEX summaries_by_message ON summaries(last_message);

        -- vector: 32-bit floats one after the other, the lowest byte first.
        CREATE TABLE vectors (
            key INTEGER PRIMARY KEY,
            message INTEGER NOT NULL REFERENCES messages(key) ON DELETE CASCADE,
            model TEXT NOT NULL,
            vector BLOB NOT NULL,
            UNIQUE (message, model)
        ) STRICT;

        -- Not of a session's: it outlives them. By day first, as the old ones go together.
        CREATE TABLE owner_spending (
            day INTEGER NOT NULL,
            owner TEXT NOT NULL,
            tokens INTEGER NOT NULL,
            microdollars INTEGER NOT NULL,
            PRIMARY KEY (day, owner)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE session_spending (
            session INTEGER NOT NULL REFERENCES sessions(key) ON DELETE CASCADE,
            day INTEGER NOT NULL,
            tokens INTEGER NOT NULL,
            microdollars INTEGER NOT NULL,
            PRIMARY KEY (session, day)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE calibrations (
            model TEXT PRIMARY KEY NOT NULL,
            estimated REAL NOT NULL,
            reported REAL NOT NULL,
            steady_scale REAL NOT NULL
        ) STRICT, WITHOUT ROWID;

        """
}
