"""Which program polls and delivers on this database: one row, held by whoever made it beat last.

It saves calls and keeps two programs out of each other's way; that nothing is doubled is the outbox's promise.
No wall clock decides: who waits watches whether the beats grow.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

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
        async with self._db.reading() as connection:
            row = (await connection.execute(select(workers).where(workers.c.name == NAME))).first()
        if row is None:
            return None
        values = {name: getattr(row, name) for name in Worker.__dataclass_fields__}
        return Worker(**values)

    @whole
    async def take_work(self, mine: Worker, after: Worker | None) -> bool:
        """Take the work that nobody holds, or that `after` held and has not touched since; False if too late."""
        values = {name: getattr(mine, name) for name in Worker.__dataclass_fields__}
        async with self._db.writing() as connection:
            if after is not None:
                gone = (workers.c.name == NAME) & (workers.c.holder == after.holder)
                gone &= workers.c.beats == after.beats
                if not (await connection.execute(delete(workers).where(gone))).rowcount:
                    return False
            add = self._db.insert(workers).on_conflict_do_nothing().returning(workers.c.name)
            return (await connection.execute(add, {"name": NAME, **values})).first() is not None

    @whole
    async def beat(self, holder: str) -> bool:
        """Show that the holder lives; False where it holds the work no more."""
        mine = (workers.c.name == NAME) & (workers.c.holder == holder)
        async with self._db.writing() as connection:
            beaten = await connection.execute(update(workers).where(mine).values(beats=workers.c.beats + 1))
        return beaten.rowcount > 0

    @whole
    async def leave_work(self, holder: str) -> None:
        """Let go of the work, so that another may begin at once."""
        async with self._db.writing() as connection:
            await connection.execute(delete(workers).where(workers.c.holder == holder))
