"""What the watcher and comparing read of a run becomes the history of each of its checks, with no further request."""

from __future__ import annotations

from dataclasses import replace

from bot.cards import plain
from bot.earlier import chain_of
from bot.model import Run, RunStatus
from bot.state import Came
from tests.fakes.runs import a_run, some_results
from tests.fakes.watching import CHANNEL, Watching
from tests.unit.commands.door import Door

X = "no torn page"


async def ended(watching: Watching, run: Run, *, failing: bool) -> Run:
    """Let a run end, with its results there."""
    done = replace(
        run, status=RunStatus.COMPLETED, status_text="completed", completed_at=watching.clock.now()
    )
    watching.service.add_run(
        done, some_results(done, failing=(X,) * failing, passing=("y", *((X,) * (not failing))))
    )
    await watching.tick()
    return done


async def test_end__is_in_the_history_of_each_check() -> None:
    """Failures and passes alike; asking for it asks the platform nothing."""
    watching = Watching()
    await watching.begin()
    for number, failing in enumerate((True, False, False), 1):
        run = watching.starts(number)
        await watching.tick()
        await ended(watching, run, failing=failing)
    door = Door(service=watching.service, store=watching.store, clock=watching.clock)
    watching.service.calls.clear()

    card = (await door.say(f'history property="{X}" run="Payments Nightly"')).card

    assert "is quiet in 2 runs" in plain(card.text)
    assert watching.service.calls == []
    assert len(watching.told) == 3
    assert watching.told[0].channel == CHANNEL


async def test_results_that_come_late__are_in_the_history_too() -> None:
    """A run that was announced without results says nothing of its checks until they are there."""
    watching = Watching()
    await watching.begin()
    run = watching.starts(1)
    await watching.tick()
    done = replace(
        run, status=RunStatus.COMPLETED, status_text="completed", completed_at=watching.clock.now()
    )
    watching.service.add_run(done)
    for _ in range(30):
        await watching.tick()
    (before,) = await watching.store.check_in_runs("demo", run.series, X, 5)
    watching.service.set_results(some_results(done, failing=(X,)))
    for _ in range(30):
        await watching.tick()
    (after,) = await watching.store.check_in_runs("demo", run.series, X, 5)

    assert (before.read, before.came) == (False, None)
    assert (after.read, after.came) == (True, Came.FAILED)


async def test_results_read_to_compare__are_in_the_history_too() -> None:
    """An earlier run that is read as the one before another keeps what came of all its checks."""
    watching = Watching()
    first, second = a_run(1), a_run(2)
    for run in (first, second):
        watching.service.add_run(run, some_results(run, failing=(X,), passing=("y",)))
    await watching.begin()

    await chain_of(watching.service.platform, watching.store, second)

    came = {
        name: [one.came for one in await watching.store.check_in_runs("demo", first.series, name, 5)]
        for name in (X, "y")
    }
    assert came == {X: [None, Came.FAILED], "y": [None, Came.PASSED]}
