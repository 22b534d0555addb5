"""Approve or refuse what somebody else confirmed; the buttons of its card say these words.

approve REQUEST
refuse REQUEST
"""

from __future__ import annotations

from dataclasses import replace

from bot import access, authorization, launch_rules
from bot.access import Allowed, Denied, Role
from bot.actions import second, send
from bot.actions.confirm import REQUEST, connected, happened, intent_of, let_go, outdated, start
from bot.actions.kinds import KINDS
from bot.cards import Reply
from bot.command import Asked, Services, Verb
from bot.errors import Forbidden
from bot.people import people_of
from bot.replies import approving, problems
from bot.state import Actor, Intent, IntentState


async def approve(asked: Asked, services: Services) -> Reply:
    """Send what somebody else asked for, once; every later press hears what came of it, and by whom."""
    intent = await intent_of(asked, services, "approve")
    reply = (
        await _denied(intent, asked, await services.rules(), services)
        or await _over(intent, services)
        or await _of_requester(intent, asked, services)
        or await start(intent, connected(intent, services), asked, services)
    )
    return reply if reply.private else replace(reply, replace=True)


async def refuse(asked: Asked, services: Services) -> Reply:
    """Call it off; nothing was sent. That changes nothing, so it may be done while Clew is read-only."""
    intent = await intent_of(asked, services, "refuse")
    who = asked.invocation.actor
    anyhow = replace(services.policy, read_only=False)
    held = await _denied(intent, asked, anyhow, services) or await _over(intent, services)
    if held is not None:
        return held
    if who.name:
        await services.store.keep_name(who.id, who.name)
    moved = await let_go(intent, IntentState.DECLINED, "refused", send.target(intent), services, by=who.id)
    return moved or await second.ended(intent, services)


async def _denied(intent: Intent, asked: Asked, rules: access.Policy, services: Services) -> Reply | None:
    """Refuse every other channel, the requester by any account, and whoever has not the role there just now."""
    who, where = asked.invocation.actor, asked.invocation.place
    own = who.id == intent.actor
    linked = intent.actor in who.principals or (await people_of(services)).same(intent.actor, who.id)
    reason, rule = "", ""
    if where.channel != intent.channel:
        reason, rule = approving.NOT_HERE, "another channel"
    elif own or linked:
        reason, rule = approving.not_the_requester(intent, linked=not own), "the requester"
    if reason:
        await _note_denied(intent, asked, rule, services)
        return problems.denied(reason)
    need = max(KINDS[intent.kind].role, *(role for role in Role if role.word == intent.second), Role.READ)
    decision = await authorization.decide_now(rules, who, where, need=need, changes=True, afresh=asked.afresh)
    if isinstance(decision, Allowed):
        return None
    await _note_denied(intent, asked, decision.rule, services)
    return await authorization.refusal(decision, services)


async def _over(intent: Intent, services: Services) -> Reply | None:
    """Return what became of it where it does not wait any more, or too long, or is not what its preset says now."""
    if intent.state is not IntentState.ASKED:
        return await happened(intent, services)
    now = services.clock.now()
    if not second.too_late(intent, now):
        return await outdated(intent, services)
    expired = await second.expire(intent, services.store, now)
    return await (second.ended(intent, services) if expired else happened(intent, services))


async def _of_requester(intent: Intent, asked: Asked, services: Services) -> Reply | None:
    """Refuse an approval where the requester has lost the right meanwhile, or the chat does not tell."""
    requester = Actor(id=intent.actor, principals=frozenset({intent.actor}))
    rule = await _rule_against(requester, intent, asked, services)
    if not rule:
        return None
    await _note_denied(intent, asked, f"of the requester: {rule}", services)
    names = await second.names_of(intent, services.store)
    if rule == authorization.UNTOLD:
        return problems.denied(
            approving.requester_not_known(names, intent, asked.invocation.place.chat), rule
        )
    return problems.denied(approving.requester_may_not(names, intent), rule)


async def _rule_against(requester: Actor, intent: Intent, asked: Asked, services: Services) -> str:
    """Return the rule by which somebody may not ask for an intent now, as the chat tells of them; "" where they may."""
    where, platform = asked.invocation.place, connected(intent, services)
    now = await asked.afresh(requester) if asked.afresh else requester
    if isinstance(now, Denied):
        return now.rule
    need = KINDS[intent.kind].role
    decision = authorization.decide(await services.rules(), now, where, need=need, changes=True)
    if isinstance(decision, Denied):
        return decision.rule
    try:
        await launch_rules.check(intent.request, intent.preset, platform, services, actor=now, place=where)
    except Forbidden as error:
        return error.rule
    return ""


async def _note_denied(intent: Intent, asked: Asked, rule: str, services: Services) -> None:
    by = replace(intent, actor=asked.invocation.actor.id, channel=asked.invocation.place.channel)
    await send.note(by, "denied", rule, store=services.store, now=services.clock.now())


APPROVE = Verb(
    name="approve",
    summary="approve what somebody else confirmed",
    handle=approve,
    parameters=(REQUEST,),
    hidden=True,
)
REFUSE = Verb(
    name="refuse",
    summary="refuse what somebody else confirmed",
    handle=refuse,
    parameters=(REQUEST,),
    hidden=True,
)
VERBS = (APPROVE, REFUSE)
