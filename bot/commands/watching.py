"""List this channel's subscriptions.

watching [from=NUMBER]
"""

from __future__ import annotations

from bot.cards import Reply
from bot.command import Asked, Services, Verb
from bot.commands import expected, mute, schedule
from bot.commands.parameters import BEGIN, first_of
from bot.errors import UserError
from bot.replies import channel as of_channel
from bot.replies import expected as expecting
from bot.replies import mentioning
from bot.replies import watching as replies
from bot.state import Addressee, MentionRule, Outcome


async def handle(asked: Asked, services: Services) -> Reply:
    """Answer with this channel's subscriptions and expectations, and with what it may want to expect."""
    channel = asked.invocation.place.channel
    found = await services.store.subscriptions(channel)
    meant = {p.connection: p for subscription in found for p in services.meant_by(subscription)}
    unlisted = [p for p in meant.values() if p.lists is None]
    rules = await services.store.mention_rules(channel)
    mentions = [mentioning.item(r, await _there(r, asked), services.terms.check) for r in rules]
    expects = await expected.items(services, channel)
    muted = await mute.items(services, channel)
    begin = first_of(asked, len(found) + len(expects) + len(mentions) + len(muted))
    settings = await services.store.channel_settings(channel)
    at_once = any(Outcome.ALL not in subscription.outcomes for subscription in found)
    now = services.clock.now()
    notes = [
        line
        for each in settings
        for line in of_channel.said(each, now, at_once=at_once, mentions=bool(rules))
    ]
    notes += await schedule.lines(services, channel)
    reply = replies.listing(
        found,
        services.left_out,
        unlisted,
        begin,
        expects=expects,
        mentions=mentions,
        muted=muted,
        notes=notes,
    )
    return expecting.with_proposals(reply, await expected.proposals(services, channel, found))


async def _there(rule: MentionRule, asked: Asked) -> Addressee:
    """Return what the chat tells of somebody who is mentioned here; nothing where it cannot be asked."""
    if asked.find_addressee is None:
        return Addressee(id=rule.who)
    try:
        return await asked.find_addressee(rule.who)
    except UserError as error:
        return Addressee(id=rule.who, problem=error.problem)


VERB = Verb(
    name="watching",
    summary="this channel's subscriptions",
    handle=handle,
    parameters=(BEGIN,),
    examples=("watching",),
    private=True,
)
