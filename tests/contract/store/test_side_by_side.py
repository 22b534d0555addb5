"""A version that runs goes on while the next one has migrated its database: each step adds, and takes nothing away.

    expand      a new table, a new column that may be empty, an index: what the version before writes and reads stays right
    contract    what no version uses any more that may run beside this one is taken away a release later

Every step from `FIRST` on is held to that. One that contracts says so with `unused_since = "VERSION"`: the first version that
does not use what it takes away; then an earlier one must not run beside the version that brings the step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, inspect, text

from adapters.configuration.database import read_address
from adapters.store.database import Database
from adapters.store.schema import MIGRATIONS, version
from adapters.store.store import open_store
from bot.errors import StoreError
from tests.contract.store.kit import CHANNEL, CHATS, NOW, a_delivery, an_invocation
from tests.fakes.inbox import ME

FIRST = "0032"  # before it no two versions ran on one database

Tables = Mapping[str, Mapping[str, Any]]


def _config(connection: Connection | None = None) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def _steps() -> Iterator[Script]:
    """Return the steps that are held to the rule, the first one first."""
    steps = ScriptDirectory.from_config(_config()).walk_revisions()
    return reversed([step for step in steps if step.revision >= FIRST])


STEPS = list(_steps())


UNIQUE = {
    "sqlite": """
        SELECT tbl_name, name FROM sqlite_master
        WHERE type = 'index' AND (sql LIKE 'CREATE UNIQUE%' OR name LIKE 'sqlite_autoindex%')
    """,
    "postgresql": "SELECT tablename, indexname FROM pg_indexes WHERE indexdef LIKE 'CREATE UNIQUE%'",
}


def _tables(connection: Connection) -> Tables:
    """Return what every table demands of those who write to it and offers to those who read."""
    found = inspect(connection)
    unique = {(str(row[0]), str(row[1])) for row in connection.execute(text(UNIQUE[connection.dialect.name]))}
    return {
        table: {
            "columns": {column["name"]: column for column in found.get_columns(table)},
            "unique": {index for of, index in unique if of == table},
            "key": tuple(found.get_pk_constraint(table)["constrained_columns"]),
        }
        for table in found.get_table_names()
        if table != version.name
    }


def _broken(before: Tables, after: Tables) -> Iterator[str]:
    """Say what of a step breaks what the version before does."""
    for name, old in before.items():
        new = after.get(name)
        if new is None:
            yield f"the table {name} is gone"
            continue
        if new["key"] != old["key"] or new["unique"] - old["unique"]:
            yield f"{name} refuses rows that it took"
        for column, was in old["columns"].items():
            now = new["columns"].get(column)
            if now is None or (str(now["type"]), now["nullable"]) != (str(was["type"]), was["nullable"]):
                yield f"{name}.{column} is not what it was"
        for column in new["columns"].keys() - old["columns"].keys():
            added = new["columns"][column]
            if not added["nullable"] and added["default"] is None:
                yield f"{name}.{column} has to be written by a version that does not know it"


async def _around(url: str, step: Script) -> list[str]:
    """Return what a step breaks."""
    database = Database(read_address(url))
    try:
        async with database.writing() as connection:
            await connection.run_sync(lambda c: command.upgrade(_config(c), str(step.down_revision)))
            before = await connection.run_sync(_tables)
            await connection.run_sync(lambda c: command.upgrade(_config(c), step.revision))
            return list(_broken(before, await connection.run_sync(_tables)))
    finally:
        await database.close()


@pytest.mark.parametrize("step", STEPS, ids=[step.revision for step in STEPS])
async def test_step__leaves_the_version_before_it_at_work(url: str, step: Script) -> None:
    """Whatever the version before this step wrote and read it can write and read behind it."""
    broken = await _around(url, step)

    assert broken == [] or bool(getattr(step.module, "unused_since", ""))


async def test_step__that_contracts_is_seen(url: str) -> None:
    """The step that took a table away, before versions ran side by side, would not pass."""
    script = ScriptDirectory.from_config(_config()).get_revision("0031")
    assert script is not None

    assert await _around(url, script) == ["the table workers is gone"]


async def test_newer_schema__a_program_that_runs_goes_on_and_one_that_starts_is_refused(url: str) -> None:
    """What an operator sees in a rolling update: old ones work until they are stopped, and a late old one says why not."""
    async with open_store(url) as old:
        async with old._db.writing() as connection:
            await connection.execute(text("ALTER TABLE inbox ADD COLUMN of_the_next_version TEXT"))
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        await old.enqueue(a_delivery(), NOW)
        claimed = await old.claim(CHATS, NOW)
        accepted = await old.accept("slack", "E1", an_invocation(), ME)
        with pytest.raises(StoreError, match=r"written by a newer Clew \(schema 9999, this one knows up to "):
            async with open_store(url):
                """Not reached."""

    assert claimed is not None
    assert claimed.channel == CHANNEL
    assert accepted
