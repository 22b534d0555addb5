"""List this channel's subscriptions.

watching
"""

from __future__ import annotations

from bot.cards import Reply
from bot.command import Asked, Services, Verb
from bot.commands.watch import left_out
from bot.replies import watching as replies


async def handle(asked: Asked, services: Services) -> Reply:
    """Answer with this channel's subscriptions."""
    found = await services.store.subscriptions(asked.invocation.place.channel)
    return replies.listing(found, left_out(services))


VERB = Verb(
    name="watching",
    summary="this channel's subscriptions",
    handle=handle,
    examples=("watching",),
    private=True,
)
