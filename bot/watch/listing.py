"""Read the runs that a tick has to look at, with few requests: their number grows with what changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.model import Run, RunQuery, RunRef, RunStatus
from bot.ports import RunService

OVERLAP = timedelta(seconds=5)  # creation times have a resolution of a second, and lists may lag a little
BASELINE_PAGES = 10
MOST_PAGES = 200  # a guard: no outage lasts that many pages
OPEN = (RunStatus.STARTING, RunStatus.IN_PROGRESS)


async def newest(service: RunService) -> dict[RunRef, Run]:
    """Read the newest pages, a bounded number of them."""
    found: dict[RunRef, Run] = {}
    pages = 0
    async for page in service.runs(RunQuery()):
        found |= {run.ref: run for run in page}
        pages += 1
        if pages == BASELINE_PAGES:
            break
    return found


async def since(service: RunService, watermark: datetime) -> dict[RunRef, Run]:
    """Read pages, newest first, down to the watermark and a little further."""
    found: dict[RunRef, Run] = {}
    pages = 0
    async for page in service.runs(RunQuery()):
        found |= {run.ref: run for run in page}
        pages += 1
        times = [run.created_at for run in page if run.created_at is not None]
        if pages == MOST_PAGES or (times and min(times) < watermark - OVERLAP):
            break
    return found


async def still_open(service: RunService) -> dict[RunRef, Run]:
    """Read every page of the runs that have not ended."""
    found: dict[RunRef, Run] = {}
    for status in OPEN:
        pages = 0
        async for page in service.runs(RunQuery(status=status)):
            found |= {run.ref: run for run in page}
            pages += 1
            if pages == MOST_PAGES:
                break
    return found


def watermark_of(runs: Iterable[Run], now: datetime) -> datetime | None:
    """Return the newest creation time, never later than now: a time from the future would hide runs."""
    times = [min(run.created_at, now) for run in runs if run.created_at is not None]
    return max(times, default=None)
