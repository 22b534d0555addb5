"""Which ids are one person's, as people said with a code in both chats."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update

from adapters.store.part import Part, whole
from adapters.store.tables import link_codes, links


class SqlLinks(Part):
    """Fills `bot.ports.Links`."""

    async def links(self) -> tuple[frozenset[str], ...]:
        """Return the ids of each person who has several."""
        groups: dict[str, set[str]] = {}
        for row in await self._rows(select(links).order_by(links.c.actor)):
            groups.setdefault(row.person, set()).add(row.actor)
        return tuple(frozenset(group) for group in groups.values())

    @whole
    async def offer_link(self, digest: str, actor: str, until: datetime) -> None:
        """Keep the code of a person, in place of an earlier one."""
        async with self._db.writing() as connection:
            await connection.execute(delete(link_codes).where(link_codes.c.actor == actor))
            row = {"digest": digest, "actor": actor, "until": until}
            await connection.execute(self._db.put(link_codes), row)

    @whole
    async def take_link(self, digest: str, actor: str, now: datetime) -> str | None:
        """Use a code up: make both ids one person's, and return whose it was; None where there is no such code any more."""
        async with self._db.writing() as connection:
            await connection.execute(delete(link_codes).where(link_codes.c.until <= now))
            used = delete(link_codes).where(link_codes.c.digest == digest, link_codes.c.actor != actor)
            code = (await connection.execute(used.returning(link_codes.c.actor))).first()
            if code is None:
                return None
            both = links.c.actor.in_([code.actor, actor])
            merged = [row.person for row in await connection.execute(select(links.c.person).where(both))]
            # A name of its own for the person: an id that is unlinked later must not stand for the others.
            await connection.execute(update(links).where(links.c.person.in_(merged)).values(person=digest))
            put = self._db.put(links, "person", by=("actor",))
            await connection.execute(put, [{"actor": one, "person": digest} for one in (code.actor, actor)])
            return str(code.actor)

    @whole
    async def unlink(self, actor: str) -> bool:
        """Let an id be nobody else's any more; the others of the person stay one. False where it was not linked."""
        gone = delete(links).where(links.c.actor == actor).returning(links.c.person)
        async with self._db.writing() as connection:
            return (await connection.execute(gone)).first() is not None
