"""Launches that are made at times."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from adapters.store.codec import decode, encode, from_row, to_row
from adapters.store.outbox import insert_deliveries
from adapters.store.part import Part, whole
from adapters.store.tables import intents
from adapters.store.tables import schedules as table
from bot.state import Intent, IntentState, NewDelivery, Schedule, ScheduleRequest


class SqlSchedules(Part):
    """Fills `bot.ports.Schedules`."""

    async def schedules(self, channel: str | None = None) -> tuple[Schedule, ...]:
        """Return all schedules, or those of one channel, in the order they were made."""
        statement = select(table).order_by(table.c.made_at, table.c.id)
        if channel is not None:
            statement = statement.where(table.c.channel == channel)
        return tuple(map(read_schedule, await self._rows(statement)))

    @whole
    async def schedule(self, schedule: Schedule, now: datetime) -> bool:
        """Keep it, and its intent as accepted, in one transaction; it takes the place of the same one of its channel."""
        draft = (intents.c.id == schedule.id) & (intents.c.state == IntentState.DRAFT)
        accept = update(intents).where(draft).values(state=IntentState.ACCEPTED, changed_at=now)
        values = _values(schedule)
        same = delete(table).where(table.c.channel == schedule.channel, table.c.same == values["same"])
        async with self._db.writing() as connection:
            if not (await connection.execute(accept)).rowcount:
                return False
            await connection.execute(same)
            await connection.execute(insert(table), values)
        return True

    @whole
    async def change_schedule(
        self, before: Schedule, after: Schedule, now: datetime, *,
        draft: Intent | None = None, message: NewDelivery | None = None,
    ) -> bool:  # fmt: skip
        """Change it, with what belongs to that, in one transaction; False where it is not there as it was."""
        seen = (table.c.id == before.id) & (table.c.version == before.version)
        values = _values(after) | {"version": before.version + 1}
        async with self._db.writing() as connection:
            if not (await connection.execute(update(table).where(seen).values(values))).rowcount:
                return False
            if draft is not None:
                row = to_row(intents, draft, changed_at=draft.created_at, request=encode(draft.request))
                await connection.execute(insert(intents), row)
            await insert_deliveries(self._db, connection, (message,) if message else (), now)
        return True

    async def remove_schedule(self, schedule: Schedule) -> bool:
        """Forget it; False where it is gone already."""
        return await self._write(delete(table).where(table.c.id == schedule.id)) > 0


def _values(schedule: Schedule) -> dict[str, Any]:
    principals = encode(sorted(schedule.principals))
    return to_row(table, schedule, principals=principals, request=encode(schedule.request))


def read_schedule(row: Row[Any]) -> Schedule:
    """Read a schedule back."""
    return from_row(
        row,
        Schedule,
        principals=decode(row.principals, list[str]),
        request=decode(row.request, ScheduleRequest),
    )
