"""Bringing a database to this program's schema, at start."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    inspect,
    select,
    text,
)
from sqlalchemy.pool import NullPool

from adapters.configuration.database import DatabaseAddress
from adapters.store.database import Database, make_engine
from adapters.store.tables import metadata
from bot.errors import StoreError

HEAD = "0033"  # the newest migration; a test holds it to the files
MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 0x434C4557  # "CLEW": programs that start at the same moment on PostgreSQL take turns

# Exactly the table that Alembic makes for itself.
version = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


async def bring_up_to_date(db: Database, *, busy_seconds: float) -> None:
    """Lay the tables in a new database, or apply the migrations that an old one lacks.

    Alembic is loaded for an old database only: importing it costs ten times as much as laying the tables,
    and a test holds both ways to the same result. Raises `StoreError` for a newer schema or foreign tables.
    """
    async with db.reading() as connection:
        new = not await connection.run_sync(_has_version)
    if new:
        async with db.writing() as connection:
            await connection.run_sync(lay_tables, db.name)
    async with db.reading() as connection:
        found = await connection.run_sync(_version, db.name)
        lacking = sorted(metadata.tables.keys() - await connection.run_sync(_tables))
    if found == HEAD:
        _refuse_holes(lacking, db.name)
    else:
        with db.speaking():
            await asyncio.to_thread(asyncio.run, _migrate(db.address, busy_seconds))


def _refuse_holes(lacking: list[str], name: str) -> None:
    if lacking:
        raise StoreError(
            f"The database {name} lacks tables of its version ({', '.join(lacking)})."
            " A part of it was removed, or only a part was restored. Restore it whole from a backup."
        )


def lay_tables(connection: Connection, name: str) -> None:
    """Lay all tables at once and note the schema's version."""
    _take_turn(connection)
    if _has_version(connection):
        return  # another program was here between our look and our turn
    if metadata.tables.keys() & _tables(connection):
        raise StoreError(
            f"The database {name} holds tables of another program. Give Clew a database of its own."
        )
    metadata.create_all(connection, checkfirst=False)
    version.create(connection)
    connection.execute(version.insert(), {"version_num": HEAD})


def migrate(connection: Connection, name: str) -> None:
    """Apply every migration that is missing, inside the caller's transaction."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    _take_turn(connection)
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    found = _version(connection, name) if _has_version(connection) else None
    if found is not None and found not in known:
        raise StoreError(
            f"The database {name} was written by a newer Clew (schema {found}, this one knows up to {HEAD})."
            " Install that version again, or restore a backup."
        )
    command.upgrade(config, "head")


async def _migrate(address: DatabaseAddress, busy_seconds: float) -> None:
    """Run in a thread with a loop of its own: migrations are synchronous and may take long."""
    engine = make_engine(address, busy_seconds=busy_seconds, poolclass=NullPool)
    try:
        # One transaction, so a crash half-way leaves the old schema.
        async with engine.execution_options(writes=True).begin() as connection:
            await connection.run_sync(migrate, address.name)
    finally:
        await engine.dispose()


def _version(connection: Connection, name: str) -> str | None:
    """Return the version that a database says it has, None for one that holds nothing yet.

    Raises `StoreError` where there are tables and no version, or several.
    """
    found = list(connection.scalars(select(version.c.version_num)))
    if not found and not metadata.tables.keys() & _tables(connection):
        return None
    if len(found) != 1:
        said = "several versions" if found else "no version"
        raise StoreError(
            f"The database {name} has {said} of its tables in {version.name}, so what it holds cannot be read safely."
            " Restore it from a backup."
        )
    return str(found[0])


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def _has_version(connection: Connection) -> bool:
    return inspect(connection).has_table(version.name)


def _take_turn(connection: Connection) -> None:
    """Wait for other programs at the same work; SQLite's write transaction does so by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
