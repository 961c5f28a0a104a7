/// The tables of version 1 and some rows, as that version wrote them. Never to be changed.
enum Version1 {
    static let tables = """
        CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
        INSERT INTO grdb_migrations VALUES ('1 sessions');
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

    static let rows = #"""
        INSERT INTO sessions VALUES
            (1, 's_1', 'anonymous:1', 'r_c', 1, 'e_1', 12, 0, 1, 'a_2', '6*7?', 1700000000000, 1700000001000);
        INSERT INTO session_settings VALUES (1, 1,
            '{"context":{"policy":"full"},"model":"m-1","system":"Be brief.","temperature":0.5,"title":"Sums","tools":["calculate"]}');
        INSERT INTO turns VALUES
            (1, 1, 't_1', 'send', 'r_1', 'u_1', 'a_1', 2, 1, NULL, NULL, 'ended'),
            (2, 1, 't_2', 'edit', 'r_2', 'u_2', 'a_2', 9, 1, NULL, NULL, 'running');
        INSERT INTO reply_pieces VALUES (1, 2, 0, 0, '{"kind":"thinking","text":"Hm","signature":"sig"}');
        INSERT INTO messages VALUES
            (1, 1, 'u_1', NULL, 'user', '[{"kind":"text","text":"6*7?\u0000"}]', 1700000000001, 't_1', 0, NULL, NULL,
                NULL, NULL, NULL, NULL, NULL),
            (2, 1, 'a_1', 'u_1', 'assistant',
                '[{"kind":"tool_call","call":"c_1","name":"calculate","input":{"expression":"6*7"}},{"kind":"tool_result","call":"c_1","output":"42","is_error":false},{"kind":"opaque","provider":"p","value":{"type":"later"}},{"kind":"text","text":"42."}]',
                1700000000002, 't_1', 0, 'completed', 'm-1', 10, 5, 2, 0, 0),
            (3, 1, 'u_2', 'a_1', 'user', '[{"kind":"text","text":"And 7*7?"}]', 1700000000003, 't_2', 0, NULL, NULL,
                NULL, NULL, NULL, NULL, NULL);
        INSERT INTO cleared_refs VALUES (1, 'r_0');
        """#
}
