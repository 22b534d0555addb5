"""Look at an account of AI Test Harness without serving it: its agents, its plans, and how executions become known."""

from __future__ import annotations

from collections.abc import AsyncIterator

from adapters.platforms.ai_test_harness.client import ExecutionService
from adapters.platforms.ai_test_harness.settings import Account
from adapters.platforms.http.transport import open_http
from adapters.platforms.kind import Checked
from bot.ports import Clock
from bot.replies.wording import count
from bot.triage import Agent


async def check(own: Account, clock: Clock) -> AsyncIterator[Checked]:
    """Say of each thing what was found and how to fix it. Raises `ServiceError`."""
    del clock
    async with open_http(proxy=own.proxy, ca_file=own.ca_file) as http:
        service = ExecutionService(http, own)
        yield agents_found(await service.agents(), own)
        plans = await service.launchers()
    if plans:
        yield Checked(f"{count(len(plans), 'test plan')} seen")
    else:
        yield Checked(
            "no test plan is seen, so nothing can be started", "Make one in AI Test Harness.", odd=True
        )
    yield known_by(own)


def agents_found(agents: tuple[Agent, ...], own: Account) -> Checked:
    """Say which agents there are, and whether the one of the settings is."""
    if own.debug_agent and own.debug_agent not in {agent.id for agent in agents}:
        return Checked(
            f"debug_agent names {own.debug_agent}, which is none of the {count(len(agents), 'agent')}",
            f"There are: {', '.join(agent.id for agent in agents[:10]) or 'none'}.",
            bad=True,
        )
    return Checked(f"{count(len(agents), 'agent')} seen")


def known_by(own: Account) -> Checked:
    """Say what it means that the platform has no list of executions."""
    said = (
        "there is no list of executions: channels are notified of those that were started through Clew, "
        "that a webhook names, or that somebody asked for by id"
    )
    if own.webhook_secret is not None:
        return Checked(said)
    return Checked(
        f"{said}; there is no webhook yet, so executions started elsewhere go unnoticed",
        f"Set webhook_secret and [hooks], then run `clew hooks register {own.name}`.",
    )
