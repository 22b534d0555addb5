"""When runs of a launcher were started, as the record has it, and whether a platform lets anybody expect one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.expecting import Start, UsualStart, usual_start
from bot.launchers import is_called
from bot.model import Run, RunQuery, RunRef
from bot.platform import Platform
from bot.ports import Intents, WatchStore
from bot.state import BEGINNING, IntentKind, TrackedRun, WhyNot

MOST = 300  # runs of a launcher that are looked back at
LAUNCHED = timedelta(days=2)  # a list shows a run much sooner
TRIED = 5  # of the newest runs: whether they say when they were created


class StartStore(WatchStore, Intents, Protocol):
    """What is read of starts."""


@dataclass(frozen=True, slots=True)
class Starts:
    """The starts of a launcher that are on record: every one after `whole_since`. `going`: its runs that go on."""

    all: tuple[Start, ...]
    whole_since: datetime
    going: tuple[Run, ...] = ()


async def why_not(platform: Platform, store: WatchStore) -> WhyNot | None:
    """Return why a run of a connection cannot be expected, None where it can. Raises `StoreError`."""
    return cannot_tell(platform, await store.newest(platform.connection, RunQuery(), TRIED))


def cannot_tell(platform: Platform, newest: Sequence[Run]) -> WhyNot | None:
    """Return the same by some of its newest runs."""
    if platform.lists is None:
        return WhyNot.UNLISTED
    return WhyNot.UNTIMED if newest and all(run.created_at is None for run in newest) else None


async def starts_of(
    store: StartStore, connection: str, launcher: str, source: str | None, now: datetime
) -> Starts:
    """Return the starts of a launcher, None of a source being all of them, where the list was read. Raises `StoreError`.

    Of runs that were launched here and that no list shows yet the source is not known: they count.
    """
    runs, cut_at = await _runs(store, connection, launcher)
    of_source = [run for run in runs if source in {None, run.source}]
    known = await store.known(connection, tuple(run.ref.run_id for run in of_source))
    unlisted = await _launched_here(store, connection, launcher, now)
    return Starts(
        all=(*(_start(run, known.get(run.ref.run_id)) for run in of_source), *unlisted),
        whole_since=max(await _whole_since(store, connection, now), cut_at),
        going=tuple(run for run in of_source if not run.status.terminal),
    )


async def _whole_since(store: WatchStore, connection: str, now: datetime) -> datetime:
    """Return since when every run is on record; of a list that never had any run, since ever."""
    coverage = await store.coverage(connection)
    if coverage is not None:
        return coverage.whole_since
    return now if await store.newest(connection, RunQuery(), 1) else BEGINNING


async def _runs(store: WatchStore, connection: str, launcher: str) -> tuple[list[Run], datetime]:
    """Return the newest runs of a launcher that say when they were created, and since when these are all."""
    found: list[Run] = []
    cut_at = BEGINNING
    for name in await store.launchers(connection):
        if not (is_called(launcher, name) or is_called(name, launcher)):
            continue
        named = await store.newest(connection, RunQuery(launcher=name), MOST)
        timed = [run for run in named if run.created_at is not None]
        found += [run for run in timed if run.is_of(launcher)]
        if len(named) == MOST:
            cut_at = max(cut_at, *(run.created_at or cut_at for run in timed[-1:]), BEGINNING)
    return found, cut_at


def _start(run: Run, known: TrackedRun | None) -> Start:
    created = run.created_at or BEGINNING
    ended = known.terminal_since if known is not None else None
    return Start(run.ref, created, (ended or created) if run.status.terminal else None)


async def _launched_here(store: StartStore, connection: str, launcher: str, now: datetime) -> list[Start]:
    """Return what was launched here lately and stands in no list yet."""
    sent = await store.sent(IntentKind.LAUNCH, connection, launcher, now - LAUNCHED)
    by_id = {intent.run_id: intent.posted_at or intent.created_at for intent in sent if intent.run_id}
    known = await store.known(connection, tuple(by_id))
    return [
        Start(RunRef(connection, run_id), at)
        for run_id, at in by_id.items()
        if run_id not in known or not known[run_id].listed
    ]


async def usual_start_of(
    store: StartStore, connection: str, launcher: str, source: str | None, zone: str, now: datetime
) -> UsualStart | None:
    """Return when runs of a launcher usually start. Raises `StoreError`."""
    found = await starts_of(store, connection, launcher, source, now)
    return usual_start([start.at for start in found.all], zone, now, found.whole_since)
