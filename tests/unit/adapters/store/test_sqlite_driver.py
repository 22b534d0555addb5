"""The way to SQLite: how often a thread is woken, and what begins and ends a transaction."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import text

from adapters.configuration.database import SqliteFile
from adapters.store.database import Database
from bot.errors import StoreError

ADD = text("INSERT INTO t (n) VALUES (:n) RETURNING n")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Open a file with one table; who waits for its lock gives up at once."""
    found = Database(SqliteFile(tmp_path / "clew.db"), busy_seconds=0)
    async with found.writing() as connection:
        await connection.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY)"))
    yield found
    await found.close()


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note what is done in the threads of connections, by name."""
    seen: list[str] = []
    original: Any = aiosqlite.Connection._execute

    async def execute(self: aiosqlite.Connection, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        seen.append(work.__name__)
        return await original(self, work, *args, **kwargs)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", execute)
    return seen


async def test_writing__wakes_the_thread_for_each_statement_and_the_commit(
    database: Database, trips: list[str]
) -> None:
    """The BEGIN goes along with the first statement, and its rows come along with it."""
    async with database.writing() as connection:
        assert await connection.scalar(ADD, {"n": 1}) == 1
        await connection.execute(text("INSERT INTO t (n) VALUES (:n)"), [{"n": 2}, {"n": 3}])

    assert trips == ["_execute", "_execute_many", "commit"]


async def test_reading__wakes_the_thread_once(database: Database, trips: list[str]) -> None:
    """What only reads begins nothing, so there is nothing to end."""
    async with database.reading() as connection:
        assert (await connection.execute(text("SELECT n FROM t"))).all() == []

    assert trips == ["_execute"]


async def test_writing__nothing(database: Database, trips: list[str]) -> None:
    """Who then has nothing to write takes no turn of SQLite's."""
    async with database.writing():
        pass

    assert trips == []


async def test_writing__failed(database: Database, trips: list[str]) -> None:
    """What was written before it is taken back, and the next transaction begins anew."""

    async def add_twice() -> None:
        async with database.writing() as connection:
            await connection.execute(ADD, {"n": 1})
            await connection.execute(ADD, {"n": 1})

    with pytest.raises(StoreError):
        await add_twice()
    assert trips[-1] == "rollback"

    async with database.writing() as connection:
        await connection.execute(ADD, {"n": 2})
    async with database.reading() as connection:
        assert (await connection.scalars(text("SELECT n FROM t"))).all() == [2]


async def test_writing__cancelled(database: Database) -> None:
    """Cut off while its first statement is under way, it leaves no lock behind."""
    begun = asyncio.Event()

    async def write() -> None:
        async with database.writing() as connection:
            begun.set()
            await connection.execute(ADD, {"n": 1})

    writing = asyncio.create_task(write())
    await begun.wait()
    await asyncio.sleep(0)  # the statement is on its way to the thread
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing

    async with database.writing() as connection:
        await connection.execute(ADD, {"n": 2})


async def test_writing__another_program_writes(database: Database) -> None:
    """A writer waits for its turn before it reads: it never finds out at its end that what it read has changed."""

    async def look() -> None:
        async with database.writing() as connection:
            await connection.execute(text("SELECT n FROM t"))

    with closing(sqlite3.connect(database.address.path, isolation_level=None)) as other:  # type: ignore[union-attr]
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError):
            await look()
        other.execute("ROLLBACK")

    async with database.writing() as connection:
        await connection.execute(ADD, {"n": 1})
