"""Stop a run that waits or goes on.

cancel [RUN] [connection=NAME]
"""

from __future__ import annotations

from bot.access import Role
from bot.actions import confirm
from bot.cards import Reply
from bot.command import Asked, Services, Verb
from bot.commands.parameters import CONNECTION, RUN
from bot.platform import CANCELS
from bot.replies import acting as replies
from bot.targets.run import require, run_of
from bot.triage import CancelRequest


async def handle(asked: Asked, services: Services) -> Reply:
    """Keep a draft and ask for a confirmation."""
    platform, run = await run_of(asked, services)
    require(platform, CANCELS, services)
    if run.status.terminal:
        raise replies.has_ended(run, platform.terms)
    request = CancelRequest(run_id=run.ref.run_id, launcher=run.launcher)
    intent = await confirm.draft(
        request, platform.connection, asked, services, key=services.new_key(), subject=request.run_id
    )
    if asked.invocation.confirmed:
        return await confirm.go(intent, asked, services)
    return replies.confirm_cancel(intent, run, platform.terms, services.clock.now())


VERB = Verb(
    name="cancel",
    summary="stop a run that waits or goes on; asks first",
    handle=handle,
    needs=(CANCELS,),
    parameters=(RUN, CONNECTION),
    examples=("cancel", "cancel latest"),
    role=Role.LAUNCH,
    changes=True,
)
