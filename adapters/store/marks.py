"""What people said of single properties."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.checks import digest
from adapters.store.codec import decode, encode, from_row, to_row
from adapters.store.database import Database
from adapters.store.part import Part, whole
from adapters.store.tables import property_states as table
from bot.state import PropertyState, Reopened


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

    @whole
    async def save_property_state(self, state: PropertyState) -> bool:
        """Keep a state in place of the version that it was made from; False where somebody changed that in between."""
        async with self._db.writing() as session:
            return await _save(self._db, session, state)


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
    reopened = Reopened(why=why, run_id=row.reopened_run_id, now=row.reopened_now) if why else None
    return from_row(row, PropertyState, places=decode(row.places, tuple[str, ...]), reopened=reopened)
