"""How the checks of the runs stand that a channel watches: what fails and nobody takes care of, and what failed until lately.

All of it from the record, so that it costs no call. It speaks of the newest run of each series that tells of its checks; a
run that did not get through, or whose environment had a problem, is passed over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Protocol

from bot.diff import wanted
from bot.history import RUNS, History
from bot.model import Run, RunQuery, RunStatus
from bot.ports import CheckHistory, PropertyStates, WatchStore
from bot.state import KnownCheck, PropertyState, StoredResults, Subscription

RECENT = 200  # runs of a connection on record that are looked at
ENOUGH = 10  # runs of a series, one of which should tell of its checks
SERIES_FOR = timedelta(days=14)  # a series without a run for so long has ended
QUIET_FOR = timedelta(days=7)  # what failed last before that is spoken of no more
MOST = 5  # of each kind that are told one by one
OWNED = 20  # checks of one person that are looked at

Named = tuple[str, str, str]
"""A check by connection, launcher's key and name."""


class StandingsStore(WatchStore, CheckHistory, PropertyStates, Protocol):
    """What is read of the record."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A check in a series, by the newest run of that which ended, and what its runs tell of it."""

    run: Run
    name: str
    history: History

    @property
    def fails(self) -> bool:
        """Whether it fails in the newest run that tells of it."""
        return self.history.streak is not None

    @property
    def new(self) -> bool:
        """Whether it fails there, and is known not to have failed in the run before."""
        streak = self.history.streak
        before = sum(not each.passed_over for each in self.history.told) > 1
        return streak is not None and streak.runs == 1 and not streak.at_least and before


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """`unowned`: fails, and nobody owns it or said a word that holds, what is new first; `quiet`: failed lately, and does not fail now.

    `more_unowned`: how many there are beside. `maybe_quiet`: how many others there may be. `cared_for`: how many others fail.
    `unread`: the newest runs of series of which it is not known what fails. `cut`: connections with more runs than were looked at.
    """

    unowned: tuple[Standing, ...] = ()
    more_unowned: int = 0
    quiet: tuple[Standing, ...] = ()
    maybe_quiet: int = 0
    cared_for: int = 0
    unread: tuple[Run, ...] = ()
    cut: tuple[str, ...] = ()

    def plus(self, other: Standings) -> Standings:
        """Return both, as far as there is room for more."""
        unowned = sorted((*self.unowned, *other.unowned), key=lambda standing: not standing.new)
        quiet = (*self.quiet, *other.quiet)
        return Standings(
            unowned=tuple(unowned[:MOST]),
            more_unowned=self.more_unowned + other.more_unowned + len(unowned[MOST:]),
            quiet=quiet[:MOST],
            maybe_quiet=self.maybe_quiet + other.maybe_quiet + len(quiet[MOST:]),
            cared_for=self.cared_for + other.cared_for,
            unread=(*self.unread, *other.unread),
            cut=(*self.cut, *other.cut),
        )


@dataclass(frozen=True, slots=True)
class _Series:
    """A series by its newest run that ended; `failing`: in the newest one that tells of its checks, None where that is not known.

    `before`: what failed in the one before that tells of them, the same way.
    """

    run: Run
    failing: frozenset[str] | None
    before: frozenset[str] | None = None

    def newly(self, name: str) -> bool:
        """Whether a check that fails did not fail in the run before."""
        return self.before is not None and name not in self.before


async def standings_of(
    store: StandingsStore,
    subscriptions: Collection[Subscription],
    connections: Mapping[str, bool],
    now: datetime,
    *,
    told: Collection[Named] = (),
    quiet: bool = True,
    most: int = MOST,
) -> Standings:
    """Look how the checks stand that some subscriptions are about. Raises `StoreError`.

    `connections`: whether a subscription that names no connection means this one too. `told`: what is told elsewhere.
    `quiet`: what failed until lately is looked for too. `most`: of each launcher's unowned ones that are told one by one.
    """
    found = Standings()
    for connection, by_default in connections.items():
        here = [s for s in subscriptions if s.connection == connection or (by_default and not s.connection)]
        runs = await store.newest(connection, RunQuery(), RECENT) if here else ()
        about = [run for run in runs if any(wanted(s, run, s.outcomes) for s in here)]
        every = sorted(await _series(store, connection, about, now), key=lambda series: series.run.series)
        found = found.plus(Standings(cut=(connection,) if _cut(runs, now) else ()))
        for key, of_launcher in groupby(every, lambda series: series.run.series[0]):
            found = found.plus(
                await _of_launcher(store, key, [*of_launcher], now, told, quiet=quiet, most=most)
            )
    return found


def _cut(runs: Sequence[Run], now: datetime) -> bool:
    """Whether there may be older runs that count and were not looked at."""
    oldest = runs[-1].ordered_by if len(runs) == RECENT else None
    return oldest is not None and now - oldest < SERIES_FOR


async def _series(
    store: StandingsStore, connection: str, runs: Sequence[Run], now: datetime
) -> list[_Series]:
    """Return the series of some runs, newest first, that have not ended."""
    by_series: dict[tuple[str, str, str], list[Run]] = {}
    for run in runs:
        at = run.ordered_by
        if run.status.terminal and not run.ephemeral and at is not None and now - at < SERIES_FOR:
            by_series.setdefault(run.series, []).append(run)
    looked_at = [runs[:ENOUGH] for runs in by_series.values()]
    ids = tuple(run.ref.run_id for runs in looked_at for run in runs)
    kept = await store.results_kept(connection, ids) if ids else {}
    return [_Series(runs[0], *_failing(runs, kept)) for runs in looked_at]


def _failing(
    runs: Iterable[Run], kept: Mapping[str, StoredResults]
) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    """Return what fails in the two newest runs that tell of it; None where there is none, or its results are not on record."""
    through = (run for run in runs if run.status not in {RunStatus.INCOMPLETE, RunStatus.CANCELLED})
    results = (kept.get(run.ref.run_id) for run in through)
    telling = (
        None if each is None else each.failing for each in results if each is None or not each.unhealthy
    )
    return next(telling, None), next(telling, None)


async def _of_launcher(
    store: StandingsStore,
    key: str,
    every: Sequence[_Series],
    now: datetime,
    told: Collection[Named],
    *,
    quiet: bool,
    most: int,
) -> Standings:
    """Sort what a launcher's series say of its checks: first what is new and what failed first, and what failed last."""
    connection = every[0].run.ref.connection
    states = await store.property_states(connection, key)
    left_alone = {state.name for state in states if state.owner or (state.silent and not state.is_over(now))}
    failing = [(s, name) for s in every for name in s.failing or () if (connection, key, name) not in told]
    unowned = [pair for pair in failing if pair[1] not in left_alone]
    # All checks of a launcher may be thousands: they are read where there is something to choose or to find among them.
    choose = quiet or len(unowned) > most
    known = {check.name: check for check in await store.known_checks(connection, key)} if choose else {}
    unowned.sort(
        key=lambda pair: (not pair[0].newly(pair[1]), _first_failed(known.get(pair[1]), now), pair[1]),
    )
    failing_somewhere = {name for series in every for name in series.failing or ()}
    lately = [
        c for c in known.values() if quiet and c.last_failed is not None and now - c.last_failed < QUIET_FOR
    ]
    gone = sorted((c for c in lately if c.name not in failing_somewhere), key=_last_failed, reverse=True)
    readable = [series.run for series in every if series.failing is not None]
    quiet_now = [
        standing
        for check in gone[:MOST] if (standing := await _failed_last(store, readable, check.name, now))
    ]  # fmt: skip
    return Standings(
        unowned=tuple([await _standing(store, series.run, name) for series, name in unowned[:most]]),
        more_unowned=len(unowned[most:]),
        quiet=tuple(quiet_now),
        maybe_quiet=len(gone[MOST:]) if readable else 0,
        cared_for=len(failing) - len(unowned),
        unread=tuple(series.run for series in every if series.failing is None),
    )


def _first_failed(check: KnownCheck | None, now: datetime) -> datetime:
    return check.first_failed or now if check is not None else now


def _last_failed(check: KnownCheck) -> datetime:
    return check.last_failed or check.first_seen


async def _failed_last(
    store: StandingsStore, newest: Sequence[Run], name: str, now: datetime
) -> Standing | None:
    """Return a check in the series where it failed last; None where it failed lately in none of these."""
    failed: list[tuple[datetime, Standing]] = []
    for run in newest:
        standing = await _standing(store, run, name)
        for last in standing.history.failures[:1]:
            at = last.run.ordered_by
            if at is not None and now - at < QUIET_FOR:
                failed.append((at, standing))
    return max(failed, key=lambda pair: pair[0])[1] if failed else None


async def _standing(store: StandingsStore, run: Run, name: str) -> Standing:
    runs = await store.check_in_runs(run.ref.connection, run.series, name, RUNS + 1)
    return Standing(run, name, History(runs[:RUNS], more=len(runs) > RUNS))


@dataclass(frozen=True, slots=True)
class Owned:
    """What is said of a check that somebody owns, and how it stands where it fails; None: no run of it is on record."""

    state: PropertyState
    standing: Standing | None = None

    @property
    def fails(self) -> bool:
        """Whether it fails in the newest run that tells of it."""
        return self.standing is not None and self.standing.fails


async def owned_standings(
    store: StandingsStore, states: Sequence[PropertyState], now: datetime, most: int = MOST
) -> tuple[Owned, ...]:
    """Tell how checks stand that somebody owns: `most` of the first `OWNED`, what fails first. Raises `StoreError`."""
    by_launcher: dict[tuple[str, str], list[PropertyState]] = {}
    for state in states[:OWNED]:
        by_launcher.setdefault((state.connection, state.launcher_key), []).append(state)
    found: list[tuple[bool, PropertyState, Run | None]] = []
    for (connection, key), of_launcher in by_launcher.items():
        runs = await store.newest(connection, RunQuery(launcher_key=key), RECENT)
        every = await _series(store, connection, runs, now)
        for state in of_launcher:
            failing = [series.run for series in every if state.name in (series.failing or ())]
            known = [*failing, *(series.run for series in every), *runs]
            found.append((not failing, state, known[0] if known else None))
    shown = sorted(found, key=lambda each: each[0])[:most]
    return tuple(
        [
            Owned(state, await _standing(store, run, state.name) if run is not None else None)
            for _, state, run in shown
        ]
    )
