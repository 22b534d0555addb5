"""What the buttons of a launch with an unclear or bad end say.

check REQUEST
again REQUEST
"""

from __future__ import annotations

from dataclasses import replace

from bot.access import Role
from bot.actions import send
from bot.actions.confirm import REQUEST, intent_of
from bot.cards import FieldKind, Reply
from bot.command import Asked, Parameter, Services, Verb
from bot.commands.launch import propose
from bot.launch_rules import without_mail
from bot.model import LaunchRequest
from bot.platform import Platform
from bot.replies import confirming
from bot.replies import launching as replies
from bot.state import Intent, IntentKind


async def check(asked: Asked, services: Services) -> Reply:
    """Look for the run of a launch of unknown outcome now, instead of at the next turn."""
    intent = await _launch(asked, services, "check")
    if intent.state not in send.UNDECIDED:
        return confirming.happened(intent)
    platform = services.platforms.get(intent.connection)
    if platform is None:
        raise confirming.no_connection(intent)
    if platform.offers_launched is not None:
        return await _offered(asked, intent, platform, services)
    run = await send.look(intent, platform)
    if run is None:
        return replies.still_unknown(intent, findable=platform.finds_launched is not None)
    now = services.clock.now()
    await send.accept(intent, run.ref.run_id, store=services.store, now=now)
    return Reply(card=replies.appeared(intent, run, now=now))


async def _offered(asked: Asked, intent: Intent, platform: Platform, services: Services) -> Reply:
    """Show the runs that a launch may have become, or take the one that the person says it is."""
    found = await send.candidates(intent, platform, services.store)
    wanted = asked.value("run")
    if wanted is None:
        outlook = replace(send.outlook_of(intent, platform), offered=found)
        return Reply(card=replies.unknown(intent, outlook), private=True)
    run = next((run for run in found if run.ref.run_id == wanted), None)
    if run is None:
        raise replies.no_candidate(wanted, platform.terms)
    who, where = asked.invocation.actor, asked.invocation.place
    await services.note(who, where, "check", "done", f"{intent.id}: taken for run {wanted}")
    await send.accept(intent, wanted, store=services.store, now=services.clock.now(), run=run)
    return Reply(card=replies.taken(intent, run.ref, platform.terms))


async def again(asked: Asked, services: Services) -> Reply:
    """Ask for the same launch once more: a new request with a key of its own, newly confirmed."""
    intent = await _launch(asked, services, "launch again")
    platform = services.platforms.get(intent.connection)
    if platform is None:
        raise confirming.no_connection(intent)
    request = replace(intent.request_as(LaunchRequest), key=services.new_key())
    if platform.launches is not None:
        who = asked.invocation.actor
        request = without_mail(request, intent.preset, platform.launches, who, services)
    return await propose(
        request, platform, asked, services, reason=f"again of {intent.id}", preset=intent.preset
    )


async def _launch(asked: Asked, services: Services, verb: str) -> Intent:
    intent = await intent_of(asked, services, verb)
    if intent.kind is not IntentKind.LAUNCH:
        raise replies.not_a_launch()
    return intent


CHECK = Verb(
    name="check",
    summary="check an unconfirmed launch again",
    handle=check,
    parameters=(REQUEST, Parameter(name="run", summary="The run that it became", kind=FieldKind.TEXT)),
    hidden=True,
)
AGAIN = Verb(
    name="again",
    summary="repeat the same launch",
    handle=again,
    parameters=(REQUEST,),
    role=Role.LAUNCH,
    changes=True,
    hidden=True,
)
VERBS = (CHECK, AGAIN)
