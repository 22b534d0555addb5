"""What the store costs: writes beside the bare driver, start-up, and a tick over a long history."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiosqlite

from adapters.store.store import SqlStore, open_store
from bot.model import RunStatus
from tests.bench.report import Row, in_turns
from tests.contract.store.kit import CHATS, NOW, a_delivery, a_message, a_run, a_step

WRITES = 200
HISTORY = 10_000
OPEN_RUNS = 1_000
ROUNDS, TURNS = 3, 7

DRIVER = 4.0  # times the bare driver's insert: what SQLAlchemy's layers may cost where a sync is cheap
NO_DEARER = 2.0  # times a tick without history
START = 0.3  # seconds to open a new file

BARE = "INSERT INTO t (key, payload) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING id"


async def rows() -> list[Row]:
    """Measure the store on this machine; both sides of a ratio take turns in one run."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        return [*await _writes(place), await _start(place), await _history(place)]


async def _writes(folder: Path) -> list[Row]:
    bare = await aiosqlite.connect(folder / "bare.db", isolation_level=None)
    await bare.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "CREATE TABLE t (id INTEGER PRIMARY KEY, key TEXT UNIQUE, payload TEXT)"
    )

    async def insert_bare(number: int) -> None:
        cursor = await bare.execute(BARE, (f"{number}", "x"))
        await cursor.fetchone()
        await cursor.close()

    async with open_store(f"sqlite:///{folder}/clew.db") as store:

        async def enqueue(number: int) -> None:
            await store.enqueue(a_delivery(f"{number}"), NOW)

        ours, theirs = await _in_turns(enqueue, insert_bare)
        deliver = await _median(lambda number: _deliver(store), 0)
    await bare.close()
    insert = in_turns(
        "store: insert if absent, committed", ours, theirs, bound=DRIVER, what="one by aiosqlite"
    )
    claimed = Row(
        name="store: claim and settle",
        measured=f"{deliver:.2f} ms",
        beside=f"one insert {insert.measured}",
        ratio=deliver / 1000 / statistics.median(ours),
    )
    return [insert, claimed]


async def _deliver(store: SqlStore) -> None:
    delivery = await store.claim(CHATS, NOW)
    assert delivery is not None
    await store.mark_sent(delivery, a_message(delivery), NOW)


async def _start(folder: Path) -> Row:
    fresh = [await _opened(f"sqlite:///{folder}/start{n}.db") for n in range(ROUNDS)]
    again = [await _opened(f"sqlite:///{folder}/start{n}.db") for n in range(ROUNDS)]
    seconds = statistics.median(fresh)
    return Row(
        name="store: start with a new file",
        measured=f"{seconds * 1000:.0f} ms",
        beside=f"again {statistics.median(again) * 1000:.0f} ms",
        ratio=None,
        bound=START,
        ok=seconds <= START,
    )


async def _opened(url: str) -> float:
    began = time.perf_counter()
    async with open_store(url):
        return time.perf_counter() - began


async def _history(folder: Path) -> Row:
    """Read what is followed and write what changed, as a tick does; long history must cost it nothing."""
    cost = {}
    for runs in (0, HISTORY):
        async with open_store(f"sqlite:///{folder}/history{runs}.db") as store:
            await store.record(a_step(runs=tuple(a_run(n) for n in range(runs)), baseline=True))
            followed = tuple(a_run(HISTORY + n, status=RunStatus.IN_PROGRESS) for n in range(OPEN_RUNS))
            await store.record(a_step(runs=followed))
            cost[runs] = await _median(lambda number: _tick(store), 0, writes=20)
    ratio = cost[HISTORY] / cost[0]
    return Row(
        name=f"store: a tick, {OPEN_RUNS} open runs, {HISTORY} old ones",
        measured=f"{cost[HISTORY]:.1f} ms",
        beside=f"no old ones {cost[0]:.1f} ms",
        ratio=ratio,
        bound=NO_DEARER,
        ok=ratio <= NO_DEARER,
    )


async def _tick(store: SqlStore) -> None:
    await store.watermark("demo")
    await store.tracked("demo")
    page = tuple(a_run(HISTORY + n, status=RunStatus.IN_PROGRESS) for n in range(100))
    await store.known("demo", tuple(run.ref.run_id for run in page))
    await store.record(a_step(runs=page, watermark=NOW))


Write = Callable[[int], Awaitable[None]]


async def _in_turns(ours: Write, theirs: Write) -> tuple[list[float], list[float]]:
    """Return the medians of rounds in seconds, one write of each after the other, so that a busy moment hits both."""
    found: tuple[list[float], list[float]] = ([], [])
    for turn in range(TURNS):
        times: tuple[list[float], list[float]] = ([], [])
        for number in range(turn * WRITES, (turn + 1) * WRITES):
            for write, taken in zip((ours, theirs), times, strict=True):
                began = time.perf_counter()
                await write(number)
                taken.append(time.perf_counter() - began)
        for median, taken in zip(found, times, strict=True):
            median.append(statistics.median(taken))
    return found


async def _median(work: Write, first: int, *, writes: int = WRITES) -> float:
    times = []
    for number in range(first, first + writes):
        began = time.perf_counter()
        await work(number)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


if __name__ == "__main__":
    for row in asyncio.run(rows()):
        print(row)  # noqa: T201 - a bench prints
