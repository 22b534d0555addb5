"""Channels that refuse us: what is for them waits, is tried ever more seldom, and is summed up when they are back.

A channel is lost only by an answer that says so ("not in the channel", "unknown channel"). Nothing of it is
thrown away, and it is tried again at once when the program starts or the chat says that we are in it again.
"""

from __future__ import annotations

from typing import Protocol

from bot.delivery.digest import Summing, SummingStore
from bot.ports import Chat, Subscriptions
from bot.replies import endings
from bot.waiting import doubled

FIRST_WAIT, LONGEST_WAIT = 60.0, 3600.0  # seconds between two tries
FEW = 3  # messages that are posted one by one when a channel is back; more become one


class LostStore(SummingStore, Subscriptions, Protocol):
    """What is read and written of lost channels."""


class Lost:
    """The lost channels of one chat, and why."""

    def __init__(self, chat: Chat, store: LostStore, summing: Summing) -> None:
        self._chat = chat
        self._store = store
        self._summing = summing
        self._tries: dict[str, int] = {}
        self.reasons: dict[str, str] = {}

    async def forgive(self) -> None:
        """Try all of them again: a program that starts was likely started because something was fixed."""
        for channel in await restore(self._store, self._chat.name):
            self._tries[channel] = 0

    async def refused(self, channel: str, reason: str) -> tuple[float, bool]:
        """Note that a channel refused a message; return the seconds until the next try, and whether that is news."""
        news = channel not in self.reasons
        tries = self._tries.get(channel, 0)
        self._tries[channel] = tries + 1
        self.reasons[channel] = reason
        await self._store.mark_channel(channel, reason)
        return doubled(FIRST_WAIT, tries, LONGEST_WAIT), news

    async def took(self, channel: str) -> None:
        """Note that a channel took a message; what waited for a lost one is summed up."""
        if self._tries.pop(channel, None) is None:
            return
        self.reasons.pop(channel, None)
        await self._store.mark_channel(channel, "")
        await self.sum_up(channel, more_than=FEW)

    async def sum_up(self, channel: str, *, more_than: int) -> None:
        """Put one message in the place of those that wait for a lost channel, where they are many."""
        await self._summing.sum_up(channel, more_than=more_than, say=endings.missed)


async def restore(store: LostStore, under: str) -> frozenset[str]:
    """Let every lost channel at or under a name ("slack", "discord:channel:GUILD") be tried at once; return them."""
    lost = {s.channel for s in await store.subscriptions() if s.problem}
    channels = frozenset(c for c in lost if c == under or c.startswith(f"{under}:"))
    for channel in channels:
        await store.mark_channel(channel, "")
    for channel in channels | {under}:
        await store.clear_rate_limit(channel)
    return channels
