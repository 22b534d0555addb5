"""List the runs created since the last tick, each page on record before the next one is read.

    the newest page      recorded together with the stretch below it that is not read yet
    each page of those   recorded together with what is left of its stretch

So a tick that is cut off, a restart and a list of any length lose nothing and read nothing again: the next tick
goes on in the stretch that is left.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.earlier import RESOLUTION
from bot.errors import ListCut
from bot.model import Run, RunQuery, RunRef
from bot.notify_operator import NotifyOperator, notify_carefully
from bot.platform import Platform
from bot.ports import WatchStore
from bot.replies import operating
from bot.state import Coverage, PollStep, Stretch, TrackedRun
from bot.watch import listing
from bot.watch.decide import Act, act
from bot.watch.listing import MOST_PAGES, OVERLAP, Page
from bot.watch.untimed import Rows

log = logging.getLogger(__name__)

MOST_STRETCHES = 20  # that are kept apart; with more the two oldest become one, and some pages are read again


@dataclass(slots=True)
class _Reading:
    """What one tick read. `left`: pages that it may still read."""

    now: datetime
    watermark: datetime
    coverage: Coverage | None
    runs: dict[RunRef, Run] = field(default_factory=dict)
    left: int = 0
    by_rows: bool = False

    @property
    def unread(self) -> tuple[Stretch, ...]:
        """What is still to be read."""
        return self.coverage.unread if self.coverage else ()


@dataclass(frozen=True, slots=True)
class Caught:
    """The runs that were listed, all on record; `unread`: what is left for the next tick.

    `by_rows`: the list has no times, so every run that it ever showed is on record, and followed until it ends.
    """

    runs: dict[RunRef, Run]
    unread: tuple[Stretch, ...]
    by_rows: bool = False


class CatchUp:
    """Lists for one connection. `notify`: hears which part of the list cannot be read."""

    def __init__(self, platform: Platform, store: WatchStore, notify: NotifyOperator) -> None:
        self.notify = notify
        self.platform = platform
        self.store = store

    async def read(self, watermark: datetime, now: datetime) -> Caught:
        """Read the list down to the watermark, and what earlier ticks did not come to; record every run.

        Raises `ServiceError`, `StoreError`; what was read until then is on record.
        """
        if self.platform.lists is None:
            return Caught({}, ())
        coverage = await self.store.coverage(self.platform.connection)
        reading = _Reading(now, watermark, coverage, left=MOST_PAGES)
        await self._newest(reading)
        while reading.unread and reading.left:
            stretch = reading.unread[0]
            if not await self._stretch(reading, stretch):
                await self._give_up(reading, stretch)
        return Caught(reading.runs, reading.unread, reading.by_rows)

    async def _newest(self, reading: _Reading) -> None:
        """Read the newest page that says when its runs were created, and note what is unread below it.

        A list without times is read by its rows.
        """
        target = reading.watermark - OVERLAP
        newest: datetime | None = None
        pages = listing.pages(self.platform, RunQuery())
        try:
            async for page in pages:
                if page.untimed:
                    await self._rows(reading, page, pages)
                    return
                newest = newest or listing.watermark_of(page.runs, reading.now)
                coverage = reading.coverage
                if page.since is not None and newest is not None:
                    coverage = _with_newest(coverage, target, page.since, newest)
                await self._page(reading, page, target, coverage, newest)
                if page.since is not None or not reading.left:
                    return
        except ListCut:
            log.info("%s: the list of runs ends in a circle", self.platform.connection)

    async def _rows(self, reading: _Reading, first: Page, others: AsyncIterator[Page]) -> None:
        """Read a list without times, and say where more is new than can be read at once."""
        before, rows = reading.coverage, Rows(self.platform, self.store)
        reading.left -= 1
        reading.by_rows = True
        await self._track(first, reading)
        try:
            if await rows.add(first):
                async for page in others:
                    reading.left -= 1
                    await self._track(page, reading)
                    if not await rows.add(page) or not reading.left:
                        break
        except ListCut:
            log.info("%s: the list of runs ends in a circle", self.platform.connection)
        found, reading.coverage = await rows.record(reading.now, before)
        reading.runs |= {run.ref: run for run in found.values()}
        if not rows.whole and before is not None:
            await notify_carefully(self.notify, operating.too_many_new(self.platform.connection, len(found)))

    async def _stretch(self, reading: _Reading, stretch: Stretch) -> bool:
        """Read on in a stretch; False where the platform's list leads nowhere in it."""
        before = reading.left
        upper = stretch.until
        try:
            async for page in listing.pages(
                self.platform, RunQuery(created_before=stretch.until + RESOLUTION)
            ):
                upper = min(upper, page.since or upper)
                coverage = _read_down_to(reading.coverage, stretch, upper)
                await self._page(reading, page, stretch.since, coverage)
                if upper < stretch.since or not reading.left:
                    break
        except ListCut:
            return upper < stretch.until
        return upper < stretch.until or before < MOST_PAGES - 1

    async def _give_up(self, reading: _Reading, stretch: Stretch) -> None:
        """Say in the record that what is older than a stretch is not whole."""
        coverage = reading.coverage
        if coverage is not None:
            if stretch.until > coverage.since:  # else it was told before
                await notify_carefully(self.notify, operating.not_listed(self.platform.connection, stretch))
            since = max(coverage.since, stretch.until)
            coverage = Coverage(since, coverage.until, tuple(s for s in coverage.unread if s != stretch))
            step = PollStep(connection=self.platform.connection, now=reading.now, coverage=coverage)
            await self.store.record(step)
            reading.coverage = coverage

    async def _track(self, page: Page, reading: _Reading) -> None:
        """Follow what could not be read; first of all, so that no mark passes it by."""
        for ref in page.unread:
            await self.store.track(Run.of_id(ref), reading.now)

    async def _page(
        self,
        reading: _Reading,
        page: Page,
        target: datetime,
        coverage: Coverage | None,
        newest: datetime | None = None,
    ) -> None:
        """Record a page, and with it how far the list is read."""
        connection = self.platform.connection
        await self._track(page, reading)
        moved = newest if newest is not None and newest > reading.watermark else None
        step = PollStep(
            connection=connection,
            now=reading.now,
            watermark=moved,
            coverage=coverage if coverage != reading.coverage else None,
        )
        await write_down(self.store, page.runs, watermark=target, step=step)
        reading.coverage = coverage
        reading.runs |= {run.ref: run for run in page.runs}
        reading.left -= 1


async def write_down(
    store: WatchStore, runs: Collection[Run], *, watermark: datetime, step: PollStep
) -> None:
    """Write down what changed of any run, in one write with what `step` says beyond; nothing where there is nothing.

    `watermark`: a run that was never seen and is much older than that is history.
    """
    known = await store.known(step.connection, tuple(run.ref.run_id for run in runs))
    acts = [(run, act(run, known.get(run.ref.run_id), followed=False, watermark=watermark)) for run in runs]
    history = tuple(run for run, what in acts if what is Act.HISTORY)
    if history:
        refs = tuple(run.ref for run in history)
        await store.record(replace(_bare(step), runs=history, baseline=True, results_known=refs))
    changed = tuple(run for run, what in acts if what is Act.KEEP or _news(run, known, what))
    if changed or step != _bare(step):
        await store.record(replace(step, runs=changed))


def _bare(step: PollStep) -> PollStep:
    return PollStep(connection=step.connection, now=step.now)


def _news(run: Run, known: Mapping[str, TrackedRun], what: Act) -> bool:
    """Whether a run that ended is not on record as it is now."""
    before = known.get(run.ref.run_id)
    return what in {Act.FINISH, Act.RESULTS} and (before is None or before.status is not run.status)


def _with_newest(
    before: Coverage | None, target: datetime, since: datetime, newest: datetime
) -> Coverage | None:
    """Add the newest page, which reaches down to `since`; what lies between it and the target is unread."""
    if since < target:
        return listing.covered(before, since, newest)
    joined = listing.covered(before, max(target, before.since) if before else target, newest)
    return _with(joined, Stretch(target, since)) if joined else None


def _with(coverage: Coverage, stretch: Stretch) -> Coverage:
    """Add a stretch that is newer than all that are unread; the two oldest of too many become one."""
    unread = (stretch, *coverage.unread)
    if len(unread) > MOST_STRETCHES:
        *kept, upper, lower = unread
        unread = (*kept, Stretch(lower.since, upper.until))
    return replace(coverage, unread=unread)


def _read_down_to(coverage: Coverage | None, stretch: Stretch, reached: datetime) -> Coverage | None:
    """Take away what was read of the newest unread stretch: all that is newer than `reached`."""
    if coverage is None:
        return None
    older = coverage.unread[1:]
    if reached >= stretch.since:
        return replace(coverage, unread=(Stretch(stretch.since, reached), *older))
    since = min(coverage.since, reached) if coverage.since <= stretch.until else coverage.since
    return Coverage(since, coverage.until, older)
