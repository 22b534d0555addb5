"""A hint takes the wait out of the next poll; what is said is still read from the platform."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from bot.errors import ServiceFailed, Unreachable
from bot.model import RunRef, RunStatus
from bot.state import Hint
from bot.watch.hints import GAP, LOOK, NAMED_AT_ONCE, NAMED_FOR, Hints
from tests.fakes.clock import ManualClock
from tests.fakes.runs import EPOCH, a_run, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.store import MemoryStore
from tests.fakes.watching import Watching


class Polls:
    """Counts polls by the time they began."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = MemoryStore()
        self.hints = Hints("demo", self.store, self.clock, str.isdigit)
        self.at: list[float] = []

    async def poll(self) -> None:
        await self.hints.take()
        self.hints.polling()
        self.at.append(self.clock.monotonic())

    async def hint(self, *run_ids: str) -> Hint:
        """Put a hint on record."""
        hint = Hint(connection="demo", digest=f"of {run_ids}", at=self.clock.now(), run_ids=run_ids)
        assert await self.store.keep_hint(hint, repeats=EPOCH - timedelta(days=1))
        return hint


@asynccontextmanager
async def running(hints: Hints, poll: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    task = asyncio.create_task(hints.run(poll))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_give__polls_now() -> None:
    """The first hint, and one long after the last poll, wait for nothing."""
    it = Polls()
    async with running(it.hints, it.poll):
        it.hints.give()
        await it.clock.advance(60)
        it.hints.give()
        await it.clock.advance(0)

    assert it.at == [0, 60]


@pytest.mark.parametrize("after", [0.0, 1.0, GAP - 0.5])
async def test_give__soon_after_a_poll_moves_the_next_one(after: float) -> None:
    """A hint within 5 s of a poll, whoever asked for that, is followed when they are over, once for all of them."""
    it = Polls()
    async with running(it.hints, it.poll):
        await it.poll()
        await it.clock.advance(after)
        it.hints.give()
        it.hints.give()
        await it.clock.advance(GAP - after - 0.1)
        before = list(it.at)
        await it.clock.advance(100)

    assert (before, it.at) == ([0], [0, GAP])


async def test_give__answered_by_another_poll() -> None:
    """A regular poll that comes in between answers the hint, and the next hint counts from it."""
    it = Polls()
    async with running(it.hints, it.poll):
        await it.poll()
        it.hints.give()
        await it.clock.advance(3)
        await it.poll()
        await it.clock.advance(1)
        it.hints.give()
        await it.clock.advance(100)

    assert it.at == [0, 3, 3 + GAP]


async def test_give__needs_no_poll_of_its_own_after_another_one() -> None:
    """A regular poll that comes before the hint's own is the one: nothing is read twice for it."""
    it = Polls()
    async with running(it.hints, it.poll):
        await it.poll()
        it.hints.give()
        await it.clock.advance(3)
        await it.poll()
        await it.clock.advance(100)

    assert it.at == [0, 3]


async def test_give__polls_at_most_every_5_seconds() -> None:
    """However many hints come, one poll in 5 s is made for them, and one for the last."""
    it = Polls()
    async with running(it.hints, it.poll):
        for _ in range(200):
            it.hints.give()
            await it.clock.advance(0.1)
        await it.clock.advance(100)

    assert it.at == [0, 5, 10, 15, 20]


async def test_give__while_a_poll_goes_on() -> None:
    """What changed after a poll began is looked at by another one, once that has ended."""
    it, gate = Polls(), asyncio.Event()

    async def slow() -> None:
        await it.poll()
        await gate.wait()

    async with running(it.hints, slow):
        it.hints.give()
        await it.clock.advance(0)
        it.hints.give()
        await it.clock.advance(60)
        during = len(it.at)
        gate.set()
        await it.clock.advance(0)

    assert (during, len(it.at)) == (1, 2)


async def test_run__a_poll_that_does_nothing_is_not_made_again() -> None:
    """A poll that notes nothing, as while the program stops, answers the hint all the same."""
    it = Polls()
    made = 0

    async def nothing() -> None:
        nonlocal made
        made += 1

    async with running(it.hints, nothing):
        it.hints.give()
        await it.clock.advance(100)

    assert made == 1


def test_named__only_owned_ids_so_many_at_most(caplog: pytest.LogCaptureFixture) -> None:
    """Ids of another shape are never asked for; above the bound the oldest are forgotten, which the log says."""
    hints = Hints("demo", MemoryStore(), ManualClock(), str.isdigit)
    hints.give(["../7", "x", "", *map(str, range(NAMED_AT_ONCE)), "0"])
    whole = len(caplog.records)
    hints.give([str(NAMED_AT_ONCE)])

    assert hints.named() == (*map(str, range(2, NAMED_AT_ONCE)), "0", str(NAMED_AT_ONCE))
    assert (whole, len(caplog.records)) == (0, 1)
    assert "run 1, which a webhook named, is forgotten" in caplog.text


# What is on record ---------------------------------------------------------------------------------


async def test_run__takes_what_is_on_record_when_it_is_told() -> None:
    """What was there before, and what comes later, is polled for at once; what names a run names it here."""
    it = Polls()
    await it.hint()
    async with running(it.hints, it.poll):
        await it.clock.advance(LOOK + 0.5)
        await it.hint("7", "x")
        it.hints.tell()
        await it.clock.advance(0)

    assert it.at == [0, LOOK + 0.5]
    assert it.hints.named() == ("7",)


async def test_run__looks_although_nobody_tells() -> None:
    """A hint of which no word came is found a moment later, and nothing is polled while there is none."""
    it = Polls()
    async with running(it.hints, it.poll):
        await it.clock.advance(60)
        before = list(it.at)
        await it.hint()
        await it.clock.advance(LOOK)

    assert before == []
    assert it.at == [60 + LOOK]


async def test_run__goes_on_after_a_database_that_was_away(caplog: pytest.LogCaptureFixture) -> None:
    """It is said once that the record cannot be read; when it can be again, nothing of it is lost."""
    it = Polls()
    await it.hint()
    it.store.failing = "The database is away."
    async with running(it.hints, it.poll):
        await it.clock.advance(10 * LOOK)
        said = caplog.text.count("demo: what webhooks told cannot be read now: The database is away.")
        it.store.failing = None
        await it.clock.advance(LOOK)

    assert (said, it.at) == (1, [11 * LOOK])


async def test_take__gives_each_once() -> None:
    """A hint that waits on record for its answer makes one poll, however often the record is looked at."""
    it = Polls()
    await it.hint("7")
    async with running(it.hints, it.poll):
        await it.clock.advance(100)

    assert it.at == [0]


async def test_polled__answers_what_came_before_the_poll() -> None:
    """One that comes during a poll waits for the next one."""
    it = Polls()
    await it.hint()
    await it.poll()
    later = await it.hint("x")  # no id of a run there
    await it.hints.take()
    await it.hints.polled()
    waiting = await it.store.hints("demo")
    await it.poll()
    await it.hints.polled()

    assert waiting == (later,)
    assert await it.store.hints("demo") == ()


async def test_polled__keeps_what_names_a_run_that_is_to_be_read() -> None:
    """Until all runs that it names were read, or need not be, the next process would have to know of them."""
    it = Polls()
    hint = await it.hint("7", "8")
    await it.poll()
    it.hints.read("7")
    await it.hints.polled()
    waiting = await it.store.hints("demo")
    it.hints.read("8")
    await it.hints.polled()

    assert waiting == (hint,)
    assert await it.store.hints("demo") == ()


# What the poller does with ids --------------------------------------------------------------------


def listless() -> Watching:
    return Watching(service=FakeRunService(lacks=frozenset({"lists"})))


def asked(it: Watching) -> list[object]:
    return [call.argument for call in it.service.calls if call.method == "run"]


async def test_tick__follows_a_run_that_only_a_webhook_knew() -> None:
    """Where nothing lists runs, one that is named is read, followed by its id, and announced when it ends, once."""
    it = listless()
    await it.begin()
    run = it.starts()
    await it.tick()
    unknown = asked(it)
    it.poller.hints.give([run.ref.run_id])
    await it.tick()
    tracked = await it.store.tracked("demo")
    it.restart()
    it.service.finish(run, some_results(run, failing=("a",)))
    await it.tick()
    await it.tick()

    assert unknown == []
    assert [t.ref for t in tracked] == [run.ref]
    assert [row.key for row in it.told] == [f"demo:{run.ref.run_id}:completed:fake:channel:C1"]


async def test_tick__announces_a_named_run_that_has_ended() -> None:
    """An execution of which only the end was heard is announced, and hearing of it again says nothing new."""
    it = listless()
    await it.begin()
    run = it.starts()
    it.service.finish(run, some_results(run, failing=("a",)))
    for _ in range(3):
        it.poller.hints.give([run.ref.run_id])
        await it.tick()

    assert len(it.told) == 1


async def test_tick__stores_nothing_of_a_run_that_is_not_there() -> None:
    """A named run may come into being a little later; a made-up one is asked for ever more seldom, then forgotten."""
    it = listless()
    await it.begin()
    late, never = a_run(1), a_run(2).ref.run_id
    it.poller.hints.give([late.ref.run_id, never])
    await it.tick()
    rows = await it.store.tracked("demo")
    it.starts(1)
    await it.tick()
    found = await it.store.tracked("demo")
    await it.tick(NAMED_FOR)
    before = len(asked(it))
    for _ in range(10):
        await it.tick(timedelta(hours=1).total_seconds())

    assert (rows, [t.ref for t in found]) == ((), [late.ref])
    assert never not in asked(it)[before:]


async def test_tick__a_named_run_waits_for_a_platform_that_is_down() -> None:
    """A platform that cannot be read when the hint comes is asked for the run at the next tick."""
    it = listless()
    await it.begin()
    run = it.starts()
    it.service.finish(run, some_results(run, failing=("a",)))
    it.service.fail("run", ServiceFailed("broken"))
    it.poller.hints.give([run.ref.run_id])
    await it.tick()
    down = len(it.told)
    await it.tick(90)

    assert (down, len(it.told)) == (0, 1)


async def test_tick__a_named_run_waits_out_a_long_outage() -> None:
    """Only an answer that there is no such run lets it be forgotten, not that nobody answered for an hour."""
    it = listless()
    await it.begin()
    run = it.starts()
    it.service.finish(run, some_results(run, failing=("a",)))
    it.service.fail("run", Unreachable("nobody answers"), times=20)
    it.poller.hints.give([run.ref.run_id])
    for _ in range(20):
        await it.tick(10 * NAMED_FOR)
    await it.tick(10 * NAMED_FOR)

    assert len(it.told) == 1


async def test_tick__a_hint_before_the_first_look_is_kept() -> None:
    """A delivery that comes before the first poll loses nothing."""
    it = listless()
    run = it.starts()
    it.poller.hints.give([run.ref.run_id])
    await it.begin()
    await it.tick()

    assert [t.ref for t in await it.store.tracked("demo")] == [run.ref]


async def test_tick__asks_a_platform_with_a_list_for_nothing_more() -> None:
    """A list says what is new: named runs cost no request, and an old one is not announced for being named."""
    it = Watching()
    old = it.starts(1)
    it.service.finish(old, some_results(old, failing=("a",)))
    await it.begin()
    it.poller.hints.give([old.ref.run_id, a_run(7).ref.run_id])
    await it.tick()

    assert asked(it) == []
    assert it.told == []


async def test_tick__looks_at_once_at_a_named_run_that_waits() -> None:
    """A followed run that is looked at ever more seldom is looked at when a webhook names it."""
    it = Watching()
    run = it.starts()
    await it.begin()
    it.service.change(run, status=RunStatus.COMPLETED)  # its results come later
    await it.tick()
    for _ in range(5):
        await it.tick(600)
    it.service.finish(run, some_results(run, failing=("a",)))
    await it.tick(1)
    results = it.service.count("results")
    it.poller.hints.give([run.ref.run_id])
    await it.tick(1)

    assert it.service.count("results") == results + 1
    assert RunRef("demo", run.ref.run_id) == run.ref


# What the poller does with the record -------------------------------------------------------------


async def told(it: Watching, *run_ids: str) -> None:
    """Put a hint on record."""
    hint = Hint(connection="demo", digest=f"of {run_ids}", at=it.clock.now(), run_ids=run_ids)
    assert await it.store.keep_hint(hint, repeats=EPOCH)


async def test_tick__answers_what_is_on_record() -> None:
    """A process that begins after the one that took the delivery died announces the run, and notes that it is done."""
    it = listless()
    await it.begin()
    run = it.starts()
    it.service.finish(run, some_results(run, failing=("a",)))
    await told(it, run.ref.run_id)
    it.restart()
    await it.tick()

    assert [row.key for row in it.told] == [f"demo:{run.ref.run_id}:completed:fake:channel:C1"]
    assert await it.store.hints("demo") == ()


@pytest.mark.parametrize("lists", [True, False])
async def test_tick__leaves_on_record_what_a_failed_poll_did_not_answer(lists: bool) -> None:
    """A platform that is down answers nothing: whoever polls next finds the hint."""
    it = Watching() if lists else listless()
    await it.begin()
    run = it.starts()
    await told(it, run.ref.run_id)
    it.service.fail("runs" if lists else "run", ServiceFailed("broken"))
    await it.tick()
    down = len(await it.store.hints("demo"))
    it.restart()
    await it.tick(90)

    assert down == 1
    assert await it.store.hints("demo") == ()
    assert [t.ref for t in await it.store.tracked("demo")] == [run.ref]


async def test_tick__a_run_that_does_not_come_is_waited_for_since_it_was_named() -> None:
    """It stays on record while it may still come, and a process that begins anew does not begin that time anew."""
    it = listless()
    await it.begin()
    never = a_run(2).ref.run_id
    await told(it, never)
    await it.tick(NAMED_FOR - 60)
    young = len(await it.store.hints("demo"))
    it.restart()
    await it.tick(60)

    assert young == 1
    assert await it.store.hints("demo") == ()
    assert asked(it) == [never] * 2


async def test_tick__without_its_database() -> None:
    """What cannot be read from the record is a failure like any other of the database, and is said as one."""
    it = Watching()
    await it.begin()
    it.store.failing = "The database is away."
    await it.tick()
    bad = it.poller.health.problem
    it.store.failing = None
    await it.tick()

    assert (bad, it.poller.health.problem) == ("The database is away.", "")
