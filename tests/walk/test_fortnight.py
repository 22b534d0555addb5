"""Two weeks of a team, replayed through the poller, the database and the delivery: how much each channel hears of them.

200 runs of three launchers: failures that come and go, a broken build, a broken environment, and in the second week the day on
which clocks go forward. What newly fails is worked out here anew, from what the runs were made of.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

from adapters.store.store import SqlStore, open_store
from bot.delivery.deliver import Deliverer, Pace
from bot.model import RunStatus
from bot.state import CHANGES, ChannelSettings, Subscription
from bot.watch.poll import Poller
from tests.fakes.chat import FakeChat, Message
from tests.fakes.clock import ManualClock
from tests.fakes.runs import a_run, some_results
from tests.fakes.service import FakeRunService

BEGIN = datetime(2027, 3, 22, tzinfo=UTC)  # a Monday; clocks in Berlin go forward on the 28th
DAYS = 14
MORNING = (6, 7, 8)  # UTC, in which 08:00 in Berlin lies
NIGHTLY, MERGES, PULLS = "Payments Nightly", "Payments Main", "Ledger Pull Requests"
CHECKS = tuple(f"check {n}" for n in range(20))
FLAKY = {NIGHTLY: CHECKS[:3], MERGES: CHECKS[3:5], PULLS: CHECKS[5:6]}
BROKEN = CHECKS[10:14]
BROKEN_BUILD = (BEGIN + timedelta(days=3, hours=9), BEGIN + timedelta(days=3, hours=15))
BROKEN_ENVIRONMENT = (BEGIN + timedelta(days=9, hours=13), BEGIN + timedelta(days=9, hours=17))
EVERYTHING, ON_CHANGES, QUIET, DIGEST = (
    f"fake:channel:{name}" for name in ("everything", "changes", "quiet", "digest")
)
KINDS = {
    EVERYTHING: "every run",
    ON_CHANGES: "changes",
    QUIET: "changes, and a digest",
    DIGEST: "a digest instead",
}


@dataclass(frozen=True)
class Planned:
    """A run as it will end. `failing` None: it does not get through. `new`, `change`: what is to be said of it."""

    launcher: str
    ends: datetime
    failing: frozenset[str] | None
    new: frozenset[str] = frozenset()
    change: bool = False


def plan(seed: int) -> list[Planned]:
    """Make up 200 runs: one each night, the others while people work, now and then several at once."""
    chance = random.Random(seed)
    times = [(NIGHTLY, BEGIN + timedelta(days=day, hours=2, minutes=40)) for day in range(DAYS)]
    working = [day for day in range(DAYS) if (BEGIN + timedelta(days=day)).weekday() < 5]
    while len(times) < 200:
        at = BEGIN + timedelta(days=chance.choice(working), minutes=chance.randrange(7 * 60, 17 * 60))
        several = chance.choice((1, 1, 1, 2, 3))
        times += [(chance.choice((MERGES, PULLS)), at) for _ in range(min(several, 200 - len(times)))]
    planned = []
    for launcher, at in sorted(times, key=lambda pair: pair[1]):
        failing = {name for name in FLAKY[launcher] if chance.random() < 0.15}
        if BROKEN_BUILD[0] <= at < BROKEN_BUILD[1]:
            failing |= set(BROKEN)
        through = not BROKEN_ENVIRONMENT[0] <= at < BROKEN_ENVIRONMENT[1]
        planned.append(Planned(launcher, at, frozenset(failing) if through else None))
    return judged(planned)


def judged(planned: Sequence[Planned]) -> list[Planned]:
    """Say of each run what newly fails against the last one of its launcher that got through, and whether that is news."""
    last: dict[str, frozenset[str]] = {}
    broke: dict[str, bool] = {}
    found = []
    for run in planned:
        before, was_broken = last.get(run.launcher, frozenset()), broke.get(run.launcher, False)
        broke[run.launcher] = run.failing is None
        if run.failing is None:
            found.append(replace(run, change=True))
            continue
        last[run.launcher] = run.failing
        new = run.failing - before
        recovered = not run.failing and (bool(before) or was_broken)
        found.append(replace(run, new=new, change=bool(new) or recovered))
    return found


@dataclass(kw_only=True)
class Fortnight:
    """The parts. `runs`: what became of the plan, by the run's id."""

    store: SqlStore
    clock: ManualClock = field(default_factory=lambda: ManualClock(BEGIN - timedelta(hours=1)))
    service: FakeRunService = field(default_factory=FakeRunService)
    runs: dict[str, Planned] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chat = FakeChat(clock=self.clock)
        self.deliverer = Deliverer(
            self.chat, self.store, platforms={"demo": self.service.platform}, clock=self.clock,
            notify_operator=self._hear, pace=Pace(per_channel=0), chance=lambda: 1.0,
        )  # fmt: skip
        self.poller = Poller(
            self.service.platform, self.store, clock=self.clock, renderers={"fake": self.chat.render},
            on_rows=self.deliverer.wake, notify_operator=self._hear,
        )  # fmt: skip
        self.told: list[str] = []

    async def replay(self, planned: Sequence[Planned]) -> None:
        """Let everything happen, and look after each end and each morning."""
        for n, launcher in enumerate((NIGHTLY, MERGES, PULLS)):  # what was there before
            first = self.service.add_run(
                a_run(n, launcher=launcher, created_at=BEGIN - timedelta(hours=9 - n))
            )
            self.service.set_results(some_results(first, passing=CHECKS))
        await self.look()
        hours = [(BEGIN + timedelta(days=n, hours=h), None) for n in range(DAYS + 1) for h in MORNING]
        ends = [(run.ends, run) for run in planned]
        for at, each in groupby(sorted([*hours, *ends], key=lambda pair: pair[0]), key=lambda pair: pair[0]):
            self.clock.pass_time((at - self.clock.now()).total_seconds())
            for _, run in each:
                if run is not None:
                    self.end(run)
            await self.look()

    def end(self, run: Planned) -> None:
        """Let a run end that began half an hour ago."""
        number = 1000 + len(self.runs)
        began = run.ends - timedelta(minutes=30) + timedelta(milliseconds=number)
        status = RunStatus.INCOMPLETE if run.failing is None else RunStatus.COMPLETED
        made = a_run(
            number,
            launcher=run.launcher,
            status=status,
            created_at=began,
            started_at=began,
            completed_at=run.ends,
        )
        self.service.add_run(made)
        if run.failing is not None:
            passing = tuple(name for name in CHECKS if name not in run.failing)
            self.service.set_results(some_results(made, failing=tuple(run.failing), passing=passing))
        self.runs[made.ref.run_id] = run

    async def look(self) -> None:
        """Poll, then deliver what there is to deliver."""
        self.service.now = self.clock.now()
        await self.poller.tick()
        for _ in range(200):
            if await self.deliverer.step():
                return
        raise AssertionError("it never has nothing to do")

    async def _hear(self, sentence: str) -> None:
        self.told.append(sentence)

    def messages(self, channel: str) -> list[Message]:
        """Return what a channel got."""
        return [message for message in self.chat.messages if message.channel == channel]


def runs_in(message: Message) -> list[str]:
    """Return the ids of the runs that a message tells of, itself or in an entry."""
    card = json.loads(message.payload)
    about = [card["context"], *(item["context"] for item in card["items"])]
    return sorted({context["run"]["run_id"] for context in about if context and context["run"]})


@asynccontextmanager
async def replayed(folder: Path, seed: int = 7) -> AsyncIterator[Fortnight]:
    """Replay a plan for one channel of each kind."""
    async with open_store(f"sqlite:///{folder}/clew.db") as store:
        weeks = Fortnight(store=store)
        now = weeks.clock.now()
        await store.subscribe(Subscription(channel=EVERYTHING), now)
        await store.subscribe(Subscription(channel=ON_CHANGES, outcomes=CHANGES), now)
        await store.subscribe(Subscription(channel=QUIET, outcomes=CHANGES), now)
        await store.subscribe(Subscription(channel=DIGEST), now)
        for channel in (QUIET, DIGEST):
            await store.set_channel(
                ChannelSettings(channel=channel, zone="Europe/Berlin", digest=time(8)), now
            )
        await weeks.replay(plan(seed))
        yield weeks


async def test_fortnight__each_channel_hears_what_it_asked_for(tmp_path: Path) -> None:
    """Each run once where every run is wanted; elsewhere no more messages than there is news; no failure is lost."""
    async with replayed(tmp_path) as weeks:
        changes = {ref for ref, run in weeks.runs.items() if run.change}
        table = [f"{kind:22} {len(weeks.messages(channel)):4} messages" for channel, kind in KINDS.items()]
        sys.stdout.write("\n".join(("", f"{len(weeks.runs)} runs, {len(changes)} of them news", *table, "")))

        for channel, wanted in ((EVERYTHING, set(weeks.runs)), (ON_CHANGES, changes), (QUIET, changes)):
            told = Counter(ref for m in weeks.messages(channel) if not is_digest(m) for ref in runs_in(m))
            assert dict.fromkeys(wanted, 1) == told
        for channel in (QUIET, DIGEST):
            days = Counter(in_berlin(m).date() for m in weeks.messages(channel) if is_digest(m))
            assert {1} == set(days.values())
            assert {time(8)} == {in_berlin(m).time() for m in weeks.messages(channel) if is_digest(m)}
        assert all(map(is_digest, weeks.messages(DIGEST)))
        assert len(weeks.runs) == sum(map(ended_in, weeks.messages(DIGEST)))
        for channel in KINDS:
            assert not [m for m in weeks.messages(channel) if json.loads(m.payload)["mentions"]]
            assert not lost(weeks, channel)
        assert not weeks.chat.violations
        assert not weeks.chat.doubled


def is_digest(message: Message) -> bool:
    """Whether a message is a digest, by its title."""
    return str(json.loads(message.payload)["title"][0]).startswith("Digest: ")


def ended_in(message: Message) -> int:
    """Return of how many runs a digest says that they ended."""
    found = re.search(
        r"notified of, (\d+) ended",
        "".join(s if isinstance(s, str) else s["text"] for s in json.loads(message.payload)["text"]),
    )
    return int(found[1]) if found else 0


def in_berlin(message: Message) -> datetime:
    return message.at.astimezone(ZoneInfo("Europe/Berlin")).replace(microsecond=0)


def lost(weeks: Fortnight, channel: str) -> list[tuple[str, str]]:
    """Return each new failure, by run and name, that no message to a channel names: of that run, or the digest behind it."""
    named: dict[str, str] = {}
    digests = [message for message in weeks.messages(channel) if is_digest(message)]
    for message in weeks.messages(channel):
        for ref in () if is_digest(message) else runs_in(message):
            named[ref] = named.get(ref, "") + message.payload
    for ref, run in weeks.runs.items():
        following = next((message.payload for message in digests if message.at >= run.ends), "")
        named[ref] = named.get(ref, "") + (following if channel == DIGEST else "")
    return [
        (ref, name) for ref, run in weeks.runs.items() for name in run.new if f'"{name}"' not in named[ref]
    ]
