"""Clew at a glance for one person: how things stand, what runs, what came of recent runs, and what their channels are notified of.

Only what the person may read is shown, and only subscriptions of channels that the person is in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from bot.cards import Card, Item, Line, Untrusted
from bot.command import Services
from bot.errors import ListCut, ServiceError
from bot.model import Run, RunQuery
from bot.overview import Here, overview_of
from bot.platform import Platform, listed, terms_of
from bot.recent import Recent, newest_here, recent_of
from bot.replies import home as replies
from bot.replies.overview import parts
from bot.replies.runs import not_listed
from bot.watch.listing import OPEN

RUNS = 8  # of each kind and connection, fewer where there are many
ALL_RUNS, FEWEST = 10, 2
RUN_PAGES = 3  # that are looked through for runs that have ended
SUBSCRIPTIONS = 15
STANDING = 4  # of each kind that says how things stand


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """The channels that a person is in, as far as a chat tells: their names by the last part of their ids.

    `whole`: these are all.
    """

    names: Mapping[str, str]
    whole: bool = True

    def named(self, channel: str) -> Line:
        """Name a channel by its id, to stand behind what is said of it."""
        name = self.names.get(channel.rpartition(":")[2])
        return (" in #", Untrusted(name)) if name is not None else ()


AskChannels = Callable[[], Awaitable[Channels]]
"""Asks a chat which channels a person is in; raises nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Runs:
    """The newest runs of one connection. `cut`: more may be running; `problem`: why they cannot be listed."""

    running: tuple[Recent, ...] = ()
    ended: tuple[Recent, ...] = ()
    cut: bool = False
    problem: Line = ()


async def cards(services: Services, who: str, ask_channels: AskChannels) -> tuple[Card, ...]:
    """Return a card for each part, the first with the ways in; `who`: the id of the person. Raises `StoreError`."""
    channels = await ask_channels()
    most = max(FEWEST, min(RUNS, ALL_RUNS // max(1, len(services.platforms))))
    found = await asyncio.gather(
        *(_runs(platform, services, most) for platform in services.platforms.values())
    )
    problems = tuple(runs.problem for runs in found if runs.problem)
    return (
        replies.first(problems),
        *await _standing(services, who, channels),
        replies.running(
            _items([recent for runs in found for recent in runs.running], services),
            known=not problems,
            cut=any(runs.cut for runs in found),
        ),
        replies.ended(
            _items([recent for runs in found for recent in runs.ended], services), known=not problems
        ),
        await _subscriptions(services, who, channels),
    )


def _items(shown: list[Recent], services: Services) -> tuple[Item, ...]:
    now, several = services.clock.now(), len(services.platforms) > 1
    return tuple(replies.run(recent, now, connection=several) for recent in shown)


async def _runs(platform: Platform, services: Services, most: int) -> _Runs:
    try:
        # By their status: a long one may stand behind any number of newer ones.
        going = [
            run
            for status in OPEN
            for run in await newest_here(platform, services.store, RunQuery(status=status))
        ]
        over = await _over(platform, services, most)
    except ServiceError as error:
        return _Runs(problem=not_listed(platform.connection, error.problem))
    return _Runs(
        running=await recent_of(platform, services.store, going[:most]),
        ended=await recent_of(platform, services.store, over[:most]),
        cut=len(going) > most,
    )


async def _over(platform: Platform, services: Services, most: int) -> list[Run]:
    """Return the newest runs that have ended, of as many pages as it takes, within a bound."""
    if platform.lists is None:
        recorded = await newest_here(platform, services.store, RunQuery(), RUN_PAGES, anew=False)
        return [run for run in recorded if run.status.terminal]
    over: list[Run] = []
    pages = 0
    with suppress(ListCut):  # what was read until then is true all the same
        async for page in listed(platform, RunQuery()):
            over += [run for run in page if run.status.terminal]
            pages += 1
            if len(over) >= most or pages == RUN_PAGES:
                break
    return over


def _here(who: str, channels: Channels) -> Here:
    """Return whether a channel is one that a person is in."""
    chat = who.partition(":")[0]
    return lambda channel: channel.partition(":")[0] == chat and channel.rpartition(":")[2] in channels.names


async def _standing(services: Services, who: str, channels: Channels) -> tuple[Card, ...]:
    platforms = services.platforms
    found = await overview_of(services, who, _here(who, channels), platforms.values(), STANDING)
    made = parts(found, lambda name: terms_of(platforms.get(name)), most=STANDING, named=channels.named)
    return replies.standing(found, made, services.terms.check.many, known=channels.whole)


async def _subscriptions(services: Services, who: str, channels: Channels) -> Card:
    here = _here(who, channels)
    heard = [(s, s.channel.rpartition(":")[2]) for s in await services.store.subscriptions()]
    mine = [(s, channels.names[own]) for s, own in heard if here(s.channel)]
    items = tuple(replies.subscription(s, name, services.left_out) for s, name in mine[:SUBSCRIPTIONS])
    return replies.subscriptions(items, left_out=len(mine) - len(items), known=channels.whole)
