"""What is read, forgiving field by field; words are compared without regard to case, and unknown ones are kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from adapters.platforms.http.lenient import NULL, exact, read_struct, readable, time_of
from adapters.platforms.http.text import shown
from bot.errors import UnexpectedAnswer
from bot.model import Check, CheckStatus, Example, RunStatus, Secret
from bot.triage import LauncherRow

KNOWN_FAILURE = "known failure"
_CHECKS: Mapping[str, CheckStatus] = {
    "passed": CheckStatus.PASSING,
    "failed": CheckStatus.FAILING,
    "knownfail": CheckStatus.FAILING,
    "skipped": CheckStatus.SKIPPED,
}
_GOING = {"pending": RunStatus.STARTING, "running": RunStatus.IN_PROGRESS}
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
NAME, _WORD, _MESSAGE = 1_000, 60, 1_100


class _Project(msgspec.Struct):
    project_id: msgspec.Raw
    name: str = ""
    status: str | None = None
    description: str | None = None


class _Projects(msgspec.Struct):
    projects: list[msgspec.Raw]
    page_token: str | None = None


class _Result(msgspec.Struct):
    test_result_id: msgspec.Raw
    status: str
    test_run_id: msgspec.Raw = NULL
    test_name: str | None = None
    error_message: str | None = None
    finished_at: str | None = None
    started_at: str | None = None
    execution_time_ms: float | None = None
    test_run_label: str | None = None
    project_id: msgspec.Raw = NULL


class _OneResult(msgspec.Struct):
    test_result: msgspec.Raw


class _Artifact(msgspec.Struct):
    artifact_id: msgspec.Raw
    label: str
    kind: str
    size_bytes: int | None = None
    created_at: str | None = None
    expires_at: str | None = None


class _Artifacts(msgspec.Struct):
    artifacts: list[msgspec.Raw]


class _Opened(msgspec.Struct):
    test_run_id: msgspec.Raw


class _Written(msgspec.Struct):
    test_result_id: msgspec.Raw


class _Announced(msgspec.Struct):
    artifact_id: msgspec.Raw
    upload_url: str


class _Address(msgspec.Struct):
    download_url: str


class _Version(msgspec.Struct):
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadResult:
    """One result as it is now. `run_status`: how a run of this result alone stands."""

    result_id: str
    word: str
    check: Check
    run_status: RunStatus
    run_id: str | None
    run_label: str
    project: str
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def ended(self) -> bool:
        """Whether its status is an end."""
        return self.run_status.terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file of a result."""

    file_id: str
    label: str
    kind: str
    size: int | None
    created_at: datetime | None
    expires_at: datetime | None

    @property
    def is_log(self) -> bool:
        """Whether it is a log."""
        return self.kind.casefold() == "log"


def version_of(body: bytes) -> str:
    """Return the release, "" where it is not said."""
    found = read_struct(body, _Version)
    return shown(found.version, _WORD) if found and found.version else ""


def projects_of(body: bytes) -> tuple[list[LauncherRow], str | None]:
    """Return a page of projects, and what the next page goes by. Raises `UnexpectedAnswer`."""
    page = read_struct(body, _Projects)
    if page is None:
        raise UnexpectedAnswer("Automated Future answered with something that is no list of projects.")
    found = [project for raw in page.projects if (project := read_struct(raw, _Project))]
    return [*map(_row, readable(found, page.projects, "projects"))], page.page_token or None


def _row(project: _Project) -> LauncherRow:
    key = exact(project.project_id)
    return LauncherRow(
        key=key,
        name=shown(project.name, NAME) or key,
        enabled=(project.status or "").casefold() != "inactive",
        facts=(("Description", shown(project.description, NAME)),) if project.description else (),
    )


def result_of(body: bytes) -> ReadResult:
    """Return one result. Raises `UnexpectedAnswer`."""
    outer = read_struct(body, _OneResult)
    found = read_struct(outer.test_result, _Result) if outer else None
    if found is None:
        raise UnexpectedAnswer("Automated Future answered with something that is no result.")
    word = found.status.casefold().replace("_", "").replace(" ", "")
    status = _CHECKS.get(word, CheckStatus.UNKNOWN)
    text = shown(found.error_message, _MESSAGE) if found.error_message else ""
    return ReadResult(
        result_id=exact(found.test_result_id),
        word=shown(found.status, _WORD),
        check=Check(
            name=shown(found.test_name or "", NAME) or exact(found.test_result_id),
            status=status,
            excused=KNOWN_FAILURE if word == "knownfail" else None,
            ref=exact(found.test_result_id),
            took=_milliseconds(found.execution_time_ms),
            counterexamples=(Example(text=text),) if text and status is CheckStatus.FAILING else (),
        ),
        run_status=RunStatus.COMPLETED if word in _CHECKS else _GOING.get(word, RunStatus.UNKNOWN),
        run_id=exact(found.test_run_id) or None,
        run_label=shown(found.test_run_label or "", NAME),
        project=exact(found.project_id),
        started_at=time_of(found.started_at),
        finished_at=time_of(found.finished_at),
    )


def _milliseconds(value: float | None) -> timedelta | None:
    if value is None or not math.isfinite(value) or not 0 <= value <= 1e12:  # noqa: PLR2004 - 30 years
        return None
    return timedelta(milliseconds=value)


def artifacts_of(body: bytes) -> tuple[Artifact, ...]:
    """Return the files of a result, the newest first. Raises `UnexpectedAnswer`."""
    page = read_struct(body, _Artifacts)
    if page is None:
        raise UnexpectedAnswer("Automated Future answered with something that is no list of artifacts.")
    read = [item for raw in page.artifacts if (item := read_struct(raw, _Artifact))]
    found = [
        Artifact(
            file_id=exact(item.artifact_id),
            label=shown(item.label, NAME) or exact(item.artifact_id),
            kind=shown(item.kind, _WORD),
            size=item.size_bytes,
            created_at=time_of(item.created_at),
            expires_at=time_of(item.expires_at),
        )
        for item in readable(read, page.artifacts, "artifacts")
    ]
    return tuple(sorted(found, key=lambda item: item.created_at or _LONG_AGO, reverse=True))


def opened_id(body: bytes) -> str | None:
    """Return the id of a record that was opened, None where the answer does not say it."""
    found = read_struct(body, _Opened)
    return exact(found.test_run_id) or None if found else None


def written_id(body: bytes) -> str | None:
    """Return the id of a result that was written, None where the answer does not say it."""
    found = read_struct(body, _Written)
    return exact(found.test_result_id) or None if found else None


def announced(body: bytes) -> tuple[str, Secret]:
    """Return the id of a file, and where its bytes go. Raises `UnexpectedAnswer`."""
    found = read_struct(body, _Announced)
    if found is None:
        raise UnexpectedAnswer("Automated Future did not say where a file goes.")
    return exact(found.artifact_id), Secret(found.upload_url)


def address_of(body: bytes) -> Secret:
    """Return where the bytes of a file are. Raises `UnexpectedAnswer`."""
    found = read_struct(body, _Address)
    if found is None:
        raise UnexpectedAnswer("Automated Future did not say where a file is.")
    return Secret(found.download_url)
