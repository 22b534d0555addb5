"""What an admin switches in a chat, for every program on this database at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from sqlalchemy import delete, select

from adapters.store.audit import append
from adapters.store.codec import from_row, to_row
from adapters.store.part import Part, whole
from adapters.store.tables import switches
from adapters.store.together import Together
from bot.state import AuditEntry, Switched

READ_ONLY = "read-only"


class SqlSwitches(Part):
    """Fills `bot.ports.Switches`."""

    @cached_property
    def _looking(self) -> Together[None, Switched | None]:
        return Together(self._look)

    async def read_only(self) -> Switched | None:
        """Return who switched it on and when, None while it is off; who asks at the same moment shares one look."""
        return await self._looking.add(None)

    async def _look(self, asking: Sequence[None]) -> list[Switched | None]:
        row = await self._first(select(switches).where(switches.c.name == READ_ONLY))
        return [None if row is None else from_row(row, Switched)] * len(asking)

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
