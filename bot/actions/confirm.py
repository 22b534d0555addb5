"""Confirm or decline what costs or changes something; the buttons of its card say these words.

confirm REQUEST
decline REQUEST
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta

from bot import access, authorization, launch_rules, sessions
from bot.actions import reserving, send
from bot.actions.kinds import KINDS
from bot.cards import FieldKind, Reply
from bot.command import Asked, Parameter, Services, Verb
from bot.errors import Forbidden
from bot.model import DebugRequest, LaunchRequest
from bot.platform import Platform
from bot.replies import confirming, debugging, intents, problems
from bot.sessions import Session
from bot.state import Intent, IntentState, Request, kind_of

BESIDE = "asked for beside the session that is open"  # the reason of a draft that is not to join one
REPEATED = "shown as a repetition of "  # the reason of a draft whose card said so
REPETITION = timedelta(minutes=2)  # in which the same is likelier a slip, or two people's same thought
DRAFT = frozenset({IntentState.DRAFT})
SENT = frozenset({IntentState.POSTING, IntentState.ACCEPTED, IntentState.UNKNOWN})
_REQUEST = re.compile(r"[A-Za-z0-9_-]{1,64}")


async def draft(
    request: Request,
    connection: str,
    asked: Asked,
    services: Services,
    *,
    key: str,
    subject: str,
    reason: str = "",
    preset: str = "",
) -> Intent:
    """Keep what somebody asked for, by a preset or without one, until they confirm it."""
    who, where = asked.invocation.actor, asked.invocation.place
    intent = Intent(id=key, connection=connection, actor=who.id, channel=where.channel, thread=where.thread,
                    request=request, subject=subject, state=IntentState.DRAFT,
                    created_at=services.clock.now(), reason=reason, preset=preset)  # fmt: skip
    await services.store.draft(intent)
    return intent


async def confirm(asked: Asked, services: Services) -> Reply:
    """Send what was asked for, once; every later press hears what came of it."""
    intent = await intent_of(asked, services, "confirm")
    reply = await _refusal(intent, asked, services) or await go(intent, asked, services)
    return reply if reply.private else replace(reply, replace=True)


async def decline(asked: Asked, services: Services) -> Reply:
    """Call it off; nothing was sent."""
    intent = await intent_of(asked, services, "decline")
    return (
        await _stranger(intent, asked, services)
        or await _let_go(intent, IntentState.DECLINED, "declined", send.target(intent), services)
        or confirming.declined(intent)
    )


async def go(intent: Intent, asked: Asked, services: Services) -> Reply:
    """Check what the person may do now, confirm the draft, send it once, and show how it stands."""
    platform = services.platforms.get(intent.connection)
    if platform is None:
        raise confirming.no_connection(intent)
    denied = await _denied(intent, platform, asked, services)
    if denied is not None:
        return denied
    held = await _confirmed(intent, platform, services)
    if held is not None:
        return held
    now = services.clock.now()
    services.sent_here.add(intent.id)
    if asked.invocation.actor.name:
        await services.store.keep_name(intent.actor, asked.invocation.actor.name)
    await send.note(intent, "confirmed", send.target(intent), store=services.store, now=now)
    sent = await send.send(intent, platform, store=services.store, clock=services.clock)
    if sent is None:
        return await _happened(intent, services)
    return intents.reply(sent, services.clock.now(), send.outlook_of(sent, platform))


async def _confirmed(intent: Intent, platform: Platform, services: Services) -> Reply | None:
    """Confirm the draft; return why not. Two people's presses for the same thing go one after the other."""
    turn = services.confirming.setdefault((intent.connection, intent.subject), asyncio.Lock())
    async with turn:
        session = await _open_session(intent, platform, services)
        if session is not None:
            return await _join(intent, session, services)
        earlier = await _repeated_meanwhile(intent, services)
        if earlier is not None:
            return await _ask_again(intent, earlier, platform, services)
        confirmed = await reserving.confirm(intent, platform, services, expected=DRAFT)
    if isinstance(confirmed, Reply):
        return confirmed
    return None if confirmed else await _happened(intent, services)


async def repeated(
    request: Request, connection: str, services: Services, *, key: str, subject: str
) -> Intent | None:
    """Return the newest intent but `key` that asks for the same, and was confirmed by anyone a moment ago."""
    now, platform = services.clock.now(), services.platforms[connection]
    since = now - REPETITION - services.confirm_within  # a draft is older than its confirmation
    for intent in await services.store.sent(kind_of(request), connection, subject, since):
        recent = now - (intent.posted_at or intent.created_at) < REPETITION
        if recent and intent.id != key and _same(intent.request, request, platform):
            return intent
    return None


def warned_of(earlier: Intent | None) -> str:
    """Return the reason of a draft whose card warns of its like, so that a confirmation does not ask once more."""
    return f"{REPEATED}{earlier.id}" if earlier else ""


def _same(one: Request, other: Request, platform: Platform) -> bool:
    """Whether two requests ask for the same; of launches, whether they test the same, however they were put."""
    if isinstance(one, LaunchRequest) and isinstance(other, LaunchRequest):
        launches = platform.launches
        return launches is not None and launches.tested(one) == launches.tested(other)
    return one == other


async def _repeated_meanwhile(intent: Intent, services: Services) -> Intent | None:
    """Return the same, confirmed since this one was shown: its card could not warn of that."""
    if not KINDS[intent.kind].costs:
        return None
    earlier = await repeated(
        intent.request, intent.connection, services, key=intent.id, subject=intent.subject
    )
    return earlier if earlier and earlier.id not in intent.reason else None


async def _ask_again(intent: Intent, earlier: Intent, platform: Platform, services: Services) -> Reply:
    """Let a draft go whose like was just confirmed by somebody, and offer to ask for it all the same."""
    why = f"the same as {earlier.id}"
    moved = await _let_go(intent, IntentState.DECLINED, "asked again", why, services)
    return moved or confirming.repeated(intent, earlier, platform, services.clock.now())


async def intent_of(asked: Asked, services: Services, verb: str) -> Intent:
    """Return the intent that a request names. Raises `UserError` where there is none."""
    request = asked.value("request", 0) or ""
    intent = await services.store.intent(request) if _REQUEST.fullmatch(request) else None
    if intent is None:
        raise confirming.unknown_token(verb)
    return intent


async def _refusal(intent: Intent, asked: Asked, services: Services) -> Reply | None:
    """Return why a draft cannot be confirmed: by this person, any more, or at all."""
    stranger = await _stranger(intent, asked, services)
    if stranger is not None:
        return stranger
    if intent.state is not IntentState.DRAFT:
        return await _interrupted(intent, asked, services) or confirming.happened(intent)
    age = abs(services.clock.now() - intent.created_at)  # a clock set back does not prolong it
    if age <= services.confirm_within:
        return None
    moved = await _let_go(intent, IntentState.EXPIRED, "expired", send.target(intent), services)
    return moved or confirming.expired(intent)


async def _interrupted(intent: Intent, asked: Asked, services: Services) -> Reply | None:
    """Show how it stands where it was sent for this very press, and a restart came before that was shown."""
    posted = intent.posted_at
    if intent.id in services.sent_here or posted is None or asked.invocation.at > posted:
        return None
    if intent.state not in SENT or await services.store.story(intent.id, intent.channel) is not None:
        return None
    platform = services.platforms.get(intent.connection)
    return intents.reply(intent, services.clock.now(), send.outlook_of(intent, platform))


async def _stranger(intent: Intent, asked: Asked, services: Services) -> Reply | None:
    """Refuse everybody but the requester, and every channel but the one where it was shown."""
    who, where = asked.invocation.actor, asked.invocation.place
    if (who.id, where.channel) == (intent.actor, intent.channel):
        return None
    reason = confirming.not_yours(intent) if who.id != intent.actor else confirming.NOT_HERE
    by = replace(intent, actor=who.id, channel=where.channel)
    await send.note(by, "denied", "not the requester", store=services.store, now=services.clock.now())
    return problems.denied(reason)


async def _denied(intent: Intent, platform: Platform, asked: Asked, services: Services) -> Reply | None:
    """Refuse a person who has lost the right, what the settings no longer allow, or anybody while Clew is read-only."""
    who, where = asked.invocation.actor, asked.invocation.place
    decision = await authorization.decide_now(
        await services.rules(), who, where, need=KINDS[intent.kind].role, changes=True, afresh=asked.afresh
    )
    if isinstance(decision, access.Denied):
        await send.note(intent, "denied", decision.rule, store=services.store, now=services.clock.now())
        return await authorization.refusal(decision, services)
    try:
        await launch_rules.check(
            intent.request, intent.preset, platform, services, actor=who, place=where, afresh=asked.afresh
        )
    except Forbidden as error:
        await send.note(intent, "denied", error.noted, store=services.store, now=services.clock.now())
        return await authorization.forbidden(error, services)
    return None


async def _let_go(
    intent: Intent, state: IntentState, decision: str, detail: str, services: Services
) -> Reply | None:
    """Let a draft go and note why; return what became of it where somebody else moved it meanwhile."""
    now = services.clock.now()
    if not await services.store.advance(intent.id, DRAFT, state, now):
        return await _happened(intent, services)
    await send.note(intent, decision, detail, store=services.store, now=now)
    return None


async def _happened(intent: Intent, services: Services) -> Reply:
    """Say what became of an intent that somebody else moved meanwhile."""
    return confirming.happened(await services.store.intent(intent.id) or intent)


async def _open_session(intent: Intent, platform: Platform, services: Services) -> Session | None:
    if not isinstance(intent.request, DebugRequest) or intent.reason == BESIDE:
        return None
    now = services.clock.now()
    return await sessions.open_at(intent.subject, platform=platform, store=services.store, now=now)


async def _join(intent: Intent, session: Session, services: Services) -> Reply:
    """Show the session that is there already, and let the draft go."""
    moved = await _let_go(intent, IntentState.DECLINED, "joined", session.intent.id, services)
    return moved or debugging.joined(session)


REQUEST = Parameter(name="request", summary="Which one", kind=FieldKind.TEXT, positional=True)

CONFIRM = Verb(
    name="confirm", summary="confirm what a card shows", handle=confirm, parameters=(REQUEST,), hidden=True
)
DECLINE = Verb(
    name="decline", summary="cancel what a card shows", handle=decline, parameters=(REQUEST,), hidden=True
)
VERBS = (CONFIRM, DECLINE)
