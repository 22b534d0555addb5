"""Laying the tables at once and migrating step by step end in the same database."""

from __future__ import annotations

from datetime import UTC, datetime

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from adapters.configuration.database import read_address
from adapters.store.database import Database
from adapters.store.schema import HEAD, MIGRATIONS, lay_tables, migrate, version
from adapters.store.store import open_store
from bot.cards import Context
from bot.model import RunRef
from bot.state import AuditEntry
from tests.contract.store.kit import NOW, a_delivery

SHAPE = {
    "sqlite": "SELECT type, name, tbl_name, sql FROM sqlite_master",
    "postgresql": """
        SELECT table_name, column_name, data_type, is_nullable, column_default
        FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = 'public'
    """,
}


def _shape(connection: Connection) -> set[tuple[str, ...]]:
    """Return everything the database says of its tables and indexes, written in one way."""
    rows = connection.execute(text(SHAPE[connection.dialect.name]))
    return {tuple("".join(str(part).split()).replace('"', "") for part in row) for row in rows}


async def test_schema__two_ways(url: str) -> None:
    """A new database has exactly the tables that the migrations build, and the same first rows."""
    database = Database(read_address(url))
    shapes, heads = [], []
    for build in (lay_tables, migrate):
        async with database.writing() as connection:
            await connection.run_sync(build, "x")
            shapes.append(await connection.run_sync(_shape))
            heads.append((await connection.execute(text("SELECT id, seq, hash FROM audit_head"))).all())
            heads.append((await connection.execute(version.select())).all())
            await connection.run_sync(_drop_all)
    await database.close()

    assert shapes[0] == shapes[1]
    assert heads[:2] == heads[2:]


async def test_migrate__what_an_older_program_kept(url: str) -> None:
    """Results of the first schema are still there, sorted, without advice, and count as told; how far its record is whole nobody knows."""
    database = Database(read_address(url))
    async with database.writing() as connection:
        await connection.run_sync(_build_first)
        await connection.execute(text(OLD_RESULTS))
        await connection.execute(text(OLD_THREAD))
    await database.close()

    async with open_store(url) as store:
        told = await store.announced_results(RunRef("demo", "r1"))
        assert await store.coverage("demo") is None
        assert (await store.prune(datetime.now(UTC))).threads == 0
        assert await store.context("c", "t") == Context()

    assert told is not None
    assert (told.failing, told.passing_count, told.launcher) == (frozenset({"x"}), 3, "nightly")
    assert told.unhealthy == frozenset({"No build errors"})


OLD_THREAD = "INSERT INTO threads (channel, thread, context) VALUES ('c', 't', '{}')"
OLD_RESULTS = """
    INSERT INTO results (connection, run_id, launcher, source, test_name, ephemeral, status, created_at, failing,
        passing_count, unknown_count)
    VALUES ('demo', 'r1', 'nightly', 'main', '', FALSE, 'completed', NULL,
        '["Symbols were uploaded","No build errors","x"]', 3, 0)
"""


def _build_first(connection: Connection) -> None:
    from alembic import command

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    command.upgrade(config, "0001")


def _drop_all(connection: Connection) -> None:
    from adapters.store.tables import metadata

    metadata.drop_all(connection)
    version.drop(connection)


def test_schema__head() -> None:
    """The newest migration is the one the program asks for."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


async def test_open_store__old_schema(url: str) -> None:
    """A database whose version is behind is migrated at start, and works."""
    database = Database(read_address(url))
    async with database.writing() as connection:
        await connection.run_sync(version.create)
    await database.close()

    async with open_store(url) as store:
        await store.audit(AuditEntry(at=NOW, actor="a", channel="c", action="x", decision="allowed"))

        assert await store.enqueue(a_delivery(), NOW)
        assert await store.verify_audit() == 1
