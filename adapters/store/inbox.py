"""Commands that came in, each acting once."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import msgspec
from sqlalchemy import bindparam, select, update

from adapters.store.codec import decode_invocation, encode
from adapters.store.part import Part
from adapters.store.tables import inbox
from adapters.store.text import clean
from adapters.store.together import Together
from bot.state import Invocation

log = logging.getLogger(__name__)

Command = dict[str, Any]  # a row of the inbox


class SqlInbox(Part):
    """Fills `bot.ports.Inbox`."""

    @cached_property
    def _accepting(self) -> Together[Command, bool]:
        return Together(self._accept)

    @cached_property
    def _finishing(self) -> Together[Mapping[str, str], None]:
        return Together(self._finish)

    async def accept(self, source: str, dedupe_id: str, invocation: Invocation) -> bool:
        """Keep a command durably; False where this id is known already.

        Commands that come at the same moment are committed together, and fail together: `StoreError` for each of them.
        """
        values = {
            "source": clean(source),
            "dedupe_id": clean(dedupe_id),
            "received_at": invocation.at,
            "finished": False,
            "invocation": encode(invocation),
        }
        return await self._accepting.add(values)

    async def _accept(self, commands: Sequence[Command]) -> list[bool]:
        """Insert those that are not known, in one transaction; of two with one id the first one counts."""
        new = self._db.insert(inbox).on_conflict_do_nothing().returning(inbox.c.source, inbox.c.dedupe_id)
        async with self._db.writing() as connection:
            added = {tuple(row) for row in await connection.execute(new, commands)}
        found = []
        for command in commands:
            key = (command["source"], command["dedupe_id"])
            found.append(key in added)
            added.discard(key)
        return found

    async def finish(self, source: str, dedupe_id: str) -> None:
        """Say that a command was answered; those that are at the same moment are committed together."""
        await self._finishing.add({"its_source": source, "its_id": dedupe_id})

    async def _finish(self, commands: Sequence[Mapping[str, str]]) -> Sequence[None]:
        mine = (inbox.c.source == bindparam("its_source")) & (inbox.c.dedupe_id == bindparam("its_id"))
        async with self._db.writing() as connection:
            await connection.execute(update(inbox).where(mine).values(finished=True), commands)
        return [None] * len(commands)

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
