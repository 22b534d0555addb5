"""A year of runs on record: how large the database is, and what cards cost beside a record that has just begun."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import time, timedelta
from pathlib import Path
from random import Random
from time import process_time
from typing import Any

from sqlalchemy import Table, insert

from adapters.store import came
from adapters.store.results import result_row
from adapters.store.runs import run_row
from adapters.store.store import SqlStore, open_store
from adapters.store.tables import outbox, results, runs
from bot.access import Policy, Role
from bot.analysis import analysis_of
from bot.cards import Reply
from bot.command import Services
from bot.earlier import checks_of, stored
from bot.handler import Handler
from bot.model import Run
from bot.replies.announcements import ended
from bot.state import (
    Actor,
    Came,
    ChannelSettings,
    Coverage,
    DeliveryState,
    Expectation,
    Invocation,
    MentionRule,
    Mute,
    Place,
    PropertyState,
    Subscription,
    Word,
)
from tests.bench.report import Row, at_most, within
from tests.contract.store.kit import a_step
from tests.fakes.clock import ManualClock
from tests.fakes.runs import EPOCH, a_run, some_results
from tests.fakes.service import FakeRunService

LAUNCHERS, A_DAY, DAYS, CHECKS = 3, 20, 365, 1_500
CHANNELS = 3
MARKED = 300  # checks of each launcher of which people said something, in a year as in a young record
YOUNG = 3 * 61  # runs of all launchers: as many of each as a history shows, and one more
FAILING = (0, 0, 0, 1, 2, 3, 40)  # how many checks fail, one run like the other
PAYLOAD = 3_000  # characters of an announcement; they are let go after a month
BATCH = 500
SIZE = 200.0  # MiB
SLOWER = 1.5  # times the same with a young record
ROUNDS = 15

NAMES = tuple(f"Invariant {n}: what was acknowledged is never lost, part {n % 7}" for n in range(CHECKS))
READER = Actor(id="slack:user:T1:A", principals=frozenset({"slack:user:T1:A"}))


async def rows() -> list[Row]:
    """Fill both databases, then measure them in turns."""
    with tempfile.TemporaryDirectory() as folder:
        old_file, young_file = Path(folder) / "old.db", Path(folder) / "young.db"
        async with open_store(f"sqlite:///{old_file}") as old, open_store(f"sqlite:///{young_file}") as young:
            year, begun = await _filled(old, LAUNCHERS * A_DAY * DAYS), await _filled(young, YOUNG)
            history = await _in_turns(year.history, begun.history)
            verdict = await _in_turns(year.verdict, begun.verdict)
            status = await _in_turns(year.status, begun.status)
            write = await _median(year.write)
        size = sum(file.stat().st_size for file in old_file.parent.glob("old.db*")) / 2**20
    name = f"a year: {LAUNCHERS} launchers, {A_DAY} runs a day each, {CHECKS:,} checks"
    return [
        within(f"{name}: database", size, limit=SIZE, unit="MiB"),
        at_most("history of a check, a year on record", *history, bound=SLOWER, what="a young record"),
        at_most("verdict with diff, a year on record", *verdict, bound=SLOWER, what="a young record"),
        at_most(
            "status with how things stand, a year on record", *status, bound=SLOWER, what="a young record"
        ),
        Row(
            name=f"recording an end with {CHECKS:,} checks, a year on record",
            measured=f"{write * 1000:.1f} ms",
        ),
    ]


@dataclass(slots=True)
class Bench:
    """One record, and what is done with it."""

    store: SqlStore
    service: FakeRunService
    handler: Handler
    newest: Run
    written: int = 0

    async def history(self) -> None:
        """Show the history of a check that fails now and then."""
        reply = await self._say(f'history property="{NAMES[3]}" run="{self.newest.launcher}"')
        assert reply.card.chart is not None, reply.card.text
        assert len(reply.card.chart.values) == 60
        assert self.service.calls == []

    async def verdict(self) -> None:
        """Compare the newest run with those before it, and lay the card out."""
        found = await analysis_of(self.service.platform, self.store, self.newest)
        ended(found, EPOCH + timedelta(days=400))
        self.service.calls.clear()

    async def status(self) -> None:
        """Show what nobody owns, what the reader owns, what the channel expects and what it muted."""
        reply = await self._say("status")
        marks = {item.mark.partition(" ")[2] for item in reply.card.items}
        assert {"unowned", "expected"} <= marks, marks
        assert any(mark.startswith("owned") for mark in marks), marks
        assert any(item.mark == "muted" for item in reply.card.items)

    async def write(self) -> None:
        """Record the end of one run more."""
        self.written += 1
        run = _run(10**6 + self.written)
        found = some_results(run, failing=NAMES[:3], passing=NAMES[3:])
        checks = checks_of(run, found)
        assert checks is not None
        await self.store.record(
            a_step(runs=(run,), results=(stored(run, found),), checks=(checks,), results_known=(run.ref,))
        )

    async def _say(self, words: str) -> Reply:
        asked = Invocation(
            actor=READER, place=Place(channel="slack:channel:T1:C1"), text=words, key=words, at=EPOCH
        )

        async def silent(_: str) -> None:
            pass

        return await self.handler.handle(asked, silent)


async def _filled(store: SqlStore, number: int) -> Bench:
    """Put so many ended runs on record: one of each launcher as the watcher does, the others as their rows."""
    for launcher in range(LAUNCHERS):
        run = _run(launcher)
        checks = checks_of(run, some_results(run, failing=NAMES[:40], passing=NAMES[40:]))
        assert checks is not None
        kept = stored(run, some_results(run))
        await store.record(a_step(runs=(run,), results=(kept,), checks=(checks,), results_known=(run.ref,)))
    ids = [
        {
            check.name: place
            for place, check in enumerate(await store.known_checks("demo", f"launcher {n}"), 1)
        }
        for n in range(LAUNCHERS)
    ]
    assert all(len(of) == CHECKS for of in ids)
    random, made = Random(7), 0
    for batch in _batches(range(LAUNCHERS, number), BATCH):
        rows: dict[Table, list[dict[str, Any]]] = {runs: [], results: [], outbox: []}
        for each in batch:
            _add(
                rows,
                _run(each),
                random.sample(NAMES[:60], random.choice(FAILING))
                if each < number - LAUNCHERS
                else [*NAMES[:3]],
                each > number - 30 * A_DAY * LAUNCHERS,
            )
        async with store._db.writing() as session:
            for table, values in rows.items():
                await session.execute(insert(table), values)
        made += len(batch)
    await _set(store)
    newest = _run(number - 1)
    since, until = EPOCH - timedelta(days=1), EPOCH + timedelta(days=4_000)
    await store.record(a_step(coverage=Coverage(since, until)))
    service = FakeRunService(connection="demo")
    service.add_run(newest, some_results(newest, failing=NAMES[:3], passing=NAMES[3:]))
    services = Services(
        platforms={"demo": service.platform}, store=store, clock=ManualClock(),
        policy=Policy(roles={Role.READ: READER.principals}), new_key=lambda: "0" * 32,
    )  # fmt: skip
    return Bench(store, service, Handler(services), newest)


async def _set(store: SqlStore) -> None:
    """Set what people and channels set in a year: marks, expectations, mutes, quiet hours with a digest, mentions."""
    for number in range(LAUNCHERS):
        for place, name in enumerate(NAMES[10 : 10 + MARKED]):
            said = (
                {"owner": READER.id, "owned_at": EPOCH}
                if place % 3 == 0
                else {"word": Word.KNOWN, "said_at": EPOCH, "ticket": f"JIRA-{place}"}
            )
            state = PropertyState(connection="demo", launcher_key=f"launcher {number}", name=name)
            await store.save_property_state(replace(state, **said))  # type: ignore[arg-type]  # two kinds of the above
    await store.keep_name(READER.id, "Ann")
    for number in range(CHANNELS):
        channel, launcher = f"slack:channel:T1:C{number}", f"launcher {number}"
        await store.subscribe(Subscription(channel=channel), EPOCH)
        await store.set_channel(
            ChannelSettings(channel=channel, quiet_from=time(22), quiet_to=time(7), digest=time(8)), EPOCH
        )
        expected = Expectation(channel=channel, connection="demo", launcher=launcher, by=time(3), since=EPOCH)
        await store.expect(expected)
        mute = Mute(channel=channel, since=EPOCH, until=EPOCH + timedelta(days=4_000), launcher=launcher)
        await store.mute(mute, EPOCH)
        await store.add_mention(MentionRule(channel=channel, who="slack:user:T1:A"), EPOCH)


def _run(number: int) -> Run:
    at = EPOCH + timedelta(minutes=number * 24 * 60 / (A_DAY * LAUNCHERS))
    return a_run(number, launcher=f"launcher {number % LAUNCHERS}", created_at=at, completed_at=at)


def _add(rows: dict[Table, list[dict[str, Any]]], run: Run, failing: list[str], fresh: bool) -> None:
    """Add the rows of a run that ended and was announced in some channels."""
    launcher = int(run.launcher.rpartition(" ")[2])
    numbers = range(launcher * CHECKS + 1, (launcher + 1) * CHECKS + 1)
    bad = {number for number, name in zip(numbers, sorted(NAMES), strict=True) if name in set(failing)}
    blob = came.packed({number: Came.FAILED if number in bad else Came.PASSED for number in numbers})
    row = run_row(run, EPOCH, baseline=False) | {
        "results_known": True,
        "settled": True,
        "announced": run.status,
    }
    rows[runs].append(row)
    kept = stored(run, some_results(run, failing=tuple(failing)))
    rows[results].append(result_row(kept, (blob, True), announced=True))
    for channel in range(CHANNELS):
        key = f"demo:{run.ref.run_id}:completed:slack:channel:T1:C{channel}"
        rows[outbox].append({
            "key": key, "provider_key": key[-24:], "chat": "slack", "channel": f"slack:channel:T1:C{channel}",
            "payload": "x" * PAYLOAD if fresh else "", "report_links": "post", "state": DeliveryState.SENT, "attempts": 1,
            "attempt_at": run.created_at, "next_at": run.created_at, "faults": 0, "error": "", "message_id": "17.5",
            "recorded_at": run.created_at, "settled_at": run.created_at, "thread": None, "after_key": None, "context": None,
            "report_connection": "demo", "report_run_id": run.ref.run_id,
        })  # fmt: skip


def _batches(numbers: range, size: int) -> Iterator[range]:
    return (numbers[start : start + size] for start in range(0, len(numbers), size))


async def _in_turns(
    ours: Callable[[], Awaitable[None]], theirs: Callable[[], Awaitable[None]]
) -> tuple[float, float]:
    """Return the shortest times in seconds, taking turns so that a busy moment hits both."""
    pairs = [(await _seconds(ours), await _seconds(theirs)) for _ in range(ROUNDS)]
    return min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)


async def _median(work: Callable[[], Awaitable[None]]) -> float:
    return statistics.median([await _seconds(work) for _ in range(ROUNDS)])


async def _seconds(work: Callable[[], Awaitable[None]]) -> float:
    """Return the seconds of this program's own work: others on a busy machine do not count."""
    begun = process_time()
    await work()
    return process_time() - begun
