"""Whether the database is whole, can be written, and is still the one that was opened."""

from __future__ import annotations

from sqlalchemy import text

from adapters.store.part import Part
from adapters.store.tables import probes
from bot.errors import StoreError


class SqlCondition(Part):
    """Asked at start, by probes and by the auditor."""

    async def check(self) -> None:
        """Read every page of an SQLite file once. Raises `StoreError` where one is damaged."""
        if not self._db.lite:
            return
        found = await self._first(text("PRAGMA quick_check(1)"))
        if found is None or found[0] != "ok":
            raise StoreError(f"The database {self._db.name} is damaged. Restore it from a backup.")

    async def prove(self) -> None:
        """Write a row that nobody reads. Raises `StoreError` where nothing can be written.

        It has to change something: SQLite writes no page for an update that leaves a row as it was.
        """
        if problem := self._db.moved():
            raise StoreError(problem)
        add = self._db.insert(probes)
        count = add.on_conflict_do_update(index_elements=["name"], set_={"writes": probes.c.writes + 1})
        await self._write(count, {"name": "write", "writes": 1})

    def moved(self) -> str:
        """Say that another file stands where the database was, "" while it does not."""
        return self._db.moved()
