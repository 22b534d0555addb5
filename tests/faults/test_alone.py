"""Two programs on one database: one works, the other says so and takes over when the first is dead."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from adapters.cli import single_worker as module
from adapters.cli.single_worker import BEAT, DEAD_AFTER, SingleWorker, named, sentence, this_program
from adapters.store.store import SqlStore, open_store
from adapters.store.workers import Worker
from tests.fakes.clock import ManualClock

SCRIPT = "tests.faults.worker_process"


@dataclass
class Program:
    """One program: whether it works, and what it did."""

    store: SqlStore
    clock: ManualClock
    me: Worker | None = None
    did: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.alone = SingleWorker(self.store, self.clock, begin=self._begin, end=self._end, me=self.me)

    async def lives(self, seconds: float) -> None:
        """Let it step for so long."""
        for _ in range(int(seconds / BEAT)):
            self.clock.pass_time(BEAT)
            await self.alone.step()

    async def _begin(self) -> None:
        self.did.append("begins")

    async def _end(self) -> None:
        self.did.append("ends")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'clew.db'}"


@pytest.fixture
async def store(url: str) -> AsyncIterator[SqlStore]:
    async with open_store(url) as store:
        yield store


def elsewhere(store: SqlStore, clock: ManualClock, **changes: object) -> Program:
    """Return a program on another machine."""
    me = replace(this_program(clock.now()), **{"place": "another boot", "host": "other", **changes})  # type: ignore[arg-type]  # the test's own fields
    return Program(store, clock, me)


async def test_alone__the_second_waits_and_names_the_first(store: SqlStore) -> None:
    """While the first shows life the second does nothing, whatever the wall clocks say."""
    clock = ManualClock()
    first, second = Program(store, clock), elsewhere(store, clock)
    await first.alone.step()
    await second.alone.step()
    for jump in (-3600, 7200, 0, 0, 0, 0):
        clock.jump(jump)
        await first.lives(BEAT)
        await second.lives(BEAT)

    assert first.did == ["begins"]
    assert second.did == []
    assert second.alone.other is not None
    said = sentence(second.alone.other)
    assert all(part in said for part in (first.alone.me.host, str(first.alone.me.pid), "since 2026-"))
    assert "Give each Clew a database of its own" in said


async def test_alone__takes_over_from_another_machine_that_is_silent(store: SqlStore) -> None:
    """Nobody here can see whether it lives: after a bounded time without a sign of it the second begins."""
    clock = ManualClock()
    first, second = elsewhere(store, clock), Program(store, clock)
    await first.alone.step()
    await second.alone.step()
    await second.lives(DEAD_AFTER - BEAT)
    early = list(second.did)
    await second.lives(2 * BEAT)

    assert early == []
    assert second.did == ["begins"]
    await first.alone.step()
    assert first.did == ["begins", "ends"], "it was only frozen, hears of it, and gives way"


async def test_alone__an_end_in_good_order_hands_on_at_once(store: SqlStore) -> None:
    """After a stop the next program waits for nothing."""
    clock = ManualClock()
    first, second = elsewhere(store, clock), Program(store, clock)
    await first.alone.step()
    await first.alone.leave()
    await second.alone.step()

    assert first.did == ["begins", "ends"]
    assert second.did == ["begins"]


@pytest.mark.parametrize("number", ["the same", "one that is free"])
async def test_alone__a_process_number_that_is_used_again(store: SqlStore, number: str) -> None:
    """A container's first process is 1 after every start: when it began tells the dead one from this one."""
    clock = ManualClock()
    me = this_program(clock.now())
    dead = replace(me, holder="dead", born="1", pid=me.pid if number == "the same" else 2**22 + 1)
    await store.take_work(dead, None)
    again = Program(store, clock)
    await again.alone.step()

    assert again.did == (["begins"] if me.place else [])


async def test_alone__where_the_system_tells_nothing(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a view of processes the beats decide alone."""
    monkeypatch.setattr(module, "PROC", tmp_path / "none")
    clock = ManualClock()
    first, second = Program(store, clock), Program(store, clock)
    await first.alone.step()
    await second.alone.step()
    early = list(second.did)
    await second.lives(DEAD_AFTER + BEAT)

    assert (early, second.did) == ([], ["begins"])


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
async def test_alone__takes_over_at_once_from_one_that_was_killed(url: str) -> None:
    """Kill -9 leaves the row behind; the next start sees that its process is gone and waits for nothing."""
    async with open_store(url) as store, another(url) as process:
        second = Program(store, ManualClock())
        await second.alone.step()
        before = list(second.did)
        found = await store.worker()
        process.kill()
        await process.wait()
        await second.alone.step()

    assert before == []
    assert found is not None
    assert f"process {process.pid}" in named(found)
    assert second.did == ["begins"]
