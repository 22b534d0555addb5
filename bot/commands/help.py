"""Explain what can be said.

help [VERB]
help link [CODE|off] is the verb `link`, for chats that list verbs and have no room for more
"""

from __future__ import annotations

from bot.access import Denied
from bot.authorization import decide
from bot.cards import FieldKind, Reply
from bot.command import Asked, Parameter, Services, Verb, adapted
from bot.commands import link
from bot.replies import commands
from bot.replies import help as replies


async def handle(asked: Asked, services: Services) -> Reply:
    """Answer with the overview, or with one verb's grammar and examples."""
    from bot.commands.registry import VERBS  # the registry lists this verb too

    shown = {n: v for n, v in adapted(VERBS, services.platforms.values()).items() if not v.hidden}
    name = asked.value("verb", 0)
    if name is not None and name.split()[0].lower() == link.VERB.name:
        return await link.answer(name.partition(" ")[2].strip() or None, asked, services)
    if name is not None and name not in shown:
        raise commands.no_help(name, shown)
    who, where = asked.invocation.actor, asked.invocation.place
    decided = {
        n: decide(services.policy, who, where, need=v.role, changes=v.changes) for n, v in shown.items()
    }
    denied = {n: decision for n, decision in decided.items() if isinstance(decision, Denied)}
    if name is None:
        return replies.overview(shown.values(), services.terms, denied)
    return replies.of_verb(shown[name], denied.get(name))


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
