"""Read the platform's list of runs with few requests: their number grows with what changes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.errors import ListCut
from bot.model import Run, RunQuery, RunRef, RunStatus
from bot.platform import Platform, listed
from bot.state import BEGINNING, Coverage

OVERLAP = timedelta(seconds=5)  # creation times have a resolution of a second, and lists may lag a little
BASELINE_PAGES = 10
MOST_PAGES = 200  # that are read at a time; what is left then is read later, or run by run
OPEN = (RunStatus.STARTING, RunStatus.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list that is read newest first, and how far it reaches with those before it.

    Every run of the list created after `since` was on one of them; None: nobody knows. `unread`: runs of which
    nothing but the id could be read.
    """

    runs: tuple[Run, ...]
    since: datetime | None
    unread: tuple[RunRef, ...] = ()

    @property
    def untimed(self) -> bool:
        """Whether it has runs, and none has a time of creation."""
        return bool(self.runs) and all(run.created_at is None for run in self.runs)


@dataclass(frozen=True, slots=True)
class Listing:
    """Runs that were read newest first. Every run created after `since` is among them; None: nobody knows."""

    runs: dict[RunRef, Run] = field(default_factory=dict)
    since: datetime | None = None

    @property
    def untimed(self) -> bool:
        """Whether there are runs, and none has a time of creation."""
        return bool(self.runs) and all(run.created_at is None for run in self.runs.values())


async def pages(platform: Platform, query: RunQuery) -> AsyncGenerator[Page, None]:
    """Yield the pages of a list; behind the last there is an empty one, which says that the list has ended.

    Raises what `Platform.runs` raises.
    """
    oldest: datetime | None = None
    async for runs in listed(platform, query):
        oldest = min((*_times(runs), *((oldest,) if oldest else ())), default=None)
        unread = tuple(run.ref for run in runs if run.unread)
        yield Page(tuple(run for run in runs if not run.unread), oldest, unread)
    yield Page((), BEGINNING)


async def newest(platform: Platform) -> Listing:
    """Read the newest pages, a bounded number of them."""
    return await _read(platform, RunQuery(), BASELINE_PAGES)


async def still_open(platform: Platform) -> dict[RunRef, Run]:
    """Read the pages of the runs that have not ended; one that no page shows is followed by its id."""
    found: dict[RunRef, Run] = {}
    for status in OPEN:
        found |= (await _read(platform, RunQuery(status=status), MOST_PAGES)).runs
    return found


async def _read(platform: Platform, query: RunQuery, most: int) -> Listing:
    """Read so many pages; a list that cannot be read further ends where it is."""
    found: dict[RunRef, Run] = {}
    since: datetime | None = None
    left = most
    try:
        async for page in pages(platform, query):
            found |= {run.ref: run for run in page.runs}
            since = page.since
            left -= 1
            if not left:
                break
    except ListCut:
        pass
    return Listing(found, since)


def covered(before: Coverage | None, since: datetime | None, until: datetime | None) -> Coverage | None:
    """Return over which time the record is whole with a listing from `since` on; `until`: the newest time in it.

    A listing that was cut above the time that was covered before leaves a hole: what is older is not whole.
    """
    if since is None or until is None:
        return before
    unread = before.unread if before else ()
    if before is not None and since < before.until:
        return Coverage(min(before.since, since), max(before.until, until), unread)
    return Coverage(since, until, unread)


def _times(runs: Iterable[Run]) -> Iterable[datetime]:
    return (run.created_at for run in runs if run.created_at is not None)


def watermark_of(runs: Iterable[Run], now: datetime) -> datetime | None:
    """Return the newest creation time, never later than now: a time from the future would hide runs."""
    return max((min(time, now) for time in _times(runs)), default=None)
