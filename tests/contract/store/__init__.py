"""One suite for every store: in memory, SQLite, and PostgreSQL where one is given."""
