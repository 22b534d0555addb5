"""Whether a run that a channel expects has started, as far as the record tells, and when a launcher usually starts; all pure.

    ----- STILL -----|--------- window ---------| due ------------ late ------------| the next window
                     a start here is in time                a start here is late

A start counts by the time at which its run was created. A run from before that still went on at the deadline explains
that no other one was started. What is not on record whole is not known: nothing is concluded from it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice, takewhile
from statistics import median

from bot.calendar import EVERY_DAY, WEEKDAYS, Daily, local
from bot.model import RunRef
from bot.state import Expectation

LISTED = timedelta(minutes=2)  # a platform may list a run so much later than it was created
WINDOW = timedelta(hours=12)  # before a deadline in which a start counts, where nothing else is said
STILL = timedelta(hours=24)  # before a window: a run that started in it and goes on may be in the way
STREAK = 14  # deadlines that are looked back at

NEAR = timedelta(minutes=30)  # around the usual time of a start
LOOKED = 14  # days
ENOUGH = 5  # of them, before a start is usual
MOSTLY = 0.9  # of the days on which it has to have started
DAY = 24 * 60  # minutes
ROUND, STEP = 5, 30  # minutes: a usual time is said to the first, a deadline is proposed to the second


class Found(StrEnum):
    """What the record says of a deadline."""

    STARTED = "started"
    LATE = "late"
    RUNNING = "running"  # a run from before still went on
    MISSING = "missing"
    UNKNOWN = "unknown"  # not everything is on record


@dataclass(frozen=True, slots=True)
class Start:
    """A run that was started, and when it was first seen to have ended; None: it goes on."""

    run: RunRef
    at: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What the record says of a deadline; `at`: when a run started for it, in time or late."""

    due: datetime
    found: Found
    at: datetime | None = None


def daily(expectation: Expectation) -> Daily | None:
    """Return the deadline as a daily time; None where there is none."""
    e = expectation
    return Daily(e.by, e.zone, e.days) if e.by is not None else None


def last_due(expectation: Expectation, read_at: datetime) -> datetime | None:
    """Return the newest deadline that can be judged once the list of runs was read at that time; None: none yet."""
    deadline = daily(expectation)
    due = deadline.last(read_at - LISTED) if deadline is not None else None
    return due if due is not None and due > expectation.since else None


def counts_from(expectation: Expectation, due: datetime) -> datetime:
    """Return from when on a start counts for a deadline."""
    if expectation.begins is None:
        return due - WINDOW
    return Daily(expectation.begins, expectation.zone).last(due)


def never_shown(expectation: Expectation, now: datetime) -> tuple[datetime, date] | None:
    """Return the next day within a year on which the clocks never show the deadline, behind when it is on that day."""
    deadline, first = daily(expectation), local(now, expectation.zone).date()
    for day in (first + timedelta(days=n) for n in range(366)):
        at = deadline.on(day) if deadline is not None else None
        if at is not None and local(at, expectation.zone).time() != expectation.by:
            return at, day
    return None


def judge(expectation: Expectation, due: datetime, starts: Iterable[Start], whole_since: datetime) -> Judged:
    """Say what came of a deadline; every run that was created after `whole_since` is among the starts."""
    begin = counts_from(expectation, due)
    by_time = sorted(starts, key=lambda start: start.at)
    found = next((start.at for start in by_time if begin <= start.at <= due), None)
    if found is not None:
        return Judged(due, Found.STARTED, found)
    if any(_went_on(start, begin, due) for start in by_time):
        return Judged(due, Found.RUNNING)
    if whole_since > begin:
        return Judged(due, Found.UNKNOWN)
    end = next_window(expectation, due)
    late = next((start.at for start in by_time if due < start.at < end), None)
    return Judged(due, Found.MISSING if late is None else Found.LATE, late)


def _went_on(start: Start, begin: datetime, due: datetime) -> bool:
    return begin - STILL < start.at < begin and (start.until is None or start.until > due)


def next_window(expectation: Expectation, due: datetime) -> datetime:
    """Return from when on a start counts for the deadline behind one."""
    deadline = daily(expectation)
    following = deadline.next(due) if deadline is not None else due
    return max(due, counts_from(expectation, following))


def in_a_row(
    expectation: Expectation, due: datetime, starts: Collection[Start], whole_since: datetime
) -> int:
    """Count the deadlines up to one that was missed which were missed one after the other, as far as is known."""
    return 1 + sum(
        1
        for _ in takewhile(
            lambda before: (
                before > expectation.since
                and judge(expectation, before, starts, whole_since).found is Found.MISSING
            ),
            islice(_before(expectation, due), STREAK - 1),
        )
    )


def _before(expectation: Expectation, due: datetime) -> Iterator[datetime]:
    deadline = daily(expectation)
    while deadline is not None:
        due = deadline.last(due - timedelta(microseconds=1))
        yield due


def first_since(expectation: Expectation, due: datetime, starts: Iterable[Start]) -> datetime | None:
    """Return when the first run started that ends the wait for a deadline; it may have been listed late."""
    begin = counts_from(expectation, due)
    return min((start.at for start in starts if start.at >= begin), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsualStart:
    """That a launcher started at about a local time on `times` of the newest `of` of some days.

    `by`: the deadline that follows from it.
    """

    at: time
    by: time
    times: int
    of: int
    days: frozenset[int] = EVERY_DAY


def usual_start(
    starts: Sequence[datetime], zone: str, now: datetime, whole_since: datetime
) -> UsualStart | None:
    """Return when runs of a launcher usually start; None where they do so at no time of the day.

    Only days over which the record is whole count, at least five of them; a launcher that mostly starts at other
    times too has no usual time.
    """
    shown = [local(at, zone) for at in starts if now - (LOOKED + 1) * timedelta(days=1) <= at <= now]
    if not shown:
        return None
    minutes = [at.hour * 60 + at.minute for at in shown]
    middle = max(minutes, key=lambda minute: (len(_days_near(minute, shown, minutes)), -minute))
    near = [off for off in (_apart(minute, middle) for minute in minutes) if abs(off) <= NEAR.seconds // 60]
    if 2 * len(near) < len(minutes):
        return None
    usual = round((middle + median(near)) / ROUND) * ROUND % DAY
    return _on_days(usual, zone, starts, now, whole_since)


def _on_days(
    usual: int, zone: str, starts: Sequence[datetime], now: datetime, whole_since: datetime
) -> UsualStart | None:
    """Count the days on which a run started at about a minute of the day: on all of them, or on weekdays alone."""
    every = Daily(_clock(usual), zone)
    due, days = every.last(now - NEAR), list[tuple[datetime, bool]]()
    while len(days) < LOOKED and due - NEAR > whole_since:
        days.append((due, any(abs(at - due) <= NEAR for at in starts)))
        due = every.last(due - timedelta(microseconds=1))
    for chosen in (EVERY_DAY, WEEKDAYS):
        on = [hit for at, hit in days if local(at, zone).weekday() in chosen]
        off = [hit for at, hit in days if local(at, zone).weekday() not in chosen]
        if len(on) >= ENOUGH and sum(on) >= MOSTLY * len(on) and not any(off):
            by = (usual + 60) // STEP * STEP % DAY
            return UsualStart(at=_clock(usual), by=_clock(by), times=sum(on), of=len(on), days=chosen)
    return None


def _days_near(middle: int, shown: Sequence[datetime], minutes: Sequence[int]) -> set[object]:
    """Return the days on which something stands near a minute of the day, also across midnight."""
    offsets = ((at, _apart(minute, middle)) for at, minute in zip(shown, minutes, strict=True))
    return {(at - timedelta(minutes=off)).date() for at, off in offsets if abs(off) <= NEAR.seconds // 60}


def _apart(minute: int, middle: int) -> int:
    """Return how far a minute of the day is behind another one, the shorter way round."""
    return (minute - middle + DAY // 2) % DAY - DAY // 2


def _clock(minute: int) -> time:
    return time(minute // 60, minute % 60)
