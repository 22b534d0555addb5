"""A large company: one run's end to 1,000 channels, and 100 connections, 10,000 channels and 100,000 runs a day.

The company (tenants, Slack) and Clew are processes of their own, over real HTTP and a real database that holds a day's runs
and messages already. Compressed is time alone: so many seconds of the company pass in one, so its runs end and its connections
are polled that much more often. What is not: requests, the 0.2 s that Slack takes for a post, processors, the disk. They
count the more, so a figure that holds here holds at the company's own pace.
"""

from __future__ import annotations

import asyncio
import json
import math
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import aiosqlite

from adapters.store.outbox import _new_row
from adapters.store.store import open_store
from bot.state import NewDelivery
from tests.bench.company import LAUNCHERS
from tests.bench.report import Row, in_turns, p99, within
from tests.contract.store.kit import NOW, a_context, a_delivery, a_run, a_step

FAN_OUT, ROUNDS = 1_000, 5
BARE = 3.0  # times a bare executemany of the same rows in one transaction

CONNECTIONS, CHANNELS, A_DAY = 100, 10_000, 100_000
COMPRESSED = 1.0  # seconds of the company in one of ours; more where it is to be harder
LASTS = 70.0  # of our seconds
POLL = 60.0  # of the company's seconds
P99, STALL = 75.0, 100.0  # seconds of the company, milliseconds


async def rows() -> list[Row]:
    """Measure both."""
    return [await _fan_out(), *_company(await _simulated())]


async def _fan_out() -> Row:
    with tempfile.TemporaryDirectory() as folder:
        async with open_store(f"sqlite:///{folder}/clew.db") as store:
            ours, bare = [], []
            for number in range(ROUNDS):
                deliveries = tuple(_announcement(number, n) for n in range(FAN_OUT))
                step = a_step(runs=(a_run(number),), deliveries=deliveries)
                begin = time.perf_counter()
                assert await store.record(step) == FAN_OUT
                ours.append(time.perf_counter() - begin)
                bare.append(await _bare(Path(folder), deliveries))
    name = f"one run's end to {FAN_OUT:,} channels, recorded in one transaction"
    return in_turns(name, ours, bare, bound=BARE, what="bare executemany")


def _announcement(run: int, number: int) -> NewDelivery:
    return a_delivery(
        f"{run}:{number}", channel=f"slack:channel:T01:C{number}", payload="x" * 3_000, context=a_context()
    )


async def _bare(folder: Path, deliveries: tuple[NewDelivery, ...]) -> float:
    """Return the seconds that the driver takes for the same rows in the same table."""
    rows = [tuple(map(_plain, _new_row(delivery, NOW).items())) for delivery in deliveries]
    columns = list(_new_row(deliveries[0], NOW))
    async with aiosqlite.connect(folder / "clew.db") as made:
        found = await made.execute_fetchall(
            "SELECT sql FROM sqlite_master WHERE tbl_name = 'outbox' AND sql IS NOT NULL"
        )
    bare = await aiosqlite.connect(folder / "bare.db", isolation_level=None)
    try:
        await bare.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        if not await bare.execute_fetchall("SELECT 1 FROM sqlite_master"):
            for (statement,) in found:
                await bare.execute(statement)
        begin = time.perf_counter()
        await bare.execute("BEGIN IMMEDIATE")
        await bare.executemany(
            f"INSERT INTO outbox ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
            " ON CONFLICT DO NOTHING",
            rows,
        )
        await bare.execute("COMMIT")
        return time.perf_counter() - begin
    finally:
        await bare.close()


def _plain(item: tuple[str, Any]) -> object:
    value = item[1]
    return value.isoformat(timespec="microseconds") if isinstance(value, datetime) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came of it. `took`: seconds from when the API showed the end until the message was there, of each."""

    expected: int
    took: list[float]
    clew: dict[str, Any]
    slack: dict[str, Any]


async def _simulated() -> Seen:
    with tempfile.TemporaryDirectory() as folder:
        async with _process("company", str(CONNECTIONS), str(CHANNELS)) as company:
            addresses = await _read(company)
            async with _process("at_scale_clew") as clew:
                asked = {"folder": folder, "channels": CHANNELS, "poll": POLL / COMPRESSED}
                await _write(clew, json.dumps(addresses | asked))
                assert await _read(clew) == "ready"
                await _write(company, f"run {A_DAY / 86_400 * COMPRESSED} {LASTS}")
                ended = await _read(company)
                await asyncio.sleep(POLL / COMPRESSED + 5.0)  # the last of them are seen, and posted
                await _write(clew, "end")
                figures = await _read(clew)
                await clew.wait()
            await _write(company, "seen")
            seen = await _read(company)
        return Seen(
            expected=len(ended) * CHANNELS // CONNECTIONS // LAUNCHERS,
            took=await asyncio.to_thread(_took, Path(folder) / "clew.db", ended),
            clew=figures,
            slack=seen,
        )


def _took(path: Path, ended: list[tuple[int, str, float]]) -> list[float]:
    """Return the seconds from the API to the channel of each message that was sent."""
    at = {run_id: seconds for _, run_id, seconds in ended}
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT key, settled_at FROM outbox WHERE state = 'sent'")
        sent = [(key.split(":")[1], settled) for key, settled in rows if key.count(":") > 2]
    database.close()
    return sorted(datetime.fromisoformat(settled).timestamp() - at[run] for run, settled in sent if run in at)


def _company(seen: Seen) -> list[Row]:
    name = f"{CONNECTIONS} connections, {CHANNELS:,} channels, {A_DAY:,} runs a day"
    took = [seconds * COMPRESSED for seconds in seen.took]
    whole = len(took) == seen.expected == seen.slack["posts"] and not seen.slack["doubled"]
    stall, any_stall = seen.clew["longest_own"] * 1e3, seen.clew["longest"] * 1e3
    return [
        Row(
            name=f"{name}, {COMPRESSED:g}x: messages",
            measured=f"{len(took)} sent",
            beside=f"{seen.expected} expected, {seen.slack['doubled']} doubled",
            ok=whole and not seen.slack["violations"],
        ),
        within(
            "  API visible to posted, p99, the company's seconds",
            p99(took) if len(took) > 1 else math.inf,
            limit=P99,
            unit="s",
        ),
        within(
            f"  the loop's longest stall (any, also the machine's: {any_stall:.0f} ms)",
            stall,
            limit=STALL,
            unit="ms",
        ),
        Row(name="  share of one processor", measured=f"{seen.clew['used']:.2f}"),
    ]


@asynccontextmanager
async def _process(module: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"tests.bench.{module}", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _read(process: asyncio.subprocess.Process) -> Any:
    assert process.stdout is not None
    return json.loads(await process.stdout.readline())


async def _write(process: asyncio.subprocess.Process, line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n".encode())
    await process.stdin.drain()
