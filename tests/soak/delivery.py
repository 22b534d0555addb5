"""Nothing is lost and nothing doubled: announcements, answers and launches through kills, freezes and broken networks.

    python -m tests.soak delivery [--short]

Replicas of `clew run` work with hostile servers (`world`) while they are killed at moments that are chosen by what
happens. In the end the servers are asked what they stored (`judge`).
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy.engine import make_url

from adapters.store.store import open_store
from bot.delivery.keys import key_of
from bot.errors import StoreError
from bot.model import RunRef, RunStatus
from bot.state import DeliveryState, Subscription
from tests.fakes.database_door import Door, a_door
from tests.fakes.slack_world import TEAM
from tests.postgresql import a_cluster
from tests.soak.judge import (
    OVER,
    Row,
    Verdict,
    accepted,
    asked_for,
    judge,
    rows,
    stored,
    unanswered,
    unsettled,
    violations,
)
from tests.soak.people import People
from tests.soak.process import CALL, DEAD_AFTER, SETTLE
from tests.soak.replicas import Replicas
from tests.soak.world import BY_HAND, LATEST, LAUNCHER, LAUNCHERS, LOST, POSTED, STRIKES, World, hostile_world

LONGEST_STEP = 0.02  # seconds from a strike to the kill, which then meets what follows, such as a commit
UNSTRUCK, SLOW = 3.0, 15.0  # seconds after which somebody is killed though nothing happened
CUT = 2.5 * CALL  # seconds that a network is cut
FROZEN = 1.6 * DEAD_AFTER  # seconds that a replica stands still
LAST = 240.0  # seconds for all that is left after the last kill
A_LOOK = 0.3  # seconds between two looks at what is left
EVERY_TROUBLE, EVERY_LOOK = 5, 2  # rounds
BLINK = 0.02  # seconds
MOST_STALLED = (SETTLE - CALL - LATEST) / 2  # seconds; it takes several steps until what was sent is stored
UNDER_WAY = 40  # runs at the first look, at most: a list of many pages would seldom be read whole
AHEAD = 10  # runs that may have ended before the replicas have recorded it: so looks stay short
MOST_SHOWN = 20
NO_DATABASE = "database"  # who starts while there is none says so and leaves, to be started again
CORRECTED = 10  # of so many runs one turns out to have ended otherwise
TOML = """
[web]
listen = "off"
[roles]
launch = ["slack:team:{team}", "discord:guild:{guild}"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much: `runs` end, each announced in two chats; `rounds` with one kill each. `questions`, `launches`: in all."""

    runs: int
    rounds: int
    replicas: int = 1
    questions: int = 0
    launches: int = 0
    lost: float = LOST  # the share of launches whose answer is lost
    troubles: bool = True  # besides kills: freezes, cuts, and restarts of the database
    seed: int = 20260514


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A database. `url`: for the replicas; `direct`: for the judge. `door`: the way to it; `restart`: of its server."""

    url: str
    direct: str
    door: Door | None = None
    restart: Callable[[], Coroutine[Any, Any, None]] | None = None


@dataclass(kw_only=True)
class Proof:
    """What came of it."""

    verdict: Verdict
    codes: list[int]
    died: list[str]
    errors: list[str]
    kills: int
    troubles: int
    questions: int
    launches: int
    seconds: float
    stalled: float  # seconds that the servers stood still, at most
    unfinished: str = ""

    @property
    def problems(self) -> dict[str, list[str]]:
        """What is wrong, by name; empty where nothing is."""
        found = {
            **self.verdict.wrong,
            "unfinished": [self.unfinished],
            "exit codes": [str(code) for code in self.codes if code],
            "left by themselves": [each for each in self.died if NO_DATABASE not in each],
        }
        wrong = {name: each for name, each in found.items() if any(each)}
        if wrong and self.stalled > MOST_STALLED:
            wrong["not to be trusted"] = [
                f"the servers stood still for {self.stalled:.1f} s: what they stored then came later than replicas wait for it"
            ]
        return wrong

    @property
    def sentence(self) -> str:
        """Sum it up."""
        wrong = {name: len(found) for name, found in self.verdict.wrong.items()} or "nothing"
        return (
            f"{self.verdict.told} announcements, {self.questions} answers, {self.launches} launches through {self.kills} kills "
            f"and {self.troubles} other troubles in {self.seconds:.0f} s, servers stood still for {self.stalled:.1f} s at most; "
            f"wrong: {wrong}"
        )


class Stalls:
    """Notes for how long the servers, which share a loop, stood still on a machine that is busy with other things."""

    longest = 0.0

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            begun = monotonic()
            await asyncio.sleep(BLINK)
            self.longest = max(self.longest, monotonic() - begun - BLINK)


class Endings:
    """Runs that end one by one: half are under way at the first look, half start and end between two looks."""

    def __init__(self, world: World, count: int) -> None:
        self.world = world
        self._going = [self._begin(number) for number in range(min(count // 2, UNDER_WAY))]
        self.count = count
        self.due = 0
        self.ended = self.recorded = 0
        self.expected: list[tuple[str, str]] = []  # the messages there have to be, as (channel, business key)
        self._to_correct: list[tuple[str, str]] = []

    def next(self) -> None:
        """End one more run, if one is due; sometimes one that ended before turns out to have ended otherwise."""
        if self.due == 0 or self.ended == self.count or self.ended - self.recorded / 2 > AHEAD:
            return
        self.due -= 1
        number, self.ended = self.ended, self.ended + 1
        run_id = self._going[number] if number < len(self._going) else self._begin(number)
        status = RunStatus.INCOMPLETE if number % 7 == 0 else RunStatus.COMPLETED
        self.world.tenant.finish_run(run_id, status=status.value)
        launcher = LAUNCHERS[number % len(LAUNCHERS)]
        self._expect(run_id, status, launcher)
        if status is RunStatus.COMPLETED and number % CORRECTED == 1:
            self._to_correct.append((run_id, launcher))

    def correct(self, recorded: list[Row]) -> None:
        """Let runs whose end was announced turn out to be incomplete."""
        announced = {row.key for row in recorded if row.state == DeliveryState.SENT}
        self.recorded = len(recorded)
        for run_id, launcher in list(self._to_correct):
            ref = RunRef("default", run_id)
            keys = {key_of(ref, RunStatus.COMPLETED, channel) for channel in self.world.places[launcher]}
            if keys <= announced:
                run = self.world.tenant.run(run_id)
                run.plan = replace(run.plan, status=RunStatus.INCOMPLETE.value)
                self._to_correct.remove((run_id, launcher))
                self._expect(run_id, RunStatus.INCOMPLETE, launcher)

    def _expect(self, run_id: str, status: RunStatus, launcher: str) -> None:
        ref = RunRef("default", run_id)
        self.expected += [(channel, key_of(ref, status, channel)) for channel in self.world.places[launcher]]

    def _begin(self, number: int) -> str:
        return self.world.tenant.add_run(launcher=LAUNCHERS[number % len(LAUNCHERS)], age=0.0)


@dataclass(kw_only=True)
class Chaos:
    """Kills, freezes, cuts and restarts."""

    world: World
    replicas: Replicas
    base: Base
    chance: random.Random
    count: int
    troubles: int = 0
    _going: set[asyncio.Task[None]] = field(default_factory=set)

    async def strike(self) -> None:
        """Wait for a moment, kill one replica there and start another.

        On a machine that is slow it would never come to anything, so something has to be posted between two kills.
        """
        striker = self.world.striker
        await self._struck(1, POSTED, SLOW)
        kinds = [kind for kind in STRIKES if striker.seen[kind]]
        await self._struck(self.chance.randint(1, 5), self.chance.choice(kinds) if kinds else None, UNSTRUCK)
        await asyncio.sleep(self.chance.uniform(0.0, LONGEST_STEP))
        self.replicas.bury()
        awake = [replica for replica in self.replicas.living if not replica.frozen]
        if awake:
            await self.replicas.kill(self.chance.choice(awake))
        while len(self.replicas.living) < self.count:
            self.replicas.start()

    async def _struck(self, things: int, kind: str | None, seconds: float) -> None:
        """Wait until so much more has happened, but no longer than so many seconds."""
        self.world.striker.after(things, kind)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.world.striker.now.wait()

    def trouble(self, number: int) -> None:
        """Begin something else that goes wrong for a while."""
        doors = [*self.world.doors.values(), *([self.base.door] if self.base.door else [])]
        kinds: list[Callable[[], Coroutine[Any, Any, None]]] = [
            self._freeze, lambda: self._cut(doors[number % len(doors)]),
        ]  # fmt: skip
        if self.base.restart is not None:
            kinds.append(self.base.restart)
        task = asyncio.create_task(kinds[number % len(kinds)]())
        self.troubles += 1
        self._going.add(task)

    async def end(self) -> None:
        """Wait until all that went wrong is over."""
        await asyncio.gather(*self._going)
        self._going.clear()

    async def _freeze(self) -> None:
        awake = [replica for replica in self.replicas.living if not replica.frozen]
        if not awake:
            return
        frozen = self.chance.choice(awake)
        self.replicas.freeze(frozen)
        await asyncio.sleep(FROZEN)
        self.replicas.wake(frozen)

    async def _cut(self, door: Door) -> None:
        """Let nothing through for a while, in either direction and without a word; what was on its way is gone."""
        door.hold()
        await asyncio.sleep(CUT)
        door.cut()
        door.let_go()


async def prove(
    scale: Scale, folder: Path, base: Base, *, wrong: Sequence[str] = (), until_wrong: bool = False
) -> Proof:
    """Let it go through all of that, and judge it.

    `wrong`: designs that the replicas have instead of their own. `until_wrong`: stop as soon as something is.
    """
    begun = monotonic()
    chance = random.Random(scale.seed)
    async with hostile_world(scale.seed, lost=scale.lost) as world:
        for number in range(BY_HAND):
            world.tenant.add_run(launcher=f"{LAUNCHER}-{number}", status="completed", age=7200.0)
        readable = [
            world.tenant.add_run(launcher=f"read-{n}", status="completed", age=3600.0)
            for n in range(4 * scale.questions + 40)
        ]
        endings = Endings(world, scale.runs)
        people = People(world=world, chance=chance, readable=iter(readable))
        environment = await prepared(folder, base, world)
        replicas = Replicas(folder=folder, environment=environment, wrong=wrong)
        chaos = Chaos(world=world, replicas=replicas, base=base, chance=chance, count=scale.replicas)
        try:
            return await _run(scale, endings, people, chaos, begun, until_wrong=until_wrong)
        finally:
            replicas.close()


async def _run(
    scale: Scale, endings: Endings, people: People, chaos: Chaos, begun: float, *, until_wrong: bool
) -> Proof:
    base, replicas, world = chaos.base, chaos.replicas, chaos.world
    stalls = Stalls()
    watching = asyncio.create_task(stalls.watch())
    for _ in range(scale.replicas):
        replicas.start()
    await world.slack.gate.connected(1, LAST)
    await first_look(base)
    world.on_list = endings.next
    asking: set[asyncio.Task[None]] = set()
    for number in range(scale.rounds):
        endings.due += _share(scale.runs, number, scale.rounds)
        asking |= set(_asked(scale, people, number))
        if scale.troubles and number % EVERY_TROUBLE == EVERY_TROUBLE - 1:
            chaos.trouble(number // EVERY_TROUBLE)
        await chaos.strike()
        if number % EVERY_LOOK == 0:
            recorded = await _recorded(base)
            endings.correct(recorded)
            people.end_launched()
            world.forget()
            if until_wrong and _is_wrong(people, recorded):
                break
    endings.due = scale.runs
    await chaos.end()
    unfinished = await _finished(base, endings, people, asking, until_wrong=until_wrong)
    codes = [] if until_wrong else await replicas.stop()
    watching.cancel()
    await asyncio.sleep(LATEST)  # whatever is stored late is there
    there = stored(world)
    verdict = judge(there, await rows(base.direct), endings.expected)
    verdict.unanswered, verdict.answered_twice, verdict.launched_twice = people.wrong(
        there, await accepted(base.direct) if base.door else None
    )
    verdict.unsettled = unsettled(world, await asked_for(base.direct))
    verdict.violations = violations(world)
    return Proof(
        verdict=verdict,
        codes=codes,
        died=replicas.died(),
        errors=replicas.said('"level": "error"') + replicas.said("Traceback"),
        kills=replicas.kills,
        troubles=chaos.troubles,
        questions=len(people.asked_slack) + len(people.asked_discord),
        launches=people.pressed,
        seconds=monotonic() - begun,
        stalled=stalls.longest,
        unfinished=unfinished,
    )


async def _recorded(base: Base) -> list[Row]:
    """Return the outbox as soon as the database is there: at this moment it may be restarted."""
    async with asyncio.timeout(LAST):
        while True:
            try:
                return await rows(base.direct)
            except StoreError:
                await asyncio.sleep(A_LOOK)


def _asked(scale: Scale, people: People, number: int) -> Iterator[asyncio.Task[None]]:
    """Let people ask for what falls to a round."""
    for which in range(_share(scale.questions, number, scale.rounds)):
        yield asyncio.create_task(people.ask_discord() if which % 2 else people.ask_slack())
    for _ in range(_share(scale.launches, number, scale.rounds)):
        yield asyncio.create_task(people.launch())


def _share(count: int, number: int, rounds: int) -> int:
    """Return how much of something falls to a round."""
    return count * (number + 1) // rounds - count * number // rounds


async def prepared(folder: Path, base: Base, world: World) -> dict[str, str]:
    """Let every channel of a world be notified, and return what replicas are set to."""
    (folder / "clew.toml").write_text(TOML.format(team=TEAM, guild=world.discord.guild), encoding="utf-8")
    async with open_store(base.direct) as store:
        for launcher, places in world.places.items():
            for channel in places:
                await store.subscribe(Subscription(channel=channel, launcher=launcher), datetime.now(UTC))
    return {
        **world.environment,
        "DATABASE_URL": base.url,
        "CLEW_LOG_LEVEL": "warning",
        "PATH": "/usr/bin:/bin",
    }


async def first_look(base: Base) -> None:
    """Wait until what was there before has been seen: of that nothing is announced."""
    async with asyncio.timeout(60):
        while True:
            async with open_store(base.direct) as store:
                if await store.watermark("default") is not None:
                    return
            await asyncio.sleep(0.2)


def _is_wrong(people: People, recorded: list[Row]) -> bool:
    """Whether something is lost or doubled by now; what has still to come is not missed yet."""
    there = stored(people.world)
    _, answered_twice, launched_twice = people.wrong(there, None)
    return bool(judge(there, recorded, ()).wrong or answered_twice or launched_twice)


async def _finished(
    base: Base, endings: Endings, people: People, asking: set[asyncio.Task[None]], *, until_wrong: bool
) -> str:
    """Wait until all is said; return what is not, where that takes too long."""
    left, end = "", monotonic() + LAST
    while monotonic() < end:
        recorded = await rows(base.direct)
        endings.correct(recorded)
        waiting = sum(not task.done() for task in asking)
        launches = unsettled(endings.world, await asked_for(base.direct))
        left = _left(recorded, endings, waiting, await unanswered(base.direct), len(launches))
        if not left or (until_wrong and _is_wrong(people, recorded)):
            break
        await asyncio.sleep(A_LOOK)
    for task in asking:
        task.cancel()
    results = await asyncio.gather(*asking, return_exceptions=True)
    return "; ".join(filter(None, [left, *(repr(each) for each in results if isinstance(each, Exception))]))


def _left(recorded: list[Row], endings: Endings, people: int, commands: int, launches: int) -> str:
    keys = {row.key for row in recorded}
    found = {
        "runs have not ended": endings.count - endings.ended,
        "ends are not recorded": sum(key not in keys for _, key in endings.expected),
        "messages wait": sum(row.state not in OVER for row in recorded),
        "people wait": people,
        "commands are not answered": commands,
        "launches are not settled": launches,
    }
    return ", ".join(f"{count} {what}" for what, count in found.items() if count)


@asynccontextmanager
async def lite(folder: Path) -> AsyncIterator[Base]:
    """Give a SQLite file."""
    url = f"sqlite:///{folder / 'clew.db'}"
    yield Base(url=url, direct=url)


@asynccontextmanager
async def own_server(folder: Path) -> AsyncIterator[Base]:
    """Give a database on a PostgreSQL server of its own, which can be restarted and is reached through a door."""
    del folder
    with ExitStack() as stack:
        cluster = await asyncio.to_thread(stack.enter_context, a_cluster())
        direct = make_url(cluster.url)
        connection = await asyncpg.connect(cluster.url)
        # A commit that was acknowledged is one, also when the server is killed; tests elsewhere do without.
        await connection.execute(f'ALTER DATABASE "{direct.database}" SET synchronous_commit = on')
        await connection.close()
        crashes = cycle([signal.SIGQUIT, signal.SIGINT])

        async def restart() -> None:
            await asyncio.to_thread(cluster.stop, next(crashes))
            await asyncio.sleep(CUT / 2)
            await asyncio.to_thread(cluster.start)

        async with a_door(cluster.url) as door:
            yield Base(url=door.url, direct=cluster.url, door=door, restart=restart)


SHORT = Scale(runs=92, rounds=30, replicas=3, questions=20, launches=10)  # with corrections 200 announcements
LONG = Scale(runs=4_600, rounds=1_000, replicas=3, questions=2_000, launches=1_000)


async def main(*, short: bool) -> int:
    """Prove it; return the exit code."""
    return await proven(SHORT if short else LONG)


async def proven(scale: Scale) -> int:
    """Prove it on both databases, and say what came of it; return the exit code."""
    failed = False
    for name, base, own in (("SQLite", lite, replace(scale, replicas=1)), ("PostgreSQL", own_server, scale)):
        with TemporaryDirectory() as folder:
            async with base(Path(folder)) as database:
                proof = await prove(own, Path(folder), database)
        sys.stdout.write(f"{name}: {proof.sentence}\n")
        for what, found in proof.problems.items():
            sys.stdout.write("".join(f"  {what}: {each}\n" for each in found[:MOST_SHOWN]))
        failed |= bool(proof.problems)
    return int(failed)
