"""What goes on by itself: polling, delivering, following launches, editing live messages; and how it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from adapters.cli.parts import Parts
from bot.ports import Chat
from bot.watch.deliver import Deliverer, Pace, Tell
from bot.watch.launches import LaunchWatch
from bot.watch.live import LiveCards
from bot.watch.poll import Poller

log = logging.getLogger(__name__)

DRAIN_SENDS = 8.0  # seconds that messages under way get at the end


@dataclass(frozen=True, slots=True, kw_only=True)
class Haste:
    """How often things are looked at, in seconds."""

    poll: float = 60.0
    live: float = 5.0
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
        renderers = {name: chat.render for name, chat in chats.items()}
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
        self._delivering: list[asyncio.Task[None]] = []
        self._looping: list[asyncio.Task[None]] = []

    def polls(self) -> dict[str, datetime | None]:
        """Return the time of each connection's last good poll."""
        return {poller.service.connection: poller.health.last_good for poller in self._pollers}

    def misses(self) -> int:
        """Return how many ticks came late or not at all."""
        return 0

    def start(self) -> None:
        """Begin."""
        self._delivering = [
            asyncio.create_task(d.run(), name=f"deliver {d.chat.name}") for d in self.deliverers
        ]
        self._looping = [
            asyncio.create_task(every(self._haste.launches, self._launches.tick)),
            asyncio.create_task(every(self._haste.live, self._live.tick)),
            *(asyncio.create_task(every(self._haste.poll, poller.tick)) for poller in self._pollers),
        ]

    def _wake(self) -> None:
        for deliverer in self.deliverers:
            deliverer.wake()

    async def stop(self) -> None:
        """Stop the clocks, settle what is under way, and let go of what takes too long."""
        for task in self._looping:
            task.cancel()
        await asyncio.gather(*self._looping, return_exceptions=True)
        for deliverer in self.deliverers:
            deliverer.stop()
        if self._delivering:
            _, late = await asyncio.wait(self._delivering, timeout=DRAIN_SENDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


async def every(seconds: float, job: Callable[[], Awaitable[None]]) -> None:
    """Do a job again and again."""
    while True:
        try:
            await job()
        except Exception:
            log.exception("job")
        await asyncio.sleep(seconds)


@asynccontextmanager
async def working(
    parts: Parts, chats: Mapping[str, Chat], *, haste: Haste, tell: Tell
) -> AsyncIterator[Work]:
    """Work for these chats inside the block, and end in good order after it."""
    work = Work(parts, chats, haste=haste, tell=tell)
    for watch in parts.settings.watches:
        await parts.store.subscribe(watch, parts.clock.now())
    work.start()
    try:
        yield work
    finally:
        await work.stop()
