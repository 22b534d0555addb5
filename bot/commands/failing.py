"""Show a run's failing properties, newly failing first.

failing [RUN] [property=NAME|NUMBER]
"""

from __future__ import annotations

from bot.cards import FieldKind, Reply
from bot.commands.target import choose_property, findings_for
from bot.commands.verb import Asked, Desk, Parameter, Verb
from bot.replies import failing as replies


async def handle(asked: Asked, desk: Desk) -> Reply:
    """Answer with the list, or with one property of it."""
    service, found = await findings_for(asked, desk)
    wanted = asked.value("property")
    if wanted is not None:
        return replies.one(found, choose_property(found, wanted), service.capabilities)
    return replies.listing(found, service.capabilities)


VERB = Verb(
    name="failing",
    summary="failing properties, newly failing first, each with its moment",
    handle=handle,
    parameters=(
        Parameter(name="run", summary="The run", kind=FieldKind.RUN, positional=True, example="latest"),
        Parameter(name="property", summary="Only this one, by name or number", kind=FieldKind.PROPERTY,
                  example="property=2"),
        Parameter(name="connection", summary="The connection, where there are several", kind=FieldKind.TEXT),
    ),
    examples=("failing", "failing latest", "failing latest property=1"),
)  # fmt: skip
