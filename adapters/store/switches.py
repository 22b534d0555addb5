"""What an admin switches in a chat, for every program on this database at once."""

from __future__ import annotations

from sqlalchemy import delete, select

from adapters.store.audit import append
from adapters.store.codec import from_row, to_row
from adapters.store.part import Part, whole
from adapters.store.tables import switches
from bot.state import AuditEntry, Switched

READ_ONLY = "read-only"


class SqlSwitches(Part):
    """Fills `bot.ports.Switches`."""

    async def read_only(self) -> Switched | None:
        """Return who switched it on and when, None while it is off."""
        row = await self._first(select(switches).where(switches.c.name == READ_ONLY))
        return None if row is None else from_row(row, Switched)

    @whole
    async def switch_read_only(self, to: Switched | None, noted: AuditEntry) -> bool:
        """Switch it on, or off with None; False where it was so already, and then nothing is noted."""
        change = (
            delete(switches).where(switches.c.name == READ_ONLY).returning(switches.c.name)
            if to is None
            else self._db.add(switches)
        )
        values = None if to is None else to_row(switches, to, name=READ_ONLY)
        async with self._db.writing() as connection:
            changed = (await connection.execute(change, values)).first() is not None
            if changed:
                await append(connection, noted)
        return changed
