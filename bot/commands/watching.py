"""List this channel's subscriptions.

watching [from=NUMBER]
"""

from __future__ import annotations

from bot.cards import Reply
from bot.command import Asked, Services, Verb
from bot.commands.parameters import BEGIN, first_of
from bot.replies import watching as replies


async def handle(asked: Asked, services: Services) -> Reply:
    """Answer with this channel's subscriptions."""
    found = await services.store.subscriptions(asked.invocation.place.channel)
    meant = {p.connection: p for subscription in found for p in services.meant_by(subscription)}
    unlisted = [p for p in meant.values() if p.lists is None]
    return replies.listing(found, services.left_out, unlisted, first_of(asked, len(found)))


VERB = Verb(
    name="watching",
    summary="this channel's subscriptions",
    handle=handle,
    parameters=(BEGIN,),
    examples=("watching",),
    private=True,
)
