"""What `logs handover=yes` does: all that is known of a failure in one file."""

from __future__ import annotations

from dataclasses import replace

from bot.cards import Reply
from bot.command import Asked, MomentTarget, NoMomentTarget, Services
from bot.errors import NotAvailable, NotFound
from bot.model import LogExcerpt, LogQuery, RunLogQuery
from bot.platform import MOMENT_LOGS
from bot.replies import finding
from bot.replies import handover as replies
from bot.targets.moment import check_named, moment_target_of, name_of_check, window_before
from bot.targets.run import require


async def hand_over(asked: Asked, services: Services, window: float) -> Reply:
    """Answer with the file: of a moment with its window, else of the run with the end of its log."""
    target = await moment_target_of(asked, services, MOMENT_LOGS)
    if isinstance(target, NoMomentTarget):
        found = await _of_run(target, asked, services)
    else:
        found = await _of_moment(target, asked, services, window)
    return replies.handed_over(found, services.secrets)


async def _of_moment(
    target: MomentTarget, asked: Asked, services: Services, window: float
) -> replies.Handover:
    logs = require(target.platform, MOMENT_LOGS, services)
    run = target.run
    if run is None:
        raise finding.no_run_of_session_moment()
    query = LogQuery(run_id=run.ref.run_id, moment=target.moment, window=window, errors=True,
                     lines=replies.MOST_ERRORS, file=False)  # fmt: skip
    target, errors = await window_before(target, logs, query, asked.report)
    end = await logs.logs(
        replace(query, moment=target.moment, errors=False, lines=replies.LAST), asked.report
    )
    name = target.property_name
    check = target.check or (await check_named(target.platform, run, name) if name else None)
    return replies.Handover(platform=target.platform, run=run, end=end, errors=errors, check=check, name=name,
                            moment=target.moment, window=window, note=target.warning)  # fmt: skip


async def _of_run(target: NoMomentTarget, asked: Asked, services: Services) -> replies.Handover:
    platform, run = target.platform, target.run
    name = await name_of_check(platform, run, asked, services)
    check = await check_named(platform, run, name) if name is not None else None
    end, trouble = LogExcerpt(lines=(), matched=0, total=0), target.why
    if platform.run_logs is not None:
        query = RunLogQuery(run_id=run.ref.run_id, lines=replies.LAST, check=name)
        try:
            end = await platform.run_logs.run_log(query, asked.report)
        except (NotAvailable, NotFound) as error:
            trouble = error.problem
        trouble = end.instead or trouble
    return replies.Handover(platform=platform, run=run, end=end, check=check, name=name, note=trouble)
