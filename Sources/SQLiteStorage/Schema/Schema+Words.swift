extension Schema {
    // FTS5, as BM25 and the merging of an index are its work. What it does not know is in `search_text`: the text of a
    // message's blocks, with the scripts that have no spaces cut into pairs. A second index of trigrams would find no Chinese
    // word of two characters, which most are, and would be larger than the text.
    //
    // Queries are of one session, later of one owner: both stand in the index as a word each, so that FTS5 goes through their
    // messages alone. Marks (M*) belong to their letters: without them Hindi words fall apart.
    static let version3 = """
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
