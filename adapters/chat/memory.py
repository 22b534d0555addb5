"""Answers of a chat that are kept for some minutes; those that failed are asked for again."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from bot.ports import Clock

KEPT_SECONDS = 300.0
MOST = 5000

T = TypeVar("T")


class Memory(Generic[T]):
    """Values by key, each asked for once at a time."""

    def __init__(self, clock: Clock, seconds: float = KEPT_SECONDS) -> None:
        self._clock = clock
        self._seconds = seconds
        self._known: OrderedDict[str, tuple[T, float]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[T | None]] = {}

    async def get(
        self, key: str, ask: Callable[[], Awaitable[T | None]], *, afresh: bool = False
    ) -> T | None:
        """Return what is known of a key, asking where nothing is or where it is too old.

        `afresh`: what is known does not count; None then says that nobody told. Whoever asks at the same time
        shares one question, so that a burst of them is no burst for the chat.
        """
        known = None if afresh else self._known.get(key)
        if known is not None and known[1] > self._clock.monotonic():
            return known[0]
        task = self._asking.get(key)
        if task is None:
            task = asyncio.ensure_future(self._ask(key, ask))
            self._asking[key] = task
        return await asyncio.shield(task)

    async def _ask(self, key: str, ask: Callable[[], Awaitable[T | None]]) -> T | None:
        try:
            value = await ask()
        finally:
            self._asking.pop(key, None)
        if value is not None:
            self._known[key] = (value, self._clock.monotonic() + self._seconds)
            if len(self._known) > MOST:
                self._known.popitem(last=False)
        return value
