"""Find out what became of intents whose outcome is not known. Nothing here ever sends one.

A clock calls `tick` every few seconds. The schedule of look-ups hangs on the time of sending, which is stored;
what was looked up already is remembered in memory only, so a restart looks once more and then goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.actions import second, send
from bot.actions.kinds import KINDS
from bot.cards import Card
from bot.delivery.backoff import Steady
from bot.each import each
from bot.errors import ServiceError
from bot.model import Run
from bot.platform import Platform
from bot.ports import Chat, Clock, Store
from bot.replies import confirming, intents, launching
from bot.state import Intent, IntentKind, IntentState, NewDelivery

log = logging.getLogger(__name__)

LOOKS = tuple(timedelta(seconds=s) for s in (5, 15, 30, 60, 120, 300, 600))  # after sending
GIVE_UP = LOOKS[-1]
LATE_EVERY = timedelta(seconds=60)
LATE_UNTIL = timedelta(hours=24)
ANSWER_BY = timedelta(seconds=90)  # a request has its answer, or none, by then; the deadline is 60 s


class LaunchWatch:
    """Follows confirmed, sent and unknown intents until they are settled."""

    def __init__(
        self, *, platforms: Mapping[str, Platform], store: Store, clock: Clock, chats: Mapping[str, Chat]
    ) -> None:
        self._platforms = platforms
        self._store = store
        self._clock = clock
        self._chats = chats
        self._steady = Steady(clock)
        self._started = clock.now()
        self._first: dict[str, tuple[datetime, timedelta]] = {}  # when seen first, and how old it was then
        self._looked: dict[str, timedelta] = {}  # how old an intent was at the last look
        self._confirmed: frozenset[str] = frozenset()
        self._told: set[str] = set()

    async def tick(self) -> None:
        """Take every open intent one step further. Raises `StoreError` where they cannot be read."""
        await each(await self._store.asked_intents(), self._expire, what="asking for a second person")
        intents = await self._store.open_intents()
        before, self._confirmed = (
            self._confirmed,
            frozenset(intent.id for intent in intents if intent.state is IntentState.CONFIRMED),
        )
        for forgotten in self._first.keys() - {intent.id for intent in intents}:
            del self._first[forgotten]
            self._looked.pop(forgotten, None)

        async def step(intent: Intent) -> None:
            if intent.state is not IntentState.CONFIRMED:
                await self._follow(intent)
            elif intent.id in before:
                await self._withdraw(intent)

        await each(intents, step, what="following a launch")

    async def _expire(self, intent: Intent) -> None:
        """Let go of what nobody approved in time; its card says so."""
        now = self._clock.now()
        if second.too_late(intent, now):
            await second.expire(intent, self._store, now)

    async def _withdraw(self, intent: Intent) -> None:
        """Let go of what was confirmed and never sent; a request on its way is seen here once at most."""
        now = self._clock.now()
        expected = frozenset({IntentState.CONFIRMED})
        if await self._store.advance(intent.id, expected, IntentState.EXPIRED, now):
            await send.note(intent, "expired", "confirmed, never sent", store=self._store, now=now)
            await self._notify(intent, "withdrawn", confirming.withdrawn(intent))

    async def _follow(self, intent: Intent) -> None:
        if not self._findable(intent):
            await self._leave_to_person(intent)
            return
        if intent.state is IntentState.UNKNOWN:
            await self._tell_unknown(intent)
        age = self._age(intent)
        run = await self._look(intent, age) if self._due(intent, age) else None
        if run is not None:
            await self._found(intent, run)
        elif intent.state is IntentState.POSTING and self._looked.get(intent.id, timedelta(0)) >= GIVE_UP:
            await self._give_up(intent, "no run appeared")
            await self._tell_unknown(intent)

    async def _leave_to_person(self, intent: Intent) -> None:
        """Call what got no answer unknown where no list would show it; of a session its own card and a mail say enough."""
        late = intent.state is IntentState.POSTING and self._age(intent) >= ANSWER_BY
        if late:
            await self._give_up(intent, "no answer came")
        if intent.kind is not IntentKind.DEBUG and (late or intent.state is IntentState.UNKNOWN):
            await self._tell_unknown(intent)

    def _findable(self, intent: Intent) -> bool:
        """Whether the platform can be asked what became of it; of one that is not there any more nobody knows."""
        if not KINDS[intent.kind].found:
            return False
        platform = self._platforms.get(intent.connection)
        return platform is None or platform.finds_launched is not None

    def _age(self, intent: Intent) -> timedelta:
        """Return how long ago it was sent; the wall clock is asked once, and no jump of it counts after that."""
        steady = self._steady.now()
        first = (steady, max(self._clock.now() - _sent_at(intent), timedelta(0)))
        seen, age = self._first.setdefault(intent.id, first)
        return age + (steady - seen)

    async def _look(self, intent: Intent, age: timedelta) -> Run | None:
        self._looked[intent.id] = age
        platform = self._platforms.get(intent.connection)
        if platform is None:
            return None
        try:
            return await send.look(intent, platform)
        except ServiceError as error:
            log.warning("a launch could not be looked up: %s", type(error).__name__)
            return None

    def _due(self, intent: Intent, age: timedelta) -> bool:
        last = self._looked.get(intent.id)
        if last is None and _sent_at(intent) < self._started:
            return intent.state is IntentState.POSTING or age < LATE_UNTIL
        last = last or timedelta(0)
        if intent.state is IntentState.UNKNOWN:
            return age - last >= LATE_EVERY and age < LATE_UNTIL
        return any(last < wait <= age for wait in LOOKS)

    async def _found(self, intent: Intent, run: Run) -> None:
        """Settle it. A late one is reported first: the report has a key, so a repeat of this changes nothing."""
        now = self._clock.now()
        if intent.state is IntentState.UNKNOWN:
            await self._notify(intent, "appeared", launching.appeared(intent, run, now=now))
        await send.accept(intent, run.ref.run_id, store=self._store, now=now)

    async def _give_up(self, intent: Intent, why: str) -> None:
        now = self._clock.now()
        expected = frozenset({IntentState.POSTING})
        if await self._store.advance(intent.id, expected, IntentState.UNKNOWN, now, reason=why):
            await send.note(intent, "unknown", why, store=self._store, now=now)

    async def _tell_unknown(self, intent: Intent) -> None:
        if intent.id not in self._told:
            platform, unknown = (
                self._platforms.get(intent.connection),
                replace(intent, state=IntentState.UNKNOWN),
            )
            outlook = replace(send.outlook_of(unknown, platform), offered=await self._offered(unknown))
            card = intents.card(unknown, self._clock.now(), outlook)
            await self._notify(intent, "unknown", card)
            self._told.add(intent.id)

    async def _offered(self, intent: Intent) -> tuple[Run, ...]:
        """Return the runs that it may have become, for a person to decide; nothing of it is taken here."""
        platform = self._platforms.get(intent.connection)
        if platform is None:
            return ()
        try:
            return await send.candidates(intent, platform, self._store)
        except ServiceError as error:
            log.warning("what a launch may have become could not be listed: %s", type(error).__name__)
            return ()

    async def _notify(self, intent: Intent, what: str, card: Card) -> None:
        """Post a card where the launch was asked for, once however often this is called."""
        chat = self._chats.get(intent.channel.partition(":")[0])
        if chat is None:
            return
        delivery = NewDelivery(
            key=f"{what}:{intent.id}",
            channel=intent.channel,
            payload=chat.render(card),
            thread=await self._thread(intent),
            context=card.context,
        )
        await self._store.enqueue(delivery, self._clock.now())

    async def _thread(self, intent: Intent) -> str | None:
        """Return the live card's thread, so that all of a launch stands together."""
        for live in await self._store.live():
            if live.intent_id == intent.id and live.message.channel == intent.channel:
                return live.message.thread or live.message.message_id
        return intent.thread


def _sent_at(intent: Intent) -> datetime:
    return intent.posted_at or intent.created_at
