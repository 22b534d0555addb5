"""Read a run by itself where a list says less of it."""

from __future__ import annotations

from bot.errors import NotAvailable, NotFound, Rejected, ServiceFailed, UnexpectedAnswer
from bot.model import Run, RunStatus
from bot.platform import Platform

OF_ONE_RUN = (ServiceFailed, UnexpectedAnswer, Rejected, NotAvailable, NotFound)
"""What goes wrong with one run alone; all else concerns the platform as a whole."""


async def in_full(platform: Platform, run: Run) -> Run:
    """Return a run as it is read alone, where its row in a list leaves something out or may say otherwise.

    A row leaves out the failure moment of a run that did not complete. What cannot be read leaves the row. Raises
    `ServiceError` where the platform cannot be asked at all.
    """
    pinned = run.failure_moment is not None or run.failure_unpinned
    if not run.brief and (run.status is not RunStatus.INCOMPLETE or pinned):
        return run
    try:
        again = await platform.reads.run(run.ref.run_id)
    except OF_ONE_RUN:
        return run
    same = again.status.terminal is run.status.terminal if run.brief else again.status is run.status
    return again if same else run
