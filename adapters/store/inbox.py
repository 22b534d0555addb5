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
from adapters.store.part import Part, whole
from adapters.store.tables import inbox, replicas
from adapters.store.text import clean
from adapters.store.together import Together
from bot.errors import StoreError
from bot.state import Invocation, Owner

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

    async def accept(self, source: str, dedupe_id: str, invocation: Invocation, owner: Owner) -> bool:
        """Keep a command durably, for its owner to answer; False where this id is known already.

        Commands that come at the same moment are committed together, and fail together: `StoreError` for each of them.
        """
        if owner.listed and not owner.sure() and not await self._is_there(owner):
            raise StoreError(
                "Other programs found this one dead while it was held up. It joins them anew in a moment."
            )
        values = {
            "source": clean(source),
            "dedupe_id": clean(dedupe_id),
            "received_at": invocation.at,
            "finished": False,
            "invocation": encode(invocation),
            "owner": owner.id,
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

    @whole
    async def adopt(
        self, source: str, since: datetime, owner: Owner, *, unowned_until: datetime
    ) -> tuple[tuple[str, Invocation], ...]:
        """Own what is no living program's, and return it, oldest first; a damaged one holds up no other."""
        living = select(replicas.c.id)
        dead = (inbox.c.owner != owner.id) & inbox.c.owner.not_in(living)
        unowned = inbox.c.owner.is_(None) & (inbox.c.received_at < unowned_until)
        left = (inbox.c.source == source) & ~inbox.c.finished & (inbox.c.received_at >= since)
        left &= dead | unowned
        if not await self._rows(select(inbox.c.id).where(left).limit(1)):
            return ()  # as nearly always: nothing is written for that
        mine = update(inbox).where(left).values(owner=owner.id)
        columns = (inbox.c.received_at, inbox.c.id, inbox.c.dedupe_id, inbox.c.invocation)
        async with self._db.writing() as connection:
            rows = (await connection.execute(mine.returning(*columns))).all()
        found: list[tuple[str, Invocation]] = []
        for row in sorted(rows, key=lambda row: (row.received_at, row.id)):
            try:
                found.append((row.dedupe_id, decode_invocation(row.invocation)))
            except msgspec.DecodeError:
                log.exception("the command %s is damaged and left out", row.dedupe_id)
        return tuple(found)

    async def owner_of(self, source: str, dedupe_id: str) -> str | None:
        """Return the id of the program that owns a command; None where there is no such command, or nobody owns it."""
        row = await self._first(
            select(inbox.c.owner).where(inbox.c.source == source, inbox.c.dedupe_id == dedupe_id)
        )
        return None if row is None else row.owner

    async def _is_there(self, owner: Owner) -> bool:
        return await self._first(select(replicas.c.id).where(replicas.c.id == owner.id)) is not None
