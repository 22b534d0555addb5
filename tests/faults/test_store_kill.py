"""A program that is killed while it writes leaves a database that opens whole."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path

from adapters.store.store import open_store
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


async def test_store__killed_while_writing(tmp_path: Path) -> None:
    """What was said to be committed is there, each step whole or not at all, and the audit chain holds."""
    path = tmp_path / "clew.db"
    url, last = f"sqlite:///{path}", 0
    for kill in range(KILLS):
        last = await _write_and_die(url, last + 2, steps=3 + 5 * kill)
        left = path.with_name("clew.db-wal").stat().st_size

        assert left > 0
        assert _integrity(path) == "ok"

        async with open_store(url) as store:
            runs = await store.known("demo", tuple(a_run(n).ref.run_id for n in range(last + 2)))
            waiting = (await store.depth()).waiting
            lines = await store.verify_audit()

        assert a_run(last).ref.run_id in runs
        assert waiting == len(runs)
        assert 0 <= waiting - lines <= kill + 1  # each kill may fall between a step and its audit line
