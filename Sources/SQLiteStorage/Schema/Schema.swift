import GRDB

/// The tables, as migrations: one that was released is never changed, a later one follows it.
enum Schema {
    static let migrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 sessions") { db in try db.execute(sql: version1) }
        migrator.registerMigration("2 context") { db in try db.execute(sql: version2) }
        migrator.registerMigration("3 words") { db in
            try db.execute(sql: version3)
            try db.execute(sql: "INSERT INTO message_words (message_words) VALUES ('rebuild')")
        }
        migrator.registerMigration("4 records") { db in try db.execute(sql: version4) }
        return migrator
    }()

    // Keys are integers, as the protocol's ids of 28 characters would stand in every row and index. A new key is greater than
    // all in its table, so that the order of keys is the order in which rows came.
    private static let version1 = """
        CREATE TABLE sessions (
            key INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            owner TEXT NOT NULL,
            creation_ref TEXT,
            owner_term INTEGER NOT NULL,
            epoch TEXT NOT NULL,
            last_seq INTEGER NOT NULL,
            is_at_rest INTEGER NOT NULL,
            settings INTEGER,
            head TEXT,
            first_words TEXT,
            created_at INTEGER NOT NULL,
            last_active_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX sessions_by_activity ON sessions(owner, last_active_at, id);
        CREATE UNIQUE INDEX sessions_by_creation ON sessions(owner, creation_ref) WHERE creation_ref IS NOT NULL;

        -- Each wording that a session or one of its turns has, once: a system prompt of 100 KB is not written with every turn.
        CREATE TABLE session_settings (
            key INTEGER PRIMARY KEY,
            session INTEGER NOT NULL REFERENCES sessions(key) ON DELETE CASCADE,
            content TEXT NOT NULL
        ) STRICT;
        CREATE INDEX session_settings_by_session ON session_settings(session);

        -- client_tools and waiting are of turns that have not ended only.
        -- settings is a key of session_settings, without REFERENCES: that would want an index of its own.
        CREATE TABLE turns (
            key INTEGER PRIMARY KEY,
            session INTEGER NOT NULL REFERENCES sessions(key) ON DELETE CASCADE,
            id TEXT NOT NULL,
            kind TEXT NOT NULL,
            ref TEXT NOT NULL,
            parent TEXT NOT NULL,
            reply TEXT NOT NULL,
            seq INTEGER NOT NULL,
            settings INTEGER NOT NULL,
            client_tools TEXT,
            waiting TEXT,
            state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'ended')),
            UNIQUE (session, id),
            UNIQUE (session, ref)
        ) STRICT;
        CREATE INDEX turns_unfinished ON turns(session) WHERE state <> 'ended';

        CREATE TABLE reply_pieces (
            key INTEGER PRIMARY KEY,
            turn INTEGER NOT NULL REFERENCES turns(key) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            item INTEGER NOT NULL,
            block TEXT NOT NULL,
            UNIQUE (turn, number)
        ) STRICT;

        CREATE TABLE messages (
            key INTEGER PRIMARY KEY,
            session INTEGER NOT NULL REFERENCES sessions(key) ON DELETE CASCADE,
            id TEXT NOT NULL,
            parent TEXT,
            role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
            content TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            turn TEXT NOT NULL,
            partial INTEGER NOT NULL,
            status TEXT,
            model TEXT,
            input_tokens INTEGER,
            output_tokens INTEGER,
            cache_read_tokens INTEGER,
            cache_write_tokens INTEGER,
            usage_is_estimated INTEGER,
            UNIQUE (session, id)
        ) STRICT;

        CREATE TABLE cleared_refs (
            session INTEGER NOT NULL REFERENCES sessions(key) ON DELETE CASCADE,
            ref TEXT NOT NULL,
            PRIMARY KEY (session, ref)
        ) STRICT, WITHOUT ROWID;
        """
}
