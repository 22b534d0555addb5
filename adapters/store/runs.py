"""A run as a row: what is kept of it, and how a newer look changes that."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, literal, or_

from adapters.store.codec import from_row, to_row
from adapters.store.database import Database, Insert
from adapters.store.tables import results, runs
from bot.model import Run, RunRef, RunStatus
from bot.state import TrackedRun

TRACKED = tuple(
    runs.c[name]
    for name in ("connection", "run_id", *(f.name for f in fields(TrackedRun) if f.name in runs.c))
)
TERMINAL = tuple(status for status in RunStatus if status.terminal)


# Of one time, the larger number is the newer; of other ids nobody knows.
NEWEST_FIRST = (runs.c.listed_at.desc(), func.length(runs.c.run_id).desc(), runs.c.run_id.desc())
ENDED = or_(*(runs.c.status == status for status in TERMINAL))  # IN does not go with many rows at once
SAME_RUN = (runs.c.connection == results.c.connection) & (runs.c.run_id == results.c.run_id)
RELIABLE = or_(runs.c.run_id.is_(None), runs.c.results_known & (runs.c.status == results.c.status))


def of_series(series: tuple[str, str, str]) -> ColumnElement[bool]:
    """Return the condition for the runs of a series."""
    launcher_key, source, test_name = series
    return and_(runs.c.launcher_key == launcher_key, runs.c.source == source, runs.c.test_name == test_name)


def run_row(run: Run, now: datetime, *, baseline: bool) -> dict[str, Any]:
    """Return a run's row at first sight; one that had ended before the first look counts as announced, with nothing left to do."""
    launcher_key, source, test_name = run.series
    quiet = baseline and run.status.terminal
    return to_row(
        runs,
        run,
        **asdict(run.ref),
        launcher_key=launcher_key,
        source=source,
        test_name=test_name,
        listed_at=run.ordered_by or now,
        listed=run.ordered_by is not None,
        terminal_since=now if run.status.terminal else None,
        changed_at=now,
        announced=run.status if quiet else None,
        results_known=False,
        settled=quiet,
    )


def upsert_runs(db: Database) -> Insert:
    """Insert runs, or bring known ones up to date.

    Results belong to a status: when it changes they are unknown again. What a thin answer left out stays.
    """
    add = db.insert(runs)
    new = add.excluded
    changed = runs.c.status != new.status
    goes_on = and_(*(new.status != status for status in TERMINAL))  # IN does not go with many rows at once
    less = (
        new.brief & ~runs.c.brief & ~changed
    )  # a row of a list takes nothing back of what the run alone said
    moved = changed | (runs.c.progress != new.progress)
    kept = {
        name: case((new[name] != "", new[name]), else_=runs.c[name])
        for name in ("launcher", "launcher_key", "source", "test_name")
    }
    return add.on_conflict_do_update(
        index_elements=["connection", "run_id"],
        set_={
            **kept,
            "status": new.status,
            "ephemeral": new.ephemeral,
            "created_at": func.coalesce(new.created_at, runs.c.created_at),
            "listed_at": case(
                (new.created_at.is_not(None), new.created_at),
                (new.listed & ~runs.c.listed, new.listed_at),
                else_=runs.c.listed_at,
            ),
            "listed": new.listed | runs.c.listed,
            "terminal_since": case((changed, new.terminal_since), else_=runs.c.terminal_since),
            "results_known": case((changed, literal(value=False)), else_=runs.c.results_known),
            "settled": case((changed | (moved & goes_on), literal(value=False)), else_=runs.c.settled),
            "says": case((less, runs.c.says), else_=new.says),
            "brief": case((less, runs.c.brief), else_=new.brief),
            "progress": new.progress,
            "commit": func.coalesce(new.commit, runs.c.commit),
            "changed_at": case((moved, new.changed_at), else_=runs.c.changed_at),
        },
    )


def follow_again(db: Database) -> Insert:
    """Insert a run; one that goes on and is no longer followed is read again from now on."""
    add = db.insert(runs)
    return add.on_conflict_do_update(
        index_elements=["connection", "run_id"],
        set_={"settled": literal(value=False), "changed_at": add.excluded.changed_at},
        where=runs.c.settled & runs.c.status.not_in(TERMINAL),
    )


def tracked_run(row: Row[Any]) -> TrackedRun:
    """Read what the watcher remembers of a run."""
    return from_row(row, TrackedRun, ref=RunRef(row.connection, row.run_id))


def recorded_run(row: Row[Any]) -> Run:
    """Read back what is kept of a run itself."""
    return from_row(
        row,
        Run,
        ref=RunRef(row.connection, row.run_id),
        status_text=row.status,
        launcher_key=None if row.launcher_key == row.launcher else row.launcher_key,
        seen_at=row.listed_at if row.created_at is None else None,
        done=_done(row.progress),
        source=row.source or None,
        test_name=row.test_name or None,
    )


def _done(progress: str) -> tuple[int, int] | None:
    """Read back how many checks were done, of how many."""
    done, slash, everything = progress.partition("/")
    return (int(done), int(everything)) if slash else None
