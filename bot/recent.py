"""Runs of a list with what came of them and what is new: read where nothing is kept, within a bound."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, zip_longest

from bot.chain import Gap
from bot.earlier import chain_of, kept_results
from bot.errors import ServiceError
from bot.model import Run, RunQuery, RunStatus
from bot.platform import Platform, newest_runs
from bot.ports import WatchStore
from bot.state import BEGINNING, StoredResults
from bot.terms import Terms
from bot.verdict import Verdict

COMPARED = 10  # runs of a list that are compared with the run before them; each can take two more requests
AT_ONCE = 4  # reads
RECORDED = 50  # runs of a platform without a list that stand for a page of it
READ_ANEW = 8  # of them are read anew where they go on
GOING = frozenset({RunStatus.STARTING, RunStatus.IN_PROGRESS})
NOW = datetime.max.replace(tzinfo=UTC)  # what goes on is active at any time that is looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """Which runs a list is of; "" and None: any. Names are compared case aside, `creator` may be a part of one.

    `since`: those that were created then or later, or became known where their platform says no time.
    """

    launcher: str = ""
    source: str = ""
    test_name: str = ""
    creator: str = ""
    since: datetime | None = None

    def __bool__(self) -> bool:
        """Whether anything is left out."""
        return self != Narrowed()

    @property
    def query(self) -> RunQuery:
        """What a platform leaves out by itself."""
        return RunQuery(launcher=self.launcher or None, created_after=self.since)

    def fits(self, run: Run) -> bool:
        """Whether a run is one of them, whoever launched it."""
        at = _there_since(run)
        named = ((self.source, run.source), (self.test_name, run.test_name))
        return all(_same(want, have or "") for want, have in named if want) and (
            self.since is None or (at is not None and at >= self.since)
        )

    def by(self, person: str) -> bool:
        """Whether a person is meant."""
        return self.creator.casefold() in person.casefold()

    def untold(self, run: Run) -> bool:
        """Whether it is not known if a run is one of them: it cannot be read, has no time, or its row says no source."""
        unsaid = bool(self.source) and run.brief and run.source is None
        return bool(self) and (run.unread or unsaid or (self.since is not None and _there_since(run) is None))

    def hopeless(self, runs: Sequence[Run]) -> bool:
        """Whether a page of a list shows that it has no times to go by."""
        return self.since is not None and bool(runs) and all(_there_since(run) is None for run in runs)


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _there_since(run: Run) -> datetime | None:
    return run.created_at or run.started_at or run.seen_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """A run of a list. `known`: its results as kept, None where they cannot be read, or not whole.

    `verdict`: how it is judged by results that are not whole. `before`: the results of the run before it, or why there are none; None where that was not looked at.
    """

    run: Run
    terms: Terms
    known: StoredResults | None = None
    verdict: Verdict | None = None
    before: StoredResults | Gap | None = None


async def newest_here(
    platform: Platform, store: WatchStore, query: RunQuery, pages: int = 1, *, anew: bool = True
) -> list[Run]:
    """Return the newest runs: of the platform's list, else of those on record, `anew` with what goes on read again.

    What cannot be read again is given as it was. Raises `ServiceError` where the list cannot be read, `StoreError`.
    """
    if platform.lists is not None:
        return await newest_runs(platform, query, pages)
    recorded = await store.newest(platform.connection, query, pages * RECORDED)
    if not anew:
        return list(recorded)
    turn = asyncio.Semaphore(AT_ONCE)

    async def now(place: int, run: Run) -> Run:
        if run.status.terminal or place >= READ_ANEW:
            return run
        try:
            async with turn:
                return replace(await platform.reads.run(run.ref.run_id), seen_at=run.seen_at)
        except ServiceError:
            return run

    found = await asyncio.gather(*(now(place, run) for place, run in enumerate(recorded)))
    return [run for run in found if query.status in {None, run.status}]


def in_order(runs: Sequence[Run]) -> list[Run]:
    """Return runs of a platform's list by their last activity: what goes on, then what ended, started or came last.

    One of which no time is known stays behind the one before it in the list.
    """
    at = BEGINNING
    placed: list[tuple[datetime, Run]] = []
    for run in runs:
        at = _active(run) or at
        placed.append((NOW if run.status in GOING else at, run))
    return [run for _, run in sorted(placed, key=lambda pair: pair[0], reverse=True)]


def newest_of(lists: Sequence[Sequence[Run]], number: int) -> list[Run]:
    """Return the first runs of several lists, each of which is in its order and stays so.

    A run without a time stands behind the one before it in its own list; a list without any time takes turns with
    the others, since nobody knows whose runs are newer.
    """
    timed: list[tuple[datetime, Run]] = []
    untimed: list[Sequence[Run]] = []
    for runs in lists:
        at = next((at for run in runs if (at := _active(run))), None)
        if at is None:
            untimed.append(runs)
            continue
        at = NOW if runs[0].status in GOING else at
        for run in runs:
            at = min(at, NOW if run.status in GOING else _active(run) or at)
            timed.append((at, run))
    newest = [run for _, run in sorted(timed, key=lambda pair: pair[0], reverse=True)]
    in_turn = chain.from_iterable(zip_longest(newest, *untimed))
    return [run for run in in_turn if run is not None][:number]


def _active(run: Run) -> datetime | None:
    """Return when something last happened to a run; where only its first listing is known, that."""
    told = (run.completed_at, run.started_at, run.created_at)
    return max((at for at in told if at), default=run.seen_at)


async def recent_of(platform: Platform, store: WatchStore, runs: Sequence[Run]) -> tuple[Recent, ...]:
    """Return runs with what is known of them, in the order given; the newest `COMPARED` of them are compared.

    What cannot be read leaves its place empty. Raises `StoreError`.
    """
    turn = asyncio.Semaphore(AT_ONCE)

    async def known(run: Run) -> StoredResults | Verdict | None:
        async with turn:
            return await _known(platform, store, run)

    async def before(run: Run) -> StoredResults | Gap | None:
        async with turn:
            return await _before(platform, store, run)

    # All results first: the run before one often stands in the same list, and is read once.
    read = await asyncio.gather(*(known(run) for run in runs))
    kept = [found if isinstance(found, StoredResults) else None for found in read]
    compared = [run for run, results in zip(runs, kept, strict=True) if results is not None][:COMPARED]
    baselines = await asyncio.gather(*(before(run) for run in compared))
    of = {run.ref: baseline for run, baseline in zip(compared, baselines, strict=True)}
    return tuple(
        Recent(
            run=run,
            terms=platform.terms,
            known=results,
            verdict=found if isinstance(found, Verdict) else None,
            before=of.get(run.ref),
        )
        for run, found, results in zip(runs, read, kept, strict=True)
    )


async def _known(platform: Platform, store: WatchStore, run: Run) -> StoredResults | Verdict | None:
    try:
        return await kept_results(platform, store, run)
    except ServiceError:
        return None


async def _before(platform: Platform, store: WatchStore, run: Run) -> StoredResults | Gap | None:
    try:
        return (await chain_of(platform, store, run, depth=1)).baseline
    except ServiceError:
        return None
