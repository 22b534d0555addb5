"""A daily time comes once on each local day, and a part of the day ends when its end comes, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import calendar
from bot.calendar import EVERY_DAY, WEEKDAYS, Daily, Window
from bot.replies.wording import clock_time, on_days

BERLIN = "Europe/Berlin"
ODD = (  # a gap at midnight, one that ends at midnight, half an hour, a left-out day, no summer time, :45
    BERLIN, "America/New_York", "Africa/Cairo", "America/Scoresbysund", "Australia/Lord_Howe", "Pacific/Apia",
    "Asia/Tokyo", "Pacific/Chatham", "America/Nuuk", "Asia/Beirut", "America/Sao_Paulo", "Africa/Casablanca", "UTC",
)  # fmt: skip
zones = st.one_of(st.sampled_from(ODD), st.sampled_from(sorted(calendar.zones())))
clocks = st.times().map(lambda t: t.replace(microsecond=0))
dates = st.dates(date(2004, 1, 1), date(2037, 12, 31))
weekdays = st.frozensets(st.integers(0, 6), min_size=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@st.composite
def moments(draw: st.DrawFn) -> tuple[str, datetime]:
    """Draw a zone and a moment, half of the time within three days of a change of its clocks."""
    zone = draw(zones)
    moment = datetime.combine(draw(dates), draw(clocks), UTC)
    if draw(st.booleans()):
        offset = calendar.local(moment, zone).utcoffset()
        further = (moment + timedelta(days=n) for n in range(366))
        moment = next((m for m in further if calendar.local(m, zone).utcoffset() != offset), moment)
        moment += timedelta(minutes=draw(st.integers(-3 * 24 * 60, 3 * 24 * 60)))
    return zone, moment


def days_of(zone: str, since: datetime, until: datetime) -> list[date]:
    """Return the local days that begin between two moments, found by looking at the clocks every quarter of an hour."""
    steps = int((until - since) / timedelta(minutes=15))
    shown = [calendar.local(since + n * timedelta(minutes=15), zone).date() for n in range(steps)]
    return list(dict.fromkeys(shown))


@settings(max_examples=60, deadline=None)
@given(moments(), clocks)
def test_daily__comes_once_on_each_local_day(place: tuple[str, datetime], clock: time) -> None:
    """From time to time there is one for each day that the zone's clocks show, in their order."""
    zone, moment = place
    daily = Daily(clock, zone)

    found, last = [daily.next(moment - timedelta(days=4))], moment + timedelta(days=4)
    while found[-1] < last:
        found.append(daily.next(found[-1]))

    named = {on: day for day in days_of(zone, found[0] - timedelta(days=2), last) if (on := daily.on(day))}
    assert found[:-1] == [on for on in named if found[0] <= on < last]


@settings(max_examples=150, deadline=None)
@given(moments(), clocks, weekdays)
def test_daily__next_and_last_are_neighbours(
    place: tuple[str, datetime], clock: time, days: frozenset[int]
) -> None:
    """The last time is not after the moment, the next one is, and there is none between."""
    zone, moment = place
    daily = Daily(clock, zone, days)

    last, following = daily.last(moment), daily.next(moment)

    assert last <= moment < following
    assert following == daily.next(last)
    assert last == daily.last(following - timedelta(seconds=1))


@settings(max_examples=150, deadline=None)
@given(moments(), clocks)
def test_daily__is_the_time_that_clocks_show_where_they_show_it(
    place: tuple[str, datetime], clock: time
) -> None:
    """Only a time that is left out comes at another one, within the length of the gap."""
    zone, moment = place
    following = Daily(clock, zone).next(moment)

    shown = calendar.local(following, zone)
    asked = datetime.combine(shown.date(), clock)

    if shown.time() != clock:
        late = min((shown.replace(tzinfo=None) - asked) % timedelta(days=1), timedelta(days=1))
        assert not calendar.exists(shown.replace(tzinfo=None, fold=0) - late, zone)
        assert late <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        ("2027-03-27", "08:00", "2027-03-27T07:00"),
        ("2027-03-28", "08:00", "2027-03-28T06:00"),  # 23 hours later
        ("2027-03-28", "02:30", "2027-03-28T01:30"),  # clocks show 03:30
        ("2027-10-31", "08:00", "2027-10-31T07:00"),  # 25 hours later
        ("2027-10-31", "02:30", "2027-10-31T00:30"),  # the first of two
    ],
)
def test_on__knows_both_days_of_change(day: str, clock: str, expected: str) -> None:
    """In Berlin clocks go forward at 02:00 and back at 03:00."""
    assert at(expected) == Daily(time.fromisoformat(clock), BERLIN).on(date.fromisoformat(day))


def test_on__has_nothing_on_a_day_that_is_left_out() -> None:
    """Samoa went over the date line and had no 30 December 2011."""
    daily = Daily(time(8), "Pacific/Apia")

    assert daily.on(date(2011, 12, 30)) is None
    assert at("2011-12-30T18:00") == daily.next(at("2011-12-29T18:00"))


def test_daily__of_no_day_is_refused() -> None:
    """It would never come, and whoever looks for it would look for ever."""
    with pytest.raises(ValueError, match="needs a day"):
        Daily(time(8), BERLIN, frozenset())


def test_next__keeps_to_the_days() -> None:
    """Friday's comes before Monday's where only weekdays count, by the days of the zone, not by UTC's."""
    daily = Daily(time(8), "Asia/Tokyo", WEEKDAYS)

    assert at("2026-11-29T23:00") == daily.next(at("2026-11-26T23:00"))  # Friday 08:00 -> Monday 08:00


@settings(max_examples=200, deadline=None)
@given(moments(), clocks, clocks, weekdays)
def test_ends__is_the_end_of_a_window_that_began(
    place: tuple[str, datetime], start: time, end: time, days: frozenset[int]
) -> None:
    """Within it is every moment from a start to the next end; there it is over, or the next window has begun."""
    zone, moment = place
    window = Window(start, end, zone, days)

    over = window.ends(moment)

    began = Daily(start, zone, days).last(moment)
    if over is None:
        assert start <= end or Daily(end, zone).last(moment) >= began or _left_out(zone, began)
    else:
        assert began <= moment < over
        assert window.ends(over - timedelta(seconds=1)) == over
        assert over - began <= timedelta(hours=49)


def _left_out(zone: str, began: datetime) -> bool:
    return calendar.local(began, zone).year == 2011 and zone.startswith("Pacific/")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-30T20:59", None),
        ("2026-11-30T21:00", "2026-12-01T06:00"),
        ("2026-12-01T05:59", "2026-12-01T06:00"),
        ("2026-12-01T06:00", None),
        ("2027-03-27T22:00", "2027-03-28T05:00"),  # summer time begins in the night
        ("2027-10-30T21:00", "2027-10-31T06:00"),  # and ends
    ],
)
def test_ends__goes_past_midnight(moment: str, expected: str | None) -> None:
    """From 22:00 to 07:00 in Berlin."""
    window = Window(time(22), time(7), BERLIN)

    assert (at(expected) if expected else None) == window.ends(at(moment))


def test_ends__counts_the_days_on_which_a_window_begins() -> None:
    """Of the night from Friday to Saturday the whole belongs to Friday."""
    window = Window(time(22), time(7), "UTC", WEEKDAYS)

    assert at("2026-11-28T07:00") == window.ends(at("2026-11-28T03:00"))
    assert window.ends(at("2026-11-28T23:00")) is None


@pytest.mark.parametrize(
    ("moment", "zone", "expected"),
    [
        ("2026-12-03T07:00", BERLIN, "03 Dec 08:00 Europe/Berlin"),
        ("2026-12-03T07:00", "UTC", "03 Dec 07:00 UTC"),
        ("2027-10-31T00:30", BERLIN, "31 Oct 02:30 Europe/Berlin (UTC+02:00)"),
        ("2027-10-31T01:30", BERLIN, "31 Oct 02:30 Europe/Berlin (UTC+01:00)"),
    ],
)
def test_clock_time__says_which_one_where_clocks_show_it_twice(moment: str, zone: str, expected: str) -> None:
    """Elsewhere the zone's name is enough."""
    assert expected == clock_time(at(moment), zone)


def test_on_days__names_them() -> None:
    """As people say it."""
    said = [on_days(days) for days in (EVERY_DAY, WEEKDAYS, calendar.WEEKEND, frozenset({0, 2, 4}))]

    assert ["every day", "on weekdays", "on Saturday and Sunday", "on Monday, Wednesday and Friday"] == said
