"""Stop notifying this channel of runs.

unwatch [LAUNCHER] [source=NAME] [all]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.access import Role
from bot.cards import Reply, plain
from bot.command import Asked, Services, Verb
from bot.commands import expected, mention
from bot.commands.watch import CONNECTION, LAUNCHER, SOURCE, scope
from bot.replies import expected as expecting
from bot.replies import mentioning
from bot.replies import watching as replies
from bot.state import Expectation, Subscription

ALL = "all"  # said for a launcher: every subscription


async def handle(asked: Asked, services: Services) -> Reply:
    """Remove the subscription that was named, or the only one there is, and what is expected of that launcher."""
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
    if unexpected and not gone:
        return expecting.no_longer(unexpected)
    if not gone:
        raise replies.nothing_to_end(in_settings=len(here) > len(chat_made), here=bool(chat_made))
    for subscription in gone:
        s = subscription
        await services.store.unsubscribe(channel, s.connection, s.launcher, s.source)
        who, where = asked.invocation.actor, asked.invocation.place
        await services.note(who, where, "unwatch", "done", plain(replies.described(s)))
    ended = await _unmentioned(gone, asked, services, all_of_them=launcher == ALL)
    left = [s for s in here if s not in gone]
    reply = replies.no_longer(tuple(gone), tuple(left), services.left_out)
    if ended.ended:
        reply = mentioning.with_changes(reply, ended.lines(services), alone=False)
    return expecting.also_no_longer(reply, unexpected)


async def _unmentioned(
    gone: Sequence[Subscription], asked: Asked, services: Services, *, all_of_them: bool
) -> mention.Changes:
    """End the rules by which posts about the same runs mentioned somebody."""
    runs = {subscription.runs for subscription in gone}
    there = await services.store.mention_rules(asked.invocation.place.channel)
    made = (rule for rule in there if not rule.from_settings)
    ended = mention.Changes(ended=tuple(rule for rule in made if all_of_them or rule.runs in runs))
    await mention.keep(ended, asked, services)
    return ended


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
    there: Sequence[Subscription], connection: str | None, launcher: str | None, source: str | None
) -> list[Subscription]:
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
