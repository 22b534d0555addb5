"""What a signed delivery says: which runs, and when. Its shape is hardly documented, so nothing in it has to be there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

MOST_IDS = 10  # of one delivery
LONGEST_ID = 128


def read_body(body: bytes) -> object:
    """Return the JSON of a body, None for anything else."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def ids_in(content: object, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return the first ids under some keys, at any depth, each once."""
    found: dict[str, None] = {}
    for key, value in _items(content):
        if key in keys and (isinstance(value, str) or type(value) is int):
            found[str(value)] = None
    return tuple(run_id for run_id in found if len(run_id) <= LONGEST_ID)[:MOST_IDS]


def made_at(content: object) -> datetime | None:
    """Return the `timestamp` of a delivery; None where it has none with a zone."""
    given = content.get("timestamp") if isinstance(content, dict) else None
    try:
        at = datetime.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def _items(content: object) -> Iterator[tuple[str, object]]:
    """Yield the keys of every object with their values, in the order of the text."""
    left = [content]
    while left:
        match left.pop():
            case dict(found):
                yield from found.items()
                left += reversed(found.values())
            case list(found):
                left += reversed(found)
