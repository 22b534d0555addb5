"""A program that is killed while it writes leaves a database that opens whole."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path

from sqlalchemy import text

from adapters.configuration.database import SqliteFile, read_address
from adapters.store.store import SqlStore, open_store
from tests.contract.store.kit import a_run

KILLS = 4
ROOT = Path(__file__).parents[2]


async def _write_and_die(url: str, first: int, steps: int) -> int:
    """Let a process write so many steps, kill it in the next one, and return the last number it said."""
    writer = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.faults.store_writer",
        url,
        f"{first}",
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert writer.stdout is not None
    said = [await writer.stdout.readline() for _ in range(steps)]
    writer.kill()
    rest, _ = await writer.communicate()
    lines = b"".join([*said, rest]).decode().split()
    return int(lines[-1])


def _integrity(path: Path) -> str:
    connection = sqlite3.connect(path)
    try:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        connection.close()


async def _gone(store: SqlStore) -> None:
    """Wait until PostgreSQL is done with what a process had asked it for when it was killed."""
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with store._db.reading() as connection:
        while await connection.scalar(others):  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0.01)


async def test_store__killed_while_writing(database: str) -> None:
    """What was said to be committed is there, each step whole or not at all, and the audit chain holds."""
    address, last = read_address(database), 0
    for kill in range(KILLS):
        last = await _write_and_die(database, last + 2, steps=3 + 5 * kill)
        if isinstance(address, SqliteFile):
            left = address.path.with_name(f"{address.path.name}-wal").stat().st_size
            assert left > 0
            assert _integrity(address.path) == "ok"

        async with open_store(database) as store:
            if not isinstance(address, SqliteFile):
                await _gone(store)
            runs = await store.known("demo", tuple(a_run(n).ref.run_id for n in range(last + 2)))
            waiting = (await store.depth()).waiting
            lines = await store.verify_audit()

        assert a_run(last).ref.run_id in runs
        assert waiting == len(runs)
        assert 0 <= waiting - lines <= kill + 1  # each kill may fall between a step and its audit line
