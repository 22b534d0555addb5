"""Made-up values that depend on nothing but the seed, and times as the platforms write them."""

from __future__ import annotations

import random
from datetime import datetime


def dice(*parts: object) -> random.Random:
    """Return dice of their own for a purpose; the same parts throw the same numbers on every machine."""
    return random.Random("/".join(map(str, parts)))  # noqa: S311 - a made-up world, no secret depends on it


def timestamp(moment: datetime) -> str:
    """Return RFC 3339 text in UTC with seconds, or milliseconds where there are any."""
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=precision) + "Z"
