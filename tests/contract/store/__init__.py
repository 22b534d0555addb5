"""One suite for every store: in memory, SQLite and PostgreSQL."""
