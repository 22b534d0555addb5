"""Read the runs that a tick has to look at, with few requests: their number grows with what changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.errors import ListCut
from bot.model import Run, RunQuery, RunRef, RunStatus
from bot.ports import RunService
from bot.state import BEGINNING, Coverage

OVERLAP = timedelta(seconds=5)  # creation times have a resolution of a second, and lists may lag a little
BASELINE_PAGES = 10
MOST_PAGES = 200  # a guard: no outage lasts that many pages
OPEN = (RunStatus.STARTING, RunStatus.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Listing:
    """Runs that were read newest first. Every run created after `since` is among them; None: nobody knows."""

    runs: dict[RunRef, Run] = field(default_factory=dict)
    since: datetime | None = None


async def newest(service: RunService) -> Listing:
    """Read the newest pages, a bounded number of them."""
    return await _down_to(service, RunQuery(), BASELINE_PAGES)


async def since(service: RunService, watermark: datetime) -> Listing:
    """Read pages, newest first, down to the watermark and a little further."""
    return await _down_to(service, RunQuery(), MOST_PAGES, watermark - OVERLAP)


async def still_open(service: RunService) -> dict[RunRef, Run]:
    """Read every page of the runs that have not ended; one that no page shows is followed by its id."""
    found: dict[RunRef, Run] = {}
    for status in OPEN:
        found |= (await _down_to(service, RunQuery(status=status), MOST_PAGES)).runs
    return found


async def _down_to(
    service: RunService, query: RunQuery, most: int, target: datetime | None = None
) -> Listing:
    """Read pages until one reaches below the target; a list that cannot be read further ends where it is."""
    found: dict[RunRef, Run] = {}
    oldest: datetime | None = None
    pages = 0
    try:
        async for page in service.runs(query):
            found |= {run.ref: run for run in page}
            oldest = min((*_times(page), *((oldest,) if oldest else ())), default=None)
            pages += 1
            if pages == most or (target and oldest and oldest < target):
                return Listing(found, oldest)
    except ListCut:
        return Listing(found, oldest)
    return Listing(found, BEGINNING)


def covered(before: Coverage | None, listing: Listing, until: datetime | None) -> Coverage | None:
    """Return over which time the record is whole with a listing; `until`: the newest creation time in it.

    A listing that was cut above the time that was covered before leaves a hole: what is older is not whole.
    """
    if listing.since is None or until is None:
        return None
    if before is not None and listing.since < before.until:
        return Coverage(since=min(before.since, listing.since), until=max(before.until, until))
    return Coverage(since=listing.since, until=until)


def _times(runs: Iterable[Run]) -> Iterable[datetime]:
    return (run.created_at for run in runs if run.created_at is not None)


def watermark_of(runs: Iterable[Run], now: datetime) -> datetime | None:
    """Return the newest creation time, never later than now: a time from the future would hide runs."""
    return max((min(time, now) for time in _times(runs)), default=None)
