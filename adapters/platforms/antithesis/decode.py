"""Bodies of the API into the core's values. What is unknown, missing, null or of a wrong type degrades alone."""

from __future__ import annotations

import math

import msgspec

from adapters.platforms.antithesis import parameters as names
from adapters.platforms.antithesis.ids import is_hash, is_run_id, is_vtime, release_of
from adapters.platforms.antithesis.links import checked_report, host_of, page_url
from adapters.platforms.antithesis.vcs import code_of
from adapters.platforms.http.lenient import NULL, exact, read, read_any, read_struct, time_of
from adapters.platforms.http.text import clean, shown
from bot.model import Moment, Run, RunRef, RunStatus
from bot.redact import scrub

_STATUSES = {
    "starting": RunStatus.STARTING,
    "in_progress": RunStatus.IN_PROGRESS,
    "completed": RunStatus.COMPLETED,
    "cancelled": RunStatus.CANCELLED,
    "incomplete": RunStatus.INCOMPLETE,
}
_REASON = 300  # characters
_NAME = 500  # characters of a name, so that a hostile one stays a name


class _Creator(msgspec.Struct):
    name: str | None = None


class _Links(msgspec.Struct):
    triage_report: str | None = None


class MomentBody(msgspec.Struct):
    """A moment as served: both parts are text or a number, and the exact characters matter."""

    input_hash: msgspec.Raw = NULL
    vtime: msgspec.Raw = NULL


class RunBody(msgspec.Struct):
    """A run as served, in the list and alone."""

    run_id: str
    status: str | None = None
    created_at: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    launcher: str | None = None
    creator: msgspec.Raw = NULL
    description: str | None = None
    parameters: msgspec.Raw = NULL
    links: msgspec.Raw = NULL
    session_id: str | None = None
    failure_moment: msgspec.Raw = NULL
    failure_reason: msgspec.Raw = NULL


def run_of(body: RunBody, *, connection: str, origin: str, served_by: str = "") -> Run | None:
    """Return a run, None where its id could not be asked for again.

    `origin`: where people open its pages; `served_by`: where it was read, if that is another address.
    """
    if not is_run_id(body.run_id):
        return None
    served, lost = _texts(body.parameters)
    told = names.shown_parameters(served)
    creator = read_struct(body.creator, _Creator) or _Creator()
    links = read_struct(body.links, _Links) or _Links()
    moment = moment_of(body.failure_moment)
    report = checked_report(links.triage_report, origin, served_by)
    code = code_of(served)
    return Run(
        ref=RunRef(connection, body.run_id),
        status=_STATUSES.get(body.status or "", RunStatus.UNKNOWN),
        status_text=shown(body.status or "", 60) or "unknown",
        launcher=shown(body.launcher or "", _NAME),
        created_at=time_of(body.created_at),
        started_at=time_of(body.started_at),
        completed_at=time_of(body.completed_at),
        creator=_name(creator.name),
        description=_text(body.description or served.get("antithesis.description")),
        source=_name(served.get("antithesis.source")),
        commit=code.commit or None if code else None,
        code=code,
        test_name=_name(served.get("antithesis.test_name")),
        ephemeral=served.get("antithesis.is_ephemeral", "").lower() in {"true", "on"},
        requested_minutes=_minutes(served.get("antithesis.duration")),
        parameters=told,
        withheld=names.withheld(served, told, lost),
        session_id=body.session_id if body.session_id and is_run_id(body.session_id) else None,
        failure_moment=None if moment is None or moment.placeholder else moment,
        failure_unpinned=moment is not None and moment.placeholder,
        failure_reason=_reason(body.failure_reason),
        report_url=report,
        report_elsewhere=None if report else host_of(links.triage_report),
        page_url=page_url(origin, body.run_id),
        release=release_of(body.run_id),
    )


def moment_of(raw: msgspec.Raw | bytes) -> Moment | None:
    """Return a moment as exact text, None where one of its parts is missing or impossible."""
    body = read_struct(raw, MomentBody)
    if body is None:
        return None
    input_hash, vtime = exact(body.input_hash), exact(body.vtime)
    return Moment(input_hash, vtime) if is_hash(input_hash) and is_vtime(vtime) else None


def _texts(raw: msgspec.Raw) -> tuple[dict[str, str], list[str]]:
    """Return a run's parameters, and the names of those that are no text; numbers and booleans count as what they print as."""
    served: dict[str, str] = {}
    lost: list[str] = []
    for name, value in (read(raw, dict[str, msgspec.Raw]) or {}).items():
        plain = read_any(value)
        if isinstance(plain, bool):
            served[name] = str(plain).lower()
        elif isinstance(plain, str | int | float):
            served[name] = plain if isinstance(plain, str) else exact(value)
        elif plain is not None:
            lost.append(name)
    return served, lost


def _minutes(text: str | None) -> float | None:
    try:
        minutes = float(text or "")
    except ValueError:
        return None
    return minutes if math.isfinite(minutes) and minutes >= 0 else None


def _reason(raw: msgspec.Raw) -> str | None:
    """Return why a run did not get through: newer releases say so, in a text whose form no document tells."""
    return shown(_text(read(raw, str)) or "", _REASON) or None


def _name(text: str | None) -> str | None:
    return shown(text, _NAME) or None if text else None


def _text(text: str | None) -> str | None:
    """Return a text of people, in which they may have pasted a link or key that opens something."""
    return scrub(clean(text)).text.strip() or None if text else None
