"""What goes on by itself: polling, delivering, following launches, editing live messages; and how it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from adapters.cli.parts import Parts
from adapters.scheduler import Scheduler
from bot.ports import Chat
from bot.watch.deliver import Deliverer, Pace, Tell
from bot.watch.fill import Filler
from bot.watch.launches import LaunchWatch
from bot.watch.live import LiveCards
from bot.watch.poll import Poller

log = logging.getLogger(__name__)

# Seconds at the end. With the 10 that chats get, and half a second to close, they stay below 20.
DRAIN_TICKS = 3.0
DRAIN_SENDS = 5.0

# Seconds after which a tick is cut off; the next one finds the same work.
POLL_DEADLINE = 300.0
LAUNCHES_DEADLINE = 120.0
LIVE_DEADLINE = 60.0
FILL_EVERY, FILL_DEADLINE = 10.0, 120.0

TIDY_EVERY, TIDY_DEADLINE = 6 * 3600.0, 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Haste:
    """How often things are looked at, in seconds."""

    poll: float = 60.0
    live: float = 15.0  # one request for each message that lives on
    launches: float = 2.0
    idle: float = 2.0
    per_channel: float = 1.0


class Work:
    """Everything that goes on by itself for some chats."""

    def __init__(self, parts: Parts, chats: Mapping[str, Chat], *, haste: Haste, tell: Tell) -> None:
        pace = Pace(idle=haste.idle, per_channel=haste.per_channel)
        self._haste = haste
        self.deliverers = tuple(
            Deliverer(
                chat,
                parts.store,
                services=parts.services,
                clock=parts.clock,
                tell_operator=tell,
                pace=pace,
            )
            for chat in chats.values()
        )
        self._launches = LaunchWatch(
            services=parts.services, store=parts.store, clock=parts.clock, chats=chats
        )
        self._live = LiveCards(services=parts.services, store=parts.store, clock=parts.clock, chats=chats)
        renderers = {**parts.renderers, **{name: chat.render for name, chat in chats.items()}}
        self._pollers = tuple(
            Poller(
                service,
                parts.store,
                clock=parts.clock,
                renderers=renderers,
                on_rows=self._wake,
                report_links=parts.handler.desk.report_links[service.connection],
            )
            for service in parts.services.values()
        )
        self._fillers = tuple(
            Filler(service, parts.store, clock=parts.clock) for service in parts.services.values()
        )
        self._parts = parts
        self._scheduler = Scheduler()
        self._delivering: list[asyncio.Task[None]] = []

    def polls(self) -> dict[str, float | None]:
        """Return the monotonic time of each connection's last good poll."""
        return {poller.service.connection: poller.health.last_good for poller in self._pollers}

    def misses(self) -> int:
        """Return how many ticks came late, failed, were cut off or not done at all."""
        return self._scheduler.counts.total()

    def start(self) -> None:
        """Begin."""
        self._delivering = [
            asyncio.create_task(d.run(), name=f"deliver {d.chat.name}") for d in self.deliverers
        ]
        every = self._scheduler.every
        every(self._haste.launches, "launches", self._launches.tick, deadline=LAUNCHES_DEADLINE)
        every(self._haste.live, "live", self._live.tick, deadline=LIVE_DEADLINE)
        for poller in self._pollers:
            every(self._haste.poll, f"poll {poller.service.connection}", poller.tick, deadline=POLL_DEADLINE)
        for filler in self._fillers:
            every(FILL_EVERY, f"fill {filler.service.connection}", filler.tick, deadline=FILL_DEADLINE)
        every(TIDY_EVERY, "tidy", self._tidy, deadline=TIDY_DEADLINE)
        self._scheduler.start()

    async def stop(self) -> None:
        """Stop the clocks, settle what is under way, and let go of what takes too long."""
        if not await self._scheduler.drain(DRAIN_TICKS):
            log.warning(
                "what was being looked at when the clocks stopped is looked at again at the next start"
            )
        for deliverer in self.deliverers:
            deliverer.stop()
        if self._delivering:
            _, late = await asyncio.wait(self._delivering, timeout=DRAIN_SENDS)
            for task in late:
                log.warning("%s was cut off; its message is looked for at the next start", task.get_name())
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _tidy(self) -> None:
        await self._parts.store.prune(self._parts.clock.now())

    def _wake(self) -> None:
        for deliverer in self.deliverers:
            deliverer.wake()


@asynccontextmanager
async def working(
    parts: Parts, chats: Mapping[str, Chat], *, haste: Haste, tell: Tell
) -> AsyncIterator[Work]:
    """Work for these chats inside the block, and end in good order after it. Raises `StoreError`."""
    await parts.store.configure(parts.settings.watches, parts.clock.now())
    work = Work(parts, chats, haste=haste, tell=tell)
    work.start()
    try:
        yield work
    finally:
        await work.stop()
