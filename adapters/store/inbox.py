"""Commands that came in, each acting once."""

from __future__ import annotations

import logging
from datetime import datetime

import msgspec
from sqlalchemy import select, update

from adapters.store.codec import decode_invocation, encode
from adapters.store.part import Part, whole
from adapters.store.tables import inbox
from bot.state import Invocation

log = logging.getLogger(__name__)


class SqlInbox(Part):
    """Fills `bot.ports.Inbox`."""

    @whole
    async def accept(self, source: str, dedupe_id: str, invocation: Invocation) -> bool:
        """Keep a command durably; False where this id is known already."""
        values = {
            "source": source,
            "dedupe_id": dedupe_id,
            "received_at": invocation.at,
            "finished": False,
            "invocation": encode(invocation),
        }
        async with self._db.writing() as connection:
            return (await connection.execute(self._db.add(inbox), values)).first() is not None

    async def finish(self, source: str, dedupe_id: str) -> None:
        """Say that a command was answered."""
        statement = update(inbox).where(inbox.c.source == source, inbox.c.dedupe_id == dedupe_id)
        await self._write(statement.values(finished=True))

    async def unfinished(self, source: str, since: datetime) -> tuple[tuple[str, Invocation], ...]:
        """Return commands taken since then and never answered, oldest first; a damaged one holds up no other."""
        statement = (
            select(inbox.c.dedupe_id, inbox.c.invocation)
            .where(inbox.c.source == source, ~inbox.c.finished, inbox.c.received_at >= since)
            .order_by(inbox.c.received_at, inbox.c.id)
        )
        found: list[tuple[str, Invocation]] = []
        for row in await self._rows(statement):
            try:
                found.append((row.dedupe_id, decode_invocation(row.invocation)))
            except msgspec.DecodeError:
                log.exception("the command %s is damaged and left out", row.dedupe_id)
        return tuple(found)
