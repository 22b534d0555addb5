"""Claims stay flat: what waits for a channel that is not called costs the other channels nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.outbox import claim_statement
from adapters.store.store import SqlStore
from bot.state import PollStep
from tests.contract.store.kit import CHANNEL, CHATS, NOW, a_delivery, later

OTHER = "slack:channel:T01:C02"
VALUES = {
    "chats": sorted(CHATS),
    "busy": [],
    "now": NOW,
    "due_by": NOW,
    "unconfirmed_at": NOW + timedelta(seconds=30),
}


async def _wait(store: SqlStore, rows: range) -> None:
    """Let messages wait for a channel that is not called for an hour."""
    deliveries = tuple(a_delivery(f"{n}") for n in rows)
    await store.record(PollStep(connection="demo", now=NOW, deliveries=deliveries))
    await store.rate_limit_channel(CHANNEL, later(3600))


async def _work(store: SqlStore) -> int:
    """Return how much the database does to claim, and take it back: steps of SQLite's machine, rows that PostgreSQL reads."""
    async with store._db.engine.execution_options(writes=True).connect() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(text("ANALYZE outbox"))
            before = await _rows_read(connection)
            await connection.execute(claim_statement(), VALUES)
            work = await _rows_read(connection) - before
        else:
            work = await _steps(connection)
        await connection.rollback()
    return work


async def _rows_read(connection: AsyncConnection) -> int:
    counts = "seq_tup_read + coalesce(idx_tup_fetch, 0)"
    where = "FROM pg_stat_xact_user_tables WHERE relname = 'outbox'"
    return int(await connection.scalar(text(f"SELECT {counts} {where}")) or 0)


async def _steps(connection: AsyncConnection) -> int:
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    driver: Any = (await connection.get_raw_connection()).driver_connection
    await driver.set_progress_handler(count, 1)
    try:
        await connection.execute(claim_statement(), VALUES)
    finally:
        await driver.set_progress_handler(None, 0)
    return steps


async def test_claim__passes_over_a_channel_that_waits(database: SqlStore) -> None:
    """With thousands of rows for it, a claim does as much as with a few, and takes the other channel's row."""
    await _wait(database, range(20))
    await database.enqueue(a_delivery("other", channel=OTHER), NOW)
    few = await _work(database)
    await _wait(database, range(20, 5_000))
    many = await _work(database)
    claimed = await database.claim(CHATS, NOW)

    assert claimed is not None
    assert claimed.key == "other"
    assert 0 < many <= 2 * few


async def test_claim__finds_nothing_at_once(database: SqlStore) -> None:
    """Where every channel waits, none of their rows is looked at."""
    await _wait(database, range(20))
    few = await _work(database)
    await _wait(database, range(20, 5_000))
    many = await _work(database)

    assert await database.claim(CHATS, NOW) is None
    assert many <= 2 * few + 10


async def test_claim__takes_the_oldest_of_all_channels(database: SqlStore) -> None:
    """Which channel comes first is a matter of age, not of its name."""
    for number, channel in enumerate((OTHER, CHANNEL, "slack:channel:T01:C00")):
        await database.enqueue(a_delivery(f"{number}", channel=channel), NOW)
    keys = [claimed.key for _ in range(3) if (claimed := await database.claim(CHATS, NOW))]

    assert keys == ["0", "1", "2"]
