"""What webhooks told, whichever program took it, for the one that polls their connection."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.sql.dml import ReturningDelete

from adapters.store.codec import decode, encode, from_row, to_row
from adapters.store.database import HINTS
from adapters.store.part import Part, whole
from adapters.store.tables import hints
from bot.state import Hint

log = logging.getLogger(__name__)

MOST = 1_000  # of one connection


class SqlHints(Part):
    """Fills `bot.ports.HintStore`."""

    @whole
    async def keep_hint(self, hint: Hint, *, repeats: datetime) -> bool:
        """Keep one; False where the same came after `repeats`."""
        put = self._db.put(hints, where=lambda _: hints.c.at <= repeats).returning(hints.c.digest)
        row = to_row(hints, hint, run_ids=encode(hint.run_ids), answered=False)
        async with self._db.writing() as connection:
            if (await connection.execute(put, row)).first() is None:
                return False
            forgotten = (await connection.execute(_forget(hint.connection))).all()
            await self._db.tell(connection, HINTS)
        if lost := sum(not gone.answered for gone in forgotten):
            log.warning(
                "%s: %d hints of webhooks are forgotten: too many wait to be answered", hint.connection, lost
            )
        return True

    async def hints(self, connection: str) -> tuple[Hint, ...]:
        """Return those that wait, oldest first."""
        waiting = select(hints).where(hints.c.connection == connection, ~hints.c.answered)
        rows = await self._rows(waiting.order_by(hints.c.at, hints.c.digest).limit(MOST))
        return tuple(from_row(row, Hint, run_ids=decode(row.run_ids, tuple[str, ...])) for row in rows)

    @whole
    async def answer_hints(self, answered: Collection[Hint]) -> None:
        """Note that these are answered, and keep of them only that they came."""
        if not answered:
            return
        same = (
            hints.c.connection == bindparam("of"),
            hints.c.digest == bindparam("sent"),
            hints.c.at == bindparam("then"),
        )
        rows = [{"of": hint.connection, "sent": hint.digest, "then": hint.at} for hint in answered]
        async with self._db.writing() as connection:
            await connection.execute(
                update(hints).where(*same).values(answered=True, run_ids=encode(())), rows
            )


def _forget(connection: str) -> ReturningDelete[Any]:
    """Let go of what is beyond `MOST`, but for what another program lets go of now."""
    ours = hints.c.connection == connection
    waiting_first = select(hints.c.digest).where(ours).order_by(hints.c.answered, hints.c.at.desc())
    beyond = hints.c.digest.in_(waiting_first.offset(MOST))
    free = select(hints.c.digest).where(ours, beyond).with_for_update(skip_locked=True)
    return delete(hints).where(ours, hints.c.digest.in_(free)).returning(hints.c.answered)
