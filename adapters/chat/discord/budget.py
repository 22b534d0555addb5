"""How often a session may begin: Discord takes a token away that identifies more than 1,000 times a day.

What was spent is kept in the store, by the hour, so that a process that keeps dying cannot use it up.
https://docs.discord.com/developers/events/gateway#session-start-limit
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import suppress

from adapters.chat.discord import metrics
from bot.errors import StoreError
from bot.ports import Clock, Conversations

A_DAY = 800  # of Discord's 1,000; the rest is for hands
FREELY = 12  # in one hour; after that one at a time
GAP = 90.0  # seconds between two sessions, on average, then
HOUR = 3600


class TooManySessions(Exception):
    """No session may begin for `wait` seconds; `str()` says why."""

    def __init__(self, sentence: str, wait: float) -> None:
        super().__init__(sentence)
        self.wait = wait


class Budget:
    """Counts the sessions that begin, whichever process begins them. Where the store does not answer, what is known here holds."""

    def __init__(
        self, store: Conversations, clock: Clock, *, chance: Callable[[], float] = random.random
    ) -> None:
        self._store = store
        self._clock = clock
        self._chance = chance
        self._hours: dict[int, int] = {}
        self._may_begin: float | None = None  # None before the first one

    async def spend(self, application: str) -> None:
        """Count a session that begins now. Raises `TooManySessions` where it must not."""
        hours = await self._spent(application)
        now = self._clock.now()
        hour = int(now.timestamp()) // HOUR
        total = sum(hours.values())
        if total >= A_DAY:
            sentence = f"Clew began {total} sessions with Discord within a day and rests, to keep its token."
            raise TooManySessions(sentence, HOUR - now.timestamp() % HOUR + 1)  # in the next hour
        if self._may_begin is None:
            self._may_begin = self._next()
        if hours.get(hour, 0) >= FREELY and (wait := self._may_begin - self._clock.monotonic()) > 0:
            raise TooManySessions("Clew begins sessions with Discord too often and slows down.", wait)
        hours[hour] = hours.get(hour, 0) + 1
        self._may_begin = self._next()
        metrics.IDENTIFIES.set(sum(hours.values()))
        with suppress(StoreError):  # our own count goes on; the next session keeps it
            await self._store.keep_text(_name(application), json.dumps(hours))

    async def begun(self, application: str) -> int:
        """Return how many sessions all programs on the database began within a day. Raises `StoreError`."""
        hours = json.loads(await self._store.kept_text(_name(application)) or "{}")
        day_ago = int(self._clock.now().timestamp()) // HOUR - 24
        return sum(int(count) for hour, count in hours.items() if int(hour) > day_ago)

    def _next(self) -> float:
        return self._clock.monotonic() + GAP * (0.5 + self._chance())

    async def _spent(self, application: str) -> dict[int, int]:
        """Return what was spent in the last day, by the hour; read anew, as another process may have spent some of it."""
        kept = await self._read(application)
        day_ago = int(self._clock.now().timestamp()) // HOUR - 24
        hours = sorted(hour for hour in kept.keys() | self._hours.keys() if hour > day_ago)
        self._hours = {hour: max(kept.get(hour, 0), self._hours.get(hour, 0)) for hour in hours}
        return self._hours

    async def _read(self, application: str) -> dict[int, int]:
        try:
            kept = await self._store.kept_text(_name(application))
            found = json.loads(kept or "{}")
            return {int(hour): int(count) for hour, count in found.items()}
        except (StoreError, ValueError, AttributeError, TypeError):
            return {}


def _name(application: str) -> str:
    return f"discord:sessions:{application}"
