"""List the new runs of a platform whose rows have no time of creation: by their place in the list.

It is read down to a page with nothing new. Nothing is recorded before that, and then all at once: a tick that is cut
off has recorded nothing, so the next one reads the same again, and no row below a recorded one is passed by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.model import Run
from bot.platform import Platform
from bot.ports import WatchStore
from bot.state import BEGINNING, Coverage, PollStep, TrackedRun
from bot.watch.listing import Page

STEP = timedelta(microseconds=1)


class Rows:
    """The rows of one reading of a list, newest first."""

    def __init__(self, platform: Platform, store: WatchStore) -> None:
        self._connection = platform.connection
        self._store = store
        self._known: dict[str, TrackedRun] = {}
        self._runs: dict[str, Run] = {}
        self._ended = False
        self._joined = False

    async def add(self, page: Page) -> bool:
        """Take a page; return whether to read on: it has a row that no list has shown before."""
        fresh = {run.ref.run_id: run for run in page.runs if run.ref.run_id not in self._runs}
        self._runs |= fresh
        self._ended = page.since == BEGINNING
        known = await self._store.known(self._connection, tuple(fresh))
        self._known |= known
        new = [run_id for run_id in fresh if run_id not in known or not known[run_id].listed]
        self._joined = bool(page.runs) and not new
        return bool(new)

    async def record(self, now: datetime, before: Coverage | None) -> tuple[dict[str, Run], Coverage | None]:
        """Write down what is new; return the rows, and over which time the record is whole.

        A run that ended and stands below one that is known was there before. The times are those of listing, each
        row's a little before that of the row above it.
        """
        placed = [replace(run, seen_at=now - n * STEP) for n, run in enumerate(self._runs.values())]
        history = tuple(self._below_known(placed))
        if history:
            refs = tuple(run.ref for run in history)
            step = PollStep(
                connection=self._connection, now=now, runs=history, baseline=True, results_known=refs
            )
            await self._store.record(step)
        changed = tuple(run for run in placed if run not in history and self._is_news(run))
        coverage = self._coverage(now, before, placed)
        await self._store.record(
            PollStep(connection=self._connection, now=now, runs=changed, coverage=coverage)
        )
        return {run.ref.run_id: run for run in placed}, coverage

    @property
    def whole(self) -> bool:
        """Whether it was read down to what is known, or to the list's end."""
        return self._joined or self._ended

    def _below_known(self, placed: Sequence[Run]) -> list[Run]:
        ids = [run.ref.run_id for run in placed]
        first = next(
            (n for n, run_id in enumerate(ids) if run_id in self._known and self._known[run_id].listed),
            len(ids),
        )
        return [run for run in placed[first:] if run.ref.run_id not in self._known and run.status.terminal]

    def _is_news(self, run: Run) -> bool:
        known = self._known.get(run.ref.run_id)
        return known is None or not known.listed or known.status is not run.status

    def _coverage(self, now: datetime, before: Coverage | None, placed: Sequence[Run]) -> Coverage | None:
        if not placed:
            return before
        oldest = placed[-1].seen_at or now
        if self._ended:
            return Coverage(BEGINNING, now)
        return Coverage(before.since if before and self.whole else oldest, now)
