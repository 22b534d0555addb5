"""State that survives a restart, in SQLite or PostgreSQL; `adapters.store.store.open_store` opens it."""
