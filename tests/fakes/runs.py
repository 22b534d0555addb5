"""Makers of runs, properties and log lines with sensible values; a test names only what matters to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.model import (
    Availability,
    Check,
    CheckStatus,
    Example,
    LineKind,
    LogLine,
    Moment,
    Results,
    Run,
    RunRef,
    RunStatus,
)

EPOCH = datetime(2026, 5, 14, 3, 0, tzinfo=UTC)
MOMENT = Moment("-3625518438076122494", "398.4898056755774")


def run_id(number: int, release: str = "62-14") -> str:
    """Return a well-formed run id that tells its number."""
    return f"{number:032x}-{release}"


def a_run(number: int = 1, /, *, connection: str = "demo", **changes: object) -> Run:
    """Return a completed run, created `number` minutes after `EPOCH`; `changes` are fields of `Run`."""
    created = EPOCH + timedelta(minutes=number)
    run = Run(
        ref=RunRef(connection, run_id(number)),
        status=RunStatus.COMPLETED,
        status_text="completed",
        launcher="Payments Nightly",
        created_at=created,
        started_at=created,
        completed_at=created + timedelta(minutes=45),
        creator="alice",
        description="nightly on main",
        source="main",
        test_name="payments",
        requested_minutes=30.0,
        release="62.14",
        page_url=f"https://demo.antithesis.com/runs?primary-filter={run_id(number)}",
    )
    status = changes.get("status")
    if isinstance(status, RunStatus):
        changes = {"status_text": status.value, **changes}
        if not status.terminal:
            changes = {"completed_at": None, **changes}
    return replace(run, **changes)  # type: ignore[arg-type]  # field names and values are the caller's


def an_example(text: str = "condition: false", *, moment: Moment | None = MOMENT) -> Example:
    """Return an example of an event property."""
    return Example(text=text, moment=moment, location="ledger.go:42" if moment else None)


def a_property(name: str, /, *, failing: bool = False, **changes: object) -> Check:
    """Return an event property, passing unless told otherwise, a group leaf like users' own assertions."""
    result = Check(
        name=name,
        status=CheckStatus.FAILING if failing else CheckStatus.PASSING,
        is_event=True,
        is_group=True,
        example_count=0 if failing else 12,
        counterexample_count=3 if failing else 0,
        examples=() if failing else (an_example("condition: true"),),
        counterexamples=(an_example(),) if failing else (),
    )
    return replace(result, **changes)  # type: ignore[arg-type]  # field names and values are the caller's


def some_results(run: Run, /, *, failing: tuple[str, ...] = (), passing: tuple[str, ...] = ()) -> Results:
    """Return readable results with these failing and passing properties, failing first."""
    listed = [a_property(name, failing=True) for name in failing]
    listed += [a_property(name) for name in passing]
    return Results(ref=run.ref, availability=Availability.READY, checks=tuple(listed))


def a_line(text: str, vtime: str, *, source: str = "etcd0", kind: LineKind = LineKind.OUTPUT) -> LogLine:
    """Return one log line at a virtual time."""
    return LogLine(text=text, vtime=vtime, source=source, stream="out", kind=kind)


def a_build(number: int | str = 1, /, *, connection: str = "demo", **changes: object) -> Run:
    """Return a build as a platform without times tells of it: completed, with a number for an id."""
    run = Run(
        ref=RunRef(connection, str(number)),
        status=RunStatus.COMPLETED,
        status_text="passed",
        launcher="Regression Suite",
        launcher_key="55",
        source="main",
    )
    return replace(run, **changes)  # type: ignore[arg-type]  # field names and values are the caller's


def build_results(
    number: int | str,
    /,
    *,
    failing: tuple[str, ...] = (),
    passing: tuple[str, ...] = (),
    skipped: tuple[str, ...] = (),
    excused: tuple[str, ...] = (),
) -> Results:
    """Return the results of a build: tests without moments, some of them skipped or quarantined."""
    checks = (
        *(
            Check(name=name, status=CheckStatus.FAILING, ref=f"{number}-{place}")
            for place, name in enumerate(failing)
        ),
        *(Check(name=name, status=CheckStatus.FAILING, excused="quarantined") for name in excused),
        *(Check(name=name, status=CheckStatus.PASSING) for name in passing),
        *(Check(name=name, status=CheckStatus.SKIPPED) for name in skipped),
    )
    return Results(ref=RunRef("demo", str(number)), availability=Availability.READY, checks=checks)
