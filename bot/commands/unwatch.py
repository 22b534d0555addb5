"""Stop notifying this channel of runs.

unwatch [LAUNCHER] [source=NAME] [all]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from bot.access import Role
from bot.cards import Reply, plain
from bot.command import Asked, Services, Verb
from bot.commands import expected, mention
from bot.commands.watch import CONNECTION, LAUNCHER, SOURCE, scope
from bot.replies import expected as expecting
from bot.replies import mentioning
from bot.replies import watching as replies
from bot.state import Expectation, MentionRule, Subscription

Scoped = TypeVar("Scoped", Subscription, MentionRule)
ALL = "all"  # said for a launcher: every subscription


async def handle(asked: Asked, services: Services) -> Reply:
    """Remove the subscription that was named, or the only one there is, with what is expected of its runs and whom they mention."""
    channel = asked.invocation.place.channel
    here = await services.store.subscriptions(channel)
    chat_made = [s for s in here if not s.from_settings]
    connection, launcher, source = scope(asked, services)
    narrow = connection is not None or source is not None
    if launcher == ALL and all(s.launcher != ALL for s in chat_made):
        gone = [s for s in chat_made if connection in {None, s.connection} and source in {None, s.source}]
    elif len(chat_made) == 1 and launcher is None and not narrow:
        gone = chat_made
    else:
        gone = _fitting(chat_made, connection, launcher, source)
    unexpected = await _no_longer_expected(asked, services, connection, launcher, source)
    if not gone:
        named = launcher is not None or narrow
        alone = (
            await _mentions_of(connection, launcher, source, asked, services) if named else mention.Changes()
        )
        if not alone.ended and not unexpected:
            raise replies.nothing_to_end(in_settings=len(here) > len(chat_made), here=bool(chat_made))
        return _only(alone, unexpected, services)
    for subscription in gone:
        s = subscription
        await services.store.unsubscribe(channel, s.connection, s.launcher, s.source)
        who, where = asked.invocation.actor, asked.invocation.place
        await services.note(who, where, "unwatch", "done", plain(replies.described(s)))
    made = await _mentions(asked, services)
    runs = {subscription.runs for subscription in gone}
    ended = mention.Changes(ended=tuple(rule for rule in made if launcher == ALL or rule.runs in runs))
    await mention.keep(ended, asked, services)
    left = [s for s in here if s not in gone]
    reply = replies.no_longer(tuple(gone), tuple(left), services.left_out)
    if ended.ended:
        reply = mentioning.with_changes(reply, ended.lines(services), alone=False)
    return expecting.also_no_longer(reply, unexpected)


async def _mentions(asked: Asked, services: Services) -> list[MentionRule]:
    there = await services.store.mention_rules(asked.invocation.place.channel)
    return [rule for rule in there if not rule.from_settings]


async def _mentions_of(
    connection: str | None, launcher: str | None, source: str | None, asked: Asked, services: Services
) -> mention.Changes:
    """End the rules for runs that are among those of a wider subscription: they have none of their own."""
    fitting = _fitting(await _mentions(asked, services), connection, launcher, source)
    ended = mention.Changes(ended=tuple(fitting))
    await mention.keep(ended, asked, services)
    return ended


def _only(mentions: mention.Changes, unexpected: Sequence[Expectation], services: Services) -> Reply:
    """Confirm what ended beside subscriptions that stay."""
    if not mentions.ended:
        return expecting.no_longer(unexpected)
    return expecting.also_no_longer(mentioning.only(mentions.lines(services)), unexpected)


async def _no_longer_expected(
    asked: Asked, services: Services, connection: str | None, launcher: str | None, source: str | None
) -> list[Expectation]:
    """End what is expected of the launcher that was named, or of all; or the only one where nothing is watched."""
    channel = asked.invocation.place.channel
    here = [e for e in await services.store.expectations(channel) if not e.from_settings]
    meant = [e for e in here if connection in {None, e.connection} and source in {None, e.source}]
    if launcher is None:
        alone = len(meant) == 1 and not await services.store.subscriptions(channel)
        return await expected.ended(asked, services, meant if alone else [])
    return await expected.ended(asked, services, [e for e in meant if launcher in {ALL, e.launcher}])


def _fitting(
    there: Sequence[Scoped], connection: str | None, launcher: str | None, source: str | None
) -> list[Scoped]:
    """Return the subscription that was named; without its connection where no other one fits a launcher so named."""
    alike = [s for s in there if (s.launcher, s.source) == (launcher, source)]
    exact = [s for s in alike if s.connection == connection]
    return alike if not exact and connection is None and launcher is not None else exact


VERB = Verb(
    name="unwatch",
    summary="stop notifying this channel of runs",
    handle=handle,
    parameters=(
        replace(LAUNCHER, summary="Only this launcher's subscription; all: every one", example="all"),
        SOURCE,
        CONNECTION,
    ),
    examples=("unwatch", "unwatch Payments Nightly", "unwatch all"),
    role=Role.DEBUG,
    changes=True,
)
