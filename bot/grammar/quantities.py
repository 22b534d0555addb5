"""Numbers, lengths of time and times as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from bot.replies import values

MOST_MINUTES = 10_080  # a week; a longer run is far more likely a slip of the hand
FIRST_YEAR = 2000  # no platform is older; a year before that is a slip of the hand
MOST_VIRTUAL_SECONDS = 3_600  # an hour is about 200 MB of log

_NUMBER = r"([0-9]{1,9}(?:\.[0-9]{1,6})?)"
_PLAIN = re.compile(_NUMBER, re.ASCII)
_UNITS = re.compile(
    rf"(?:{_NUMBER}\s?(?:h|hrs?|hours?))?\s?(?:{_NUMBER}\s?(?:m|mins?|minutes?))?"
    rf"\s?(?:{_NUMBER}\s?(?:s|secs?|seconds?))?",
    re.ASCII | re.IGNORECASE,
)
_AGE = re.compile(
    r"([0-9]{1,5})\s?(m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)", re.ASCII | re.IGNORECASE
)
_AGES = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:Z| ?UTC)?)?", re.ASCII)
_NAMED_DAYS = {"today": 0, "yesterday": 1}
_MINUTE_STEP = Decimal("0.000001")
_LONGEST = 40  # characters


def minutes(text: str, name: str = "duration") -> str:
    """Return wall-clock minutes of `30`, `0.5`, `90m`, `1h30m` or `10s` as decimal text, above 0, at most a week.

    Six decimals of a minute are what the platform is sent: 10 s are 0.166667. Raises `UserError`.
    """
    total = _seconds(text, bare=60)
    if total is None:
        raise values.not_a_duration(text, name)
    exact = (total / 60).quantize(_MINUTE_STEP, ROUND_HALF_UP)
    return _bounded(exact, MOST_MINUTES, text, name, "minutes")


def virtual_seconds(text: str, name: str = "window") -> str:
    """Return virtual seconds of `10`, `0.5`, `10s` or `2m` as decimal text, above 0, at most an hour.

    Raises `UserError`.
    """
    total = _seconds(text, bare=1)
    if total is None:
        raise values.not_virtual_seconds(text, name)
    return _bounded(total, MOST_VIRTUAL_SECONDS, text, name, "virtual seconds")


def whole_number(text: str, name: str, most: int) -> int:
    """Return a whole number from 1 to `most`. Raises `UserError`."""
    if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 0 < int(text) <= most:
        return int(text)
    raise values.not_a_whole_number(text, name, most)


def since(text: str, name: str, now: datetime) -> datetime:
    """Return the time in UTC that `24h`, `2d`, `1w`, `yesterday`, `2026-11-28` or `2026-11-28 14:30` says, none to come.

    A length counts back from `now`. Raises `UserError`.
    """
    said = " ".join(text.split())[: _LONGEST + 1]
    found = _back(said, now)
    if found is None or found.year < FIRST_YEAR:
        raise values.not_a_time(text, name)
    if found > now:
        raise values.in_the_future(text, name)
    return found


def _back(said: str, now: datetime) -> datetime | None:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if said.casefold() in _NAMED_DAYS:
        return midnight - timedelta(days=_NAMED_DAYS[said.casefold()])
    if age := _AGE.fullmatch(said):
        try:
            return now - timedelta(**{_AGES[age[2][0].lower()]: int(age[1])})
        except OverflowError:
            return None
    if not _DAY.fullmatch(said):
        return None
    try:
        return datetime.fromisoformat(said.removesuffix("UTC").removesuffix("Z").strip()).replace(tzinfo=UTC)
    except ValueError:
        return None


def _seconds(text: str, *, bare: int) -> Decimal | None:
    """Return the seconds that a text says, a number without a unit counting `bare` each; None if it is none."""
    text = text.strip()
    if not text or len(text) > _LONGEST:
        return None
    if _PLAIN.fullmatch(text):
        return Decimal(text) * bare
    parts = _UNITS.fullmatch(text)
    if parts is None:
        return None
    return sum(
        (Decimal(n) * unit for n, unit in zip(parts.groups(), (3600, 60, 1), strict=True) if n), Decimal()
    )


def _bounded(value: Decimal, most: int, text: str, name: str, unit: str) -> str:
    if not 0 < value <= most:
        raise values.out_of_range(text, name, most, unit)
    return f"{value.normalize():f}"
