"""Rows whose outcome is not known: when each may be looked for, and the look itself.

A row found in `sending` that this process did not just try is unconfirmed too: a crash came between. Times are
kept by the monotonic clock, because the wall clock may jump, and that of whoever tried may differ: such a row waits whole
from its first sight, for a look that comes too early finds nothing, and the message is sent twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.delivery.backoff import search_since
from bot.ports import Chat, Clock, Lookup, Outbox, Unreadable
from bot.state import Delivery
from bot.waiting import doubled

log = logging.getLogger(__name__)

EVERY_UNCONFIRMED = timedelta(days=365)  # the store is asked for all of them; our own clock says when
FIRST_WAIT = 5.0
LONGEST_WAIT = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookups:
    """When a row is looked for next, how often that failed, and what of the sender broke over it, "" if nothing."""

    due: float  # monotonic seconds
    failures: int = 0
    broken: str = ""


class Reconciler:
    """The rows of one chat that are unconfirmed. `deadline`: seconds for one search of the history."""

    def __init__(self, chat: Chat, outbox: Outbox, *, clock: Clock, deadline: float) -> None:
        self.chat = chat
        self.outbox = outbox
        self.clock = clock
        self.deadline = deadline
        self._chats = frozenset({chat.name})
        self._lookups: dict[tuple[int, int], Lookups] = {}

    def add(self, delivery: Delivery, *, broken: str = "") -> float:
        """Remember a try of unknown outcome; return the seconds until it may be looked for."""
        wait = self.chat.reconcile_after
        self._lookups[_attempt(delivery)] = Lookups(due=self.clock.monotonic() + wait, broken=broken)
        return wait

    def lookups(self, delivery: Delivery) -> Lookups:
        """Return what is known about looking for a row."""
        return self._lookups[_attempt(delivery)]

    def postpone(self, delivery: Delivery) -> tuple[Lookups, float]:
        """Look again later, ever more seldom; return when it is looked for next and the seconds until then."""
        lookups = self._lookups[_attempt(delivery)]
        wait = doubled(FIRST_WAIT, lookups.failures, LONGEST_WAIT)
        again = replace(lookups, due=self.clock.monotonic() + wait, failures=lookups.failures + 1)
        self._lookups[_attempt(delivery)] = again
        return again, wait

    async def next(self, *, but: Collection[Delivery] = ()) -> tuple[Delivery | None, float]:
        """Return the row that may be looked for now, if any, and the seconds until the earliest may.

        `but`: what is under way here, so that its outcome is about to be known.
        """
        now = self.clock.monotonic()
        flying = {_attempt(row) for row in but}
        found = await self.outbox.unconfirmed(self._chats, self.clock.now() + EVERY_UNCONFIRMED)
        rows = {_attempt(row): row for row in found if _attempt(row) not in flying}
        settle = self.chat.reconcile_after
        self._lookups = {attempt: self._lookups.get(attempt) or Lookups(due=now + settle) for attempt in rows}
        if not rows:
            return None, float("inf")
        earliest = min(self._lookups, key=lambda attempt: self._lookups[attempt].due)
        wait = max(0.0, self._lookups[earliest].due - now)
        return (None if wait else rows[earliest]), wait

    async def find(self, delivery: Delivery) -> Lookup:
        """Look into the history; a look that failed is never "not there"."""
        since = search_since(delivery.attempt_at, self.clock.now())
        key = delivery.provider_key
        try:
            async with asyncio.timeout(self.deadline):
                return await self.chat.find_posted(delivery.channel, delivery.thread, key, since)
        except TimeoutError:
            return Unreadable(f"no answer within {self.deadline:g} s")
        except Exception as error:
            log.exception("reading the history of %s failed unexpectedly", self.chat.name)
            return Unreadable(f"a fault of the look-up: {type(error).__name__}")


def _attempt(delivery: Delivery) -> tuple[int, int]:
    return delivery.id, delivery.attempts
