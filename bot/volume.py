"""How many runs a subscription would have notified of lately, and from which source most of them came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.diff import wanted
from bot.model import Run, RunQuery
from bot.platform import Platform
from bot.ports import WatchStore
from bot.state import Outcome, Subscription

SPAN = timedelta(days=7)
SHORTEST = timedelta(hours=1)  # of watching that says something
MOST = 2_000  # runs of a connection that are counted
OFTEN = 20  # runs in the span from which on fewer are proposed


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """Runs in a span of time up to now; `at_least`: there were more than are counted.

    `source`: where most of them come from, where fewer can be proposed by it.
    """

    runs: int
    span: timedelta
    at_least: bool = False
    source: str = ""


async def volume_of(
    subscription: Subscription, platforms: Collection[Platform], store: WatchStore, now: datetime
) -> Volume | None:
    """Count the runs of these connections that fit, whatever came of them; None where too little is on record.

    Raises `StoreError`.
    """
    spans: list[timedelta] = []
    found: list[Run] = []
    cut = False
    for platform in platforms:
        runs = await store.newest(platform.connection, RunQuery(), MOST)
        since = await _since(platform, store, runs, now - SPAN)
        if since is None or now - since < SHORTEST:
            return None
        recent = [run for run in runs if (run.ordered_by or since) > since]
        cut = cut or len(recent) == MOST
        spans.append(now - since)
        found += [run for run in recent if wanted(subscription, run, frozenset(Outcome))]
    if not spans or min(spans) != max(spans):
        return None  # of several connections only a common span says anything
    offer = subscription.source is None and any(p.lists_launchers is not None for p in platforms)
    sources = Counter(run.source for run in found if run.source)
    usual = sources.most_common(1)[0][0] if offer and len(found) >= OFTEN and len(sources) > 1 else ""
    return Volume(runs=len(found), span=spans[0], at_least=cut, source=usual)


async def _since(
    platform: Platform, store: WatchStore, runs: Collection[Run], earliest: datetime
) -> datetime | None:
    """Return since when all runs are on record with a time of their own; None where that is not known.

    A list without times says nothing of the runs that were there at the first look.
    """
    coverage = await store.coverage(platform.connection)
    if coverage is None:
        return None
    if any(run.created_at is not None for run in runs):
        return max(earliest, coverage.whole_since)
    first_look = await store.watermark(platform.connection)
    return None if first_look is None else max(earliest, first_look)
