"""Edits of one message: at most one every three seconds, and of those that wait only the newest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from bot.cache import Bounded
from bot.ports import Clock, PostOutcome, Unconfirmed
from bot.state import MessageRef

T = TypeVar("T")

INTERVAL = 3.0  # seconds; what Slack advises for one message, and bearable for readers anywhere
KEPT = 1000  # messages whose edits are remembered


class Slot(Generic[T]):
    """The edits of one message."""

    def __init__(self, clock: Clock) -> None:
        # of all that was to be shown: whoever shows more of the same later sees that it is old
        self.count = 0
        self._clock = clock
        self._lock = asyncio.Lock()
        self._wanted: T | None = None
        self._due = clock.monotonic()
        self._outcome: PostOutcome = Unconfirmed("Nothing was sent yet.")

    async def show(self, shown: T, send: Callable[[T], Awaitable[PostOutcome]]) -> PostOutcome:
        """Send this, or nothing where something newer went instead; return how the newest went."""
        self.count += 1
        self._wanted = shown
        async with self._lock:
            if self._wanted is None:
                return self._outcome
            wait = self._due - self._clock.monotonic()
            if wait > 0:
                await self._clock.sleep(wait)
            newest, self._wanted = self._wanted, None
            self._outcome = await send(newest)
            self._due = self._clock.monotonic() + INTERVAL
            return self._outcome


class Slots(Generic[T]):
    """The edits of all messages; those of messages that nothing was shown in for long are forgotten."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._slots: Bounded[tuple[str, str], Slot[T]] = Bounded(KEPT)

    def of(self, message: MessageRef) -> Slot[T]:
        """Return the edits of one message."""
        key = (message.channel, message.message_id)
        return self._slots.get(key) or self._slots.put(key, Slot(self._clock))
