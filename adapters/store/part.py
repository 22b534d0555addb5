"""What every part of the store has."""

from __future__ import annotations

from adapters.store.database import Database


class Part:
    """One part of the store over the shared database. `doubt_after`: seconds from a claim to its doubt."""

    def __init__(self, database: Database, *, doubt_after: float) -> None:
        self._db = database
        self._doubt_after = doubt_after
