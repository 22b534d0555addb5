"""Set one of a platform's agents to work on a task: what `debug` does where a platform has agents."""

from __future__ import annotations

from dataclasses import replace

from bot.actions import confirm
from bot.cards import Context, Field, FieldKind, Form, Reply
from bot.command import Asked, Services
from bot.commands.choices import spelled
from bot.commands.parameters import run_field
from bot.errors import NotFound
from bot.model import Run
from bot.platform import AGENTS, Platform
from bot.replies import acting as replies
from bot.replies.confirming import just_confirmed
from bot.replies.forms import TITLES
from bot.targets.run import platform_with, require, run_of
from bot.triage import Agent, AgentRequest


async def propose(platform: Platform, asked: Asked, services: Services) -> Reply:
    """Keep a draft and ask for a confirmation; or ask for the agent and the task where the settings name none."""
    agents = require(platform, AGENTS, services)
    name, task = _wanted(platform, asked)
    there = await agents.agents()
    chosen = _one_of(name, there)
    if name and chosen is None:
        raise replies.no_agent(name, [agent.id for agent in there], platform.terms)
    if chosen is None or not task:
        return replies.which_agent(await form(platform, asked), there, platform.terms, chosen=name, task=task)
    run = await _run(asked, services)
    run_id = run.ref.run_id if run else None
    request = AgentRequest(agent=chosen.id, task=task, name=chosen.name, run_id=run_id,
                           parameters=agents.about(run_id) if run_id else {})  # fmt: skip
    key, subject = services.new_key(), f"{chosen.id} {run_id or ''} {task}"
    earlier = await confirm.repeated(request, platform.connection, services, key=key, subject=subject)
    intent = await confirm.draft(request, platform.connection, asked, services, key=key, subject=subject,
                                 reason=confirm.warned_of(earlier))  # fmt: skip
    if asked.invocation.confirmed and earlier is None:
        return await confirm.go(intent, asked, services)
    warnings = (just_confirmed(earlier, platform, services.clock.now()),) if earlier else ()
    return replies.confirm_agent(intent, request, run, platform.terms, warnings)


async def result(started: str, asked: Asked, services: Services) -> Reply:
    """Try to read what came of a task: platforms may hand it back, or not."""
    apart = replace(asked, context=Context())  # the thread's run may be of a platform without agents
    platform, agents = await platform_with(apart, services, AGENTS)
    try:
        found = await agents.result(started)
    except NotFound:
        return replies.no_agent_result(started, platform.terms)
    return replies.agent_result(started, found, platform)


async def form(platform: Platform, asked: Asked) -> Form:
    """Return the form, filled in with what was said and what the settings name."""
    there = await platform.agents.agents() if platform.agents else ()
    name, task = _wanted(platform, asked)
    chosen = _one_of(name, there)
    fields = (
        run_field(asked),
        Field(name="agent", label="Agent", kind=FieldKind.CHOICE, required=True, choices=tuple(a.id for a in there),
              value=chosen.id if chosen else ""),
        Field(name="task", label="Task", kind=FieldKind.TEXT, required=True, value=task),
    )  # fmt: skip
    return Form(verb="debug", title=TITLES["agent"], submit="Continue", fields=fields)


def _wanted(platform: Platform, asked: Asked) -> tuple[str, str]:
    """Return the agent and the task that are named, else those of the settings."""
    usual = platform.agents.usual if platform.agents else ("", "")
    return asked.value("agent") or usual[0], asked.value("task") or usual[1]


def _one_of(name: str, there: tuple[Agent, ...]) -> Agent | None:
    """Return the agent with that id or name, case aside."""
    found = spelled(name, (word for agent in there for word in (agent.id, agent.name)))
    return next((agent for agent in there if found in {agent.id, agent.name}), None) if found else None


async def _run(asked: Asked, services: Services) -> Run | None:
    """Return the run that it is about, if any is meant."""
    meant = asked.value("run", 0) or asked.command.pasted or asked.context.run
    return (await run_of(asked, services, ended=True))[1] if meant else None
