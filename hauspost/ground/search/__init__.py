"""Finding words: SQLite's FTS5 and PostgreSQL's GIN behind one interface; use `search.actions`."""
