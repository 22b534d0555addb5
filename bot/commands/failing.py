"""Show a run's failing properties, newly failing first.

failing [RUN] [property=NAME|NUMBER]
"""

from __future__ import annotations

from bot.cards import Reply
from bot.commands.aim import choose_property
from bot.commands.parameters import CONNECTION, PROPERTY, RUN
from bot.commands.target import findings_for
from bot.commands.verb import Asked, Desk, Verb
from bot.replies import failing as replies


async def handle(asked: Asked, desk: Desk) -> Reply:
    """Answer with the list, or with one property of it."""
    service, found = await findings_for(asked, desk, ended=True)
    wanted = asked.value("property")
    if wanted is not None:
        return replies.one(found, choose_property(found, wanted), service.capabilities)
    return replies.listing(found, service.capabilities)


VERB = Verb(
    name="failing",
    summary="failing properties, newly failing first, each with its moment",
    handle=handle,
    parameters=(
        RUN,
        PROPERTY,
        CONNECTION,
    ),
    examples=("failing", "failing latest", "failing latest property=1"),
)  # fmt: skip
