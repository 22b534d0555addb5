"""Which program polls and delivers on this database: one row, held by whoever made it beat last.

It saves calls and keeps two programs out of each other's way; that nothing is doubled is the outbox's promise.
No wall clock decides: who waits watches whether the beats grow.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from adapters.store.codec import from_row, to_row
from adapters.store.part import Part, whole
from adapters.store.tables import workers

NAME = "run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A program at work.

    `holder` is unique for one life of it. `place` names the machine's boot and the process namespace in which
    `pid` and `born` (when the process began, in the system's own words) mean something; "" where none is known.
    """

    holder: str
    host: str
    place: str
    pid: int
    born: str
    since: datetime
    beats: int = 0


class SqlWorkers(Part):
    """Keeps the one row."""

    async def worker(self) -> Worker | None:
        """Return who holds the work, if anybody."""
        row = await self._first(select(workers).where(workers.c.name == NAME))
        return None if row is None else from_row(row, Worker)

    @whole
    async def take_work(self, mine: Worker, after: Worker | None) -> bool:
        """Take the work that nobody holds, or that `after` held and has not touched since; False if too late."""
        async with self._db.writing() as connection:
            if after is not None:
                gone = (workers.c.name == NAME) & (workers.c.holder == after.holder)
                gone &= workers.c.beats == after.beats
                if not (await connection.execute(delete(workers).where(gone))).rowcount:
                    return False
            row = to_row(workers, mine, name=NAME)
            return (await connection.execute(self._db.add(workers), row)).first() is not None

    async def beat_work(self, holder: str) -> bool:
        """Show that the holder lives; False where it holds the work no more."""
        mine = (workers.c.name == NAME) & (workers.c.holder == holder)
        return await self._write(update(workers).where(mine).values(beats=workers.c.beats + 1)) > 0

    async def leave_work(self, holder: str) -> None:
        """Let go of the work, so that another may begin at once."""
        await self._write(delete(workers).where(workers.c.holder == holder))
