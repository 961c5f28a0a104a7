/// What version 3 added to the tables of version 2. Never to be changed.
enum Version3 {
    static let tables = """
        INSERT INTO grdb_migrations VALUES ('3 words');
        CREATE VIEW message_texts AS
            SELECT messages.key AS key, hex(sessions.owner) AS owner, 's' || messages.session AS session,
                search_text(messages.content) AS text
            FROM messages JOIN sessions ON sessions.key = messages.session;

        CREATE VIRTUAL TABLE message_words USING fts5(
            owner, session, text, content = 'message_texts', content_rowid = 'key',
            tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
        );

        -- How many messages were taken out of the index since their words were last merged away.
        CREATE TABLE words_removed (count INTEGER NOT NULL) STRICT;
        INSERT INTO words_removed VALUES (0);

        -- Empty, but for a moment after a deletion: `WordIndex.rewrite`.
        CREATE TABLE words_moved (id INTEGER PRIMARY KEY, block BLOB) STRICT;
        CREATE TABLE words_moved_terms (
            segid INTEGER, term BLOB, pgno INTEGER, PRIMARY KEY (segid, term)
        ) STRICT, WITHOUT ROWID;

        -- Before, as FTS5 wants to know the words that it takes out. Words are put in by the program, once for a group of
        -- commits: in each savepoint of its own that costs twice as much.
        CREATE TRIGGER messages_deleted BEFORE DELETE ON messages BEGIN
            INSERT INTO message_words (message_words, rowid, owner, session, text)
                SELECT 'delete', key, owner, session, text FROM message_texts WHERE key = OLD.key;
            UPDATE words_removed SET count = count + 1;
        END;
        -- Not left to the foreign key, which acts when the session's row is gone that the view needs.
        CREATE TRIGGER sessions_deleted BEFORE DELETE ON sessions BEGIN
            DELETE FROM messages WHERE session = OLD.key;
        END;

        """
}
