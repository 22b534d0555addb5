"""The SQLite file: its rights, and everything that can be wrong with it."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.store.schema import HEAD
from adapters.store.store import SqlStore, open_store
from bot.errors import StoreError
from bot.model import RunStatus
from tests.contract.store.kit import NOW, a_delivery, a_run, a_step


async def _problem(url: str) -> str:
    with pytest.raises(StoreError) as caught:
        async with open_store(url, busy_seconds=0.05) as store:
            await store.enqueue(a_delivery(), NOW)
    return str(caught.value)


def _url(path: Path) -> str:
    return f"sqlite:///{path}"


async def test_file__only_its_owner_reads_it(tmp_path: Path) -> None:
    """The file and its journal have mode 0600, and a file that was open to others is closed to them."""
    path = tmp_path / "clew.db"
    path.touch(mode=0o644)
    async with open_store(_url(path)) as store:
        await store.enqueue(a_delivery(), NOW)
        modes = {entry.name: entry.stat().st_mode & 0o777 for entry in os.scandir(tmp_path)}

    assert modes == {"clew.db": 0o600, "clew.db-wal": 0o600, "clew.db-shm": 0o600}


async def test_file__durable(tmp_path: Path) -> None:
    """Every connection writes ahead, and syncs every commit."""
    async with open_store(_url(tmp_path / "clew.db")) as store, store._db.writing() as connection:
        found = [
            (await connection.execute(text(f"PRAGMA {name}"))).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]

    assert found == ["wal", 2, 1]


async def test_file__directory_missing(tmp_path: Path) -> None:
    """A missing directory is named."""
    found = await _problem(_url(tmp_path / "nowhere" / "clew.db"))

    assert f"cannot be created: there is no directory {tmp_path / 'nowhere'}." in found


async def test_file__is_a_directory(tmp_path: Path) -> None:
    """A directory is no file."""
    assert "is a directory. Give the path of a file in it." in await _problem(_url(tmp_path))


async def test_file__name_too_long(tmp_path: Path) -> None:
    """Whatever else the system says is told in its words."""
    assert "cannot be opened: File name too long." in await _problem(_url(tmp_path / ("x" * 300)))


async def test_file__old_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that lacks what the statements need is named before anything is written."""
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))

    assert "is too old: Clew needs 3.35 or newer." in await _problem(_url(tmp_path / "clew.db"))
    assert [] == list(os.scandir(tmp_path))


async def test_file__not_a_database(tmp_path: Path) -> None:
    """Another kind of file is left as it is."""
    path = tmp_path / "notes.txt"
    path.write_text("my notes\n" * 200)

    assert "is not a database." in await _problem(_url(path))
    assert path.read_text() == "my notes\n" * 200


async def test_file__of_another_program(tmp_path: Path) -> None:
    """A database with other tables of the same names is refused, and left as it is."""
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE runs (distance REAL)")
    other.close()

    assert "holds tables of another program" in await _problem(_url(path))


async def test_file__newer_schema(tmp_path: Path) -> None:
    """A database of a newer release is refused with both schema numbers."""
    path = tmp_path / "clew.db"
    async with open_store(_url(path)) as store, store._db.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    assert f"newer Clew (schema 9999, this one knows up to {HEAD})" in await _problem(_url(path))


async def test_file__locked(tmp_path: Path) -> None:
    """Another program's write lock ends in a sentence once the wait is over."""
    path = tmp_path / "clew.db"
    async with open_store(_url(path)):
        pass
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    problem = await _problem(_url(path))
    other.rollback()
    other.close()

    assert "is locked by another program." in problem


async def test_file__disk_full(tmp_path: Path) -> None:
    """With no room left a step fails whole; with room again it succeeds."""
    async with open_store(_url(tmp_path / "clew.db")) as store:
        await _limit_pages(store, growth=4)
        step = a_step(runs=(a_run(1),), deliveries=(a_delivery(payload="x" * 100_000),))

        with pytest.raises(StoreError, match="has no space left"):
            await store.record(step)

        assert await store.tracked("demo") == ()

        await _limit_pages(store, growth=1000)

        assert await store.record(step) == 1
        assert [run.status for run in await store.tracked("demo")] == [RunStatus.COMPLETED]


async def _limit_pages(store: SqlStore, *, growth: int) -> None:
    """Let the file grow by so many pages; the limit holds for one connection, so there must be only one."""
    async with store._db.reading() as connection:
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
        await connection.execute(text(f"PRAGMA max_page_count = {pages + growth}"))


async def test_file__read_only_directory(tmp_path: Path) -> None:
    """A directory that cannot be written is a sentence; to root only the kernel's own are closed."""
    directory = Path("/sys") if os.geteuid() == 0 else tmp_path
    os.chmod(tmp_path, 0o500)  # noqa: PTH101 - a test may block
    problem = await _problem(_url(directory / "clew.db"))

    assert "cannot be written. Check the permissions of the file and of its directory." in problem


async def test_file__read_only_database(tmp_path: Path) -> None:
    """A file that turns read-only under a running program is a sentence, and reading goes on."""
    async with open_store(_url(tmp_path / "clew.db")) as store:
        async with store._db.reading() as connection:
            await connection.execute(text("PRAGMA query_only = ON"))

        with pytest.raises(StoreError, match="cannot be written"):
            await store.enqueue(a_delivery(), NOW)

        assert (await store.depth()).waiting == 0
