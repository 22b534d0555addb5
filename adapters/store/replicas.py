"""The programs that run on this database, and which of them holds what: see `adapters/replicas`.

No wall clock decides, neither here nor in the database: who wonders whether another lives watches its beats grow.
A lease is taken, dropped and freed only as it was last seen, and its epoch grows each time: see `fence.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Update, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.codec import from_row, to_row
from adapters.store.database import FREE
from adapters.store.part import Part, whole
from adapters.store.tables import leases, replicas

# For what a frozen program has locked, no beat may wait longer: who waits shows no life, and ends no frozen one either.
LOCK_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """A program that runs.

    `id` is unique for one life of it. `place` names the machine's boot and the process namespace in which `pid` and
    `born` (when the process began, in the system's own words) mean something; "" where none is known. `beats` grows
    while it lives; `report` came with the last one: what it sees, as it wrote it.
    """

    id: str
    host: str
    place: str
    pid: int
    born: str
    since: datetime
    version: str = ""
    beats: int = 0
    report: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to do something that one replica does at a time. `holder`: its id, None while nobody has it."""

    name: str
    holder: str | None
    epoch: int


class SqlReplicas(Part):
    """Keeps both."""

    @property
    def shared(self) -> bool:
        """Whether several programs may work on the database at the same time."""
        return not self._db.lite

    async def join(self, replica: Replica) -> None:
        """Say that a program runs."""
        await self._write(self._db.add(replicas), to_row(replicas, replica))

    @whole
    async def beat(self, replica: str, report: str) -> bool:
        """Show that it lives, and what it sees; False where it was buried. Ends what a frozen one keeps from all others."""
        await self._db.end_frozen()
        shows = update(replicas).where(replicas.c.id == replica)
        async with self._db.writing(waits=LOCK_SECONDS) as connection:
            done = await connection.execute(shows.values(beats=replicas.c.beats + 1, report=report))
            return done.rowcount > 0

    async def replicas(self) -> tuple[Replica, ...]:
        """Return every program that runs, or was not yet found to have ended, the eldest first."""
        rows = await self._rows(select(replicas).order_by(replicas.c.since, replicas.c.id))
        return tuple(from_row(row, Replica) for row in rows)

    async def bury(self, seen: Replica) -> bool:
        """Take away one that is dead, and free its leases; False where it showed life since it was seen."""
        return await self._remove((replicas.c.id == seen.id) & (replicas.c.beats == seen.beats), seen.id)

    async def leave(self, replica: str) -> bool:
        """Say that a program ends, and free its leases; False where it was buried before."""
        return await self._remove(replicas.c.id == replica, replica)

    async def leases(self) -> tuple[Lease, ...]:
        """Return every lease that was ever taken."""
        rows = await self._rows(select(leases).order_by(leases.c.name))
        return tuple(from_row(row, Lease) for row in rows)

    @whole
    async def take_lease(self, name: str, me: str, seen_epoch: int) -> int | None:
        """Take a free lease as it was seen, 0 for one that nobody ever took; return its new epoch.

        None where another was faster, or where this replica was buried.
        """
        taken = self._db.add(leases), {"name": name, "holder": me, "epoch": 1}
        free = (leases.c.name == name) & leases.c.holder.is_(None) & (leases.c.epoch == seen_epoch)
        again = update(leases).where(free).values(holder=me, epoch=seen_epoch + 1).returning(leases.c.name)
        async with self._db.writing(waits=LOCK_SECONDS) as connection:
            # Locked, so that nobody buries this replica before its lease is there to be freed.
            alive = select(replicas.c.id).where(replicas.c.id == me).with_for_update(read=True)
            if (await connection.execute(alive)).first() is None:
                return None
            done = await (connection.execute(again) if seen_epoch else connection.execute(*taken))
            return seen_epoch + 1 if done.first() is not None else None

    @whole
    async def drop_lease(self, name: str, me: str, epoch: int) -> bool:
        """Let go of a lease, so that another may take it; False where it was lost before."""
        mine = (leases.c.name == name) & (leases.c.holder == me) & (leases.c.epoch == epoch)
        async with self._db.writing(waits=LOCK_SECONDS) as connection:
            dropped = (await connection.execute(_freed().where(mine))).rowcount > 0
            if dropped:
                await self._db.tell(connection, FREE)
        return dropped

    @whole
    async def _remove(self, which: ColumnElement[bool], replica: str) -> bool:
        async with self._db.writing(waits=LOCK_SECONDS) as connection:
            if not (await connection.execute(delete(replicas).where(which))).rowcount:
                return False
            await _free_all_of(replica, connection)
            await self._db.tell(connection, FREE)
            return True


def _freed() -> Update:
    return update(leases).values(holder=None, epoch=leases.c.epoch + 1)


async def _free_all_of(replica: str, connection: AsyncConnection) -> None:
    """Free what one held that is gone; what it writes under a lease at this moment is waited for."""
    await connection.execute(_freed().where(leases.c.holder == replica))
