"""What is kept for a while, within bounds: values by key, and answers that are asked for once at a time."""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from bot.ports import Clock

KEPT_SECONDS = 300.0
MOST = 5000

K = TypeVar("K")
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """The values of the keys that were used last: `most` of them, each for so many `seconds` of a clock."""

    def __init__(self, most: int, *, seconds: float = math.inf, clock: Clock | None = None) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._known: OrderedDict[K, tuple[V, float]] = OrderedDict()  # used last stands last

    def get(self, key: K) -> V | None:
        """Return what is known of a key; None where nothing is, or not any more."""
        value, until = self._known.get(key, (None, 0.0))
        if until <= self._now():
            self._known.pop(key, None)
            return None
        self._known.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> V:
        """Keep a value and return it."""
        self._known[key] = (value, self._now() + self._seconds)
        self._known.move_to_end(key)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return value

    def drop(self, key: K) -> None:
        """Forget a key."""
        self._known.pop(key, None)

    def _now(self) -> float:
        return self._clock.monotonic() if self._clock is not None else 0.0


class Cache(Generic[V]):
    """Answers of a chat or a platform that are kept for some minutes; those that failed are asked for again."""

    def __init__(self, clock: Clock, seconds: float = KEPT_SECONDS) -> None:
        self._known: Bounded[str, V] = Bounded(MOST, seconds=seconds, clock=clock)
        self._asking: dict[str, asyncio.Task[V | None]] = {}

    async def get(
        self, key: str, ask: Callable[[], Awaitable[V | None]], *, afresh: bool = False
    ) -> V | None:
        """Return what is known of a key, asking where nothing is or where it is too old.

        `afresh`: what is known does not count; None then says that nobody told. Whoever asks at the same time
        shares one question, so that a burst of them is no burst for the chat.
        """
        known = None if afresh else self._known.get(key)
        if known is not None:
            return known
        task = self._asking.get(key)
        if task is None:
            task = asyncio.ensure_future(self._ask(key, ask))
            self._asking[key] = task
        return await asyncio.shield(task)

    async def _ask(self, key: str, ask: Callable[[], Awaitable[V | None]]) -> V | None:
        try:
            value = await ask()
        finally:
            self._asking.pop(key, None)
        return None if value is None else self._known.put(key, value)
