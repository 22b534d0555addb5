"""Edit the messages that live on: a launch until its run has its verdict, a debugging session until it ends.

A clock calls `tick`. What a message says now is stored with it, so a restart goes on where it was, and a message
is edited only when it would say something else. Every tick reads each run once, however many messages show it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from hashlib import sha256

from bot.cards import Card, fingerprint
from bot.each import each
from bot.errors import ServiceError
from bot.platform import Platform
from bot.ports import Chat, Clock, Delivered, Halted, NotDelivered, PostOutcome, Store, Undeliverable
from bot.state import LiveCard, NewDelivery
from bot.watch.views import Snapshot, View, Views

log = logging.getLogger(__name__)

PAUSE = 60.0  # seconds without edits after a chat refused us altogether
LOST_PAUSE = 600.0  # seconds without edits in a channel that we are not in at the moment


class LiveCards:
    """Keeps every live message up to date."""

    def __init__(
        self, *, platforms: Mapping[str, Platform], store: Store, clock: Clock, chats: Mapping[str, Chat]
    ) -> None:
        self._store = store
        self._clock = clock
        self._chats = chats
        self._views = Views(platforms=platforms, store=store)
        self._paused: dict[str, float] = {}  # until, in monotonic seconds, by channel or refusing chat

    async def tick(self) -> None:
        """Bring every live message up to date. Raises `StoreError` where they cannot be read."""
        views = self._views.at(self._clock)

        async def step(live: LiveCard) -> None:
            await self._follow(live, views)

        cards = await self._store.live()
        self._views.keep(frozenset(live.intent_id for live in cards))
        await each(cards, step, what="editing a live message")

    async def _follow(self, live: LiveCard, views: Snapshot) -> None:
        name = live.message.channel.partition(":")[0]
        chat = self._chats.get(name)
        if chat is None or self._waits(name) or self._waits(live.message.channel):
            return
        try:
            view = await views.of(live.intent_id)
        except ServiceError as error:  # what it says stays true enough until the next look
            log.info("the run of a live message could not be read: %s", type(error).__name__)
            return
        if view is None:
            await self._store.end_live(live)
            return
        if view.warning is not None:
            await self._warn(live, view.warning, chat)
        shown = sha256(chat.render(view.card).encode()).hexdigest()
        says_it = await self._as_posted(live, view.card, shown) or await self._edited(live, view, shown, chat)
        if says_it and view.last:
            await self._store.end_live(live)

    async def _warn(self, live: LiveCard, warning: Card, chat: Chat) -> None:
        """Post a warning into the message's thread, once in each: an edit alone tells nobody."""
        channel, thread = live.message.channel, live.message.thread or live.message.message_id
        key = f"ending:{live.intent_id}:{channel}:{thread}"  # a repeat of it changes nothing
        payload = chat.render(warning)
        delivery = NewDelivery(key=key, channel=channel, payload=payload, thread=thread)
        await self._store.enqueue(delivery, self._clock.now())

    async def _as_posted(self, live: LiveCard, card: Card, shown: str) -> bool:
        """Whether the message says this already: by an edit, or since it was posted, which knows only the card."""
        if shown == live.shown:
            return True
        if fingerprint(card) != live.shown:
            return False
        await self._store.live_shown(live, shown)
        return True

    async def _edited(self, live: LiveCard, view: View, shown: str, chat: Chat) -> bool:
        """Show the card; False where that has to be tried again or was in vain."""
        outcome = await chat.edit(live.message, view.card)
        match outcome:
            case Delivered():
                await self._store.live_shown(live, shown)
                await self._remember(live, view.card)
                return True
            case Undeliverable(reason, channel_lost) if view.last or not channel_lost:
                log.info("a live message is no longer edited: %s", reason)
                await self._store.end_live(live)
            case _:
                self._pause(live, outcome)
        return False

    async def _remember(self, live: LiveCard, card: Card) -> None:
        """Let the message's thread speak of the run, which may have become known just now.

        Where it speaks of that run already, somebody may have come to one of its properties meanwhile.
        """
        if card.context is None:
            return
        channel, thread = live.message.channel, live.message.thread or live.message.message_id
        known = await self._store.context(channel, thread)
        if known is None or known.run != card.context.run:
            await self._store.set_context(channel, thread, card.context)

    def _pause(self, live: LiveCard, outcome: PostOutcome) -> None:
        channel = live.message.channel
        if isinstance(outcome, Halted):
            self._paused[channel.partition(":")[0]] = self._clock.monotonic() + PAUSE
        elif isinstance(outcome, Undeliverable):
            self._paused[channel] = self._clock.monotonic() + LOST_PAUSE
        elif isinstance(outcome, NotDelivered) and outcome.retry_after:
            self._paused[channel] = self._clock.monotonic() + outcome.retry_after

    def _waits(self, where: str) -> bool:
        until = self._paused.get(where)
        if until is not None and until <= self._clock.monotonic():
            del self._paused[where]
            return False
        return until is not None
