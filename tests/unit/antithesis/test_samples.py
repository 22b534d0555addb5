"""Every example body that the vendor publishes decodes into what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.platforms.antithesis.ids import is_run_id
from adapters.platforms.antithesis.intake import error_in
from adapters.platforms.antithesis.protocol import Reader, launched_id
from adapters.platforms.antithesis.window import build_line, log_line
from adapters.platforms.http.answers import error_of, outcome_of
from adapters.platforms.http.wire import Answer
from bot.errors import ServiceError
from bot.model import CheckStatus, LineKind, RunStatus, Started

SAMPLES = Path(__file__).parents[2] / "samples" / "antithesis"
READER = Reader("prod", "https://antithesis-dev.antithesis.com")


def _load(name: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads((SAMPLES / name).read_text())
    return loaded


ALL = [*_load("openapi-examples.json"), *_load("reference-page.json")]


def _answers(*endpoints: str) -> list[Answer]:
    """Return the answers of endpoints, as bytes on the wire."""
    return [
        Answer(status=sample.get("status") or 200, body=json.dumps(sample["body"]).encode())
        for sample in ALL
        if sample["of"] in endpoints and sample.get("status") != 0
    ]


@pytest.mark.parametrize("answer", _answers("GET /api/v0/runs"))
def test_runs__examples(answer: Answer) -> None:
    """Pages of runs lose no run, keep their cursor and know their report links."""
    page = READER.runs(answer)
    runs = page.items

    assert len(json.loads(answer.body)["data"]) == len(runs)
    assert json.loads(answer.body).get("next_cursor") == page.after
    assert page.more is (page.after is not None)
    assert {RunStatus.COMPLETED} == {run.status for run in runs}
    assert all(run.report_url and run.created_at and run.launcher and run.release for run in runs)


@pytest.mark.parametrize("answer", _answers("GET /api/v0/runs/{run_id}"))
def test_run__examples(answer: Answer) -> None:
    """One run keeps its times, its creator and what may be shown of its parameters."""
    run = READER.run(answer)

    assert datetime(2026, 5, 14, 3, 29, 4, tzinfo=UTC) == run.completed_at
    assert run.creator == "antithesis_pdev"
    assert run.requested_minutes == 15
    assert run.description == "Nightly: Basic K8s test (etcd)"
    assert "antithesis.report.recipients" not in run.parameters


@pytest.mark.parametrize("answer", _answers("GET /api/v0/runs/{run_id}/properties"))
def test_properties__examples(answer: Answer) -> None:
    """An event property has a moment, the other one a value."""
    page = READER.properties(answer)
    properties = page.items
    event, value = properties

    assert (page.after, page.more, page.lost) == (None, False, 0)
    assert {CheckStatus.PASSING} == {p.status for p in properties}
    assert event.examples[0].moment is not None
    assert (value.examples[0].text, value.examples[0].moment) == ("318446", None)


@pytest.mark.parametrize(
    "answer",
    _answers("GET /api/v0/runs/{run_id}/logs", "GET /api/v0/runs/{run_id}/events"),
)
def test_log_lines__examples(answer: Answer) -> None:
    """A log line has its text, its virtual time and its source."""
    line = log_line(answer.body)
    body = json.loads(answer.body)

    assert LineKind.OUTPUT is line.kind
    assert str(body["moment"]["vtime"]) == line.vtime
    assert body["output_text"].strip() == line.text
    assert line.source in {"etcd0", "etcd1", "client", "setup"}


@pytest.mark.parametrize("answer", _answers("GET /api/v0/runs/{run_id}/build_logs"))
def test_build_lines__examples(answer: Answer) -> None:
    """A line of a build log has a wall clock and may be empty."""
    line = build_line(answer.body)

    assert line.at is not None
    assert json.loads(answer.body)["text"] == line.text


@pytest.mark.parametrize(
    "answer", _answers("POST /api/v1/launch/{launcher_name}", "POST /api/v1/launch/debugging")
)
def test_launches__examples(answer: Answer) -> None:
    """Both launches answer with the id of a run."""
    outcome = outcome_of(answer, target="launcher", check="", id_in=launched_id)

    assert isinstance(outcome, Started)
    assert outcome.run_id is not None
    assert is_run_id(outcome.run_id)


def test_version__example() -> None:
    """The release is what gates are compared with."""
    assert [READER.version(answer) for answer in _answers("GET /api/version")] == ["56.0"]


ERRORS = [sample for sample in ALL if sample.get("status", 0) >= 400]


@pytest.mark.parametrize("sample", ERRORS, ids=lambda sample: sample["of"])
def test_errors__examples(sample: dict[str, Any]) -> None:
    """Each documented error becomes its type, with the platform's message where it has one."""
    error = error_of(Answer(status=sample["status"], body=json.dumps(sample["body"]).encode()))

    assert isinstance(error, ServiceError)
    assert str(sample["status"]) in error.problem
    assert sample["body"].get("message", "") == error.detail


def _events() -> list[Any]:
    """Return example lines of the endpoints that are not asked here, but whose lines come in logs too."""
    return [
        sample["body"] for sample in ALL if "ndjson" in sample.get("type", "") and sample["status"] == 200
    ]


@pytest.mark.parametrize("render", [log_line, build_line])
@pytest.mark.parametrize("body", _events(), ids=lambda body: next(iter(body)))
def test_lines__every_ndjson_example_is_readable(render: Callable[[bytes], object], body: Any) -> None:
    """No published line is taken for an error or cannot be shown."""
    raw = json.dumps(body).encode()

    assert error_in(raw) is None
    assert render(raw) is not None


def test_samples__are_all_there() -> None:
    """Nothing published was lost on the way into this folder."""
    assert (len(_load("openapi-examples.json")), len(_load("reference-page.json"))) == (39, 20)
