"""Local times: when a daily time comes next, whether a moment lies in a part of the day, on any day of the year.

Moments are aware and in UTC; a zone is its name in the IANA database ("Europe/Berlin"). Where clocks are changed, PEP 495
decides with fold=0:

    a time that does not exist   is meant as far behind the gap as it stands in it: 02:30 becomes 03:30
    a time that exists twice     is its first

So what is done daily is done once on each local day, also on days that are 23 or 25 hours long; a day that a zone leaves
out has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EVERY_DAY = frozenset(range(7))  # as `date.weekday()` counts: Monday is 0
WEEKEND = frozenset({5, 6})
WEEKDAYS = EVERY_DAY - WEEKEND
_DAY = timedelta(days=1)
_LAST_OF_DAY = time(23, 59, 59)
_NO_PLACES = frozenset({"Factory", "localtime", "posixrules"})  # the machine's zone, or none at all


@cache
def zones() -> frozenset[str]:
    """Return the names of all zones."""
    return frozenset(available_timezones()) - _NO_PLACES


def local(at: datetime, zone: str) -> datetime:
    """Return a moment as the clocks of a zone show it, aware."""
    return at.astimezone(ZoneInfo(zone))


def instant(shown: datetime, zone: str) -> datetime:
    """Return the moment, in UTC, at which the clocks of a zone show a naive time."""
    return shown.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def exists(shown: datetime, zone: str) -> bool:
    """Whether the clocks of a zone ever show a naive time."""
    return local(instant(shown, zone), zone).replace(tzinfo=None, fold=0) == shown


def twice(shown: datetime, zone: str) -> bool:
    """Whether the clocks of a zone show a naive time twice."""
    return exists(shown, zone) and instant(shown.replace(fold=1), zone) > instant(shown, zone)


@dataclass(frozen=True, slots=True)
class Daily:
    """A local time of some days of the week. Raises `ValueError` for no day at all."""

    at: time
    zone: str = "UTC"
    days: frozenset[int] = EVERY_DAY

    def __post_init__(self) -> None:
        if not self.days:
            raise ValueError("a daily time needs a day")

    def on(self, day: date) -> datetime | None:
        """Return when it comes on a local day; None where the day is none of its, or is left out by the zone."""
        if day.weekday() not in self.days or not _is_there(day, self.zone):
            return None
        return instant(datetime.combine(day, self.at), self.zone)

    def next(self, after: datetime) -> datetime:
        """Return the first time behind a moment."""
        return next(at for day in _days(local(after, self.zone), 1) if (at := self.on(day)) and at > after)

    def last(self, until: datetime) -> datetime:
        """Return the last time up to a moment."""
        return next(at for day in _days(local(until, self.zone), -1) if (at := self.on(day)) and at <= until)


@dataclass(frozen=True, slots=True)
class Window:
    """A part of some days, named by the days on which it begins; one that does not end after it starts ends a day later.

    Its start belongs to it, its end does not.
    """

    start: time
    end: time
    zone: str = "UTC"
    days: frozenset[int] = EVERY_DAY

    def holds(self, clock: time) -> bool:
        """Whether a time of day lies in it, as far as clocks are not changed."""
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end

    def ends(self, at: datetime) -> datetime | None:
        """Return when the window ends that a moment lies in; None where it lies in none."""
        for day in (local(at, self.zone).date() + offset for offset in (-2 * _DAY, -_DAY, 0 * _DAY)):
            start = Daily(self.start, self.zone, self.days).on(day)
            last = day if self.start < self.end else day + _DAY
            if start is not None and start <= at < (
                end := instant(datetime.combine(last, self.end), self.zone)
            ):
                return end
        return None


def _days(around: datetime, step: int) -> Iterator[date]:
    """Yield the local days one by one, from the one on the other side of a moment on: a gap may push a time past midnight."""
    day = around.date() - step * _DAY
    while True:
        yield day
        day += step * _DAY


def _is_there(day: date, zone: str) -> bool:
    """Whether a zone has a day: when it moves to the other side of the date line it leaves one out."""
    return any(
        local(instant(datetime.combine(day, at), zone), zone).date() == day for at in (time(), _LAST_OF_DAY)
    )
