"""Bringing a database to this program's schema, at start."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import Connection, inspect, select, table, text
from sqlalchemy import column as sql_column
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from adapters.store.database import Database, make_engine
from adapters.store.tables import metadata
from bot.errors import StoreError

HEAD = "0001"  # the newest migration; a test holds it to the files
MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 0x434C4557  # "CLEW": programs that start at the same moment on PostgreSQL take turns

_version = table("alembic_version", sql_column("version_num"))


async def bring_up_to_date(db: Database, *, busy_seconds: float) -> None:
    """Apply the migrations that are missing. Raises `StoreError` for a newer schema or a foreign database.

    A database that is up to date costs one SELECT; Alembic is loaded only when there is work for it.
    """
    async with db.reading() as connection:
        found = await connection.run_sync(_look)
    if found != HEAD:
        with db.speaking():
            await asyncio.to_thread(asyncio.run, _migrate(db.url, db.name, busy_seconds))


def _look(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalar(select(_version.c.version_num))


async def _migrate(url: URL, name: str, busy_seconds: float) -> None:
    """Run in a thread with a loop of its own: migrations are synchronous and may take long."""
    engine = make_engine(url, busy_seconds=busy_seconds, poolclass=NullPool)
    try:
        # One transaction, so a crash half-way leaves the old schema.
        async with engine.execution_options(writes=True).begin() as connection:
            await connection.run_sync(_upgrade, name)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, name: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    _refuse_others(connection, name, known)
    command.upgrade(config, "head")


def _refuse_others(connection: Connection, name: str, known: set[str]) -> None:
    version = _look(connection)
    if version is not None and version not in known:
        raise StoreError(
            f"The database {name} was written by a newer Clew (schema {version}, this one knows up to {HEAD})."
            " Install that version again, or restore a backup."
        )
    if version is None and metadata.tables.keys() & set(inspect(connection).get_table_names()):
        raise StoreError(
            f"The database {name} holds tables of another program. Give Clew a database of its own."
        )
