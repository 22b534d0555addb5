"""Open the triage report: a fresh signed link, for the person who asks alone.

report [RUN]
"""

from __future__ import annotations

from bot import access
from bot.cards import Reply
from bot.commands.parameters import RUN
from bot.commands.target import require, run_of
from bot.commands.verb import Asked, Desk, Verb
from bot.model import Capability, Run
from bot.replies import runs as replies
from bot.state import AuditEntry


async def handle(asked: Asked, desk: Desk) -> Reply:
    """Fetch the link anew, note who got it, and answer privately."""
    service, run = await run_of(asked, desk, ended=True)
    require(service, Capability.REPORT)
    if not access.may_hold_link(desk.policy, asked.invocation.actor):
        await _note(asked, desk, run, "denied")
        return replies.report_refused()
    link = await service.report_link(run.ref.run_id)
    if link is None:
        return replies.no_report(run)
    await _note(asked, desk, run, "given")
    return replies.report(run, link)


async def _note(asked: Asked, desk: Desk, run: Run, decision: str) -> None:
    await desk.store.audit(
        AuditEntry(
            at=desk.clock.now(),
            actor=asked.invocation.actor.id,
            channel=asked.invocation.place.channel,
            action="report",
            decision=decision,
            detail=run.ref.run_id,
        )
    )


VERB = Verb(
    name="report",
    summary="open the triage report, with a link that only you see",
    handle=handle,
    parameters=(RUN,),
    examples=("report latest", "report"),
    private=True,
)
