"""The tenant API without I/O: what to send for each question, and what an answer means.

Paths and their gates by release stand in the API's own description; see README.md in this folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec

from adapters.platforms.antithesis import launching
from adapters.platforms.antithesis.decode import RunBody, run_of
from adapters.platforms.antithesis.ids import (
    checked_launcher,
    checked_moment,
    checked_run_id,
    is_run_id,
    older_than,
    usable_cursor,
)
from adapters.platforms.antithesis.parameters import debug_parameters
from adapters.platforms.antithesis.properties import PropertyBody, property_of
from adapters.platforms.http.answers import detail_of, error_of
from adapters.platforms.http.lenient import Page, read_any, read_items, read_page, read_struct
from adapters.platforms.http.paging import Listed
from adapters.platforms.http.wire import Answer, Oversized, Request
from bot.errors import ListCut, NotAvailable, UnexpectedAnswer
from bot.model import (
    Availability,
    Check,
    DebugRequest,
    LaunchRequest,
    LogQuery,
    Run,
    RunQuery,
    RunRef,
    RunStatus,
)
from bot.redact import MASK

PAGE = 100  # items of a page; more is refused
NDJSON = "application/x-ndjson"
EVENTS_LIMIT_SINCE = 60  # major release
EVENTS_AT_MOST = 50  # of a search without a number
_SEARCHED = 200  # characters of a name that are looked for
PROPERTIES_SINCE, BUILD_LOGS_SINCE, CANCEL_SINCE = 52, 54, 64  # major releases
FAULTS_BACK = 120.0  # virtual seconds before a moment in which faults are looked for: some 7 MB of a log
_LAG = timedelta(hours=1)  # how long after the end of a run its properties may still be on their way


def version_request() -> Request:
    """Ask for the tenant's release."""
    return Request(path="/api/version")


def runs_request(query: RunQuery, after: str | None, size: int = PAGE) -> Request:
    """Ask for a page of runs; the filters go along with every page."""
    pairs = (
        ("limit", str(size)),
        ("status", query.status),
        ("launcher", query.launcher),
        ("created_after", _time(query.created_after)),
        ("created_before", _time(query.created_before)),
        ("after", after),
    )
    return Request(path="/api/v0/runs", query=_given(pairs), ends=size == 1)


def run_request(run_id: str) -> Request:
    """Ask for one run."""
    return Request(path=f"/api/v0/runs/{checked_run_id(run_id)}")


def properties_request(run_id: str, after: str | None, size: int = PAGE) -> Request:
    """Ask for a page of a run's properties."""
    pairs = (("limit", str(size)), ("after", after))
    path = f"/api/v0/runs/{checked_run_id(run_id)}/properties"
    return Request(path=path, query=_given(pairs), ends=size == 1)


def logs_request(query: LogQuery) -> Request:
    """Ask for the log up to the moment, from the window's begin or where faults are followed from; never for all."""
    moment = checked_moment(query.moment)
    pairs = (
        ("input_hash", moment.input_hash),
        ("vtime", moment.vtime),
        ("begin_vtime", repr(min(begin_of(query), faults_since(query)))),
    )
    return Request(path=f"/api/v0/runs/{checked_run_id(query.run_id)}/logs", query=pairs, accept=NDJSON)


def begin_of(query: LogQuery) -> float:
    """Return where a window begins, in virtual seconds."""
    return max(0.0, query.moment.seconds - max(0.0, query.window))


def faults_since(query: LogQuery) -> float:
    """Return from when on faults are followed, in virtual seconds: never decided by the window asked for."""
    return max(0.0, query.moment.seconds - FAULTS_BACK)


def build_logs_request(run_id: str) -> Request:
    """Ask for a run's build log."""
    return Request(path=f"/api/v0/runs/{checked_run_id(run_id)}/build_logs", accept=NDJSON)


def events_request(run_id: str, name: str, most: int) -> Request:
    """Ask for events that hold a property's name, for one more than is wanted, where the release takes a number.

    A part of a long name, or of one that was masked, finds at least as many. Raises `NotAvailable` for no name at all,
    which would ask for every event.
    """
    longest = max(re.split(rf"[…\ufffd]|{re.escape(MASK)}", name), key=len).strip()[:_SEARCHED]
    if not longest:
        raise NotAvailable("Events are looked for by a name, and there is none.")
    limited = not older_than(checked_run_id(run_id), EVENTS_LIMIT_SINCE)
    pairs = (("q", longest), ("limit", str(most + 1) if limited else None))
    return Request(path=f"/api/v0/runs/{run_id}/events", query=_given(pairs), accept=NDJSON)


def launch_request(request: LaunchRequest) -> Request:
    """Start a test run. Raises `Rejected`, `UserError`."""
    path = f"/api/v1/launch/{checked_launcher(request.launcher)}"
    return _launch(path, launching.parameters(request))


def debug_request(request: DebugRequest) -> Request:
    """Open a debugging session. Raises `Rejected`."""
    return _launch("/api/v1/launch/debugging", debug_parameters(request))


def cancel_request(run_id: str) -> Request:
    """Stop a run."""
    return Request(path=f"/api/v0/runs/{checked_run_id(run_id)}/cancel", method="POST")


def _launch(path: str, pairs: Iterable[tuple[str, str]]) -> Request:
    body = msgspec.json.encode({"params": dict(pairs)})
    return Request(path=path, method="POST", body=body)


def _given(pairs: Iterable[tuple[str, str | None]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in pairs if value)


def _time(time: datetime | None) -> str | None:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z") if time else None


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads answers of one connection. Every method raises the `ServiceError` that a bad answer stands for."""

    connection: str
    origin: str  # where people open pages
    served_by: str = ""  # where answers come from, if that is another address

    def version(self, answer: Answer) -> str:
        """Return the release, "" where the answer does not say."""
        body = read_struct(_body(answer), _Version)
        if body is None:
            raise _not_json(answer)
        return body.release_version or ""

    def run(self, answer: Answer) -> Run:
        """Return one run."""
        body = read_struct(_body(answer, what="run"), RunBody)
        run = self._run(body) if body else None
        if run is None:
            raise _not_json(answer)
        return run

    def _run(self, body: RunBody) -> Run | None:
        return run_of(body, connection=self.connection, origin=self.origin, served_by=self.served_by)

    def runs(self, answer: Answer) -> Listed[Run]:
        """Return a page of runs."""
        page = read_page(_body(answer))
        found = (self._run(body) for body in read_items(page, RunBody))
        return _listed(page, tuple(run for run in found if run))

    def unread_run(self, error: Oversized) -> Listed[Run]:
        """Return a page of one run that is too large: its id, and where the next page begins. Raises `ListCut`."""
        found = _FIRST_ID.search(error.head)
        name = found[1].decode() if found else ""
        if not is_run_id(name):
            raise ListCut(
                "An entry of the platform's list is too large to be read, and does not say what it is."
            )
        run = Run(
            ref=RunRef(self.connection, name),
            status=RunStatus.UNKNOWN,
            status_text="too large to be read",
            launcher="",
            unread=True,
        )
        return _behind(error, (run,))

    def unread_property(self, error: Oversized) -> Listed[Check]:
        """Return a page of one property that is too large, which is lost. Raises `ListCut`."""
        return _behind(error, ())

    def properties(self, answer: Answer) -> Listed[Check]:
        """Return a page of properties."""
        page = read_page(_body(answer, what="run"))
        return _listed(page, tuple(property_of(body) for body in read_items(page, PropertyBody)))


T = TypeVar("T")


def _listed(page: Page, items: tuple[T, ...]) -> Listed[T]:
    cursor = read_any(page.next_cursor)
    more = cursor is not None and cursor != ""
    return Listed(items, usable_cursor(cursor), more, len(page.data) - len(items))


def _behind(error: Oversized, items: tuple[T, ...]) -> Listed[T]:
    """Return the page of one entry that is too large; where the next begins stands at the end of the answer."""
    start = error.tail.rfind(b'"next_cursor"')
    last = read_struct(b"{" + error.tail[start:], _Last) if start >= 0 else None
    if last is None:
        raise ListCut(
            "An entry of the platform's list is too large to be read, and hides what comes after it."
        )
    cursor = last.next_cursor
    return Listed(items, usable_cursor(cursor), cursor is not None and cursor != "", 1 - len(items))


_FIRST_ID = re.compile(rb'"run_id"\s{0,8}:\s{0,8}"([0-9A-Za-z_-]{1,128})"')


class _Last(msgspec.Struct):
    next_cursor: str | None = None


class _Launched(msgspec.Struct):
    runId: str | None = None  # noqa: N815 - the platform's name
    run_id: str | None = None


def launched_id(body: bytes) -> str | None:
    """Return the id of the run that a launch started, None where the answer does not name one."""
    said = read_struct(body, _Launched) or _Launched()
    return next((text for text in (said.runId, said.run_id) if text and is_run_id(text)), None)


class _Version(msgspec.Struct):
    release_version: str | None = None


def _body(answer: Answer, *, what: str = "page") -> bytes:
    if not answer.good:
        raise error_of(answer, what=what)
    return answer.body


def _not_json(answer: Answer) -> UnexpectedAnswer:
    return UnexpectedAnswer(
        "The address answered with something that is not the API's. Check the base URL and any proxy.",
        detail=detail_of(answer),
    )


def absence(run: Run, now: datetime, *, empty: bool = False) -> Availability:
    """Say why a run has no readable properties; `empty`: there was a list, with nothing in it."""
    if run.status in {RunStatus.INCOMPLETE, RunStatus.CANCELLED}:
        return Availability.ABSENT
    if not run.status.terminal:
        return Availability.NOT_YET
    if older_than(run.ref.run_id, PROPERTIES_SINCE):
        return Availability.AGED_OUT
    ended = run.completed_at or run.created_at
    if ended is not None and now - ended < _LAG:
        return Availability.NOT_YET
    return Availability.ABSENT if empty else Availability.AGED_OUT
