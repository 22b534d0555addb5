"""Channels that refuse us: what is for them waits, is tried ever more seldom, and is summed up when they are back.

A channel is lost only by an answer that says so ("not in the channel", "unknown channel"). Nothing of it is
thrown away, and it is tried again at once when the program starts or the chat says that we are in it again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from bot.model import RunRef
from bot.ports import Chat, Outbox, Subscriptions, WatchStore
from bot.replies import announcements
from bot.state import Delivery, DeliveryState, NewDelivery, TrackedRun
from bot.watch.timing import doubling

FIRST_WAIT, LONGEST_WAIT = 60.0, 3600.0  # seconds between two tries
FEW = 3  # messages that are posted one by one when a channel is back; more become one
MANY = 20  # messages that wait one by one for a lost channel; more become one


class LostStore(Outbox, Subscriptions, WatchStore, Protocol):
    """What is read and written of lost channels."""


class Lost:
    """The lost channels of one chat, and why; `now` is the wall clock's."""

    def __init__(self, chat: Chat, store: LostStore, now: Callable[[], datetime]) -> None:
        self._chat = chat
        self._store = store
        self._now = now
        self._tries: dict[str, int] = {}
        self.reasons: dict[str, str] = {}

    async def forgive(self) -> None:
        """Try all of them again: a program that starts was likely started because something was mended."""
        for channel in await mend(self._store, self._chat.name):
            self._tries[channel] = 0

    async def refused(self, channel: str, reason: str) -> tuple[float, bool]:
        """Note that a channel refused a message; return the seconds until the next try, and whether that is news."""
        news = channel not in self.reasons
        tries = self._tries.get(channel, 0)
        self._tries[channel] = tries + 1
        self.reasons[channel] = reason
        await self._store.mark_channel(channel, reason)
        return doubling(FIRST_WAIT, tries, LONGEST_WAIT), news

    async def took(self, channel: str) -> None:
        """Note that a channel took a message; what waited for a lost one is summed up."""
        if self._tries.pop(channel, None) is None:
            return
        self.reasons.pop(channel, None)
        await self._store.mark_channel(channel, "")
        await self.sum_up(channel, more_than=FEW)

    async def sum_up(self, channel: str, *, more_than: int) -> None:
        """Put one message in the place of those that wait for a channel, where they are many."""
        told = [d for d in await self._store.waiting(channel) if d.context is not None and d.context.run]
        if len(told) <= more_than or all(d.state is DeliveryState.FOLDED for d in told):
            return
        refs = tuple(dict.fromkeys(d.context.run for d in reversed(told) if d.context and d.context.run))
        known = await self._known(refs)
        results = {ref: await self._store.stored_results(ref) for ref in refs}
        card = announcements.missed([(ref, known.get(ref), results.get(ref)) for ref in refs])
        payload = self._chat.render(card)
        digest = NewDelivery(key=_key(channel, told), channel=channel, payload=payload)
        await self._store.fold(digest, told, self._now())

    async def _known(self, refs: Sequence[RunRef]) -> dict[RunRef, TrackedRun]:
        found: dict[RunRef, TrackedRun] = {}
        for connection in {ref.connection for ref in refs}:
            ids = tuple(ref.run_id for ref in refs if ref.connection == connection)
            found |= {run.ref: run for run in (await self._store.known(connection, ids)).values()}
        return found


async def mend(store: LostStore, under: str) -> frozenset[str]:
    """Let every lost channel at or under a name ("slack", "discord:channel:GUILD") be tried at once; return them."""
    lost = {s.channel for s in await store.subscriptions() if s.problem}
    channels = frozenset(c for c in lost if c == under or c.startswith(f"{under}:"))
    for channel in channels:
        await store.mark_channel(channel, "")
    for channel in channels | {under}:
        await store.unpark_channel(channel)
    return channels


def _key(channel: str, covered: Sequence[Delivery]) -> str:
    """Return a key made of all that it covers, so that the same summary is never made twice."""
    keys = "\n".join(sorted(d.key for d in covered))
    return f"digest:{sha256(keys.encode('utf-8', 'replace')).hexdigest()[:32]}:{channel}"
