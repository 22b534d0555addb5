"""A run's results as a row, kept only for comparing."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from adapters.store.codec import decode, encode, from_row, to_row
from adapters.store.database import Database, Insert
from adapters.store.tables import results
from bot.model import RunRef
from bot.state import StoredResults

_NAMES = ("failing", "excused", "unhealthy")
"""The columns that hold names of checks."""


def result_row(kept: StoredResults, came: tuple[bytes | None, bool], *, announced: bool) -> dict[str, Any]:
    """Return the row of a run's results; `came`: of every check, packed, and whether these are all; `announced`: channels are notified of them."""
    names = {name: encode(sorted(getattr(kept, name))) for name in _NAMES}
    return to_row(
        results, kept, **asdict(kept.ref), **names, came=came[0], came_whole=came[1], told=announced
    )


def upsert_results(db: Database) -> Insert:
    """Insert results, or replace what was kept of the same run; what was only read never replaces what was announced."""
    return db.put(results, where=lambda new: new.told | ~results.c.told)


def stored(row: Row[Any]) -> StoredResults:
    """Read results back."""
    names = {name: decode(getattr(row, name), frozenset[str]) for name in _NAMES}
    return from_row(row, StoredResults, ref=RunRef(row.connection, row.run_id), **names)
