"""Times that come again, as cron names them: minute, hour, day of the month, month, day of the week; pure.

The fields mean what crontab(5) says: names and numbers, lists, ranges and steps, Sunday is 0 and 7. Where both a day of
the month and a day of the week are given, a day that is either of them counts; where one of them begins with a star
("*/2" too), it has to be both. A day of the month that a month lacks is left out.

Where clocks are changed, `bot.calendar` decides: every time of a local day comes once on it. A time that does not exist is
meant as far behind the gap as it stands in it, and of one that exists twice the first is meant, unlike in a cron whose
hour is a star.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from bot.calendar import Daily, local

AHEAD = timedelta(
    days=8 * 366
)  # what does not come within it never comes: between two leap years lie eight at most
NICKNAMES = {
    "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
}  # fmt: skip
_PART = re.compile(r"(\*|[a-z0-9]{1,3})(?:-([a-z0-9]{1,3}))?(?:/([0-9]{1,3}))?", re.ASCII)
_DAY = timedelta(days=1)


def _named(first: int, names: str) -> dict[str, int]:
    return {name: number for number, name in enumerate(names.split(), first)}


@dataclass(frozen=True, slots=True)
class Field:
    """One of the five: what it is called, and from where to where its numbers go."""

    name: str
    low: int
    high: int
    names: Mapping[str, int] = field(default_factory=dict)


MINUTE, HOUR = Field("minute", 0, 59), Field("hour", 0, 23)
DAY = Field("day of the month", 1, 31)
MONTH = Field("month", 1, 12, _named(1, "jan feb mar apr may jun jul aug sep oct nov dec"))
WEEKDAY = Field("day of the week", 0, 7, _named(0, "sun mon tue wed thu fri sat"))
FIELDS = (MINUTE, HOUR, DAY, MONTH, WEEKDAY)
SUNDAY = 7


class Fault(StrEnum):
    """What is wrong with a text."""

    NUMBER = "number of fields"
    UNKNOWN = "not understood"
    RANGE = "out of range"
    ORDER = "ends before it begins"
    STEP = "a step without a range"


class NotCron(ValueError):
    """A text is no cron expression: `fault` of `part`, which stands in the field `of`; None for the whole."""

    def __init__(self, fault: Fault, part: str, of: Field | None = None) -> None:
        super().__init__(f"{of.name if of else 'cron'}: {part}: {fault}")
        self.fault = fault
        self.part = part
        self.of = of


@dataclass(frozen=True, slots=True)
class Cron:
    """When something comes again, by local clocks. `text`: the five fields; `weekdays`: Monday is 0.

    `either`: a day counts that is one of `days`, or of `weekdays`.
    """

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def on(self, day: date) -> bool:
        """Whether it comes on a day."""
        if day.month not in self.months:
            return False
        fits = (day.day in self.days, day.weekday() in self.weekdays)
        return any(fits) if self.either else all(fits)

    @property
    def clocks(self) -> tuple[time, ...]:
        """The times of the days on which it comes."""
        return tuple(time(hour, minute) for hour in sorted(self.hours) for minute in sorted(self.minutes))

    def after(self, at: datetime, zone: str) -> Iterator[datetime]:
        """Yield the times behind a moment, in UTC and in order, as far as is looked ahead."""
        first, latest = local(at, zone).date() - _DAY, at  # a gap may push a time past midnight
        for day in (first + n * _DAY for n in range(AHEAD.days)):
            if self.on(day):
                shown = (Daily(clock, zone).on(day) for clock in self.clocks)
                for moment in sorted(moment for moment in shown if moment is not None and moment > latest):
                    if moment > latest:  # two local times may be one behind a gap
                        latest = moment
                        yield moment

    def next(self, at: datetime, zone: str) -> datetime | None:
        """Return the first time behind a moment, None where it never comes."""
        return next(self.after(at, zone), None)

    def between(self, since: datetime, until: datetime, zone: str) -> Iterator[datetime]:
        """Yield the times behind `since` and up to `until`, in order."""
        for moment in self.after(since, zone):
            if moment > until:
                return
            yield moment


def read(text: str) -> Cron:
    """Read five fields or a nickname. Raises `NotCron`."""
    said = " ".join(text.lower().split())
    parts = NICKNAMES.get(said, said).split(" ")
    if len(parts) != len(FIELDS):
        raise NotCron(Fault.NUMBER, said)
    minutes, hours, days, months, weekdays = map(_numbers, parts, FIELDS)
    return Cron(
        text=" ".join(parts), minutes=minutes, hours=hours, days=days, months=months,
        weekdays=frozenset((day - 1) % SUNDAY for day in weekdays),
        either=not any(part.startswith("*") for part in (parts[2], parts[4])),
    )  # fmt: skip


def _numbers(text: str, of: Field) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        found.update(_part(part, of))
    return frozenset(found)


def _part(text: str, of: Field) -> range:
    """Read a star, a number, or a range, each but a number maybe with a step."""
    split = _PART.fullmatch(text)
    if split is None or (split[1] == "*" and split[2]):
        raise NotCron(Fault.UNKNOWN, text, of)
    if split[3] and not (split[1] == "*" or split[2]):
        raise NotCron(Fault.STEP, text, of)
    low, high = (of.low, of.high) if split[1] == "*" else _ends(split, text, of)
    step = int(split[3] or 1)
    if not (of.low <= low and high <= of.high and step):
        raise NotCron(Fault.RANGE, text, of)
    if low > high:
        raise NotCron(Fault.ORDER, text, of)
    return range(low, high + 1, step)


def _ends(split: re.Match[str], text: str, of: Field) -> tuple[int, int]:
    low = _number(split[1], text, of)
    if not split[2]:
        return low, low
    high = _number(split[2], text, of)
    if of is WEEKDAY and high < low and split[2] == "sun":
        high = SUNDAY
    return low, high


def _number(word: str, text: str, of: Field) -> int:
    if word.isdigit():
        return int(word)
    if word not in of.names:
        raise NotCron(Fault.UNKNOWN, text, of)
    return of.names[word]
