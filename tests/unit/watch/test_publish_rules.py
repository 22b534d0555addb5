"""Runs that are published by themselves when they end."""

from __future__ import annotations

import pytest

from bot.model import Run, RunRef, RunStatus
from bot.publication import PublicationState
from bot.state import Outcome, PublishRule
from tests.fakes.runs import a_run, some_results
from tests.fakes.watching import Watching


def _rule(*outcomes: Outcome, source: str = "demo", target: str = "af") -> PublishRule:
    return PublishRule(source=source, target=target, outcomes=frozenset(outcomes or (Outcome.ALL,)))


async def _wanted(it: Watching, *, failing: bool = False, **changes: object) -> list[tuple[RunRef, str]]:
    """Let a run end and return what is to be published of all that is known."""
    before = it.service.add_run(a_run(1))
    it.service.set_results(some_results(before, passing=("a",)))
    await it.begin()
    run = await _ends(it, failing=failing, **changes)
    assert it.told, "the end is announced as ever"
    assert {p.source for p in it.store.publications.values()} <= {run.ref}
    return [(p.source, p.target) for p in it.store.publications.values()]


async def _ends(it: Watching, *, failing: bool, **changes: object) -> Run:
    run = it.starts(2, **changes)
    await it.tick()
    it.service.finish(run, some_results(run, failing=("x",) if failing else (), passing=("a",)))
    await it.tick()
    return run


async def test_rule__wants_what_ends() -> None:
    """A run that ends is wanted once, by each rule; what had ended before the first look is not."""
    it = Watching(publish=(_rule(), _rule(target="bf"), _rule(source="other")))

    wanted = await _wanted(it)
    it.restart()
    await it.tick()

    assert wanted == [(a_run(2).ref, "af"), (a_run(2).ref, "bf")]
    assert len(it.store.publications) == 2
    assert {p.state for p in it.store.publications.values()} == {PublicationState.WANTED}
    assert all(p.by_rule for p in it.store.publications.values())


@pytest.mark.parametrize(
    ("outcome", "failing", "wants"),
    [
        (Outcome.FAILURES, True, True),
        (Outcome.FAILURES, False, False),
        (Outcome.NEW_FAILURES, True, True),
        (Outcome.INCOMPLETE, True, False),
        (Outcome.RECOVERY, False, False),
    ],
)
async def test_rule__by_outcome(outcome: Outcome, failing: bool, wants: bool) -> None:
    """A rule wants the ends that it names, as a subscription does."""
    it = Watching(publish=(_rule(outcome),))

    assert bool(await _wanted(it, failing=failing)) is wants


async def test_rule__recovery() -> None:
    """That a run passes again is found out where only a rule asks for it."""
    it = Watching(publish=(_rule(Outcome.RECOVERY),))
    broken = it.service.add_run(a_run(1, status=RunStatus.INCOMPLETE))
    await it.begin()
    assert broken.status is RunStatus.INCOMPLETE

    await _ends(it, failing=False)

    assert [p.source for p in it.store.publications.values()] == [a_run(2).ref]


async def test_rule__ephemeral_runs_stay_out() -> None:
    """What its team calls ephemeral is nothing to keep."""
    assert await _wanted(Watching(publish=(_rule(),)), ephemeral=True) == []
