"""Explain what can be said.

help [VERB]
help link [CODE|off] is the verb `link`, for chats that list verbs and have no room for more
"""

from __future__ import annotations

from bot.access import TERMINAL, Decision, Denied, Policy, Role
from bot.actions import reserving
from bot.authorization import decide
from bot.cards import FieldKind, Line, Reply
from bot.command import Asked, Parameter, Services, Verb, uses_of
from bot.commands import link
from bot.errors import StoreError
from bot.launch_rules import usable
from bot.people import people_of
from bot.replies import commands, quotas
from bot.replies import help as replies


async def handle(asked: Asked, services: Services) -> Reply:
    """Answer with the overview, or with one verb's grammar and examples."""
    shown = {name: verb for name, verb in asked.verbs.items() if not verb.hidden}
    name = asked.value("verb", 0)
    if name is not None and name.split()[0].lower() == link.VERB.name:
        return await link.answer(name.partition(" ")[2].strip() or None, asked, services)
    if name is not None and name not in shown:
        raise commands.no_help(name, shown, uses_of(name, shown.values()))
    # The database is not opened for the person at the terminal alone: there help is to come at once.
    at_terminal = asked.invocation.actor.id == TERMINAL
    rules = services.policy if at_terminal else await services.rules()
    if name is None:
        reading = {n: _decided(v, rules, asked, reads=v.only_reads is not None) for n, v in shown.items()}
        denied = {n: decision for n, decision in reading.items() if isinstance(decision, Denied)}
        starts = any(verb.starts for name, verb in shown.items() if name not in denied)
        left = await _quotas(asked, services) if starts else ()
        return replies.overview(shown.values(), services.terms, denied, left)
    decision = _decided(shown[name], rules, asked, reads=False)
    known = isinstance(decision, Denied) or not at_terminal
    mine = usable(services, asked.invocation.actor, asked.invocation.place)
    takes = any(each.name == "preset" for each in shown[name].parameters)
    starts = shown[name].starts and not isinstance(decision, Denied)
    left = await _quotas(asked, services) if starts else ()
    presets = [*mine.values()] if takes else []
    return replies.of_verb(shown[name], decision if known else None, presets, left)


async def _quotas(asked: Asked, services: Services) -> tuple[Line, ...]:
    """Return what is left today of what the person may start here; help comes without it where it cannot be read."""
    rules, now, who = services.policy.quotas, services.clock.now(), asked.invocation.actor.id
    if not rules:
        return ()
    connections = [
        n for n, p in services.platforms.items() if (p.launches or p.reruns) and not p.runs_nothing
    ]
    try:
        ids, here = (await people_of(services)).ids(who), asked.invocation.place.channel
        standings = await reserving.today(ids, here, connections, rules=rules, store=services.store, now=now)
    except StoreError:
        return ((quotas.UNREADABLE,),)
    return quotas.today(standings, rules, services.terms, now)


def _decided(verb: Verb, rules: Policy, asked: Asked, *, reads: bool) -> Decision:
    """Decide whether the person may use a verb here; `reads`: at least what it only reads."""
    who, where = asked.invocation.actor, asked.invocation.place
    need, changes = (Role.READ, False) if reads else (verb.role, verb.changes)
    return decide(rules, who, where, need=need, changes=changes)


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
