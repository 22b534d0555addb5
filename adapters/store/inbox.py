"""Commands that came in, each acting once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from adapters.store.codec import decode_invocation, encode
from adapters.store.part import Part, whole
from adapters.store.tables import inbox
from bot.state import Invocation


class SqlInbox(Part):
    """Fills `bot.ports.Inbox`."""

    @whole
    async def accept(self, source: str, dedupe_id: str, invocation: Invocation) -> bool:
        """Keep a command durably; False where this id is known already."""
        statement = self._db.insert(inbox).on_conflict_do_nothing().returning(inbox.c.id)
        values = {
            "source": source,
            "dedupe_id": dedupe_id,
            "received_at": invocation.at,
            "finished": False,
            "invocation": encode(invocation),
        }
        async with self._db.writing() as connection:
            return (await connection.execute(statement, values)).first() is not None

    @whole
    async def finish(self, source: str, dedupe_id: str) -> None:
        """Say that a command was answered."""
        statement = update(inbox).where(inbox.c.source == source, inbox.c.dedupe_id == dedupe_id)
        async with self._db.writing() as connection:
            await connection.execute(statement.values(finished=True))

    async def unfinished(self, source: str, since: datetime) -> tuple[tuple[str, Invocation], ...]:
        """Return commands taken since then and never answered, oldest first."""
        statement = (
            select(inbox.c.dedupe_id, inbox.c.invocation)
            .where(inbox.c.source == source, ~inbox.c.finished, inbox.c.received_at >= since)
            .order_by(inbox.c.received_at, inbox.c.id)
        )
        async with self._db.reading() as connection:
            rows = (await connection.execute(statement)).all()
        return tuple((row.dedupe_id, decode_invocation(row.invocation)) for row in rows)
