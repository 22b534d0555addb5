"""What became of single checks: every check that a launcher's runs named, and what each run says of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, case, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import came
from adapters.store.codec import decode, encode
from adapters.store.database import Database
from adapters.store.part import Part
from adapters.store.runs import ENDED, NEWEST_FIRST, RELIABLE, SAME_RUN, of_series, recorded_run
from adapters.store.tables import checks, results, runs
from adapters.store.text import clean
from bot.state import Came, CheckInRun, KnownCheck, RunChecks

MOST = (
    20_000  # names of one launcher; where each run brings new ones, those beyond are kept only if they fail
)
FRESH = timedelta(days=1)  # how much later a check has to be seen for that to be written

_FAILED = frozenset({Came.FAILED, Came.EXCUSED, Came.UNHEALTHY})
_BAD_LAST = (Came.PASSED, Came.SKIPPED, Came.NOTHING, *sorted(_FAILED))


class SqlChecks(Part):
    """Fills `bot.ports.CheckHistory`."""

    async def known_checks(self, connection: str, launcher_key: str) -> tuple[KnownCheck, ...]:
        """Return every check that runs of a launcher named, in the order of their names."""
        of_launcher = (checks.c.connection == connection) & (checks.c.launcher_key == launcher_key)
        found = [_known(row) for row in await self._rows(select(checks).where(of_launcher))]
        return tuple(sorted(found, key=lambda check: check.name))

    async def launchers_with(self, connection: str, name: str) -> tuple[str, ...]:
        """Return the keys of the launchers whose runs named a check, the one that did so last first."""
        named = (checks.c.connection == connection) & (checks.c.digest == digest(name))
        statement = select(checks.c.launcher_key).where(named)
        rows = await self._rows(statement.order_by(checks.c.last_seen.desc(), checks.c.launcher_key))
        return tuple(row.launcher_key for row in rows)

    async def check_in_runs(
        self, connection: str, series: tuple[str, str, str], name: str, limit: int
    ) -> tuple[CheckInRun, ...]:
        """Return the runs on record of a series that ended, newest first, each with what came of a check."""
        number = select(checks.c.id).where(
            checks.c.connection == connection,
            checks.c.launcher_key == series[0],
            checks.c.digest == digest(name),
        )
        found = await self._first(number)
        statement = (
            select(
                runs,
                results.c.run_id.label("read"),
                results.c.unhealthy,
                results.c.came,
                results.c.came_whole,
            )
            .outerjoin(results, SAME_RUN & RELIABLE)
            .where(runs.c.connection == connection, of_series(series), ENDED, ~runs.c.ephemeral)
            .order_by(*NEWEST_FIRST)
            .limit(limit)
        )
        return tuple(
            CheckInRun(
                run=recorded_run(row),
                came=None if found is None else came.of_check(row.came, found.id),
                read=row.read is not None,
                whole=bool(row.came_whole),
                unhealthy=row.unhealthy not in {None, "[]"},
            )
            for row in await self._rows(statement)
        )


def digest(name: str) -> str:
    """Return what a name is found by, whatever its length."""
    return sha256(clean(name).encode()).hexdigest()


async def remember(
    db: Database, session: AsyncConnection, run: RunChecks, now: datetime
) -> tuple[bytes, bool]:
    """Keep which checks a run names and what is said of each for good.

    Returns what came of them, packed, and whether these are all checks of the run.
    """
    at = run.at or now
    by_digest = {
        digest(name): name for name in sorted(run.came, key=lambda name: _BAD_LAST.index(run.came[name]))
    }
    there = await _there(session, run, at)
    new = {key: name for key, name in by_digest.items() if key not in there}
    if len(there) + len(new) > MOST:
        new = {key: name for key, name in new.items() if run.came[name] in _FAILED}
    if new:
        rows = [_first_row(run, key, name, at) for key, name in sorted(new.items())]
        await session.execute(db.insert(checks).on_conflict_do_nothing(), rows)
        there = await _there(session, run, at)
    known = {key: there[key] for key in by_digest if key in there}
    await _see(session, run, {row.id: (row, by_digest[key]) for key, row in known.items()}, at)
    blob = came.packed({row.id: run.came[by_digest[key]] for key, row in known.items()})
    return blob, run.whole and len(known) == len(by_digest)


async def _there(session: AsyncConnection, run: RunChecks, at: datetime) -> dict[str, Row[Any]]:
    """Return what is kept of the checks of a run's launcher, by digest.

    `older` and `stale`: this run changes a time. `later`: a later run than this one was read before.
    """
    statement = select(
        checks.c.id,
        checks.c.digest,
        checks.c.place,
        checks.c.groups,
        (checks.c.first_seen > at).label("older"),
        (checks.c.last_seen < at - FRESH).label("stale"),
        (checks.c.last_seen > at).label("later"),
    ).where(checks.c.connection == run.ref.connection, checks.c.launcher_key == run.launcher_key)
    return {row.digest: row for row in await session.execute(statement)}


async def _see(
    session: AsyncConnection, run: RunChecks, known: Mapping[int, tuple[Row[Any], str]], at: datetime
) -> None:
    """Bring what is kept of known checks up to date: their times, their places, and when they failed."""
    seen = []
    for number, (row, name) in known.items():
        place, groups = _where(run, name)
        place, groups = (row.place or place, row.groups) if row.later else (place or row.place, groups)
        if row.older or row.stale or (place, groups) != (row.place, row.groups):
            seen.append({"of_id": number, "at_place": place, "in_groups": groups})
    failed = [{"of_id": number} for number, (_, name) in known.items() if run.came[name] in _FAILED]
    this = update(checks).where(checks.c.id == bindparam("of_id"))
    if seen:
        values: dict[str, Any] = {"place": bindparam("at_place"), "groups": bindparam("in_groups")}
        times = {"first_seen": _sooner("first_seen", at), "last_seen": _later("last_seen", at)}
        await session.execute(this.values(values | times), seen)
    if failed:
        times = {"first_failed": _sooner("first_failed", at), "last_failed": _later("last_failed", at)}
        await session.execute(this.values(times), failed)


def _sooner(name: str, at: datetime) -> ColumnElement[datetime]:
    column = checks.c[name]
    return case((column < at, column), else_=literal(at, column.type))


def _later(name: str, at: datetime) -> ColumnElement[datetime]:
    column = checks.c[name]
    return case((column > at, column), else_=literal(at, column.type))


def _where(run: RunChecks, name: str) -> tuple[str, str]:
    groups = run.groups.get(name)
    return clean(run.places.get(name, "")), encode(groups) if groups else "[]"


def _first_row(run: RunChecks, key: str, name: str, at: datetime) -> dict[str, Any]:
    failed = at if run.came[name] in _FAILED else None
    place, groups = _where(run, name)
    return {
        "connection": run.ref.connection,
        "launcher_key": run.launcher_key,
        "digest": key,
        "name": name,
        "first_seen": at,
        "last_seen": at,
        "first_failed": failed,
        "last_failed": failed,
        "place": place,
        "groups": groups,
    }


def _known(row: Row[Any]) -> KnownCheck:
    """Read back what is kept of a check; field by field, since a launcher has thousands."""
    return KnownCheck(
        name=row.name,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        first_failed=row.first_failed,
        last_failed=row.last_failed,
        place=row.place,
        groups=decode(row.groups, tuple[str, ...]),
    )
