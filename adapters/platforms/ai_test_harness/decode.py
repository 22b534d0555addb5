"""Bodies of the API into the core's values. What is unknown, missing, null or of a wrong type degrades alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from adapters.platforms.http.ids import is_opaque
from adapters.platforms.http.lenient import NULL, exact, read, read_struct, readable, time_of
from adapters.platforms.http.text import shown, shown_name
from bot.model import Counts, Run, RunRef, RunStatus
from bot.replies.wording import number_of
from bot.terms import Noun, Terms
from bot.triage import Agent, AgentResult, Cluster, LauncherRow, Readiness

NAME = 500  # characters of a name, so that a hostile one stays a name
WORD = 60
MOST_METRICS = 40

TERMS = Terms(
    platform="AI Test Harness",
    run=Noun("execution", "executions"),
    check=Noun("test", "tests"),
    launcher=Noun("test plan", "test plans"),
    source=Noun("environment", "environments"),
    run_id="exec_xyz789",
)

_STATUSES = {
    **dict.fromkeys(("pending", "queued", "starting"), RunStatus.STARTING),
    "running": RunStatus.IN_PROGRESS,
    "completed": RunStatus.COMPLETED,
    **dict.fromkeys(("failed", "error", "errored", "timeout", "timed_out"), RunStatus.INCOMPLETE),
    **dict.fromkeys(("cancelled", "canceled", "aborted", "stopped"), RunStatus.CANCELLED),
}
"""Only `running` and `completed` are documented; the others plainly mean what they say. All else is unknown."""


class _Progress(msgspec.Struct):
    completed: int | None = None
    running: int | None = None
    pending: int | None = None


class _Counted(msgspec.Struct):
    passed: int | None = None
    failed: int | None = None
    skipped: int | None = None


class ExecutionBody(msgspec.Struct, rename="camel"):
    """An execution as served: going on, or ended."""

    id: msgspec.Raw = NULL
    status: str | None = None
    started_at: str | None = None
    test_plan_id: msgspec.Raw = NULL
    environment: str | None = None
    progress: msgspec.Raw = NULL
    duration: msgspec.Raw = NULL
    results: msgspec.Raw = NULL
    failures: msgspec.Raw = NULL


class PlanBody(msgspec.Struct, rename="camel"):
    """A plan as served, in the list and alone."""

    id: msgspec.Raw = NULL
    name: str | None = None
    status: str | None = None
    coverage: msgspec.Raw = NULL
    pass_rate: msgspec.Raw = NULL
    total_tests: int | None = None
    failed: int | None = None
    tests: msgspec.Raw = NULL


class PageBody(msgspec.Struct, rename="camel"):
    """A page of plans; its rows are decoded one by one."""

    plans: list[msgspec.Raw]
    total: int | None = None
    page: int | None = None


class _TestBody(msgspec.Struct):
    id: msgspec.Raw = NULL
    name: str | None = None


class _AgentBody(msgspec.Struct):
    id: msgspec.Raw = NULL
    name: str | None = None
    status: str | None = None


class _ReadinessBody(msgspec.Struct):
    version: str | None = None
    score: msgspec.Raw = NULL
    confidence: msgspec.Raw = NULL
    metrics: msgspec.Raw = NULL
    recommendation: str | None = None


class _ClusterBody(msgspec.Struct, rename="camel"):
    category: str | None = None
    count: int | None = None
    root_cause: str | None = None
    affected_tests: msgspec.Raw = NULL


class Started(msgspec.Struct, rename="camel"):
    """What an agent was started as."""

    execution_id: msgspec.Raw = NULL


def id_of(raw: msgspec.Raw) -> str | None:
    """Return an id that may stand in a path, from a text or a number; None where it is none."""
    text = exact(raw)
    return text if is_opaque(text) else None


def run_of(body: ExecutionBody, ref: RunRef) -> Run:
    """Return an execution, its plan by the id alone."""
    word = (body.status or "").strip()
    status = _STATUSES.get(word.casefold(), RunStatus.UNKNOWN)
    return Run(
        ref=ref,
        status=status,
        status_text=shown(word, WORD) or "unknown",
        launcher="",
        launcher_key=id_of(body.test_plan_id),
        started_at=time_of(body.started_at),
        duration="" if not status.terminal else exact(body.duration)[:WORD],
        done=None if status.terminal else _done(body.progress),
        source=shown(body.environment, NAME) or None if body.environment else None,
    )


def counts_of(body: ExecutionBody) -> tuple[Counts | None, bool]:
    """Return how many tests of an execution there are of each kind, None where that is not said; and whether all are said."""
    said = read_struct(body.results, _Counted)
    if said is None or (said.failed is None and said.passed is None):
        return None, False
    numbers = (said.failed or 0, said.passed or 0, said.skipped or 0)
    if min(numbers) < 0:
        return None, False
    failing, passing, skipped = numbers
    whole = said.failed is not None and said.passed is not None
    return Counts(failing=failing, passing=passing, skipped=skipped), whole


def row_of(body: PlanBody) -> LauncherRow | None:
    """Return a plan, None where it has no id that could be asked for."""
    key = id_of(body.id)
    if key is None:
        return None
    total, failed = body.total_tests, body.failed
    of = f"{failed:,} of {number_of(total, TERMS.check)}" if failed is not None and total else ""
    facts = (
        ("status", shown(body.status or "", WORD)),
        ("pass rate", _percent(body.pass_rate)),
        ("coverage", _percent(body.coverage)),
        ("failing", of),
    )
    return LauncherRow(
        key=key,
        name=shown(body.name or "", NAME) or key,
        facts=tuple((label, value) for label, value in facts if value),
    )


def _percent(raw: msgspec.Raw) -> str:
    """Return a percentage as it is read, in 0 to 100: "87 %", "" for none."""
    served = exact(raw)[:WORD]
    return f"{served} %" if served[-1:].isdigit() else served


def plans_of(raw: Iterable[msgspec.Raw]) -> tuple[PlanBody, ...]:
    """Return the plans of a page that are plans."""
    found = (read_struct(row, PlanBody) for row in raw)
    return tuple(body for body in found if body is not None)


def tests_of(body: PlanBody) -> Mapping[str, str]:
    """Return the names of a plan's tests by their ids."""
    found = (read_struct(raw, _TestBody) for raw in read(body.tests, list[msgspec.Raw]) or ())
    named = ((exact(test.id), shown_name(test.name or "", NAME)) for test in found if test is not None)
    return {key: name for key, name in named if key and name}


def agents_of(body: bytes) -> tuple[Agent, ...] | None:
    """Return the agents; None where that is no list of them. Raises `UnexpectedAnswer` for one that is unreadable."""
    fields = read(body, dict[str, msgspec.Raw]) or {}
    rows = read(fields.get("agents", NULL), list[msgspec.Raw])
    if rows is None:
        return None
    found = [(key, agent) for agent in (read_struct(r, _AgentBody) for r in rows) if agent
             for key in (id_of(agent.id),) if key]  # fmt: skip
    return tuple(
        Agent(id=key, name=shown(agent.name or "", NAME) or key, status=shown(agent.status or "", WORD))
        for key, agent in readable(found, rows, "agents")
    )


def agent_result_of(body: bytes) -> AgentResult | None:
    """Return what is said of an agent's task, whatever its shape; None where that is no object."""
    fields = read(body, dict[str, msgspec.Raw])
    if fields is None:
        return None
    status = read(fields.pop("status", NULL), str) or ""
    fields.pop("id", None)
    values = ((label_of(name), _told(raw)) for name, raw in [*fields.items()][:MOST_METRICS])
    return AgentResult(
        status=shown(status, WORD), values=tuple((label, told) for label, told in values if told)
    )


def _told(raw: msgspec.Raw) -> str:
    """Return any value on one line: a text or number as served, anything else as its JSON."""
    return _word(raw) or (
        ""
        if bytes(raw) in {b"null", b"{}", b"[]", b'""'}
        else shown(bytes(raw).decode("utf-8", "replace"), NAME)
    )


def readiness_of(body: bytes, version: str) -> Readiness | None:
    """Return the rating of a release, its numbers as served; None where it says neither a score nor anything else."""
    said = read_struct(body, _ReadinessBody)
    if said is None:
        return None
    metrics = list((read(said.metrics, dict[str, msgspec.Raw]) or {}).items())[:MOST_METRICS]
    found = Readiness(
        version=shown(said.version or "", NAME) or version,
        score=_word(said.score),
        confidence=_word(said.confidence),
        metrics=tuple((label_of(name), value) for name, raw in metrics if (value := _word(raw))),
        recommendation=shown(said.recommendation or ""),
    )
    return found if found.score or found.metrics or found.recommendation else None


def clusters_of(body: bytes) -> tuple[Cluster, ...] | None:
    """Return groups of failures; None where that is no list of them."""
    fields = read(body, dict[str, msgspec.Raw]) or {}
    rows = read(fields.get("clusters", NULL), list[msgspec.Raw])
    if rows is None:
        return None
    found = (read_struct(raw, _ClusterBody) or _ClusterBody() for raw in rows)
    return tuple(
        Cluster(
            category=shown(said.category or "", NAME),
            count=said.count if said.count is not None and said.count >= 0 else None,
            cause=shown(said.root_cause or "", NAME),
            checks=tuple(_names(said.affected_tests)),
        )
        for said in found
    )


def label_of(name: str) -> str:
    """Return a key of the API as a label: "flakyTests" is "Flaky tests"."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_-]+", " ", shown(name, WORD)).lower()
    return words[:1].upper() + words[1:]


def _names(raw: msgspec.Raw) -> Iterable[str]:
    """Yield names of tests, which come as texts or objects."""
    for item in read(raw, list[msgspec.Raw]) or ():
        text = _word(item) or first_of(read(item, dict[str, msgspec.Raw]) or {}, TEST_NAMES)
        if text:
            yield text


TEST_NAMES = ("name", "testName", "title", "testId", "id")


def first_of(fields: Mapping[str, msgspec.Raw], names: Iterable[str], limit: int = NAME) -> str:
    """Return the first of these fields that is a text or number with something in it, "" where none is."""
    found = (shown_name(exact(fields[name]), limit) for name in names if name in fields)
    return next(filter(None, found), "")


def _word(raw: msgspec.Raw) -> str:
    """Return a text or a number as served, on one line."""
    return shown_name(exact(raw), NAME)


def _done(raw: msgspec.Raw) -> tuple[int, int] | None:
    said = read_struct(raw, _Progress)
    if said is None or said.completed is None:
        return None
    numbers = (said.completed, said.running or 0, said.pending or 0)
    everything = sum(numbers)
    return (said.completed, everything) if min(numbers) >= 0 and everything else None
