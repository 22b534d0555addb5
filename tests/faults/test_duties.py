"""Programs on one database share its duties: each is done by one, moves on when that one ends, and is fenced."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest

from adapters.replicas import member as module
from adapters.replicas.duties import Duties, Duty, together
from adapters.replicas.member import ReplicaTable, at_work, is_seen_dead, named, this_program, waits_for
from adapters.replicas.timing import BEAT, DEAD_AFTER
from adapters.store.fence import TakenOver
from adapters.store.replicas import Replica
from adapters.store.store import SqlStore, open_store
from bot.errors import StoreError
from tests.contract.store.kit import NOW, a_delivery
from tests.fakes.clock import ManualClock
from tests.fakes.store_replicas import MemoryReplicas

SCRIPT = "tests.faults.replica_process"
DUTIES = ("poll prod", "poll qa", "deliver slack", "launches", "live", "audit")


@dataclass
class Program:
    """One program: what it does now, and what it did. `can`: its duties."""

    table: ReplicaTable
    clock: ManualClock
    can: Iterable[str] = DUTIES
    me: Replica | None = None
    stays: bool = False
    did: list[str] = field(default_factory=list)
    slow: asyncio.Event | None = None
    names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.able = [Duty(name, partial(self._work, name), stays=self.stays) for name in self.can]
        me = self.me or replace(this_program(self.clock.now()), place="", host="here")
        self.replicas = Duties(
            self.table, self.clock, able=lambda: self.able, joined=self.names.append, me=me
        )

    @property
    def does(self) -> set[str]:
        """The duties that it is in."""
        return {name for name in self.can if self.did.count(name) > self.did.count(f"no {name}")}

    @asynccontextmanager
    async def _work(self, name: str) -> AsyncIterator[None]:
        self.did.append(name)
        try:
            yield
        finally:
            if self.slow is not None:
                await self.slow.wait()
            self.did.append(f"no {name}")


async def pass_time(seconds: float, *programs: Program) -> None:
    """Let these programs live for so long; others are frozen."""
    for _ in range(round(seconds / BEAT)):
        programs[0].clock.pass_time(BEAT)
        for program in programs:
            await program.replicas.step()
            for _ in range(20):  # what ends has ended
                await asyncio.sleep(0)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def table() -> MemoryReplicas:
    return MemoryReplicas()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'clew.db'}"


@pytest.fixture
async def store(url: str) -> AsyncIterator[SqlStore]:
    async with open_store(url) as store:
        yield store


async def test_duties__one_does_all_until_others_come(table: MemoryReplicas, clock: ManualClock) -> None:
    """A program alone waits for nobody; with three of them each has two of six, and then nothing moves any more."""
    first, second, third = Program(table, clock), Program(table, clock), Program(table, clock)
    await first.replicas.step()
    alone = first.does
    await pass_time(20, first, second, third)
    done = [len(each.did) for each in (first, second, third)]
    await pass_time(40, first, second, third)

    assert alone == set(DUTIES)
    assert [len(each.does) for each in (first, second, third)] == [2, 2, 2]
    assert first.does | second.does | third.does == set(DUTIES)
    assert [len(each.did) for each in (first, second, third)] == done


class NeverGives(MemoryReplicas):
    """A table from which no lease can be had: somebody is always faster, and never there."""

    async def take_lease(self, name: str, me: str, seen_epoch: int) -> int | None:
        return None


@pytest.mark.parametrize(("shared", "free"), [(MemoryReplicas(), set()), (NeverGives(), set(DUTIES))])
async def test_duties__that_nobody_does(shared: MemoryReplicas, free: set[str], clock: ManualClock) -> None:
    """What an operator is alerted of: a duty that this program could do, and that nobody has."""
    program = Program(shared, clock)
    await pass_time(20, program)

    assert program.replicas.free == free
    assert program.replicas.held == set(DUTIES) - free


async def test_duties__of_one_that_is_silent(table: MemoryReplicas, clock: ManualClock) -> None:
    """Nobody sees whether it lives: after a bounded time without a beat the others do what it did, whatever clocks say."""
    first, second = Program(table, clock), Program(table, clock)
    await pass_time(20, first, second)
    clock.jump(3600)
    await pass_time(DEAD_AFTER - BEAT, second)
    early = len(second.does)
    clock.jump(-7200)
    await pass_time(2 * BEAT, second)

    assert early == 3
    assert second.does == set(DUTIES)


async def test_duties__of_one_that_wakes_after_five_minutes(
    table: MemoryReplicas, clock: ManualClock
) -> None:
    """It hears with its next beat that it was found dead, ends everything, and joins as another; then it is given its share."""
    first, second = Program(table, clock), Program(table, clock)
    await pass_time(20, first, second)
    was, sure = first.replicas.me.id, first.replicas.sure
    await pass_time(300, second)
    frozen, doubtful = first.does, first.replicas.sure
    await pass_time(BEAT, first)
    woken = first.does
    await pass_time(20, second, first)

    assert (len(frozen), woken) == (3, set())
    assert first.replicas.me.id != was
    assert first.names == [was, first.replicas.me.id]
    assert (sure, doubtful, first.replicas.sure) == (True, False, True)
    assert first.does | second.does == set(DUTIES)
    assert len(first.does) == len(second.does) == 3


async def test_duties__who_was_frozen_buries_nobody(table: MemoryReplicas, clock: ManualClock) -> None:
    """What passed while it could not look counts for little: nor could the others show life to it."""
    first, second = Program(table, clock), Program(table, clock)
    await pass_time(20, first, second)
    clock.pass_time(300)  # the database was away, for both
    await pass_time(2 * BEAT, second)
    await pass_time(20, first, second)

    assert (first.did.count("no live"), second.did.count("no live")) in {(1, 0), (0, 0), (0, 1)}
    assert len(await table.replicas()) == 2
    assert len(first.does) == len(second.does) == 3


async def test_duties__an_end_in_good_order_hands_on(table: MemoryReplicas, clock: ManualClock) -> None:
    """All of it at once, and only when it has ended."""
    first, second = Program(table, clock, slow=asyncio.Event()), Program(table, clock)
    await first.replicas.step()
    leaving = asyncio.create_task(first.replicas.leave())
    await pass_time(BEAT, second)
    early = second.does
    assert first.slow is not None
    first.slow.set()
    await leaving
    await pass_time(BEAT, second)

    assert early == set()
    assert (first.does, second.does) == (set(), set(DUTIES))


async def test_duties__given_up_only_when_they_ended(table: MemoryReplicas, clock: ManualClock) -> None:
    """One at a time, and nobody has it before its last tick is over, nor takes it back meanwhile."""
    first, second = Program(table, clock, slow=asyncio.Event()), Program(table, clock)
    await first.replicas.step()
    await pass_time(20, second, first)
    assert first.slow is not None
    assert second.does == set()
    assert len(first.replicas.held) == len(DUTIES) - 1
    first.slow.set()
    await pass_time(20, first, second)

    assert len(second.does) == 3


async def test_duties__that_stay_move_only_at_the_end(table: MemoryReplicas, clock: ManualClock) -> None:
    """What costs people a moment each time is not moved to make things even."""
    first, second = Program(table, clock, stays=True), Program(table, clock, stays=True)
    await pass_time(40, first, second)

    assert (first.does, second.does) == (set(DUTIES), set())


async def test_duties__one_that_falls_over_begins_again(table: MemoryReplicas, clock: ManualClock) -> None:
    """An error at its beginning is no end of it, and of no other."""
    program = Program(table, clock)
    broken = [True]

    @asynccontextmanager
    async def work() -> AsyncIterator[None]:
        if broken.pop() if broken else False:
            raise ValueError
        program.did.append("odd")
        yield

    duties = [Duty("odd", work), Duty("live", lambda: program._work("live"))]
    program.replicas = Duties(table, clock, able=lambda: duties, me=program.replicas.me)
    await pass_time(3 * BEAT, program)

    assert program.did == ["live", "odd"]


async def test_duties__while_the_database_is_away(table: MemoryReplicas, clock: ManualClock) -> None:
    """Nothing begins and nothing ends; what is written meanwhile fails by itself."""
    program = Program(table, clock)
    await program.replicas.step()
    table.failing = "The database does not answer."
    with pytest.raises(StoreError):
        await program.replicas.step()
    table.failing = None
    await pass_time(BEAT, program)

    assert program.did == list(DUTIES)


async def test_duties__who_was_frozen_writes_nothing(store: SqlStore, clock: ManualClock) -> None:
    """A tick that goes on where it stood five minutes ago finds that another does that now."""
    go, refused = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def polling() -> AsyncIterator[None]:
        task = asyncio.create_task(tick())
        yield
        await task

    async def tick() -> None:
        await go.wait()
        try:
            await store.enqueue(a_delivery("decided long ago"), NOW)
        except TakenOver:
            refused.set()

    frozen, awake = Program(store, clock), Program(store, clock, can=["poll prod"])
    duty = Duty("poll prod", polling)
    frozen.replicas = Duties(store, clock, able=lambda: [duty], me=frozen.replicas.me)
    await frozen.replicas.step()
    await pass_time(300, awake)
    assert awake.does == {"poll prod"}
    go.set()
    async with asyncio.timeout(20):
        await refused.wait()
    await frozen.replicas.step()

    assert (await store.depth()).waiting == 0


async def test_together__is_one_duty(table: MemoryReplicas, clock: ManualClock) -> None:
    """Where the database cannot be shared one program does everything, and a second waits for its end."""
    first, second = Program(table, clock), Program(table, clock)
    for program in (first, second):
        whole = together("everything", program.able)
        program.replicas = Duties(table, clock, able=partial(iter, [whole]), me=program.replicas.me)
    await pass_time(40, first, second)
    before = first.does, second.does
    await first.replicas.leave()
    await pass_time(BEAT, second)

    assert before == (set(DUTIES), set())
    assert first.did == [*DUTIES, *(f"no {name}" for name in reversed(DUTIES))]
    assert second.does == set(DUTIES)


def test_waits_for__names_the_other(clock: ManualClock) -> None:
    """An operator finds it, and is told what helps."""
    other = this_program(clock.now())
    said = waits_for(other)

    assert all(part in said for part in (other.host, str(other.pid), "since 2026-"))
    assert "Give each Clew a database of its own" in said


@pytest.mark.parametrize("number", ["the same", "one that is free"])
async def test_duties__a_process_number_that_is_used_again(
    table: MemoryReplicas, clock: ManualClock, number: str
) -> None:
    """A container's first process is 1 after every start: when it began tells the dead one from this one."""
    me = this_program(clock.now())
    dead = replace(me, id="dead", born="1", pid=me.pid if number == "the same" else 2**22 + 1)
    await table.join(dead)
    await table.take_lease("live", "dead", 0)
    again = Program(table, clock, me=me)
    await again.replicas.step()

    assert ("live" in again.does) is bool(me.place)


async def test_duties__where_the_system_tells_nothing(
    table: MemoryReplicas, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a view of processes the beats decide alone."""
    monkeypatch.setattr(module, "PROC", tmp_path / "none")
    first = Program(table, clock, me=this_program(clock.now()))
    second = Program(table, clock, me=this_program(clock.now()))
    await first.replicas.step()
    await second.replicas.step()
    early = second.does
    await pass_time(DEAD_AFTER + BEAT, second)

    assert (early, second.does) == (set(), set(DUTIES))


def test_is_seen_dead__one_that_the_system_hides(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Under `hidepid` another user's process is not to be seen, and lives: whoever took it for dead would bury it with every look."""
    me = this_program(clock.now())
    monkeypatch.setattr(module, "PROC", tmp_path)
    hidden = replace(me, place="here")
    gone = replace(hidden, pid=2**22 + 1)

    assert not is_seen_dead(hidden, "here")
    assert is_seen_dead(gone, "here")


async def test_at_work__elsewhere(table: MemoryReplicas) -> None:
    """Of a program on another machine a sign of life is waited for, and not for ever."""
    clock = BeatingClock(table)
    await table.join(replace(this_program(clock.now()), id="far", place="another boot"))
    silent = await at_work(table, clock)
    clock.beats = "far"
    found = await at_work(table, clock)

    assert silent is None
    assert found is not None
    assert found.id == "far"


class BeatingClock(ManualClock):
    """A clock in whose every sleep a program shows life."""

    def __init__(self, table: MemoryReplicas) -> None:
        super().__init__()
        self.table, self.beats = table, ""

    async def sleep(self, seconds: float) -> None:
        del seconds
        if self.beats:
            await self.table.beat(self.beats, "")


@asynccontextmanager
async def another(url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run another program that works on the database."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", SCRIPT, url, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert (await process.stdout.readline()).strip() == b"True"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.skipif(
    not this_program(ManualClock().now()).place, reason="the system tells nothing of processes"
)
async def test_duties__of_one_that_was_killed(store: SqlStore, url: str, clock: ManualClock) -> None:
    """Kill -9 leaves row and leases behind; the next look sees that the process is gone and waits for nothing."""
    async with another(url) as process:
        second = Program(store, clock, can=["everything"], me=this_program(clock.now()))
        await second.replicas.step()
        before, (found,) = second.does, second.replicas.others
        process.kill()
        await process.wait()
        await second.replicas.step()

    assert before == set()
    assert f"process {process.pid}" in named(found)
    assert second.does == {"everything"}
