"""Stop a run that waits or goes on.

cancel [RUN] [connection=NAME]
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from bot.access import Role
from bot.actions import confirm
from bot.analysis import stop_asked
from bot.cards import Reply
from bot.command import Asked, Services, Verb
from bot.commands.parameters import CONNECTION, RUN
from bot.platform import CANCELS, Platform
from bot.replies import acting as replies
from bot.targets.run import require, run_of
from bot.triage import CancelRequest


async def handle(asked: Asked, services: Services) -> Reply:
    """Keep a draft and ask for a confirmation."""
    platform, run = await run_of(asked, services)
    cancels = require(platform, CANCELS, services)
    if run.status.terminal:
        raise replies.has_ended(run, platform.terms)
    if why := cancels.unable(run.ref.run_id):
        raise replies.cannot_stop(run, why)
    request = CancelRequest(run_id=run.ref.run_id, launcher=run.launcher)
    intent = await confirm.draft(
        request, platform.connection, asked, services, key=services.new_key(), subject=request.run_id
    )
    if asked.invocation.confirmed:
        return await confirm.go(intent, asked, services)
    asked_before = await stop_asked(services.store, run.ref)
    return replies.confirm_cancel(intent, run, platform, services.clock.now(), asked_before)


def _adapted(verb: Verb, platforms: Collection[Platform]) -> Verb:
    """Say what it does where nothing runs that could be stopped."""
    able = [platform for platform in platforms if platform.cancels is not None]
    records = all(platform.runs_nothing for platform in able)
    return replace(verb, summary="complete a run that is reported into; asks first") if records else verb


VERB = Verb(
    name="cancel",
    adapt=_adapted,
    summary="stop a run that waits or goes on; asks first",
    handle=handle,
    needs=(CANCELS,),
    parameters=(RUN, CONNECTION),
    examples=("cancel", "cancel latest"),
    role=Role.LAUNCH,
    changes=True,
)
