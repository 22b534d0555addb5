"""Explain what can be said.

help [VERB]
"""

from __future__ import annotations

from bot.cards import FieldKind, Reply
from bot.command import Asked, Parameter, Services, Verb
from bot.replies import commands
from bot.replies import help as replies


async def handle(asked: Asked, services: Services) -> Reply:
    """Answer with the overview, or with one verb's grammar and examples."""
    from bot.commands.registry import VERBS  # the registry lists this verb too

    name = asked.value("verb", 0)
    if name is None:
        return replies.overview(VERBS.values())
    if name not in VERBS or VERBS[name].hidden:
        raise commands.no_help(name, [v.name for v in VERBS.values() if not v.hidden])
    return replies.of_verb(VERBS[name])


VERB = Verb(
    name="help",
    summary="what Clew can do, and how each verb is used",
    handle=handle,
    parameters=(
        Parameter(
            name="verb", summary="The verb to explain", kind=FieldKind.TEXT, positional=True, example="logs"
        ),
    ),
    examples=("help", "help launch"),
    private=True,
)
