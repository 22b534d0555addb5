"""kill -9 on Clew at work, again and again: each run that ends is told once, in order; nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from adapters.simulator.antithesis import SimulatedTenant, empty_world, simulated_tenant
from adapters.simulator.common.misbehave import Rule
from adapters.store.store import open_store
from adapters.store.text import provider_key
from bot.delivery.daily import schedule_of
from bot.delivery.keys import key_of
from bot.model import RunRef, RunStatus
from bot.state import ChannelSettings, Expectation, Mute, PropertyState, Subscription, Word
from tests.fakes.chat_server import ChatServer
from tests.fakes.striker import Striker
from tests.faults.asking import asked

RUNS = 60
KILLS = 10
CHANNELS = 5
LOST, LOST_DURING = "fake:channel:C0", range(2, 8)  # a channel, and the kills through which it refuses us
MUTED, MUTED_FOR = "fake:channel:C3", timedelta(seconds=12)  # while about half of the runs end
WITH_DIGEST = "fake:channel:C4"
DIGEST_AT, LAST_DIGEST = (
    1,
    4,
)  # the kills before which its digest is due, and before which it wants none any more
EXPECTING = "fake:channel:C2"  # of a launcher that never starts
FAILS, SNOOZED = (
    "A lock is held once",
    "launcher-1",
)  # a check, and the launcher of which it was snoozed until now
NEWS_OF_LOST = f"Nothing can be posted to {LOST} for now".encode()
SETTLE = 1.5  # seconds: well above the time in which the chat stores what it has read
LONGEST_STEP = 0.02  # seconds that a write to the database may take
PATIENCE = 120.0  # seconds until a run that hangs is given up; nothing is measured by it
ROOT = Path(__file__).parents[2]

LISTED, RESULTS, RUN = "/api/v0/runs", r"/api/v0/runs/[^/]+/properties", r"/api/v0/runs/[^/]+"

KEYS = "SELECT channel, provider_key FROM outbox"

# Where to strike: each happens at least once for each run that is told.
POINTS = ("asked to post", "stored", "answered", "asked for a run", "asked for results")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener(Rule):
    """Spoils nothing at the tenant; tells of each request to some path before it is answered."""

    tell: Callable[[], None]

    def matches(self, method: str, path: str) -> bool:
        # Without arguments, `super` does not find its class in a dataclass with slots.
        if Rule.matches(self, method, path):
            self.tell()
        return False


class Nursery:
    """Starts processes that deliver, one after the other, and kills them."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self.orders = process.stdin
        self.news = process.stdout

    async def deliver(self, strike: asyncio.Event | None = None, *, pause: float = 0.0) -> int:
        """Let one process work until it is done, or until it is killed at the strike; return its exit code.

        `pause`: seconds from the strike to the kill, which then meets what follows, such as a commit.
        """
        async with asyncio.timeout(PATIENCE):
            self.orders.write(b"go\n" if strike else b"settle\n")
            pid = int(await self.news.readline())
            ended = asyncio.create_task(self.news.readline())
            struck = asyncio.create_task((strike or asyncio.Event()).wait())
            try:
                await asyncio.wait({struck, ended}, return_when=asyncio.FIRST_COMPLETED)
                await asyncio.sleep(pause)
            finally:
                struck.cancel()
                if not ended.done():  # it is struck, or hangs
                    os.kill(pid, signal.SIGKILL)
            return int(await ended)

    async def close(self) -> bytes:
        """End it, and return what the processes complained about."""
        self.orders.close()
        async with asyncio.timeout(PATIENCE):
            _, errors = await self.process.communicate()
        return errors


class Endings:
    """Runs that end one by one: half are under way at the first look, half start and end between two looks."""

    def __init__(self, tenant: SimulatedTenant) -> None:
        self._tenant = tenant
        self._going = [self._begin(number) for number in range(RUNS // 2)]
        self.due = 0
        self.told: set[tuple[str, str]] = set()  # the messages there have to be, as (channel, key)

    def next(self) -> None:
        """End one more run, if one is due."""
        number = len(self.told)
        if self.due == 0:
            return
        self.due -= 1
        run_id = self._going[number] if number < len(self._going) else self._begin(number)
        status = RunStatus.INCOMPLETE if number % 7 == 0 else RunStatus.COMPLETED
        self._tenant.finish_run(run_id, status=status.value, failing=[FAILS] * (number % 2))
        key = key_of(RunRef("default", run_id), status, _channel(number))
        self.told.add((_channel(number), provider_key(key)))

    def _begin(self, number: int) -> str:
        return self._tenant.add_run(launcher=f"launcher-{number % CHANNELS}", age=0.0)


async def test_kill_loop__loses_and_doubles_nothing(database: str, tmp_path: Path) -> None:
    """Sixty runs end through ten kills at random steps, with a chat that drops, delays and forgets to answer.

    One of its channels refuses us for half of the time: what is for it waits, or is told in a summary. Another one is
    muted at first: what ends meanwhile is held, and told once when that is over, whatever is killed. A third one has a
    digest, made once, a fourth one is told once of a run that did not start; a snooze ends once, with the run that ends it.
    """
    chance, striker = random.Random(20260514), Striker()
    server = ChatServer(chance=random.Random(20260515), happened=striker.happened, limited=0.02)
    port = await server.start()
    await _subscribe(database)
    async with simulated_tenant(world=empty_world, speed=1.0) as tenant:
        for number in range(CHANNELS):
            tenant.add_run(launcher=f"launcher-{number}", status="completed", age=3600.0)
        endings = Endings(tenant)
        _listen(tenant, striker, endings)
        nursery = await _open(database, tmp_path, tenant, port)
        striker.after(2, "asked for the list")  # a first look that is cut short is taken again
        codes = [await nursery.deliver(striker.now), await nursery.deliver()]
        for number in range(KILLS):
            (server.gone.add if number in LOST_DURING else server.gone.discard)(LOST)
            if number == DIGEST_AT:
                digest = await _make_digest_due(database)
            if number == LAST_DIGEST:
                await _no_digest_any_more(database)
            endings.due += RUNS // KILLS
            striker.after(chance.randint(1, RUNS // KILLS), chance.choice(POINTS))
            codes.append(await nursery.deliver(striker.now, pause=chance.uniform(0.0, LONGEST_STEP)))
        while endings.due:
            endings.next()
        codes.append(await nursery.deliver())
        errors = await nursery.close()
        violations = tenant.violations()
    await server.stop()

    assert [line for line in errors.splitlines() if not line.startswith(NEWS_OF_LOST)] == []
    assert errors, "the channel was lost, and the operator told"
    assert codes == [-signal.SIGKILL, 0] + [-signal.SIGKILL] * KILLS + [0]
    assert len(endings.told) == RUNS
    alarms = set(await asked(database, f"{KEYS} WHERE key LIKE '%:missing:%'"))
    assert [channel for channel, _ in alarms] == [EXPECTING]
    assert (WITH_DIGEST, provider_key(digest)) in server.keys
    told = endings.told | await digests(database) | alarms
    assert sorted(told) == sorted([*server.keys, *await folded(database)])
    assert await _recorded(database) == [_in_channel(server.keys, n) for n in range(CHANNELS)]
    assert striker.seen["asked to look"] > 0
    assert await asked(database, "SELECT channel, until FROM mutes") == [], "its end was announced"
    assert await _ended_snooze(database) in {key for _, key in endings.told}
    assert violations == []


def _channel(number: int) -> str:
    return f"fake:channel:C{number % CHANNELS}"


async def _subscribe(database: str) -> None:
    """Set all that channels and people may set."""
    now = datetime.now(UTC)
    due = now - timedelta(minutes=10)
    async with open_store(database) as store:
        for number in range(CHANNELS):
            wish = Subscription(channel=_channel(number), launcher=f"launcher-{number}")
            await store.subscribe(wish, now)
        await store.mute(Mute(channel=MUTED, since=now, until=now + MUTED_FOR), now)
        await store.set_channel(
            ChannelSettings(channel=WITH_DIGEST, digest=(now - timedelta(hours=1)).time()), now
        )
        expected = Expectation(
            channel=EXPECTING, connection="default", launcher="never started", since=now - timedelta(hours=1),
            by=due.time(), begins=(due - timedelta(minutes=1)).time(),
        )  # fmt: skip
        await store.expect(expected)
        state = PropertyState(
            connection="default", launcher_key=SNOOZED, name=FAILS, word=Word.SNOOZED, said_at=now, until=now
        )
        assert await store.save_property_state(state)


async def _make_digest_due(database: str) -> str:
    """Let the digest of today be due, whatever was held for that of tomorrow; return its key."""
    now = datetime.now(UTC)
    settings = ChannelSettings(channel=WITH_DIGEST, digest=now.time(), digest_empty=True)
    async with open_store(database) as store:
        await store.set_channel(settings, now)
        await store.begin_digests(WITH_DIGEST, schedule_of(settings.daily), now - timedelta(minutes=1))
    return f"digest:{now:%Y%m%dT%H%M}:{WITH_DIGEST}"


async def _no_digest_any_more(database: str) -> None:
    """Let out what waits for the digest of tomorrow."""
    async with open_store(database) as store:
        await store.set_channel(ChannelSettings(channel=WITH_DIGEST), datetime.now(UTC))


async def _ended_snooze(database: str) -> str:
    """Return the key of the message about the run that ended the snooze: it was changed once since it was said."""
    async with open_store(database) as store:
        state = await store.property_state("default", SNOOZED, FAILS)
    assert state.version == 2
    assert state.reopened is not None
    run = RunRef("default", state.reopened.run_id)
    return provider_key(key_of(run, RunStatus.COMPLETED, f"fake:channel:C{SNOOZED[-1]}"))


def _listen(tenant: SimulatedTenant, striker: Striker, endings: Endings) -> None:
    """Tell the striker of requests; each look at the list may find one more run ended than the one before."""
    for what, path in (("the list", LISTED), ("results", RESULTS), ("a run", RUN)):
        tenant.rules.add(Listener(path=path, tell=partial(striker.happened, f"asked for {what}")))
    tenant.rules.add(Listener(path=LISTED, tell=endings.next))


async def _open(database: str, folder: Path, tenant: SimulatedTenant, port: int) -> Nursery:
    """Start the process that has everything imported."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.faults.deliver_process", str(port), str(SETTLE)),
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(folder),  # who is killed leaves files behind
            "ANTITHESIS_BASE_URL": tenant.base_url,
            "ANTITHESIS_API_KEY": tenant.api_key,
            "DATABASE_URL": database,
        },
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    return Nursery(process)


async def _recorded(database: str) -> list[list[str]]:
    """Return the keys of each channel in the order in which they were recorded."""
    rows = await asked(database, f"{KEYS} WHERE state = 'sent' ORDER BY id")
    return [_in_channel(rows, number) for number in range(CHANNELS)]


async def folded(database: str) -> set[tuple[str, str]]:
    """Return the messages that a summary tells of instead, as (channel, key)."""
    return set(await asked(database, f"{KEYS} WHERE state = 'folded'"))


async def digests(database: str) -> set[tuple[str, str]]:
    """Return all summaries, as (channel, key)."""
    return set(await asked(database, f"{KEYS} WHERE key LIKE 'digest:%'"))


def _in_channel(keys: Iterable[tuple[str, str]], number: int) -> list[str]:
    return [key for channel, key in keys if channel == _channel(number)]
