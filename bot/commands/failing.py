"""Show a run's failing properties, newly failing first.

failing [RUN] [property=NAME|NUMBER]
"""

from __future__ import annotations

from bot.cards import Reply
from bot.command import Asked, Services, Verb
from bot.commands.parameters import CONNECTION, PROPERTY, RUN
from bot.replies import failing as replies
from bot.targets.moment import choose_property
from bot.targets.run import analysis_for


async def handle(asked: Asked, services: Services) -> Reply:
    """Answer with the list, or with one property of it."""
    found = await analysis_for(asked, services, ended=True)
    wanted = asked.value("property")
    if wanted is not None:
        return replies.one(found, choose_property(found, wanted))
    return replies.listing(found)


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
