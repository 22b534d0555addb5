"""Bodies of the API into the core's values. What is unknown, missing, null or of a wrong type degrades alone."""

from __future__ import annotations

import math
from datetime import timedelta

import msgspec

from adapters.platforms.http.lenient import NULL, read, read_struct, time_of
from adapters.platforms.http.text import shown, shown_name
from adapters.platforms.testhide.ids import id_of
from bot.errors import UnexpectedAnswer
from bot.model import Check, CheckStatus, Counts, Example, Run, RunRef, RunStatus, Says
from bot.triage import PastResult

_STATUSES = {
    "queued": RunStatus.STARTING,
    "running": RunStatus.IN_PROGRESS,
    "passed": RunStatus.COMPLETED,
    "failed": RunStatus.COMPLETED,
    "aborted": RunStatus.CANCELLED,
}
_SAYS = {"passed": Says.PASSED, "failed": Says.FAILED}
_CHECKS = {"passed": CheckStatus.PASSING, "failed": CheckStatus.FAILING, "skipped": CheckStatus.SKIPPED}
ABORTED = "aborted"  # by `stop`, and also where a node was lost under a running build
NAME = 1_000  # characters of a name, so that a hostile one stays a name
_WORD = 60
_MESSAGE = 500


class BuildBody(msgspec.Struct):
    """A build as served alone, in a list, and when it was just started; which fields there are differs."""

    id: msgspec.Raw
    job_id: msgspec.Raw = NULL
    status: str | None = None
    branch: str | None = None
    commit_sha: str | None = None
    created_at: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    triggered_by: str | None = None
    duration_s: float | None = None
    total_tests: int | None = None
    passed: int | None = None
    failed: int | None = None
    skipped: int | None = None
    node_id: msgspec.Raw = NULL


class NodeBody(msgspec.Struct):
    """A node as served."""

    name: str


class JobBody(msgspec.Struct):
    """A job as listed."""

    id: msgspec.Raw
    name: str
    project_id: msgspec.Raw = NULL
    enabled: bool | None = None


class ReportBody(msgspec.Struct):
    """The counts of a build's tests."""

    total: int | None = None
    passed: int | None = None
    failed: int | None = None
    skipped: int | None = None


class ResultBody(msgspec.Struct):
    """What came of a test in one build."""

    node_id: str
    id: msgspec.Raw = NULL
    status: str | None = None
    duration_ms: float | None = None
    message: str | None = None


class _Listed(msgspec.Struct):
    results: list[msgspec.Raw]
    total: int | None = None


class _Past(msgspec.Struct):
    build_id: msgspec.Raw
    status: str | None = None


class _History(msgspec.Struct):
    history: list[msgspec.Raw]


class _Lines(msgspec.Struct):
    lines: list[str]
    total_lines: int | None = None


def word_of(status: str | None) -> str:
    """Return a status word as it is compared: in lower case."""
    return (status or "").strip().casefold()


def run_of(body: BuildBody, connection: str, job: tuple[str, str], *, brief: bool, timed: bool) -> Run | None:
    """Return a build, None where its id could not be asked for again.

    `job`: its key and the name it is shown with. `timed`: rows of the list say when a build was created. A status
    that no document names is kept and has neither ended nor passed.
    """
    build = id_of(body.id)
    if not build:
        return None
    word = word_of(body.status)
    return Run(
        ref=RunRef(connection, build),
        status=_STATUSES.get(word, RunStatus.UNKNOWN),
        status_text=shown(word or "unknown", _WORD),
        says=_SAYS.get(word),
        launcher=job[1],
        launcher_key=job[0],
        created_at=time_of(body.created_at) if timed else None,
        started_at=time_of(body.started_at),
        completed_at=time_of(body.finished_at),
        took=_span(body.duration_s, 1.0),
        creator=_text(body.triggered_by),
        source=_text(body.branch),
        commit=_text(body.commit_sha),
        brief=brief,
        interrupted=word == ABORTED,
    )


def counts_of(
    total: int | None, passed: int | None, failed: int | None, skipped: int | None
) -> Counts | None:
    """Return counts; those without a result are what is left of the total. None where a build has none yet."""
    if passed is None and failed is None and skipped is None:
        return None
    passing, failing, left_out = (max(0, number or 0) for number in (passed, failed, skipped))
    unknown = max(0, (total or 0) - passing - failing - left_out)
    return Counts(passing=passing, failing=failing, skipped=left_out, unknown=unknown)


def check_of(body: ResultBody) -> Check:
    """Return what came of a test; a word that no document names is unknown, never passing."""
    message = shown(body.message, _MESSAGE) if body.message else ""
    status = _CHECKS.get(word_of(body.status), CheckStatus.UNKNOWN)
    return Check(
        name=full_name(body.node_id),
        status=status,
        ref=id_of(body.id) or None,
        took=_span(body.duration_ms, 1000.0),
        counterexamples=(Example(text=message),) if message and status is CheckStatus.FAILING else (),
    )


def full_name(node_id: str) -> str:
    """Return the name that a test has in every build; a hostile length is cut in the middle, two stay two."""
    return shown_name(node_id, NAME)


def rows_of(body: bytes) -> tuple[list[msgspec.Raw], int | None]:
    """Return the rows of a page, undecoded, and how many there are on all pages. Raises `UnexpectedAnswer`."""
    page = read_struct(body, _Listed)
    if page is None:
        raise UnexpectedAnswer("Testhide answered with something that is not a list.")
    return page.results, page.total


def array_of(body: bytes) -> list[msgspec.Raw]:
    """Return the items of a bare array, undecoded. Raises `UnexpectedAnswer`."""
    items = read(body, list[msgspec.Raw])
    if items is None:
        raise UnexpectedAnswer("Testhide answered with something that is not a list.")
    return items


def history_of(body: bytes) -> tuple[PastResult, ...]:
    """Return what came of a test in earlier builds, in the order served. Raises `UnexpectedAnswer`."""
    found = read_struct(body, _History)
    if found is None:
        raise UnexpectedAnswer("Testhide answered with something that is not a history.")
    rows = (read_struct(raw, _Past) for raw in found.history)
    return tuple(
        PastResult(run_id=id_of(row.build_id), status=shown(word_of(row.status) or "unknown", _WORD))
        for row in rows
        if row and id_of(row.build_id)
    )


def build_in(body: bytes) -> str | None:
    """Return the id of a build that was just made, None where the answer does not say."""
    found = read_struct(body, BuildBody)
    return id_of(found.id) or None if found else None


def lines_of(body: bytes) -> tuple[list[str], int]:
    """Return lines of a log, and how many it has. Raises `UnexpectedAnswer`."""
    found = read_struct(body, _Lines)
    if found is None:
        raise UnexpectedAnswer("Testhide answered with something that is not a log.")
    return found.lines, max(found.total_lines or 0, len(found.lines))


def _text(text: str | None) -> str | None:
    return shown(text, NAME) or None if text else None


def _span(value: float | None, units: float) -> timedelta | None:
    """Return a span of so many units a second, None where there is none or it cannot be."""
    if value is None or not math.isfinite(value) or not 0 <= value / units < timedelta.max.days * 86_400:
        return None
    return timedelta(seconds=value / units)
