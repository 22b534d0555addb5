"""Duties where it is in doubt who has them: an answer of the database is lost, a program is buried or slow, a process is a zombie."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import replace

import asyncpg  # type: ignore[import-untyped]
import pytest

from adapters.replicas.member import Watch, is_seen_dead, this_program
from adapters.replicas.report import Report, write
from adapters.replicas.timing import BEAT, DEAD_AFTER
from adapters.store import replicas as stored
from adapters.store.replicas import Lease, Replica
from adapters.store.store import open_store
from bot.errors import StoreError
from tests.contract.store.kit import NOW
from tests.fakes.clock import ManualClock
from tests.fakes.store_replicas import MemoryReplicas
from tests.faults.test_duties import DUTIES, Program, pass_time

LOOK = 0.01
PATIENCE = 60.0  # seconds; only a failing test waits that long
ONE = Replica(id="one", host="h", place="", pid=1, born="", since=NOW)


class AnswerLost(MemoryReplicas):
    """A table that gives a lease, and breaks off before it can say so: once for each."""

    def __init__(self) -> None:
        super().__init__()
        self._lost: set[str] = set()

    async def take_lease(self, name: str, me: str, seen_epoch: int) -> int | None:
        taken = await super().take_lease(name, me, seen_epoch)
        if taken is not None and name not in self._lost:
            self._lost.add(name)
            raise StoreError("The connection broke.")
        return taken


class NotRead(MemoryReplicas):
    """A table that cannot be read while it is `away`."""

    away = False

    async def replicas(self) -> tuple[Replica, ...]:
        if self.away:
            raise StoreError("The connection broke.")
        return await super().replicas()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


async def test_duties__a_lease_that_was_given_without_an_answer(clock: ManualClock) -> None:
    """It is let go of and taken anew: else nobody does what it stands for, as long as this program lives."""
    program = Program(AnswerLost(), clock)
    for _ in range(3 * len(DUTIES)):
        with suppress(StoreError):
            await pass_time(BEAT, program)

    assert program.does == set(DUTIES)


async def test_duties__a_lease_under_another_epoch(clock: ManualClock) -> None:
    """What was begun under the old epoch can write nothing any more: it ends, and begins anew."""
    table = MemoryReplicas()
    program = Program(table, clock, can=["live"])
    await pass_time(BEAT, program)
    await table.drop_lease("live", program.replicas.me.id, 1)
    await table.take_lease("live", program.replicas.me.id, 2)
    await pass_time(3 * BEAT, program)

    assert program.did == ["live", "no live", "live"]


async def test_duties__that_the_next_one_does_not_take(clock: ManualClock) -> None:
    """Who has less could do it and lives, but does not take it: after a bounded time whoever sees it does."""
    table = MemoryReplicas()
    program = Program(table, clock)
    await table.join(replace(ONE, report=write(Report(can=frozenset(DUTIES)))))
    for _ in range(round(3 * DEAD_AFTER / BEAT)):
        await table.beat("one", write(Report(can=frozenset(DUTIES))))
        await pass_time(BEAT, program)

    assert set(DUTIES) <= set(program.did)


async def test_duties__are_not_taken_again_before_they_ended(clock: ManualClock) -> None:
    """One that was found dead joins anew, and does nothing twice while what it did comes to its end."""
    table = MemoryReplicas()
    program = Program(table, clock, can=["live", "audit"], slow=asyncio.Event())
    await pass_time(BEAT, program)
    (me,) = await table.replicas()
    assert await table.bury(me)
    await pass_time(3 * BEAT, program)
    meanwhile = list(program.did)
    assert program.slow is not None
    program.slow.set()
    await pass_time(2 * BEAT, program)

    assert meanwhile == ["live", "audit"]
    assert sorted(program.did) == ["audit", "audit", "live", "live", "no audit", "no live"]


async def test_duties__end_with_the_news_of_a_burial(clock: ManualClock) -> None:
    """Whatever else cannot be read then: another does them by now."""
    table = NotRead()
    program = Program(table, clock)
    await pass_time(BEAT, program)
    (me,) = await table.replicas()
    assert await table.bury(me)
    table.away = True
    with pytest.raises(StoreError):
        await pass_time(BEAT, program)
    for _ in range(20):  # what ends has ended
        await asyncio.sleep(0)

    assert program.does == set()


def test_watch__counts_only_what_it_saw(clock: ManualClock) -> None:
    """Five minutes in which it could not look are two beats; then silence is counted as it is seen."""
    watch = Watch(clock, "")
    watch.look([ONE])
    clock.pass_time(300)
    woken = watch.look([ONE])
    seen = watch.silence("one")
    dead = list[Replica]()
    while not dead:
        clock.pass_time(BEAT)
        dead = watch.look([ONE])

    assert (woken, seen) == ([], 2 * BEAT)
    assert watch.silence("one") == DEAD_AFTER


def test_is_seen_dead__only_where_processes_can_be_told_apart(clock: ManualClock) -> None:
    """Two programs that do not know where they are may be anywhere: the number of a process says nothing then."""
    gone = replace(this_program(clock.now()), pid=2**22 + 1, born="1", place="")

    assert not is_seen_dead(gone, "")
    assert is_seen_dead(replace(gone, place="here"), "here")


@pytest.mark.skipif(
    not this_program(ManualClock().now()).place, reason="the system tells nothing of processes"
)
def test_is_seen_dead__a_zombie(clock: ManualClock) -> None:
    """A process that was killed, and that its parent has not been told of, has its number still, and does nothing."""
    child = os.posix_spawn("/bin/sleep", ["sleep", "600"], {})
    try:
        with open(f"/proc/{child}/stat", encoding="ascii") as file:  # noqa: PTH123 - of the system itself
            born = file.read().rpartition(")")[2].split()[19]
        replica = replace(this_program(clock.now()), pid=child, born=born)
        lives = is_seen_dead(replica, replica.place)
        os.kill(child, signal.SIGKILL)
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)  # it is dead, and stays to be asked for
        dead = is_seen_dead(replica, replica.place)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    assert (lives, dead) == (False, True)


async def test_take_lease__while_it_is_buried(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A burial waits for a lease that is being taken, and frees it, too: else a dead one would have it for good."""
    monkeypatch.setattr(stored, "LOCK_SECONDS", PATIENCE)
    async with open_store(postgresql) as store:
        await store.join(ONE)
        assert await store.take_lease("live", "one", 0) == 1
        assert await store.drop_lease("live", "one", 1)
        blocking, watching = [await asyncpg.connect(postgresql) for _ in range(2)]
        try:
            await blocking.execute("BEGIN")
            await blocking.execute("SELECT 1 FROM leases FOR UPDATE")
            taking = asyncio.create_task(store.take_lease("live", "one", 2))
            await _waiting(watching, 1)
            burying = asyncio.create_task(store.bury(ONE))
            await _waiting(watching, 2)
            await blocking.execute("ROLLBACK")
            taken, buried = await asyncio.gather(taking, burying)
        finally:
            await asyncio.gather(blocking.close(), watching.close())
        left = await store.leases()

    assert (taken, buried) == (3, True)
    assert left == (Lease("live", None, 4),)


async def _waiting(connection: asyncpg.Connection, number: int) -> None:
    """Wait until so many sessions wait for a lock."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(PATIENCE):
        while await connection.fetchval(asked) < number:  # noqa: ASYNC110 - other sessions do it
            await asyncio.sleep(LOOK)
