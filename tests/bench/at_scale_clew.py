"""Clew as it works for a large company, in a process of its own: `python -m tests.bench.at_scale_clew`.

The first line on its input is JSON: the company's addresses (`company.py`), and a folder. It says "ready" once every connection was
read, works until the next line comes, and says then as JSON how that went.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import time
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from adapters import garbage, logs
from adapters.chat.registry import CHATS
from adapters.chat.slack.settings import Slack
from adapters.cli.background import Background, working
from adapters.cli.work import Intervals
from adapters.clock import SystemClock
from adapters.main import assemble
from adapters.platforms.antithesis.settings import Tenant
from adapters.settings import Settings
from adapters.store.subscriptions import joined
from adapters.tables import Web
from bot.model import RunStatus, Secret
from bot.state import NewDelivery, PollStep, StoredResults, Subscription
from tests.bench.company import LAUNCHERS, channel, launcher
from tests.bench.loop import watched_loop
from tests.fakes.runs import a_run
from tests.fakes.slack_world import APP_TOKEN, BOT_TOKEN, TEAM

DAY = 100_000  # runs of one day that are on record when it begins
PREPARED = (
    "INSERT INTO {table} ({columns}) WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {times})"
    " SELECT {values} FROM {table}, n"
)


def connection(number: int) -> str:
    """Return the name of a connection."""
    return f"team{number:03}"


def where(number: int) -> str:
    """Return the id of a channel, as Clew knows it."""
    return f"slack:channel:{TEAM}:{channel(number)}"


def watches(channels: int, connections: int) -> list[Subscription]:
    """Return what every channel watches: one launcher of one connection."""
    return [
        Subscription(
            channel=where(n),
            connection=connection(n % connections),
            launcher=launcher(n // connections % LAUNCHERS),
        )
        for n in range(channels)
    ]


async def main() -> None:
    """Work as the first line says."""
    asked = json.loads(await asyncio.to_thread(sys.stdin.readline))
    logs.set_up("warning")
    settings = _settings(asked)
    wanted = Slack(
        bot_token=Secret(BOT_TOKEN),
        app_token=Secret(APP_TOKEN),
        api_url=asked["slack"],
        workspaces=frozenset(),
    )
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(assemble(settings))
        await _prepare(parts.store, Path(asked["folder"]), asked)
        kind = next(chat for chat in CHATS if chat.name == "slack")
        slack = await kind.open(wanted, parts.handler, parts.store, parts.clock)
        receiving = asyncio.create_task(slack.run())
        intervals = Intervals(poll=asked["poll"])
        work = await stack.enter_async_context(
            working(parts, {"slack": slack.chat}, intervals=intervals, notify=_notify)
        )
        await _all_read(work)
        stack.enter_context(garbage.in_the_long_run())  # as `clew run` has it
        begin, used = time.perf_counter(), time.process_time()
        _say("ready")
        async with watched_loop() as stalls:
            await asyncio.to_thread(sys.stdin.readline)
        took, used = time.perf_counter() - begin, time.process_time() - used
        _say(
            {
                "longest": stalls.longest,
                "longest_own": stalls.longest_own,
                "own": stalls.own,
                "used": used / took,
                "memory": _memory(),
                "misses": work.work.scheduler.counts.total(),
                "counts": dict(work.work.deliveries()["slack"]),
            }
        )
        await slack.close()
        await receiving


async def _all_read(work: Background) -> None:
    while not all(polled.looked for polled in work.work.polls().values()):  # noqa: ASYNC110 - the pollers tell nobody
        await asyncio.sleep(0.1)


async def _notify(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _settings(asked: dict[str, Any]) -> Settings:
    tenants = tuple(
        Tenant(name=connection(number), base_url=address, api_key=Secret(key))
        for number, (address, key) in enumerate(asked["tenants"])
    )
    return Settings(
        connections=tenants,
        database_url=Secret(f"sqlite:///{asked['folder']}/clew.db"),
        poll_seconds=asked["poll"],
        web=Web(listen=None),
    )


async def _prepare(store: Any, folder: Path, asked: dict[str, Any]) -> None:
    """Put on record what a day leaves, and what the channels want: one of each through the store, the rest like it."""
    now = SystemClock().now() - timedelta(days=1)
    connections, channels = len(asked["tenants"]), asked["channels"]
    for number in range(connections):
        run = a_run(
            1, connection=connection(number), launcher=launcher(0), launcher_key=launcher(0), created_at=now
        )
        kept = StoredResults(
            ref=run.ref, launcher=run.launcher, status=RunStatus.COMPLETED, created_at=now,
            failing=frozenset(), passing_count=20, unknown_count=0,
        )  # fmt: skip
        told = NewDelivery(key=f"told:{number}", channel=where(number), payload="", report=run.ref)
        step = PollStep(
            connection=connection(number), now=now, runs=(run,), results=(kept,), results_known=(run.ref,),
            announced=((run.ref, run.status),), deliveries=(told,),
        )  # fmt: skip
        await store.record(step)
    await store.subscribe(watches(1, connections)[0], now)
    await asyncio.to_thread(_fill, folder / "clew.db", connections, channels, watches(channels, connections))


def _fill(path: Path, connections: int, channels: int, wanted: list[Subscription]) -> None:
    with sqlite3.connect(path) as database:
        database.executescript("PRAGMA cache_size = -500000; PRAGMA synchronous = OFF")
        database.execute("UPDATE outbox SET state = 'sent', settled_at = recorded_at, message_id = '1.1'")
        each = DAY // connections
        older = "strftime('%Y-%m-%dT%H:%M:%f000+00:00', {column}, '-' || (n * 80) || ' seconds')"
        names = {"run_id": "run_id || n"}
        for table, changed in (
            ("runs", {
                **names,
                "listed_at": older.format(column="listed_at"),
                "created_at": older.format(column="created_at"),
                "launcher": f"'Nightly ' || printf('%02d', n % {LAUNCHERS})",
                "launcher_key": f"'Nightly ' || printf('%02d', n % {LAUNCHERS})",
            }),
            ("results", {**names, "created_at": older.format(column="created_at")}),
            ("outbox", {"id": None, "key": "key || '-' || n", "provider_key": "provider_key || '-' || n"}),
        ):  # fmt: skip
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            columns = [c for c in columns if changed.get(c, "") is not None]
            database.execute(
                PREPARED.format(
                    table=table,
                    columns=", ".join(f'"{c}"' for c in columns),
                    values=", ".join(changed.get(c) or f'"{c}"' for c in columns),
                    times=each * (channels // connections // LAUNCHERS if table == "outbox" else 1),
                )
            )
        columns = [row[1] for row in database.execute("PRAGMA table_info(subscriptions)") if row[1] != "id"]
        (first,) = database.execute(f"SELECT {', '.join(columns)} FROM subscriptions").fetchall()
        rows = []
        for each_wanted in wanted[1:]:
            row = dict(zip(columns, first, strict=True))
            row |= {
                "channel": each_wanted.channel,
                "connection": each_wanted.connection,
                "launcher": each_wanted.launcher,
            }
            row["wants"] = joined(each_wanted.channel, each_wanted.connection, each_wanted.launcher, None)
            rows.append(tuple(row[c] for c in columns))
        database.executemany(
            f"INSERT INTO subscriptions ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", rows
        )
    database.close()


def _memory() -> float:
    return int(Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0]) / 1024


def _say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
