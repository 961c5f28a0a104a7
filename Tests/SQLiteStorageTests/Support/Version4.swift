/// What version 4 added to the tables of version 3. Never to be changed.
enum Version4 {
    static let tables = """
        INSERT INTO grdb_migrations VALUES ('4 records');
        ALTER TABLE messages ADD COLUMN record TEXT;
        """
}
