"""The runs before a run of a platform that gives no times of creation: by the record, else by their place in the list.

The order of the record is the list's, as the watcher read it. Without a record a run's place in the list tells, or
numbers where ids are numbers; ids are never compared as texts.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime

from bot.errors import ListCut
from bot.model import Run, RunQuery, RunStatus
from bot.platform import Platform, listed
from bot.ports import WatchStore
from bot.state import BEGINNING

PAGES = 10  # of the platform's list of runs of one launcher


class Undated(ListCut):
    """Nobody knows when a run was created, nor where it stands in the list."""


async def listed_at(store: WatchStore, run: Run) -> datetime | None:
    """Return when a run was first listed; None where that is not on record. Raises `StoreError`."""
    if run.seen_at is not None:
        return run.seen_at
    known = (await store.known(run.ref.connection, (run.ref.run_id,))).get(run.ref.run_id)
    return known.listed_at if known is not None else None


async def before(platform: Platform, store: WatchStore, run: Run, depth: int) -> AsyncGenerator[Run, None]:
    """Yield the completed runs of a series before a run, newest first.

    Raises `ListCut` where nobody knows what comes next, `ServiceError`, `StoreError`.
    """
    recorded, whole_since = await _recorded(store, run, depth, listed=platform.lists is not None)
    if platform.lists is None and recorded is None:
        raise Undated("no list shows where the run stands")
    all_ended = recorded is not None and all(earlier.status is RunStatus.COMPLETED for earlier in recorded)
    if platform.lists is None or (whole_since is not None and all_ended):
        for earlier in recorded or ():
            yield earlier
        if platform.lists is not None and whole_since != BEGINNING:
            raise ListCut("it was not read further back")
        return
    async with aclosing(_behind(platform, run)) as behind:
        async for earlier in behind:
            if _links(earlier, run):
                yield earlier


async def _recorded(
    store: WatchStore, run: Run, depth: int, *, listed: bool
) -> tuple[tuple[Run, ...] | None, datetime | None]:
    """Return the earlier runs on record, None where the run itself is not; and since when the record is whole.

    Where the platform has no list, only those that completed: then one that goes on says nothing of the record.
    """
    at = await listed_at(store, run)
    coverage = await store.coverage(run.ref.connection)
    since = coverage.whole_since if coverage is not None else None
    if at is None:
        return None, since
    found = await store.earlier(
        run.ref.connection, run.series, at, since or BEGINNING, depth, timed=False, ended=not listed
    )
    return found, since


async def _behind(platform: Platform, run: Run) -> AsyncGenerator[Run, None]:
    """Yield the launcher's runs that stand behind a run in the list, or whose number is lower. Raises `ListCut`."""
    pages, passed = 0, False
    query = RunQuery(launcher=run.launcher, launcher_key=run.launcher_key)
    async for page in listed(platform, query):
        if pages == PAGES:
            raise ListCut("it was not read further back")
        if any(other.created_at is not None for other in page):
            raise Undated("the list has times, and the run has none")
        for other in page:
            if passed or _is_lower(other, run):
                yield other
            passed = passed or other.ref == run.ref
        pages += 1
    if not passed and not _number(run):
        raise Undated("the list does not show the run")


def _links(earlier: Run, run: Run) -> bool:
    return earlier.series == run.series and not earlier.ephemeral and earlier.status is RunStatus.COMPLETED


def _is_lower(other: Run, run: Run) -> bool:
    ids = _number(other), _number(run)
    return all(ids) and int(ids[0]) < int(ids[1])


def _number(run: Run) -> str:
    """Return a run's id where it is a number, else ""."""
    text = run.ref.run_id
    return text if text.isascii() and text.isdecimal() else ""
