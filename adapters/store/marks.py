"""What people said of single properties."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, ScalarSelect, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.checks import digest
from adapters.store.codec import decode, encode, from_row, to_row
from adapters.store.database import Database
from adapters.store.part import Part, has_in_it, whole
from adapters.store.tables import property_states as table
from adapters.store.tables import runs
from bot.state import PropertyState, Reopened, Why


class SqlPropertyStates(Part):
    """Fills `bot.ports.PropertyStates`."""

    async def property_state(self, connection: str, launcher_key: str, name: str) -> PropertyState:
        """Return what is said of a property of a launcher; an empty state where nobody said anything."""
        statement = select(table).where(
            table.c.connection == connection,
            table.c.launcher_key == launcher_key,
            table.c.digest == digest(name),
        )
        row = await self._first(statement)
        if row is not None:
            return _state(row)
        return PropertyState(connection=connection, launcher_key=launcher_key, name=name)

    async def property_states(
        self, connection: str, launcher_key: str | None = None
    ) -> tuple[PropertyState, ...]:
        """Return all that are not empty, of a launcher or of a whole connection, by launcher and name."""
        statement = select(table).where(
            table.c.connection == connection, or_(table.c.owner != "", table.c.word.is_not(None))
        )
        if launcher_key is not None:
            statement = statement.where(table.c.launcher_key == launcher_key)
        found = [_state(row) for row in await self._rows(statement)]
        return tuple(sorted(found, key=lambda state: (state.launcher_key, state.name)))

    async def all_property_states(
        self, *, naming: str = "", skip: int, limit: int
    ) -> tuple[tuple[tuple[PropertyState, str], ...], int]:
        """Return those of all connections that are not empty, without the first `skip`, and how many there are in all.

        Each with the name of its launcher, as the newest run on record has it. `naming`: only those in whose name or launcher
        this text is, in capitals or not.
        """
        named = (
            has_in_it(c, naming, lite=self._db.lite)
            for c in (table.c.name, table.c.launcher_key, _launcher())
        )
        fits = (or_(table.c.owner != "", table.c.word.is_not(None)), or_(*named))
        order = (table.c.connection, table.c.launcher_key, table.c.name)
        page = (
            select(table, _launcher().label("launcher"))
            .where(*fits)
            .order_by(*order)
            .offset(skip)
            .limit(limit)
        )
        async with self._db.reading() as connection:
            rows = (await connection.execute(page)).all()
            total = await connection.scalar(select(func.count()).select_from(table).where(*fits))
        return tuple((_state(row), row.launcher or row.launcher_key) for row in rows), int(total or 0)

    @whole
    async def save_property_state(self, state: PropertyState) -> bool:
        """Keep a state in place of the version that it was made from; False where somebody changed that in between."""
        async with self._db.writing() as session:
            return await _save(self._db, session, state)


def _launcher() -> ScalarSelect[str]:
    """Ask what the launcher of a row is called: its key may be an id."""
    same = (runs.c.connection == table.c.connection, runs.c.launcher_key == table.c.launcher_key)
    newest = select(runs.c.launcher).where(*same, runs.c.launcher != "").order_by(runs.c.listed_at.desc())
    return newest.limit(1).scalar_subquery()


async def save_states(db: Database, session: AsyncConnection, states: Sequence[PropertyState]) -> None:
    """Keep some states, inside a transaction that is open already; what somebody changed in between stays."""
    for state in states:
        await _save(db, session, state)


async def _save(db: Database, session: AsyncConnection, state: PropertyState) -> bool:
    reopened = state.reopened
    row = to_row(
        table,
        state,
        digest=digest(state.name),
        places=encode(state.places),
        reopened_why=reopened.why if reopened else None,
        reopened_run_id=reopened.run_id if reopened else "",
        reopened_now=reopened.now if reopened else "",
        version=state.version + 1,
    )
    put = db.put(table, where=lambda new: table.c.version == new.version - 1).returning(table.c.version)
    return (await session.execute(put, row)).first() is not None


def _state(row: Row[Any]) -> PropertyState:
    why = row.reopened_why
    reopened = Reopened(why=Why(why), run_id=row.reopened_run_id, now=row.reopened_now) if why else None
    return from_row(row, PropertyState, places=decode(row.places, tuple[str, ...]), reopened=reopened)
