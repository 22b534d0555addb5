"""`clew channels`: what each channel is notified of, what waits for it, and why it gets nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime

from adapters.chat.terminal.events import CHANNEL
from adapters.cli.ask import ANSWERED
from adapters.cli.opened import Opened, opened
from adapters.settings import Settings
from adapters.store.by_channel import OfChannel
from bot.cards import plain
from bot.replies import expected, mentioning
from bot.replies.channel import said
from bot.replies.muting import until_in_short
from bot.replies.scheduling import in_short
from bot.replies.watching import described
from bot.replies.wording import ago, clock_time, count, stopped
from bot.state import DeliveryState, Expectation, MentionRule, Outcome, Subscription
from bot.terms import PLAIN

AT_A_TIME = 500  # channels
NONE = "No channel is notified of anything. “watch” in a channel changes that."
NOBODY_WORKS = "No Clew works on this database, so nothing is posted now."


async def show() -> int:
    """Say of every channel what is known of it. Raises `StoreError`, `SettingsError`."""
    async with opened() as services:
        notified = False
        async for known in _each(services):
            notified = notified or bool(known.subscriptions or known.expectations)
            services.say(known.channel)
            for line in Standing(known, services.loaded, services.now).lines():
                services.say(f"  {line}")
        if not notified:
            services.say(NONE)
        if not await services.store.replicas():
            services.say(NOBODY_WORKS)
    return ANSWERED


async def _each(services: Opened) -> AsyncIterator[OfChannel]:
    done, total = 0, 1
    while done < total:
        found, total = await services.store.of_channels(services.now, skip=done, limit=AT_A_TIME)
        for known in found:
            yield known
        done += AT_A_TIME


def _whence(made: Subscription | Expectation | MentionRule) -> str:
    return ", from the settings file" if made.from_settings else ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a channel, in words; `loaded`: what is set up here."""

    known: OfChannel
    loaded: Settings
    now: datetime

    def lines(self) -> Iterator[str]:
        """Say what it is notified of, why it gets nothing, and what waits."""
        yield from self.notified()
        if not self.known.subscriptions and not self.known.expectations:
            yield "notified of nothing"
        for reason in self.off():
            yield f"off: {reason}"
        yield from self.kept_back()
        yield from self.waiting()

    def notified(self) -> Iterator[str]:
        """Say what it is notified of, whom posts mention, and what is launched there at times."""
        unnamed = [c.name for c in self.loaded.connections if not c.notified_by_default]
        for subscription in self.known.subscriptions:
            yield f"notified of {plain(described(subscription, unnamed))}{_whence(subscription)}"
        for expectation in self.known.expectations:
            yield f"notified when {plain(expected.described(expectation))}{_whence(expectation)}"
        for rule in self.known.mentions:
            yield f"posts mention {plain(mentioning.described(rule, PLAIN.check))}{_whence(rule)}"
        for schedule in self.known.schedules:
            yield in_short(schedule, self.known.makers.get(schedule.actor, schedule.actor), self.now)

    def kept_back(self) -> Iterator[str]:
        """Say when nothing is posted, when a digest comes, and what is muted."""
        if self.known.settings is not None:
            at_once = any(Outcome.ALL not in each.outcomes for each in self.known.subscriptions)
            yield from map(plain, said(self.known.settings, self.now, at_once=at_once))
        for mute in self.known.mutes:
            yield plain(until_in_short(mute, self.now))

    def waiting(self) -> Iterator[str]:
        """Say what is not delivered."""
        for waiting in self.known.waiting:
            until = f", until {clock_time(waiting.next)}" if waiting.state is DeliveryState.HELD else ""
            oldest = ago(waiting.oldest, self.now)
            messages = count(waiting.messages, "message")
            yield f"{waiting.state.value}: {messages}, the oldest recorded {oldest}{until}"

    def off(self) -> tuple[str, ...]:
        """Say why it gets nothing, or not all."""
        return tuple(dict.fromkeys(self._off()))

    def _off(self) -> Iterator[str]:
        chat = self.known.channel.partition(":")[0]
        if chat not in {*self.loaded.chats, CHANNEL.partition(":")[0]}:
            yield f"{chat} is not set up here."
        here = {connection.name for connection in self.loaded.connections}
        for subscription in self.known.subscriptions:
            if subscription.problem:
                yield f"It cannot be reached: {stopped(subscription.problem)}"
        watched = (watch.connection for watch in self.known.subscriptions)
        wanted = (expect.connection for expect in self.known.expectations)
        for connection in (*watched, *wanted, *(each.connection for each in self.known.schedules)):
            if connection is not None and connection not in here:
                yield f"The connection “{connection}” is not in the settings, so its runs are not read."
        if self.known.held_until:
            yield f"It gets nothing before {clock_time(self.known.held_until)}."
