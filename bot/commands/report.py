"""Open the triage report: a fresh signed link, for the person who asks alone.

report [RUN]
"""

from __future__ import annotations

from bot import authorization
from bot.cards import Reply
from bot.command import Asked, Services, Verb
from bot.commands.parameters import RUN
from bot.platform import REPORTS
from bot.replies import runs as replies
from bot.targets.run import require, run_of


async def handle(asked: Asked, services: Services) -> Reply:
    """Fetch the link anew, note who got it, and answer privately."""
    platform, run = await run_of(asked, services, ended=True)
    reports = require(platform, REPORTS, services)
    who, where = asked.invocation.actor, asked.invocation.place
    if not authorization.may_hold_link(services.policy, who):
        await services.note(who, where, "report", "denied", run.ref.run_id)
        return replies.report_refused()
    link = await reports.report_link(run.ref.run_id)
    if link is None:
        return replies.no_report(run)
    await services.note(who, where, "report", "given", run.ref.run_id)
    return replies.report(run, link)


VERB = Verb(
    name="report",
    summary="open the triage report, with a link that only you see",
    handle=handle,
    needs=(REPORTS,),
    parameters=(RUN,),
    examples=("report latest", "report"),
    private=True,
)
