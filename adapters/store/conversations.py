"""What threads speak of, messages that live on, and what buttons ask for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.codec import decode, decode_context, encode, encode_context, from_row, to_row
from adapters.store.database import Database
from adapters.store.part import Part, whole
from adapters.store.tables import live_cards, names, short_texts, stories, threads
from bot.cards import Command, Context
from bot.state import LiveCard, MessageRef


class SqlConversations(Part):
    """Fills `bot.ports.Conversations`."""

    async def context(self, channel: str, thread: str) -> Context | None:
        """Return what a thread speaks of."""
        statement = select(threads.c.context).where(threads.c.channel == channel, threads.c.thread == thread)
        row = await self._first(statement)
        return None if row is None else decode_context(row.context)

    @whole
    async def set_context(self, channel: str, thread: str, context: Context) -> None:
        """Remember what a thread speaks of now."""
        async with self._db.writing() as connection:
            await write_context(
                self._db, connection, channel=channel, thread=thread, context=context, now=self._now()
            )

    @whole
    async def add_live(self, card: LiveCard) -> None:
        """Keep editing this message."""
        message = card.message
        put = self._db.put(live_cards, "thread", "shown", by=("intent_id", "channel", "message_id"))
        async with self._db.writing() as connection:
            await connection.execute(
                put, to_row(live_cards, message, intent_id=card.intent_id, shown=card.shown)
            )
            await connection.execute(
                self._db.add(stories), to_row(stories, message, intent_id=card.intent_id)
            )

    async def story(self, intent_id: str, channel: str) -> MessageRef | None:
        """Return the first message that showed an intent in a channel, also when it is edited no more."""
        statement = select(stories).where(stories.c.intent_id == intent_id, stories.c.channel == channel)
        row = await self._first(statement)
        return None if row is None else from_row(row, MessageRef)

    async def keep_name(self, actor: str, name: str) -> None:
        """Remember how a person is called."""
        await self._write(self._db.put(names), {"actor": actor, "name": name})

    async def name(self, actor: str) -> str:
        """Return how a person was called last, "" where that is not known."""
        row = await self._first(select(names.c.name).where(names.c.actor == actor))
        return "" if row is None else row.name

    async def live(self) -> tuple[LiveCard, ...]:
        """Return every message that is being edited, in the order they were added."""
        rows = await self._rows(select(live_cards).order_by(live_cards.c.id))
        return tuple(from_row(row, LiveCard, message=from_row(row, MessageRef)) for row in rows)

    async def live_shown(self, card: LiveCard, shown: str) -> None:
        """Remember what it says now."""
        await self._write(update(live_cards).where(_same(card)).values(shown=shown))

    async def end_live(self, card: LiveCard) -> None:
        """Stop editing it."""
        await self._write(delete(live_cards).where(_same(card)))

    async def keep_button(self, token: str, asks: Command | str) -> None:
        """Keep what a button asks for under a short token."""
        await self.keep_text(token, asks if isinstance(asks, str) else encode(asks))

    async def button(self, token: str) -> Command | str | None:
        """Return what a button asks for; versions before 0.2 kept its command as text."""
        kept = await self.kept_text(token)
        return decode(kept, Command) if kept is not None and kept.startswith("{") else kept

    async def keep_text(self, name: str, text: str) -> None:
        """Remember a short text."""
        values = {"token": name, "words": text, "kept_at": self._now()}
        await self._write(self._db.put(short_texts), values)

    async def kept_text(self, name: str) -> str | None:
        """Return a short text; None where there is none."""
        row = await self._first(select(short_texts.c.words).where(short_texts.c.token == name))
        return None if row is None else row.words


async def write_context(
    db: Database,
    connection: AsyncConnection,
    *,
    channel: str,
    thread: str,
    context: Context,
    now: datetime,
) -> None:
    """Remember what a thread speaks of, inside a transaction that is open already."""
    values = {"channel": channel, "thread": thread, "context": encode_context(context), "kept_at": now}
    await connection.execute(db.put(threads), values)


def _same(card: LiveCard) -> ColumnElement[bool]:
    return and_(
        live_cards.c.intent_id == card.intent_id,
        live_cards.c.channel == card.message.channel,
        live_cards.c.message_id == card.message.message_id,
    )
