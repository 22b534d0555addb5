"""What the platform answers, as the core's values: nothing is dropped, and nothing is green by accident."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from adapters.platforms.ai_test_harness.decode import (
    ExecutionBody,
    PlanBody,
    clusters_of,
    counts_of,
    label_of,
    readiness_of,
    row_of,
    run_of,
)
from adapters.platforms.ai_test_harness.failures import checks_of, failures_of, unnamed
from adapters.platforms.ai_test_harness.ids import is_execution
from adapters.platforms.http.lenient import read_struct
from bot.model import Check, Counts, RunRef, RunStatus

REF = RunRef("ath", "exec_def456")
TESTS = {"test_1": "Login with SSO", "test_2": "Pay: by card"}


def body(**fields: Any) -> ExecutionBody:
    found = read_struct(json.dumps({"id": "exec_def456", **fields}).encode(), ExecutionBody)
    assert found is not None
    return found


def failures(*items: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(items).encode())


def said(checks: tuple[Check, ...]) -> list[tuple[str, str]]:
    return [(check.name, check.first.text if check.first else "") for check in checks]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("running", RunStatus.IN_PROGRESS),
        ("Completed", RunStatus.COMPLETED),
        (" TIMED_OUT ", RunStatus.INCOMPLETE),
        ("errored", RunStatus.INCOMPLETE),
        ("canceled", RunStatus.CANCELLED),
        ("pending", RunStatus.STARTING),
        ("passed", RunStatus.UNKNOWN),
        ("success", RunStatus.UNKNOWN),
        ("", RunStatus.UNKNOWN),
    ],
)
def test_run__status_words(word: str, expected: RunStatus) -> None:
    """Words that plainly mean an end do; any other is kept, shown, and no end."""
    run = run_of(body(status=word), REF)

    assert run.status is expected
    assert run.status_text == (word.strip() or "unknown")


def test_run__going_on_and_ended() -> None:
    """Progress counts while it goes on, the duration when it is over, as the number that was served."""
    going = run_of(
        body(status="running", progress={"completed": 12, "running": 5, "pending": 28}, duration=3,
             startedAt="2026-05-14T10:00:00Z"), REF)  # fmt: skip
    ended = run_of(body(status="completed", progress={"completed": 45}, duration=342.50), REF)

    assert (going.done, going.duration, going.started_at is not None) == ((12, 45), "", True)
    assert (ended.done, ended.duration, ended.took) == (None, "342.5", None)


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ({"passed": 42, "failed": 3, "skipped": 1}, (Counts(failing=3, passing=42, skipped=1), True)),
        ({"passed": 42, "failed": 0}, (Counts(passing=42), True)),
        ({"passed": 42}, (Counts(passing=42), False)),
        ({"passed": 42, "failed": None}, (Counts(passing=42), False)),
        ({"passed": 42, "failed": "3"}, (Counts(passing=42), False)),
        ({"failed": 3}, (Counts(failing=3), False)),
        ({"failed": None, "passed": None}, (None, False)),
        ({"passed": -1, "failed": 0}, (None, False)),
        ([], (None, False)),
        (None, (None, False)),
    ],
)
def test_counts__say_where_not_all_are_known(results: Any, expected: tuple[Counts | None, bool]) -> None:
    """A count that is missing, null or of a wrong type never counts as nothing failing, and what is known is kept."""
    assert counts_of(body(status="completed", results=results)) == expected


@pytest.mark.parametrize(
    ("item", "expected", "sure"),
    [
        ({"name": "Login", "error": "401"}, ("Login", "401"), True),
        ({"testId": "t1", "testName": "Login", "message": "401"}, ("Login", "401"), True),
        ({"title": "Login", "reason": "401"}, ("Login", "401"), True),
        ({"test": {"id": "t1", "name": "Login"}, "error": {"message": "401"}}, ("Login", "401"), True),
        ({"testId": "test_1", "error": "401"}, ("Login with SSO", "401"), True),
        ({"testId": "test_9", "error": "401"}, ("test_9", "401"), True),
        ({"id": "test_1"}, ("Login with SSO", ""), True),
        ({"id": "fail_77", "error": "401"}, ("fail_77", "401"), False),
        ({"id": 7}, ("7", ""), False),
        ({"error": "401"}, ("failure 1", "401"), False),
        ({}, ("failure 1", ""), False),
        ("Login with SSO", ("Login with SSO", ""), True),
        ("test_1", ("Login with SSO", ""), True),
        ("Pay: by card: timeout", ("Pay: by card", "timeout"), True),
        ("something broke", ("something broke", ""), False),
        (None, ("failure 1", ""), False),
        (["x"], ("failure 1", ""), False),
        ({"name": None, "testId": "test_2"}, ("Pay: by card", ""), True),
    ],
)
def test_failures__of_any_shape(item: Any, expected: tuple[str, str], sure: bool) -> None:
    """Each is shown with the best name there is; only the name of a test is one in other executions too."""
    found, whole = failures_of(failures(item))
    checks, named = checks_of(found, TESTS)

    assert whole
    assert said(checks) == [expected]
    assert named is sure


def test_failures__none_is_dropped() -> None:
    """Two of one name are two, and one that is nothing at all counts."""
    found, _ = failures_of(failures({"name": "Login"}, {"name": "Login"}, {}, None, "x"))
    checks, named = checks_of(found, {})

    assert [check.name for check in checks] == ["Login", "Login", "failure 3", "failure 4", "x"]
    assert not named


@pytest.mark.parametrize("raw", [b'{"a": 1}', b'"text"', b"7"])
def test_failures__what_is_no_list_is_not_all(raw: bytes) -> None:
    """Nothing is known of them then."""
    assert failures_of(msgspec.Raw(raw)) == ((), False)


def test_failures__a_duration_counts_with_its_unit_alone() -> None:
    """Milliseconds say so; a number without a unit is not converted."""
    found, _ = failures_of(failures({"name": "a", "durationMs": 4200}, {"name": "b", "duration": 4.2}))
    checks, _ = checks_of(found, {})

    assert [check.took for check in checks] == [timedelta(seconds=4.2), None]


def test_failures__plan_is_asked_only_where_it_can_help() -> None:
    """A failure with a name needs none, and one with nothing finds none."""
    assert not unnamed(failures_of(failures({"name": "a"}, {}))[0])
    assert unnamed(failures_of(failures({"testId": "t"}))[0])
    assert unnamed(failures_of(failures("text"))[0])


def test_failures__secrets_in_errors_are_masked() -> None:
    """Whatever a test printed."""
    found, _ = failures_of(failures({"name": "a", "error": "sent ath_live_0123456789abcdef to x"}))

    assert "0123456789abcdef" not in found[0].error


@pytest.mark.parametrize(
    ("text", "owned"),
    [
        ("exec_def456", True),
        ("exec_x", True),
        ("7f3a9c1e2b", True),
        ("3f2b8c1a-77aa-4f0e-9b1d-0c9a8b7c6d5e", True),
        ("plan_abc123", False),
        ("agent_exec_1", False),
        ("run_xyz789", False),
        ("1024", False),
        ("65f0c0ffee65f0c0ffee65f0", False),
        ("9043254f65c9c65d63fe043a0abfc7fc-53-1", False),
        ("latest", False),
        ("basic_test1", False),
        ("exec_a/b", False),
        ("", False),
    ],
)
def test_ids(text: str, owned: bool) -> None:
    """No word of a person and no id of another platform goes out to this one."""
    assert is_execution(text) is owned


def test_readiness__numbers_as_served() -> None:
    """What nobody documents stays as it is, in the order served."""
    served = (
        b'{"version": "v2", "score": 87.50, "confidence": "high", "metrics": {"passRate": 94, "flakyTests": 2,'
        b' "criticalFailures": 0, "odd": null, "nested": {}}, "recommendation": "Ready"}'
    )
    found = readiness_of(served, "v2")

    assert found is not None
    assert (found.score, found.confidence, found.recommendation) == ("87.50", "high", "Ready")
    assert found.metrics == (("Pass rate", "94"), ("Flaky tests", "2"), ("Critical failures", "0"))
    assert readiness_of(b"{}", "v2") is None
    assert readiness_of(b"[]", "v2") is None


def test_clusters__tests_of_any_shape() -> None:
    """Names or objects; a cluster that says nothing is one all the same."""
    served = {
        "clusters": [
            {
                "category": "Auth",
                "count": 12,
                "rootCause": "JWT",
                "affectedTests": ["a", {"id": "t", "name": "b"}, 7, {}],
            },
            {"count": -1},
            "text",
        ]
    }
    found = clusters_of(json.dumps(served).encode())

    assert found is not None
    assert [(c.category, c.count, c.cause, c.checks) for c in found] == [
        ("Auth", 12, "JWT", ("a", "b", "7")), ("", None, "", ()), ("", None, "", ()),
    ]  # fmt: skip
    assert clusters_of(b'{"clusters": null}') is None


def test_label() -> None:
    """A key reads as a label."""
    assert [label_of(name) for name in ("criticalFailures", "pass_rate", "")] == [
        "Critical failures",
        "Pass rate",
        "",
    ]


@pytest.mark.parametrize(
    ("served", "shown"), [("94", "94 %"), ("87.50", "87.50 %"), ('"n/a"', "n/a"), ("null", None)]
)
def test_row__percentages_are_read_as_such(served: str, shown: str | None) -> None:
    """The number is the one that was served; what is no number stays as it is."""
    plan = read_struct(b'{"id": "plan_1", "name": "Release", "passRate": %s}' % served.encode(), PlanBody)
    assert plan is not None
    row = row_of(plan)

    assert row is not None
    assert dict(row.facts).get("pass rate") == shown
