"""A program that dies anywhere while it looks at what is expected tells everything once, nothing twice."""

from __future__ import annotations

from itertools import count

import pytest

from bot.model import RunStatus
from bot.state import Cause
from tests.fakes.crash import Crash
from tests.fakes.expecting import Night, at
from tests.fakes.mortal import MortalStore
from tests.fakes.runs import a_run
from tests.fakes.watching import CHANNEL

TOLD = [
    "Payments Nightly did not start by 16 May 03:00 UTC.",
    "Payments Nightly: it started at 16 May 03:03 UTC, 3 min late.",
]


async def _night(dies_at: int, *, committed: bool) -> tuple[Night, bool]:
    """Let a night pass in which the look dies at a call of the store, and the next process goes on."""
    night = Night()
    await night.begin()
    await night.down_until(at(3))
    await night.tick(0)
    store = MortalStore(night.it.store, dies_at=dies_at, committed=committed)
    night.wrap(store.typed)
    died = False
    for minute in range(8):
        if minute == 4:
            run = a_run(1, status=RunStatus.IN_PROGRESS, created_at=at(3.05), started_at=at(3.05))
            night.it.service.add_run(run)
        try:
            await night.tick()
        except Crash:
            died = True
            night.restart()
    return night, died


@pytest.mark.parametrize("committed", [False, True], ids=["before", "behind"])
async def test_expected__killed_at_each_call_of_the_store(*, committed: bool) -> None:
    """Whether the write was done or not: the next look finds out."""
    for dies_at in count(1):
        night, died = await _night(dies_at, committed=committed)

        assert night.said == TOLD, dies_at
        assert await night.it.store.notices() == ()
        if not died:
            break
    assert dies_at > 40


async def test_expected__killed_before_the_deadline_and_started_behind_it() -> None:
    """The next process knows what is expected, and says what it finds."""
    night = Night()
    await night.begin()
    await night.until(at(2))
    await night.down_until(at(6))
    await night.tick(0)
    night.restart()
    await night.until(at(6.5), step=300)

    assert night.said == TOLD[:1]
    (notice,) = await night.it.store.notices()
    assert (notice.cause, notice.channel, notice.since) == (Cause.MISSING, CHANNEL, at(3))
