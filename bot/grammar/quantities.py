"""Numbers and lengths of time as people write them."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from bot.replies import values

MOST_MINUTES = 10_080  # a week; a longer run is far more likely a slip of the hand
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


def age(text: str) -> timedelta | None:
    """Return how long ago `24h`, `2 days` or `1w` is; None if the text says no age."""
    found = _AGE.fullmatch(text)
    return timedelta(**{_AGES[found[2][0].lower()]: int(found[1])}) if found else None


def length(text: str) -> timedelta | None:
    """Return the length of time that `3 h`, `2 days`, `1w` or `1h30m` says; None if it says none."""
    total = None if _PLAIN.fullmatch(text) else _seconds(text, bare=1)
    return age(text) if total is None else timedelta(seconds=float(total))


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
