"""Runs of a platform that lists none: each is read by its id, so which are read, and how long, has to be decided.

Followed are runs that were started here, that a webhook named, or that somebody asked for by id.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from bot.model import Run
from bot.state import TrackedRun

T = TypeVar("T")

AT_ONCE = 200  # runs that are read in one tick
ALWAYS = 150  # of them the newest, in every tick; the others take turns in what is left
STANDS_STILL = timedelta(hours=24)  # without a change a run is no longer followed


def turn(runs: Sequence[T], ticks: int) -> list[T]:
    """Return which runs the so manieth tick reads, of the followed ones with the oldest first."""
    if len(runs) <= AT_ONCE:
        return list(runs)
    older, newest = list(runs[:-ALWAYS]), runs[-ALWAYS:]
    share = AT_ONCE - ALWAYS
    start = ticks * share % len(older)
    return [*(older[start:] + older[:start])[:share], *newest]


def stands_still(known: TrackedRun, run: Run | None, now: datetime) -> bool:
    """Whether nothing has changed of a followed run for so long that it is let go; `run` None: it is not there."""
    if known.changed_at is None or known.status.terminal:
        return False
    same = run is None or (run.status is known.status and run.progress in {"", known.progress})
    return same and now - known.changed_at >= STANDS_STILL
