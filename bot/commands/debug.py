"""Open a multiverse debugging session at a moment.

    debug [RUN] [moment=MOMENT] [property=NAME] [session=ID] [recipients=ADDRESS;ADDRESS] [description=TEXT]
          [again=yes]

Inside the thread of a failing property nothing has to be said. The session's link comes by mail only.
"""

from __future__ import annotations

from datetime import datetime

from bot import grammar, moments, requests, sessions
from bot.access import Role
from bot.cards import Field, FieldKind, Form, Line, Outside, Reply
from bot.commands import confirm
from bot.commands.aim import Aim, moment_of
from bot.commands.parameters import CONNECTION, MOMENT, PROPERTY, RUN, may_mail, moment_field, run_field
from bot.commands.target import require, service_of
from bot.commands.verb import Asked, Desk, Parameter, Verb
from bot.errors import UserError
from bot.model import Capability, DebugRequest
from bot.replies import debugging as replies
from bot.replies import pasting
from bot.replies.words import SHORT_ID
from bot.state import Intent, IntentKind, IntentState

LONGEST_DESCRIPTION = 300  # characters


async def handle(asked: Asked, desk: Desk) -> Reply:
    """Join the session that is open at the moment, or keep a draft and ask for a confirmation."""
    aim = await _aim(asked, desk)
    reply = await _proposed(aim, asked, desk)
    return replies.about(reply, aim.context) if aim.run is not None else reply


async def _proposed(aim: Aim, asked: Asked, desk: Desk) -> Reply:
    require(aim.service, Capability.DEBUG)
    if aim.moment.placeholder:
        raise replies.placeholder()
    key = desk.new_key()
    request = _request(aim, asked, desk, key)
    now = desk.clock.now()
    if not asked.flag("again"):
        wanted = sessions.subject(request)
        session = await sessions.open_at(wanted, service=aim.service, store=desk.store, now=now)
        if session is not None:
            return replies.joined(session)
    intent = _draft(aim, asked, request, key=key, now=now)
    await desk.store.draft(intent)
    if asked.invocation.confirmed:
        return await confirm.go(intent, asked, desk)
    alone = asked.invocation.place.direct
    return replies.confirmation(intent, request, alone=alone, warnings=_warnings(aim))


async def form(asked: Asked, desk: Desk) -> Form:
    """Return the form, prefilled with what the thread or the words already say."""
    given = asked.value
    return Form(
        verb="debug",
        title="Open a debugging session",
        submit="Continue",
        fields=(
            run_field(asked),
            moment_field(asked),
            Field(name="recipients", label="Mail the link to", kind=FieldKind.TEXT,
                  value=given("recipients") or asked.invocation.actor.email or "", hint="addresses separated by ;"),
            Field(name="description", label="What is it for?", kind=FieldKind.TEXT,
                  value=given("description") or ""),
        ),
    )  # fmt: skip


async def _aim(asked: Asked, desk: Desk) -> Aim:
    """Return the moment that is meant; `session=` names its session where no run is known."""
    session_id = asked.value("session")
    if session_id is None:
        return await moment_of(asked, desk)
    pasted = asked.words.pasted or moments.find(asked.value("moment") or "")
    if pasted is None or pasted.moment is None:
        raise pasting.which_moment_of_session()
    session_id = grammar.run_id(session_id, "session")
    return Aim(
        service=service_of(asked, desk), moment=pasted.moment, session_id=session_id, warning=pasted.warning
    )


def _request(aim: Aim, asked: Asked, desk: Desk, key: str) -> DebugRequest:
    """Build the request: the run's id where it is known, else the session's; the key goes into the text."""
    return DebugRequest(
        moment=aim.moment,
        run_id=aim.run.ref.run_id if aim.run else None,
        session_id=None if aim.run else aim.session_id,
        description=f"[clew:{key[:SHORT_ID]}] {_words(aim, asked)}".strip(),
        property_name=aim.property_name,
        recipients=_recipients(asked, desk),
    )


def _draft(aim: Aim, asked: Asked, request: DebugRequest, *, key: str, now: datetime) -> Intent:
    place = asked.invocation.place
    return Intent(
        id=key,
        kind=IntentKind.DEBUG,
        connection=aim.service.connection,
        actor=asked.invocation.actor.id,
        channel=place.channel,
        thread=place.thread,
        request=requests.encode(request),
        subject=sessions.subject(request),
        state=IntentState.DRAFT,
        created_at=now,
        reason=confirm.BESIDE if asked.flag("again") else "",
    )


def _words(aim: Aim, asked: Asked) -> str:
    said = asked.value("description") or aim.property_name or ""
    plain = "".join(letter for letter in " ".join(said.split()) if letter.isprintable())
    return plain[:LONGEST_DESCRIPTION]


def _recipients(asked: Asked, desk: Desk) -> tuple[str, ...]:
    """Return who gets the link: who was named, else the person, else nobody in particular."""
    named = asked.value("recipients")
    if named is not None:
        return may_mail(grammar.recipients(named), asked, desk)
    try:
        return may_mail(grammar.recipients(asked.invocation.actor.email or ""), asked, desk)
    except UserError:
        return ()


def _warnings(aim: Aim) -> tuple[Line, ...]:
    return ((Outside(aim.warning),),) if aim.warning else ()


VERB = Verb(
    name="debug",
    summary="open a multiverse debugging session at a moment; asks first",
    handle=handle,
    parameters=(
        RUN,
        MOMENT,
        PROPERTY,
        Parameter(name="session", summary="The session id, where the run is not known", kind=FieldKind.TEXT),
        Parameter(name="recipients", summary="Who gets the link by mail; you, where your address is known",
                  kind=FieldKind.TEXT, example="recipients=ann@example.com", check=grammar.recipients),
        Parameter(name="description", summary="What it is for", kind=FieldKind.TEXT,
                  example='description="who holds the lock?"'),
        Parameter(name="again", summary="Open another session although one is open", kind=FieldKind.FLAG,
                  example="again=yes"),
        CONNECTION,
    ),
    examples=("debug", "debug latest property=1", "debug latest property=1 recipients=ann@example.com"),
    role=Role.DEBUG,
    changes=True,
    form=form,
)  # fmt: skip
