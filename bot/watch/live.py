"""Edit the messages that live on: a launch until its run has its verdict, a debugging session until it ends.

A clock calls `tick`. What a message says now is stored with it, so a restart goes on where it was, and a message
is edited only when it would say something else. Every tick reads each run once, however many messages show it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from bot import requests, sessions
from bot.cards import Card
from bot.errors import ServiceError
from bot.findings import findings_of
from bot.model import Availability, LaunchRequest, Run
from bot.ports import (
    Chat,
    Clock,
    Delivered,
    Halted,
    NotDelivered,
    PostOutcome,
    RunService,
    Store,
    Undeliverable,
)
from bot.replies import debugging, launching, runs, standing
from bot.state import Intent, IntentKind, IntentState, LiveCard
from bot.watch.each import each

log = logging.getLogger(__name__)

RESULTS_WAIT = timedelta(minutes=30)  # how long after its end a run's properties are waited for
UNKNOWN_FOR = timedelta(hours=24)  # how long a launch of unknown outcome may yet turn up
PAUSE = 60.0  # seconds without edits after a chat refused us altogether
SETTLED = frozenset({IntentState.REJECTED, IntentState.DECLINED, IntentState.EXPIRED})


@dataclass(frozen=True, slots=True)
class View:
    """What a message should say, and whether that is its last word."""

    card: Card
    last: bool


class LiveCards:
    """Keeps every live message up to date."""

    def __init__(
        self, *, services: Mapping[str, RunService], store: Store, clock: Clock, chats: Mapping[str, Chat]
    ) -> None:
        self._services = services
        self._store = store
        self._clock = clock
        self._chats = chats
        self._paused: dict[str, datetime] = {}  # by channel, or by chat where it refused us altogether

    async def tick(self) -> None:
        """Bring every live message up to date. Raises `StoreError` where they cannot be read."""
        views = _Views(self._services, self._store, self._clock.now())

        async def step(live: LiveCard) -> None:
            await self._follow(live, views)

        await each(await self._store.live(), step, what="editing a live message")

    async def _follow(self, live: LiveCard, views: _Views) -> None:
        name = live.message.channel.partition(":")[0]
        chat = self._chats.get(name)
        if chat is None or self._waits(name) or self._waits(live.message.channel):
            return
        view = await views.of(live.intent_id)
        if view is None:
            await self._store.end_live(live)
            return
        shown = sha256(chat.render(view.card).encode()).hexdigest()
        if shown == live.shown or await self._edited(live, view.card, shown, chat):
            await self._end_if(live, last=view.last)

    async def _edited(self, live: LiveCard, card: Card, shown: str, chat: Chat) -> bool:
        """Show the card; False where that has to be tried again or was in vain."""
        outcome = await chat.edit(live.message, card)
        match outcome:
            case Delivered():
                await self._store.live_shown(live, shown)
                await self._remember(live, card)
                return True
            case Undeliverable(reason=reason):
                log.info("a live message is no longer edited: %s", reason)
                await self._store.end_live(live)
            case _:
                self._pause(live, outcome)
        return False

    async def _remember(self, live: LiveCard, card: Card) -> None:
        """Let the message's thread speak of the run, which may have become known just now."""
        if card.context is not None:
            thread = live.message.thread or live.message.message_id
            await self._store.set_context(live.message.channel, thread, card.context)

    async def _end_if(self, live: LiveCard, *, last: bool) -> None:
        if last:
            await self._store.end_live(live)

    def _pause(self, live: LiveCard, outcome: PostOutcome) -> None:
        channel = live.message.channel
        if isinstance(outcome, Halted):
            self._paused[channel.partition(":")[0]] = self._clock.now() + timedelta(seconds=PAUSE)
        elif isinstance(outcome, NotDelivered) and outcome.retry_after:
            self._paused[channel] = self._clock.now() + timedelta(seconds=outcome.retry_after)

    def _waits(self, where: str) -> bool:
        until = self._paused.get(where)
        if until is not None and until <= self._clock.now():
            del self._paused[where]
            return False
        return until is not None


class _Views:
    """What the messages of one tick should say; each intent is looked at once."""

    def __init__(self, services: Mapping[str, RunService], store: Store, now: datetime) -> None:
        self._services = services
        self._store = store
        self._now = now
        self._seen: dict[str, asyncio.Task[View | None]] = {}

    async def of(self, intent_id: str) -> View | None:
        """Return what an intent's messages say; None where there is no such intent."""
        if intent_id not in self._seen:
            self._seen[intent_id] = asyncio.ensure_future(self._view(intent_id))
        return await self._seen[intent_id]

    async def _view(self, intent_id: str) -> View | None:
        intent = await self._store.intent(intent_id)
        if intent is None:
            return None
        service = self._services.get(intent.connection)
        if intent.kind is IntentKind.DEBUG:
            session = await sessions.stand(intent, service, self._now)
            return View(debugging.of_session(session), last=session.over)
        request = requests.launch_request(intent.request)
        run = await self._run(intent, service)
        if service is None or run is None:
            return View(standing.card(intent, self._now), last=self._hopeless(intent))
        return await self._of_run(intent, request, service, run)

    async def _run(self, intent: Intent, service: RunService | None) -> Run | None:
        """Return the run of a launch; None where there is none yet or it cannot be read just now."""
        if service is None or intent.state is not IntentState.ACCEPTED or not intent.run_id:
            return None
        try:
            return await service.run(intent.run_id)
        except ServiceError as error:
            log.info("the run of a live message could not be read: %s", type(error).__name__)
            return None

    async def _of_run(self, intent: Intent, request: LaunchRequest, service: RunService, run: Run) -> View:
        if not run.status.terminal:
            return View(launching.progress(intent, request, run, now=self._now), last=False)
        found = await findings_of(service, self._store, run)
        waits = found.results is not None and found.results.availability is Availability.NOT_YET
        last = not waits or self._now - (run.completed_at or self._now) >= RESULTS_WAIT
        return View(runs.one(found, self._now, service.capabilities), last=last)

    def _hopeless(self, intent: Intent) -> bool:
        sent = intent.posted_at or intent.created_at
        too_late = intent.state is IntentState.UNKNOWN and self._now - sent >= UNKNOWN_FOR
        return intent.state in SETTLED or too_late
