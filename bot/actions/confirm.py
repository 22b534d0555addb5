"""Confirm or decline what costs or changes something; the buttons of its card say these words.

confirm REQUEST
decline REQUEST

What needs a second person waits for one after that (`second`, `approve`).
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

from bot import access, authorization, launch_rules, sessions
from bot.actions import reserving, scheduling, second, send
from bot.actions.kinds import KINDS
from bot.cards import FieldKind, Reply
from bot.command import Asked, Parameter, Services, Verb
from bot.errors import Forbidden
from bot.model import DebugRequest, LaunchRequest
from bot.platform import Platform
from bot.replies import approving, confirming, debugging, intents, problems
from bot.sessions import Session
from bot.state import Intent, IntentKind, IntentState, Overtaken, Request, Seen, kind_of

BESIDE = "asked for beside the session that is open"  # the reason of a draft that is not to join one
REPEATED = "shown as a repetition of "  # the reason of a draft whose card said so
REPETITION = timedelta(minutes=2)  # in which the same is likelier a slip, or two people's same thought
UNSENT = frozenset({IntentState.DRAFT, IntentState.ASKED})
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
    """Keep what somebody asked for, by a preset or without one, until they confirm it.

    Raises `UserError` where a second person has to approve it and nobody else could.
    """
    who, where = asked.invocation.actor, asked.invocation.place
    mark, role = second.bound(services.presets.get(preset), where)
    intent = Intent(id=key, connection=connection, actor=who.id, channel=where.channel, thread=where.thread,
                    request=request, subject=subject, state=IntentState.DRAFT,
                    created_at=services.clock.now(), reason=reason, preset=preset, preset_mark=mark, second=role)  # fmt: skip
    await services.store.draft(intent)
    return intent


async def confirm(asked: Asked, services: Services) -> Reply:
    """Send what was asked for, once; every later press hears what came of it."""
    intent = await intent_of(asked, services, "confirm")
    reply = await _refusal(intent, asked, services) or await go(intent, asked, services)
    return reply if reply.private else replace(reply, replace=True)


async def decline(asked: Asked, services: Services) -> Reply:
    """Call it off; nothing was sent. What waits for a second person is withdrawn so."""
    intent = await intent_of(asked, services, "decline")
    stranger = await _stranger(intent, asked, services)
    if stranger is not None:
        return stranger
    waited = intent.state is IntentState.ASKED
    decision, by = ("withdrawn", intent.actor) if waited else ("declined", "")
    moved = await let_go(intent, IntentState.DECLINED, decision, send.target(intent), services, by=by)
    return moved or (await second.ended(intent, services) if waited else confirming.declined(intent))


async def go(intent: Intent, asked: Asked, services: Services) -> Reply:
    """Check what the person may do now, confirm the draft, send it once, and show how it stands.

    What needs a second person waits for one instead.
    """
    platform = connected(intent, services)
    denied = await _denied(intent, platform, asked, services)
    if denied is not None:
        return denied
    if (stale := await outdated(intent, services)) is not None:
        return stale
    if intent.kind is IntentKind.SCHEDULE:
        return await scheduling.keep(intent, asked, services) or await happened(intent, services)
    if intent.second:
        return await second.ask(intent, asked, services) or await happened(intent, services)
    return await start(intent, platform, asked, services)


def connected(intent: Intent, services: Services) -> Platform:
    """Return where an intent is to be sent. Raises `UserError` where that is not there any more."""
    platform = services.platforms.get(intent.connection)
    if platform is None:
        raise confirming.no_connection(intent)
    return platform


async def outdated(intent: Intent, services: Services) -> Reply | None:
    """Let go of what was shown when its preset said something else; None where it holds."""
    why = second.changed(intent, services)
    if not why:
        return None
    moved = await let_go(intent, IntentState.DECLINED, "cancelled", why, services, reason=why)
    return moved or await second.ended(intent, services)


async def start(intent: Intent, platform: Platform, asked: Asked, services: Services) -> Reply:
    """Confirm a draft, or approve what waits for a second person; send it once, and show how it stands."""
    who = asked.invocation.actor
    if who.name:
        await services.store.keep_name(who.id, who.name)
    if intent.state is IntentState.ASKED:
        intent = replace(intent, decided_by=who.id)
    names = await second.names_of(intent, services.store)  # once it is sent, nothing may fail any more
    held = await _confirmed(intent, platform, services)
    if held is not None:
        return held
    sent = await send.send(intent, platform, store=services.store, clock=services.clock)
    if sent is None:
        return await happened(intent, services)
    reply = intents.reply(sent, services.clock.now(), send.outlook_of(sent, platform))
    return replace(reply, card=second.told(reply.card, sent, names))


async def _confirmed(intent: Intent, platform: Platform, services: Services) -> Reply | None:
    """Confirm it; return why not. Of two people's presses for the same thing the later one sees the other, wherever they came in."""
    confirmed: bool | Overtaken | Reply = Overtaken()
    while isinstance(confirmed, Overtaken):  # whoever is overtaken looks again
        seen = await _seen(intent, services)
        session = await _open_session(intent, platform, services)
        if session is not None:
            return await _join(intent, session, services)
        earlier = await _repeated_meanwhile(intent, services)
        if earlier is not None:
            return await _ask_again(intent, earlier, platform, services)
        expected = UNSENT & {intent.state}
        confirmed = await reserving.confirm(intent, platform, services, expected=expected, seen=seen)
    if isinstance(confirmed, Reply):
        return confirmed
    return None if confirmed else await happened(intent, services)


async def repeated(
    request: Request, connection: str, services: Services, *, key: str, subject: str
) -> Intent | None:
    """Return the newest intent but `key` that asks for the same, and was confirmed by anyone a moment ago."""
    now, platform = services.clock.now(), services.platforms[connection]
    since = _asked_since(services)
    for intent in await services.store.sent(kind_of(request), connection, subject, since):
        recent = now - (intent.posted_at or intent.created_at) < REPETITION
        if recent and intent.id != key and _same(intent.request, request, platform):
            return intent
    return None


def _asked_since(services: Services) -> datetime:
    """Return since when that was asked for which was confirmed a moment ago: a draft is older than its confirmation."""
    return services.clock.now() - REPETITION - services.confirm_within - services.approve_within


async def _seen(intent: Intent, services: Services) -> Seen:
    since = _asked_since(services)
    like = await services.store.sent(intent.kind, intent.connection, intent.subject, since)
    return Seen(since=since, ids=frozenset(other.id for other in like))


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
    moved = await let_go(intent, IntentState.DECLINED, "asked again", why, services)
    return moved or confirming.repeated(intent, earlier, platform, services.clock.now())


async def intent_of(asked: Asked, services: Services, verb: str) -> Intent:
    """Return the intent that a request names; one of this channel by the beginning of its id too, as it is typed.

    Raises `UserError` where there is none.
    """
    request = asked.value("request", 0) or ""
    if not _REQUEST.fullmatch(request):
        raise confirming.unknown_token(verb)
    intent = await services.store.intent(request)
    if intent is None and len(request) >= approving.TOKEN:
        here = asked.invocation.place.channel
        intent = await services.store.intent_beginning(request.lower(), here)
    if intent is None:
        raise confirming.unknown_token(verb)
    return intent


async def _refusal(intent: Intent, asked: Asked, services: Services) -> Reply | None:
    """Return why a draft cannot be confirmed: by this person, any more, or at all."""
    stranger = await _stranger(intent, asked, services)
    if stranger is not None:
        return stranger
    if intent.state is not IntentState.DRAFT:
        return await _interrupted(intent, asked, services) or await happened(intent, services)
    age = abs(services.clock.now() - intent.created_at)  # a clock set back does not prolong it
    if age <= services.confirm_within:
        return None
    moved = await let_go(intent, IntentState.EXPIRED, "expired", send.target(intent), services)
    return moved or confirming.expired(intent)


async def _interrupted(intent: Intent, asked: Asked, services: Services) -> Reply | None:
    """Show how it stands where this very press sent or asked for it, and a restart came before that was shown."""
    if intent.state is IntentState.ASKED:
        shown = await services.store.story(intent.id, intent.channel)
        return None if shown else await second.waits(intent, services)
    posted = intent.posted_at
    if not asked.resumed or posted is None or asked.invocation.at > posted:
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


async def let_go(
    intent: Intent,
    state: IntentState,
    decision: str,
    detail: str,
    services: Services,
    *,
    by: str = "",
    reason: str = "",
) -> Reply | None:
    """Let go of what was not confirmed yet, and note why; return what became of it where somebody else moved it meanwhile."""
    now = services.clock.now()
    noted = send.entry(intent, decision, detail, now, by=by)
    expected = UNSENT & {intent.state}
    moved = await services.store.advance(intent.id, expected, state, now, by=by, reason=reason, noted=noted)
    return None if moved else await happened(intent, services)


async def happened(intent: Intent, services: Services) -> Reply:
    """Say what became of an intent by now, and who decided it where that was a second person."""
    now = await services.store.intent(intent.id) or intent
    other = now.decided_by if now.decided_by != now.actor else ""
    return confirming.happened(now, await services.store.name(other) or other if other else "")


async def _open_session(intent: Intent, platform: Platform, services: Services) -> Session | None:
    if not isinstance(intent.request, DebugRequest) or intent.reason == BESIDE:
        return None
    now = services.clock.now()
    return await sessions.open_at(intent.subject, platform=platform, store=services.store, now=now)


async def _join(intent: Intent, session: Session, services: Services) -> Reply:
    """Show the session that is there already, and let the draft go."""
    moved = await let_go(intent, IntentState.DECLINED, "joined", session.intent.id, services)
    return moved or debugging.joined(session)


REQUEST = Parameter(name="request", summary="Which one", kind=FieldKind.TEXT, positional=True)

CONFIRM = Verb(
    name="confirm", summary="confirm what a card shows", handle=confirm, parameters=(REQUEST,), hidden=True
)
DECLINE = Verb(
    name="decline", summary="cancel what a card shows", handle=decline, parameters=(REQUEST,), hidden=True
)
VERBS = (CONFIRM, DECLINE)
