"""`clew channels`: what each channel is notified of, what waits for it, and why it gets nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from adapters.chat.terminal.events import CHANNEL
from adapters.cli.ask import ANSWERED
from adapters.cli.opened import opened
from adapters.settings import Settings
from adapters.store.outbox_admin import Waiting
from bot.cards import plain
from bot.replies import expected, mentioning
from bot.replies.channel import said
from bot.replies.muting import until_in_short
from bot.replies.watching import described
from bot.replies.wording import ago, clock_time, count, stopped
from bot.state import ChannelSettings, DeliveryState, Expectation, MentionRule, Mute, Outcome, Subscription
from bot.terms import PLAIN

NONE = "No channel is notified of anything. “watch” in a channel changes that."
NOBODY_WORKS = "No Clew works on this database, so nothing is posted now."


async def show() -> int:
    """Say of every channel what is known of it. Raises `StoreError`, `SettingsError`."""
    async with opened() as services:
        store = services.store
        subscriptions = await store.subscriptions()
        told = {
            channel: tuple(of_it)
            for channel, of_it in groupby(sorted(subscriptions, key=_channel), key=_channel)
        }
        waiting, holds = await store.waiting_for(), await store.holds(services.now)
        expects, rules = await store.expectations(), await store.mention_rules()
        quiet = {each.channel: each for each in await store.channel_settings()}
        muted = [mute for mute in await store.mutes() if mute.until > services.now]
        beside = {*(e.channel for e in expects), *(r.channel for r in rules), *(m.channel for m in muted)}
        for channel in sorted({*told, *waiting, *holds, *quiet, *beside}):
            standing = _Standing(
                channel=channel,
                subscriptions=told.get(channel, ()),
                expects=[each for each in expects if each.channel == channel],
                mentions=[rule for rule in rules if rule.channel == channel],
                waiting=waiting.get(channel, ()),
                quiet=quiet.get(channel),
                mutes=[mute for mute in muted if mute.channel == channel],
                held_until=holds.get(channel),
                loaded=services.loaded,
                now=services.now,
            )
            services.say(channel)
            for line in standing.lines():
                services.say(f"  {line}")
        if not subscriptions and not expects:
            services.say(NONE)
        if await store.worker() is None:
            services.say(NOBODY_WORKS)
    return ANSWERED


def _channel(subscription: Subscription) -> str:
    return subscription.channel


def _whence(made: Subscription | Expectation | MentionRule) -> str:
    return ", from the settings file" if made.from_settings else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """What is known of a channel."""

    channel: str
    subscriptions: Sequence[Subscription]
    expects: Sequence[Expectation]
    mentions: Sequence[MentionRule]
    waiting: Sequence[Waiting]
    quiet: ChannelSettings | None
    mutes: Sequence[Mute]
    held_until: datetime | None
    loaded: Settings
    now: datetime

    def lines(self) -> Iterator[str]:
        """Say what it is notified of, why it gets nothing, and what waits."""
        yield from self._notified()
        for reason in dict.fromkeys(self._off()):
            yield f"off: {reason}"
        if self.quiet is not None:
            at_once = any(Outcome.ALL not in each.outcomes for each in self.subscriptions)
            yield from map(plain, said(self.quiet, self.now, at_once=at_once))
        for mute in self.mutes:
            yield plain(until_in_short(mute, self.now))
        for waiting in self.waiting:
            until = f", until {clock_time(waiting.next)}" if waiting.state is DeliveryState.HELD else ""
            oldest = ago(waiting.oldest, self.now)
            messages = count(waiting.messages, "message")
            yield f"{waiting.state.value}: {messages}, the oldest recorded {oldest}{until}"

    def _notified(self) -> Iterator[str]:
        unnamed = [c.name for c in self.loaded.connections if not c.notified_by_default]
        for subscription in self.subscriptions:
            yield f"notified of {plain(described(subscription, unnamed))}{_whence(subscription)}"
        for expectation in self.expects:
            yield f"notified when {plain(expected.described(expectation))}{_whence(expectation)}"
        for rule in self.mentions:
            yield f"posts mention {plain(mentioning.described(rule, PLAIN.check))}{_whence(rule)}"
        if not self.subscriptions and not self.expects:
            yield "notified of nothing"

    def _off(self) -> Iterator[str]:
        chat = self.channel.partition(":")[0]
        if chat not in {*self.loaded.chats, CHANNEL.partition(":")[0]}:
            yield f"{chat} is not set up here."
        known = {connection.name for connection in self.loaded.connections}
        for subscription in self.subscriptions:
            if subscription.problem:
                yield f"It cannot be reached: {stopped(subscription.problem)}"
        named = (*(s.connection for s in self.subscriptions), *(e.connection for e in self.expects))
        for connection in named:
            if connection is not None and connection not in known:
                yield f"The connection “{connection}” is not in the settings, so its runs are not read."
        if self.held_until:
            yield f"It gets nothing before {clock_time(self.held_until)}."
