"""List this channel's subscriptions.

watching
"""

from __future__ import annotations

from bot.cards import Reply
from bot.command import Asked, Services, Verb
from bot.replies import watching as replies


async def handle(asked: Asked, services: Services) -> Reply:
    """Answer with this channel's subscriptions."""
    found = await services.store.subscriptions(asked.invocation.place.channel)
    meant = {p.connection: p for subscription in found for p in services.meant_by(subscription)}
    return replies.listing(found, services.left_out, [p for p in meant.values() if p.lists is None])


VERB = Verb(
    name="watching",
    summary="this channel's subscriptions",
    handle=handle,
    examples=("watching",),
    private=True,
)
