"""Runs of a list with what came of them and what is new: read where nothing is kept, within a bound."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, zip_longest

from bot.chain import Gap
from bot.earlier import chain_of, kept_results
from bot.errors import ServiceError
from bot.model import Run, RunQuery
from bot.platform import Platform, newest_runs
from bot.ports import WatchStore
from bot.state import StoredResults
from bot.terms import Terms

COMPARED = 10  # runs of a list that are compared with the run before them; each can take two more requests
AT_ONCE = 4  # reads
RECORDED = 50  # runs of a platform without a list that stand for a page of it
READ_ANEW = 8  # of them are read anew where they go on


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """A run of a list. `known`: its results as kept, None where they cannot be read, or not whole.

    `before`: the results of the run before it, or why there are none; None where that was not looked at.
    """

    run: Run
    terms: Terms
    known: StoredResults | None = None
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


def newest_of(lists: Sequence[Sequence[Run]], number: int) -> list[Run]:
    """Return the newest runs of several lists, each of which is newest first and stays in its order.

    A run without a time stands behind the one before it in its own list; a list without any time takes turns with
    the others, since nobody knows whose runs are newer.
    """
    timed: list[tuple[datetime, Run]] = []
    untimed: list[Sequence[Run]] = []
    for runs in lists:
        at = next((run.created_at for run in runs if run.created_at), None)
        if at is None:
            untimed.append(runs)
            continue
        for run in runs:
            at = min(at, run.created_at or at)
            timed.append((at, run))
    newest = [run for _, run in sorted(timed, key=lambda pair: pair[0], reverse=True)]
    in_turn = chain.from_iterable(zip_longest(newest, *untimed))
    return [run for run in in_turn if run is not None][:number]


async def recent_of(platform: Platform, store: WatchStore, runs: Sequence[Run]) -> tuple[Recent, ...]:
    """Return runs with what is known of them, in the order given; the newest `COMPARED` of them are compared.

    What cannot be read leaves its place empty. Raises `StoreError`.
    """
    turn = asyncio.Semaphore(AT_ONCE)

    async def known(run: Run) -> StoredResults | None:
        async with turn:
            return await _known(platform, store, run)

    async def before(run: Run) -> StoredResults | Gap | None:
        async with turn:
            return await _before(platform, store, run)

    # All results first: the run before one often stands in the same list, and is read once.
    kept = await asyncio.gather(*(known(run) for run in runs))
    compared = [run for run, results in zip(runs, kept, strict=True) if results is not None][:COMPARED]
    baselines = await asyncio.gather(*(before(run) for run in compared))
    of = {run.ref: baseline for run, baseline in zip(compared, baselines, strict=True)}
    return tuple(
        Recent(run=run, terms=platform.terms, known=results, before=of.get(run.ref))
        for run, results in zip(runs, kept, strict=True)
    )


async def _known(platform: Platform, store: WatchStore, run: Run) -> StoredResults | None:
    try:
        return await kept_results(platform, store, run)
    except ServiceError:
        return None


async def _before(platform: Platform, store: WatchStore, run: Run) -> StoredResults | Gap | None:
    try:
        return (await chain_of(platform, store, run, depth=1)).baseline
    except ServiceError:
        return None
