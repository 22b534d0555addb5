"""Made-up values that depend on nothing but the seed, and times as the platforms write them."""

from __future__ import annotations

import hashlib
import random
from datetime import datetime

DIGITS = 12  # of an opaque id, behind its prefix


def dice(*parts: object) -> random.Random:
    """Return dice of their own for a purpose; the same parts throw the same numbers on every machine."""
    return random.Random("/".join(map(str, parts)))  # noqa: S311 - a made-up world, no secret depends on it


def opaque_id(prefix: str, *parts: object) -> str:
    """Return an id as "run_" and hexadecimal digits; the same parts give the same one."""
    text = "/".join(map(str, (prefix, *parts)))
    return f"{prefix}_{hashlib.blake2b(text.encode(), digest_size=DIGITS // 2).hexdigest()}"


def timestamp(moment: datetime) -> str:
    """Return RFC 3339 text in UTC with seconds, or milliseconds where there are any."""
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=precision) + "Z"
