"""When a run that is expected did not start, and when nothing is known of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from bot.calendar import EVERY_DAY, WEEKDAYS
from bot.expecting import (
    Found,
    Judged,
    Start,
    UsualStart,
    first_since,
    in_a_row,
    judge,
    last_due,
    usual_start,
)
from bot.model import RunRef
from bot.state import BEGINNING, Expectation

RUN = RunRef("demo", "r1")
NIGHTLY = Expectation(channel="c", connection="demo", launcher="nightly", by=time(3))
BERLIN = replace(NIGHTLY, zone="Europe/Berlin")
DUE = datetime(2026, 5, 14, 3, tzinfo=UTC)


def at(hour: float, day: int = 14) -> datetime:
    """Return a time of a day in May."""
    return datetime(2026, 5, day, tzinfo=UTC) + timedelta(hours=hour)


def a_start(hour: float, until: float | None = None) -> Start:
    return Start(RUN, at(hour), None if until is None else at(until))


def judged(*starts: Start, whole_since: datetime = BEGINNING, of: Expectation = NIGHTLY) -> Judged:
    return judge(of, DUE, starts, whole_since)


@pytest.mark.parametrize("hour", [-9, 0, 2.99, 3])
def test_judge__a_start_in_the_window_is_in_time(hour: float) -> None:
    """Also one at the very deadline."""
    assert judged(a_start(hour, hour)) == Judged(DUE, Found.STARTED, at(hour))


@pytest.mark.parametrize("hour", [-9.01, -20])
def test_judge__a_run_that_somebody_started_the_day_before_is_none_of_the_night(hour: float) -> None:
    """Half a day before the deadline it was another one, and it has ended."""
    assert judged(a_start(hour, hour + 1)).found is Found.MISSING


def test_judge__an_own_beginning() -> None:
    """“between 01:00 and 03:00”: a run at midnight is another one."""
    narrow = replace(NIGHTLY, begins=time(1))

    assert [judged(a_start(hour, hour), of=narrow).found for hour in (0.99, 1, 2)] == [
        Found.MISSING, Found.STARTED, Found.STARTED,
    ]  # fmt: skip


@pytest.mark.parametrize(("until", "found"), [
    (None, Found.RUNNING), (3.01, Found.RUNNING), (2.99, Found.MISSING),
])  # fmt: skip
def test_judge__a_run_from_before_that_goes_on(until: float | None, found: Found) -> None:
    """It is in the way, or it had ended by the deadline; later its end changes nothing of that."""
    assert judged(a_start(-10, until)).found is found


def test_judge__a_run_that_goes_on_for_ever_hides_nothing() -> None:
    """A run that hangs for days keeps nobody from hearing that no other one starts."""
    assert judged(a_start(-33.1)).found is Found.MISSING


def test_judge__late() -> None:
    """The first one behind the deadline; what belongs to the next night does not."""
    assert judged(a_start(4), a_start(3.2)) == Judged(DUE, Found.LATE, at(3.2))
    assert judged(a_start(15)).found is Found.MISSING


@pytest.mark.parametrize("starts", [(), (a_start(3.2),)], ids=["none", "late"])
def test_judge__a_record_with_a_hole_proves_nothing(starts: tuple[Start, ...]) -> None:
    """The run may be in the part of the list that was cut; one that is on record proves that it started."""
    assert judged(*starts, whole_since=at(-8.9)).found is Found.UNKNOWN
    assert judged(*starts, whole_since=at(-9)).found is not Found.UNKNOWN
    assert judged(a_start(2), whole_since=DUE).found is Found.STARTED


def test_last_due__only_what_a_look_has_passed() -> None:
    """A list lags, so a deadline is judged two minutes later; none that passed before anybody expected anything."""
    since = replace(NIGHTLY, since=DUE)

    assert last_due(NIGHTLY, DUE + timedelta(seconds=119)) == at(3, 13)
    assert last_due(NIGHTLY, DUE + timedelta(seconds=120)) == DUE
    assert last_due(since, DUE + timedelta(minutes=5)) is None
    assert last_due(since, at(4, 15)) == at(3, 15)
    assert last_due(replace(NIGHTLY, by=None), DUE) is None


@pytest.mark.parametrize(("day", "due"), [
    (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 28, 2, tzinfo=UTC)),  # 03:00 CET
    (datetime(2026, 3, 29, 12, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC)),  # 03:00 CEST, the first
    (datetime(2026, 10, 25, 12, tzinfo=UTC), datetime(2026, 10, 25, 2, tzinfo=UTC)),  # 03:00 CET, after both 02:00
])  # fmt: skip
def test_last_due__on_the_days_on_which_clocks_are_changed(day: datetime, due: datetime) -> None:
    """It is the clock of the zone that counts."""
    assert last_due(BERLIN, day) == due


def test_judge__a_window_over_the_change_of_clocks_is_the_same_night() -> None:
    """22:00 on the evening before is inside on the short and on the long night."""
    evening = replace(BERLIN, begins=time(22))
    for due, opened in (
        (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 3, 28, 21, tzinfo=UTC)),
        (datetime(2026, 10, 25, 2, tzinfo=UTC), datetime(2026, 10, 24, 20, tzinfo=UTC)),
    ):
        start, before = Start(RUN, opened), Start(RUN, opened - timedelta(minutes=1), opened)
        assert judge(evening, due, [start], BEGINNING).found is Found.STARTED
        assert judge(evening, due, [before], BEGINNING).found is Found.MISSING


def test_last_due__only_on_its_days() -> None:
    """On weekdays alone: Saturday and Sunday have none."""
    weekdays = replace(NIGHTLY, days=WEEKDAYS)

    assert last_due(weekdays, at(12, 17)) == at(3, 15)  # a Sunday: Friday's


def test_in_a_row__nights_without_a_start() -> None:
    """Back to the last start, to when it was expected first, or to where the record is whole."""
    starts = [Start(RUN, at(2, 10), at(2.5, 10))]

    assert in_a_row(NIGHTLY, DUE, starts, BEGINNING) == 4
    assert in_a_row(replace(NIGHTLY, since=at(12, 11)), DUE, starts, BEGINNING) == 3
    assert in_a_row(NIGHTLY, DUE, starts, at(0, 13)) == 1


def test_first_since__what_ends_the_wait() -> None:
    """A late one, or one that was there in time and listed late."""
    assert first_since(NIGHTLY, DUE, [a_start(3.2), a_start(9)]) == at(3.2)
    assert first_since(NIGHTLY, DUE, [a_start(2.9)]) == at(2.9)
    assert first_since(NIGHTLY, DUE, [a_start(-12)]) is None


def nights(*minutes: int, of: int = 14, but: tuple[int, ...] = ()) -> list[datetime]:
    """Return a start on each of so many nights before the 15th, so many minutes behind 02:00."""
    starts = [at(2, 14) - timedelta(days=n) for n in range(of) if n not in but]
    return [start + timedelta(minutes=minutes[n % len(minutes)]) for n, start in enumerate(starts)]


NOON = at(12)


def test_usual_start__every_night() -> None:
    """With the deadline that follows from it."""
    found = usual_start(nights(0, 4, -6), "UTC", NOON, BEGINNING)

    assert found == UsualStart(at=time(2), by=time(3), times=14, of=14)


def test_usual_start__by_the_clock_of_the_zone() -> None:
    """What is 02:00 in UTC is another time of day elsewhere."""
    found = usual_start(nights(0), "Asia/Kolkata", NOON, BEGINNING)

    assert found is not None
    assert (found.at, found.by) == (time(7, 30), time(8, 30))


def test_usual_start__around_midnight() -> None:
    """23:50 and 00:10 are the same time of day."""
    starts = [start - timedelta(hours=2) for start in nights(-10, 10)]
    found = usual_start(starts, "UTC", NOON, BEGINNING)

    assert found is not None
    assert (found.times, found.of) == (14, 14)
    assert found.at in {time(0), time(23, 50), time(0, 10)}


def test_usual_start__on_weekdays_alone() -> None:
    """14 May 2026 is a Thursday; a night without a run on each Saturday and Sunday is no miss."""
    weekend = tuple(n for n in range(14) if (at(2) - timedelta(days=n)).weekday() > 4)
    found = usual_start(nights(0, but=weekend), "UTC", NOON, BEGINNING)

    assert found == UsualStart(at=time(2), by=time(3), times=10, of=10, days=WEEKDAYS)


def test_usual_start__one_night_out_of_fourteen_may_lack() -> None:
    """It is said with its numbers; with more it is no longer usual."""
    one = usual_start(nights(0, but=(3,)), "UTC", NOON, BEGINNING)

    assert one is not None
    assert (one.times, one.of, one.days) == (13, 14, EVERY_DAY)
    assert usual_start(nights(0, but=(3, 4)), "UTC", NOON, BEGINNING) is None


def test_usual_start__four_nights_are_not_enough() -> None:
    """Nor is a record that is not whole further back: what is not known is no night with a start, and none without."""
    assert usual_start(nights(0, of=4), "UTC", NOON, at(12, 10)) is None
    assert usual_start(nights(0), "UTC", NOON, at(12, 10)) is None
    found = usual_start(nights(0), "UTC", NOON, at(12, 8))
    assert found is not None
    assert (found.times, found.of) == (6, 6)


def test_usual_start__whenever_somebody_pushes() -> None:
    """A launcher that starts every two hours starts at about 02:00 too, and nobody expects that one run."""
    starts = [start + timedelta(hours=2 * n) for start in nights(0) for n in range(11)]

    assert usual_start(starts, "UTC", NOON, BEGINNING) is None
    assert usual_start([], "UTC", NOON, BEGINNING) is None
