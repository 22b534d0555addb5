"""The way in: read, keep durably, tell Discord within its three seconds, then work.

Discord never sends a command again, so it is told in time even where keeping takes long; the work begins
only when the command is kept, and where it cannot be kept the person is told that nothing was done.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import replace

from adapters.chat.calm import Calm
from adapters.chat.discord import events, ids, metrics
from adapters.chat.discord.events import UNKNOWN, Self
from adapters.chat.discord.incoming import Incoming, Opening, Refused, Said, Suggesting
from adapters.chat.discord.markup import Json
from adapters.chat.discord.places import Places
from adapters.chat.discord.screen import Told
from adapters.chat.discord.work import Work
from adapters.chat.lanes import Lanes
from adapters.chat.tasks import Tasks
from bot.errors import StoreError
from bot.handler import Handler
from bot.ports import Clock

log = logging.getLogger(__name__)

YIELD = 0.5  # seconds that answering lets telling go first
FIRST = 0.1  # seconds that keeping has before Discord is told; nothing is sent again, so waiting longer saves nothing
PATIENCE = 10.0  # seconds for keeping in all
SLOW = "The database took too long to keep what you said."


class Intake:
    """Takes in what Discord sends; fills `gateway.Ears`."""

    def __init__(
        self, handler: Handler, work: Work, lanes: Lanes, tasks: Tasks, clock: Clock, places: Places
    ) -> None:
        self._handler = handler
        self._work = work
        self._lanes = lanes
        self._tasks = tasks
        self._clock = clock
        self._places = places
        self._calm = Calm(YIELD)
        self.me: Self | None = None
        self.closed = False
        self.telling = Tasks()

    def interaction(self, payload: Json) -> None:
        """Take an interaction as Discord sent it."""
        if self.me is not None and not self.closed:
            self.telling.start(self._take(events.read(payload, self.me, self._clock.now())))

    def message(self, payload: Json) -> None:
        """Take a message as Discord sent it; only those that speak to us are looked at."""
        if self.me is not None and not self.closed and events.mentions(payload, self.me):
            self.telling.start(self._hear(payload, self.me))

    def access_restored(self, payload: Json) -> None:
        """Take a server or channel that we see, maybe again: a whole server has no `guild_id`."""
        own, guild = str(payload.get("id") or ""), str(payload.get("guild_id") or "")
        under = ids.channel(guild, own) if guild else f"{ids.CHAT}:channel:{own}"
        if ids.is_snowflake(own) and not self.closed and not payload.get("unavailable"):
            self._tasks.start(self._handler.access_restored(under))

    async def _hear(self, payload: Json, me: Self) -> None:
        where = await self._places.where(str(payload.get("channel_id")))
        parent = where.parent if where is not None else None
        await self._take(events.read_message(payload, me, self._clock.now(), parent=parent))

    async def _take(self, incoming: Incoming) -> None:
        start = time.perf_counter()
        match incoming:
            case Said() as said:
                await self._said(said)
            case Opening() as opening:
                await self._open(opening)
            case Suggesting() as suggesting:
                await self._work.suggest(suggesting)
            case Refused() as refused:
                await self._work.refuse(refused)
            case _:
                return
        metrics.ACKED.observe(time.perf_counter() - start)

    async def _open(self, opening: Opening) -> None:
        words = opening.invocation.text
        if opening.token is not None:
            words = await self._words(opening.token) or opening.verb
        await self._work.opening(replace(opening, invocation=replace(opening.invocation, text=words)))

    async def _said(self, said: Said) -> None:
        with self._calm.urgent():
            known = await self._with_words(said)
            if known is not None:
                await self._keep(known)

    async def _with_words(self, said: Said) -> Said | None:
        """Look up the words of a long button; None where nobody knows them any more."""
        if said.token is None:
            return said
        words = await self._words(said.token)
        if words is None and said.ticket is not None:
            await self._work.refuse(Refused(ticket=said.ticket, sentence=UNKNOWN))
            return None
        return replace(said, invocation=replace(said.invocation, text=words or ""))

    async def _words(self, token: str) -> str | None:
        try:
            return await self._handler.services.store.words(token)
        except StoreError:
            log.warning("the words of a button could not be read")
            return None

    async def _keep(self, said: Said) -> None:
        keeping = asyncio.ensure_future(self._handler.accept(said.invocation))
        await asyncio.wait({keeping}, timeout=FIRST)
        if keeping.done() and not keeping.exception() and not keeping.result():
            metrics.REPEATED.inc()
            return
        told = await self._work.acknowledge(said)
        await asyncio.wait({keeping}, timeout=PATIENCE)
        if not keeping.done():
            self.telling.start(self._forget(keeping, said))
            await self._unkept(said, told, StoreError(SLOW))
        elif (error := keeping.exception()) is not None:
            await self._unkept(said, told, error if isinstance(error, StoreError) else StoreError(SLOW))
        elif keeping.result():
            self._begin(said, told)
        else:
            metrics.REPEATED.inc()

    def _begin(self, said: Said, told: Told) -> None:
        """Start answering what was kept; of a person of whom too much is under way it is left out."""
        person = said.invocation.actor.id
        if self._lanes.is_full(person):
            self._tasks.start(self._work.left_out(said, told))
        else:
            self._lanes.start(person, self._answer(said, told))

    async def _unkept(self, said: Said, told: Told, error: StoreError) -> None:
        metrics.UNSTORED.inc()
        await self._work.fail(said, told, error)

    async def _forget(self, keeping: asyncio.Future[bool], said: Said) -> None:
        """Let what was kept too late not be taken up after a restart: the person was told otherwise."""
        with suppress(StoreError):
            await keeping
            await self._handler.services.store.finish(said.invocation.place.chat, said.invocation.key)

    async def _answer(self, said: Said, told: Told) -> None:
        """Answer when nothing waits to be told."""
        await self._calm.wait()
        await self._work.said(said, told)
