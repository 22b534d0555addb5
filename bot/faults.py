"""Which faults were active where something fails, read before anybody asks: a few windows, and only for so long.

A window is the one that *Logs* shows, so a platform that keeps those is not asked again when that is pressed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Final

from bot.errors import ServiceError
from bot.in_full import OF_ONE_RUN
from bot.model import LogExcerpt, LogQuery, Moment, Run
from bot.platform import MomentLogs
from bot.ports import report_to_nobody

log = logging.getLogger(__name__)

LOOKED_AT: Final = 3  # moments of one run


async def windows_before(
    logs: MomentLogs, run: Run, moments: Iterable[Moment], *, within: float
) -> Mapping[Moment, LogExcerpt]:
    """Read the windows before some moments, one at a time; never raises for what the platform does.

    `within`: seconds for all of them. Left out is what was not read whole by then, and where faults were not followed.
    """
    found: dict[Moment, LogExcerpt] = {}
    try:
        async with asyncio.timeout(within):
            for moment in moments:
                window = await _window(logs, run, moment)
                if window is not None and window.cut is None and window.faults_since is not None:
                    found[moment] = window
    except TimeoutError:
        log.info("the faults in run %s were not all read within %.1f s", run.ref.run_id, within)
    except ServiceError as error:
        log.info("the faults in run %s cannot be read: %s", run.ref.run_id, error)
    return found


async def _window(logs: MomentLogs, run: Run, moment: Moment) -> LogExcerpt | None:
    """Read one window; None where there is none: moments go stale."""
    try:
        return await logs.logs(
            LogQuery(run_id=run.ref.run_id, moment=moment, lines=1, file=False), report_to_nobody
        )
    except OF_ONE_RUN as error:
        log.info("the faults at a moment of run %s cannot be read: %s", run.ref.run_id, error)
        return None
