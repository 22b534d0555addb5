"""The runs of the tenant in order of creation, found by key instead of by counting.

A cursor names the last run of a page by its creation time and id, so runs that are created between two pages
never shift the later one.
"""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from adapters.simulator.antithesis.run import TERMINAL, SimRun
from adapters.simulator.common.ids import timestamp

Key = tuple[datetime, str]
OPEN = frozenset({"starting", "in_progress"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which runs to list; None means any. Both times exclude themselves."""

    limit: int = 50
    after: Key | None = None
    status: str | None = None
    launcher: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


class RunList:
    """All runs, and apart from them the ones that have not ended, so that asking for those is cheap."""

    def __init__(self) -> None:
        self.by_id: dict[str, SimRun] = {}
        self.lag = timedelta()  # how long a new run stays invisible to lists
        self._all: list[SimRun] = []
        self._open: list[SimRun] = []

    def add(self, run: SimRun) -> None:
        """Add a run; its id must be new."""
        self.by_id[run.run_id] = run
        insort(self._all, run, key=_key)
        insort(self._open, run, key=_key)

    def newest_first(self) -> Iterator[SimRun]:
        """Yield every run."""
        return reversed(self._all)

    def page(self, query: Query, now: datetime) -> tuple[list[SimRun], str | None]:
        """Return a page, newest first, and the cursor of the next one."""
        self._open = [run for run in self._open if run.status(now) not in TERMINAL]
        found: list[SimRun] = []
        for run in self._candidates(query):
            if not self._matches(run, query, now):
                continue
            if len(found) == query.limit:
                return found, cursor(found[-1])
            found.append(run)
        return found, None

    def _candidates(self, query: Query) -> Iterator[SimRun]:
        runs = self._open if query.status in OPEN else self._all
        high = bisect_left(runs, query.after, key=_key) if query.after else len(runs)
        if query.created_before:
            high = min(high, bisect_left(runs, (query.created_before, ""), key=_key))
        low = bisect_left(runs, (query.created_after, "\x7f"), key=_key) if query.created_after else 0
        return (runs[n] for n in range(high - 1, low - 1, -1))

    def _matches(self, run: SimRun, query: Query, now: datetime) -> bool:
        if not run.plan.listed or run.created_at + self.lag > now:
            return False
        if query.launcher is not None and run.launcher != query.launcher:
            return False
        return query.status is None or run.status(now) == query.status


def cursor(run: SimRun) -> str:
    """Return the cursor behind a run."""
    return base64.b64encode(f"{timestamp(run.created_at)},{run.run_id}".encode()).decode()


def read_cursor(text: str) -> Key:
    """Read a cursor; raises ValueError where this tenant did not write it."""
    try:
        created_at, _, run_id = base64.b64decode(text, validate=True).decode().partition(",")
        return (read_time(created_at), run_id)
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError(text) from error


def read_time(text: str) -> datetime:
    """Read a full date-time with its zone; raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC)


def _key(run: SimRun) -> Key:
    return run.key
