"""The part of the store in memory that knows what threads speak of."""

from __future__ import annotations

from adapters.store.text import clean
from bot.cards import Command, Context
from bot.state import LiveCard, MessageRef
from tests.fakes.store_base import Shared, cleaned


class MemoryConversations(Shared):
    """Threads, live cards and what buttons ask for."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: dict[tuple[str, str], Context] = {}
        self.cards: dict[tuple[str, str, str], LiveCard] = {}
        self.stories: dict[tuple[str, str], MessageRef] = {}
        self.names: dict[str, str] = {}
        self.buttons: dict[str, Command | str] = {}
        self.notes: dict[str, str] = {}

    async def context(self, channel: str, thread: str) -> Context | None:
        await self._turn()
        return self.threads.get((clean(channel), clean(thread)))

    async def set_context(self, channel: str, thread: str, context: Context) -> None:
        await self._turn()
        self._set_context(channel, thread, context)

    def _set_context(self, channel: str, thread: str, context: Context) -> None:
        self.threads[clean(channel), clean(thread)] = cleaned(context)

    async def add_live(self, card: LiveCard) -> None:
        await self._turn()
        kept = cleaned(card)
        self.cards[_live_key(card)] = kept
        self.stories.setdefault((kept.intent_id, kept.message.channel), kept.message)

    async def story(self, intent_id: str, channel: str) -> MessageRef | None:
        await self._turn()
        return self.stories.get((clean(intent_id), clean(channel)))

    async def keep_name(self, actor: str, name: str) -> None:
        await self._turn()
        self.names[clean(actor)] = clean(name)

    async def name(self, actor: str) -> str:
        await self._turn()
        return self.names.get(clean(actor), "")

    async def live(self) -> tuple[LiveCard, ...]:
        await self._turn()
        return tuple(self.cards.values())

    async def live_shown(self, card: LiveCard, shown: str) -> None:
        await self._turn()
        key = _live_key(card)
        if key in self.cards:
            self.cards[key] = cleaned(self.cards[key], shown=clean(shown))

    async def end_live(self, card: LiveCard) -> None:
        await self._turn()
        self.cards.pop(_live_key(card), None)

    async def keep_button(self, token: str, asks: Command | str) -> None:
        await self._turn()
        if isinstance(asks, Command):
            asks = Command(clean(asks.verb), {clean(name): clean(v) for name, v in asks.values.items()})
        self.buttons[clean(token)] = asks

    async def button(self, token: str) -> Command | str | None:
        await self._turn()
        return self.buttons.get(clean(token))

    async def keep_text(self, name: str, text: str) -> None:
        await self._turn()
        self.notes[clean(name)] = clean(text)

    async def kept_text(self, name: str) -> str | None:
        await self._turn()
        return self.notes.get(clean(name))


def _live_key(card: LiveCard) -> tuple[str, str, str]:
    return clean(card.intent_id), clean(card.message.channel), clean(card.message.message_id)
