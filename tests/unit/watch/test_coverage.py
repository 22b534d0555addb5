"""How far back the record is whole: what a listing adds to it, and what one that was cut takes away."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.errors import ListCut
from bot.model import RunQuery
from bot.state import BEGINNING, Coverage
from bot.watch import listing
from bot.watch.listing import covered
from tests.fakes.runs import EPOCH, a_run
from tests.fakes.service import FakeRunService
from tests.fakes.watching import Watching


def at(minutes: float) -> datetime:
    return EPOCH + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("before", "since", "until", "expected"),
    [
        (None, BEGINNING, at(5), Coverage(BEGINNING, at(5))),
        (None, at(3), at(5), Coverage(at(3), at(5))),
        (Coverage(at(1), at(4)), at(3), at(5), Coverage(at(1), at(5))),
        (Coverage(at(1), at(4)), at(4), at(5), Coverage(at(4), at(5))),
        (Coverage(at(1), at(4)), at(4.5), at(5), Coverage(at(4.5), at(5))),
        (Coverage(at(1), at(4)), BEGINNING, at(2), Coverage(BEGINNING, at(4))),
        (Coverage(at(1), at(4)), None, at(5), Coverage(at(1), at(4))),
        (Coverage(at(1), at(4)), BEGINNING, None, Coverage(at(1), at(4))),
    ],
)
def test_covered__joins_what_meets_and_forgets_what_does_not(
    before: Coverage | None, since: datetime | None, until: datetime | None, expected: Coverage | None
) -> None:
    """A hole makes all that is older unknown; a listing that says nothing changes nothing."""
    result = covered(before, since, until)

    assert expected == result


async def test_listing__knows_whether_it_came_to_the_end() -> None:
    """The end of the list, a guard and a list that loops are three things."""
    service = FakeRunService(page_size=2)
    for number in range(1, 30):
        service.add_run(a_run(number))
    few = FakeRunService(page_size=2)
    few.add_run(a_run(1))

    assert (await listing.newest(few.platform)).since == BEGINNING
    assert (await listing.newest(service.platform)).since == a_run(30 - 2 * listing.BASELINE_PAGES).created_at
    service.list_pages = 3
    assert (await listing.newest(service.platform)).since == a_run(24).created_at


async def test_tick__a_list_that_was_cut_moves_the_record() -> None:
    """After an outage whose runs the platform's list does not show to the end, what is older is not whole."""
    it = Watching(service=FakeRunService(page_size=2))
    it.service.add_run(a_run(1))
    await it.begin()
    whole = await it.store.coverage("demo")
    at_once = it.clock.now() + timedelta(minutes=1)
    for number in range(2, 9):
        it.service.add_run(a_run(number, created_at=at_once))
    for _ in range(6):
        it.clock.pass_time(60)
    later = [it.starts(number) for number in range(9, 12)]
    it.service.list_pages = 2
    await it.tick()

    assert whole == Coverage(since=BEGINNING, until=a_run(1).created_at)  # type: ignore[arg-type]  # it has one
    assert await it.store.coverage("demo") == Coverage(
        since=at_once,
        until=later[-1].created_at,  # type: ignore[arg-type]  # it has one
    )
    with pytest.raises(ListCut):
        _ = [page async for page in it.service.runs(RunQuery())]
