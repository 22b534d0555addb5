"""What threads speak of, messages that live on, and what buttons ask for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.codec import decode, decode_context, encode, encode_context
from adapters.store.database import Database
from adapters.store.part import Part, whole
from adapters.store.tables import live_cards, names, stories, threads, words
from bot.cards import Command, Context
from bot.state import LiveCard, MessageRef


class SqlConversations(Part):
    """Fills `bot.ports.Conversations`."""

    async def context(self, channel: str, thread: str) -> Context | None:
        """Return what a thread speaks of."""
        statement = select(threads.c.context).where(threads.c.channel == channel, threads.c.thread == thread)
        async with self._db.reading() as connection:
            return decode_context(await connection.scalar(statement))

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
        add = self._db.insert(live_cards)
        add = add.on_conflict_do_update(
            index_elements=["intent_id", "channel", "message_id"],
            set_={"thread": add.excluded.thread, "shown": add.excluded.shown},
        )
        values = {
            "intent_id": card.intent_id,
            "channel": card.message.channel,
            "message_id": card.message.message_id,
            "thread": card.message.thread,
            "shown": card.shown,
        }
        story = self._db.insert(stories).on_conflict_do_nothing()
        async with self._db.writing() as connection:
            await connection.execute(add, values)
            await connection.execute(
                story, {name: values[name] for name in ("intent_id", "channel", "message_id", "thread")}
            )

    async def story(self, intent_id: str, channel: str) -> MessageRef | None:
        """Return the first message that showed an intent in a channel, also when it is edited no more."""
        statement = select(stories).where(stories.c.intent_id == intent_id, stories.c.channel == channel)
        async with self._db.reading() as connection:
            row = (await connection.execute(statement)).first()
        if row is None:
            return None
        return MessageRef(channel=row.channel, message_id=row.message_id, thread=row.thread)

    @whole
    async def keep_name(self, actor: str, name: str) -> None:
        """Remember how a person is called."""
        add = self._db.insert(names)
        add = add.on_conflict_do_update(index_elements=["actor"], set_={"name": add.excluded.name})
        async with self._db.writing() as connection:
            await connection.execute(add, {"actor": actor, "name": name})

    async def name(self, actor: str) -> str:
        """Return how a person was called last, "" where that is not known."""
        async with self._db.reading() as connection:
            return await connection.scalar(select(names.c.name).where(names.c.actor == actor)) or ""

    async def live(self) -> tuple[LiveCard, ...]:
        """Return every message that is being edited, in the order they were added."""
        async with self._db.reading() as connection:
            rows = (await connection.execute(select(live_cards).order_by(live_cards.c.id))).all()
        return tuple(
            LiveCard(
                intent_id=row.intent_id,
                message=MessageRef(channel=row.channel, message_id=row.message_id, thread=row.thread),
                shown=row.shown,
            )
            for row in rows
        )

    @whole
    async def live_shown(self, card: LiveCard, shown: str) -> None:
        """Remember what it says now."""
        async with self._db.writing() as connection:
            await connection.execute(update(live_cards).where(_same(card)).values(shown=shown))

    @whole
    async def end_live(self, card: LiveCard) -> None:
        """Stop editing it."""
        async with self._db.writing() as connection:
            await connection.execute(delete(live_cards).where(_same(card)))

    async def keep_button(self, token: str, asks: Command | str) -> None:
        """Keep what a button asks for under a short token."""
        await self.keep_note(token, asks if isinstance(asks, str) else encode(asks))

    async def button(self, token: str) -> Command | str | None:
        """Return what a button asks for; versions before 0.2 kept its command as text."""
        kept = await self.note(token)
        return decode(kept, Command) if kept is not None and kept.startswith("{") else kept

    @whole
    async def keep_note(self, name: str, text: str) -> None:
        """Remember a short text."""
        add = self._db.insert(words)
        add = add.on_conflict_do_update(
            index_elements=["token"], set_={"words": add.excluded.words, "kept_at": add.excluded.kept_at}
        )
        async with self._db.writing() as connection:
            await connection.execute(add, {"token": name, "words": text, "kept_at": self._now()})

    async def note(self, name: str) -> str | None:
        """Return a short text; None where there is none."""
        async with self._db.reading() as connection:
            return await connection.scalar(select(words.c.words).where(words.c.token == name))


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
    add = db.insert(threads)
    add = add.on_conflict_do_update(
        index_elements=["channel", "thread"],
        set_={"context": add.excluded.context, "kept_at": add.excluded.kept_at},
    )
    values = {"channel": channel, "thread": thread, "context": encode_context(context), "kept_at": now}
    await connection.execute(add, values)


def _same(card: LiveCard) -> ColumnElement[bool]:
    return and_(
        live_cards.c.intent_id == card.intent_id,
        live_cards.c.channel == card.message.channel,
        live_cards.c.message_id == card.message.message_id,
    )
