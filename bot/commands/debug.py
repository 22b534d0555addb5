"""Look into a failure with what its platform has for that.

    debug [RUN] [moment=MOMENT] [property=NAME] [session=ID] [recipients=ADDRESS;ADDRESS] [description=TEXT]
          [again=yes]
    debug [RUN]
    debug [RUN] [agent=NAME] [task=TEXT]

A multiverse debugging session at a moment: inside the thread of a failing property nothing has to be said, and its
link comes by mail only. Or the opinion of the platform's model, read-only and without a confirmation. Or one of the
platform's agents, set to work on a task.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from bot import grammar, moments, sessions
from bot.access import Role
from bot.actions import confirm
from bot.cards import Field, FieldKind, Form, Reply, Untrusted
from bot.command import Asked, MomentTarget, Parameter, Services, Verb
from bot.commands import agent
from bot.commands.parameters import (
    CONNECTION,
    MOMENT,
    PROPERTY,
    RUN,
    check_taken,
    moment_field,
    run_field,
)
from bot.errors import UserError
from bot.launch_rules import check_mail
from bot.model import DebugRequest
from bot.platform import AGENTS, DEBUGS, DIAGNOSES, Diagnoses, Platform
from bot.replies import asking, pasting
from bot.replies import debugging as replies
from bot.replies.forms import TITLES
from bot.replies.wording import SHORT_ID
from bot.targets.moment import moment_of
from bot.targets.run import platform_of, require, run_of

LONGEST_DESCRIPTION = 300  # characters


async def handle(asked: Asked, services: Services) -> Reply:
    """Do what the platform of the run has for that; a session and an agent are asked for first."""
    if (started := asked.value("result")) is not None:
        return await agent.result(started, asked, services)
    platform = await _without_sessions(asked, services)
    if platform is None:
        return await _session(asked, services)
    check_taken(VERB.parameters, asked, (platform,))
    if platform.diagnoses is not None:
        return await _diagnosis(platform.diagnoses, asked, services)
    return await agent.propose(platform, asked, services)


async def _without_sessions(asked: Asked, services: Services) -> Platform | None:
    """Return the platform that is meant where it has a model or agents and no sessions; None for a session."""
    pasted = asked.command.pasted
    moment = (pasted is not None and pasted.moment is not None) or asked.value("moment")
    able = [p for p in services.platforms.values() if p.diagnoses is not None or p.agents is not None]
    if moment or asked.value("session") or not able:
        return None
    if asked.context.run is None and asked.value("run", 0) is None and pasted is None:
        platform = await platform_of(asked, services)  # no run is meant
    else:
        platform = (await run_of(asked, services, ended=True))[0]
    return platform if platform.debugs is None and platform in able else None


async def _diagnosis(diagnoses: Diagnoses, asked: Asked, services: Services) -> Reply:
    """Show the model's opinion of why a run failed."""
    platform, run = await run_of(asked, services, ended=True)
    await asked.report(asking.thinking(platform.terms))
    return asking.diagnosed(await diagnoses.diagnose(run.ref.run_id), run, platform)


async def _session(asked: Asked, services: Services) -> Reply:
    """Join the session that is open at the moment, or keep a draft and ask for a confirmation."""
    target = await _moment_target(asked, services)
    reply = await _proposed(target, asked, services)
    return replies.about(reply, target.context) if target.run is not None else reply


async def _proposed(target: MomentTarget, asked: Asked, services: Services) -> Reply:
    check_taken(VERB.parameters, asked, (target.platform,))
    if target.moment.placeholder:
        raise replies.placeholder()
    key = services.new_key()
    request = _request(target, asked, services, key)
    wanted, platform = sessions.subject(request), target.platform
    if not asked.flag("again"):
        now = services.clock.now()
        session = await sessions.open_at(wanted, platform=platform, store=services.store, now=now)
        if session is not None:
            return replies.joined(session)
    reason = confirm.BESIDE if asked.flag("again") else ""
    intent = await confirm.draft(request, platform.connection, asked, services, key=key, subject=wanted,
                                 reason=reason)  # fmt: skip
    if asked.invocation.confirmed:
        return await confirm.go(intent, asked, services)
    alone = asked.invocation.place.direct
    warnings = ((Untrusted(target.warning),),) if target.warning else ()
    return replies.confirmation(intent, request, alone=alone, warnings=warnings)


async def form(asked: Asked, services: Services) -> Form:
    """Return the form, prefilled with what the thread or the words already say: of a session, or of an agent's task."""
    platform = await _without_sessions(asked, services)
    if platform is not None and platform.agents is not None:
        return await agent.form(platform, asked)
    given = asked.value
    return Form(
        verb="debug",
        title=TITLES["debug"],
        submit="Continue",
        fields=(
            run_field(asked),
            moment_field(asked),
            Field(name="recipients", label="Mail the link to", kind=FieldKind.TEXT,
                  value=given("recipients") or asked.invocation.actor.email or "", hint="addresses separated by ;"),
            Field(name="description", label="Purpose", kind=FieldKind.TEXT,
                  value=given("description") or ""),
        ),
    )  # fmt: skip


async def _moment_target(asked: Asked, services: Services) -> MomentTarget:
    """Return the moment that is meant; `session=` names its session where no run is known."""
    session_id = asked.value("session")
    if session_id is None:
        return await moment_of(asked, services, DEBUGS)
    pasted = asked.command.pasted or moments.find(asked.value("moment") or "")
    if pasted is None or pasted.moment is None:
        raise pasting.which_moment_of_session()
    session_id = grammar.run_id(session_id, "session")
    platform = await platform_of(asked, services)
    require(platform, DEBUGS, services)
    return MomentTarget(
        platform=platform, moment=pasted.moment, session_id=session_id, warning=pasted.warning
    )


def _request(target: MomentTarget, asked: Asked, services: Services, key: str) -> DebugRequest:
    """Build the request: the run's id where it is known, else the session's; the key goes into the text."""
    return DebugRequest(
        moment=target.moment,
        run_id=target.run.ref.run_id if target.run else None,
        session_id=None if target.run else target.session_id,
        description=f"[clew:{key[:SHORT_ID]}] {_words(target, asked)}".strip(),
        property_name=target.property_name,
        recipients=_recipients(asked, services),
    )


def _words(target: MomentTarget, asked: Asked) -> str:
    said = asked.value("description") or target.property_name or ""
    plain = "".join(letter for letter in " ".join(said.split()) if letter.isprintable())
    return plain[:LONGEST_DESCRIPTION]


def _recipients(asked: Asked, services: Services) -> tuple[str, ...]:
    """Return who gets the link: who was named, else the person, else nobody in particular."""
    who, named = asked.invocation.actor, asked.value("recipients")
    if named is not None:
        recipients = grammar.recipients(named)
        check_mail(recipients, who, services)
        return recipients
    try:
        recipients = grammar.recipients(who.email or "")
        check_mail(recipients, who, services)
    except UserError:
        return ()
    return recipients


def _in_sessions(platform: Platform) -> bool:
    """Whether it opens sessions."""
    return platform.debugs is not None


def _by_agents(platform: Platform) -> bool:
    """Whether `debug` sets agents to work there."""
    return platform.agents is not None and platform.debugs is None and platform.diagnoses is None


def _adapted(verb: Verb, platforms: Collection[Platform]) -> Verb:
    """Say what is there to debug with."""
    ways = {replies.SESSION: DEBUGS, replies.DIAGNOSIS: DIAGNOSES, replies.AGENT: AGENTS}
    offered = [way for way, need in ways.items() if any(need.of(p) is not None for p in platforms)]
    return replace(verb, summary=replies.ways(offered))


VERB = Verb(
    name="debug",
    adapt=_adapted,
    summary="debugging session at a moment, the model's diagnosis, or an agent, by platform",
    handle=handle,
    needs=(DEBUGS, DIAGNOSES, AGENTS),
    parameters=(
        RUN,
        replace(MOMENT, taken=_in_sessions),
        replace(PROPERTY, taken=_in_sessions),
        Parameter(name="session", summary="The session id, where the run is not known", kind=FieldKind.TEXT,
                  taken=_in_sessions),
        Parameter(name="recipients", summary="Who gets the link by mail; you, where your address is known",
                  kind=FieldKind.TEXT, example="recipients=ann@example.com", check=grammar.recipients,
                  taken=_in_sessions),
        Parameter(name="description", summary="What it is for", kind=FieldKind.TEXT,
                  example='description="who holds the lock?"', taken=_in_sessions),
        Parameter(name="again", summary="Open another session even if one is open", kind=FieldKind.FLAG,
                  example="again=yes", taken=_in_sessions),
        Parameter(name="agent", summary="The agent to set to work", kind=FieldKind.TEXT, example="agent=planning",
                  taken=_by_agents),
        Parameter(name="task", summary="What the agent is to do", kind=FieldKind.TEXT, example="task=analyze-failures",
                  taken=_by_agents),
        Parameter(name="result", summary="The id of an agent's task whose result is wanted", kind=FieldKind.TEXT,
                  example="result=agent_exec_1", taken=_by_agents),
        CONNECTION,
    ),
    examples=("debug", "debug latest property=1", "debug latest property=1 recipients=ann@example.com"),
    role=Role.DEBUG,
    changes=True,
    form=form,
)  # fmt: skip
