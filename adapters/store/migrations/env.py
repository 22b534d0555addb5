"""Alembic's entry: run the migrations on the connection that `adapters.store.schema` opened."""

from __future__ import annotations

from alembic import context

from adapters.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
