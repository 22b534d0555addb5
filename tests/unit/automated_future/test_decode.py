"""What is read of answers, whatever they look like."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from adapters.platforms.automated_future import decode
from bot.errors import UnexpectedAnswer
from bot.model import CheckStatus, RunStatus


def _result(**fields: object) -> decode.ReadResult:
    body = {"test_result_id": "res_1", "status": "Failed", "test_name": "t1", **fields}
    return decode.result_of(json.dumps({"test_result": body}).encode())


@pytest.mark.parametrize(
    ("word", "status", "excused", "run"),
    [
        ("Passed", CheckStatus.PASSING, None, RunStatus.COMPLETED),
        ("FAILED", CheckStatus.FAILING, None, RunStatus.COMPLETED),
        ("knownfail", CheckStatus.FAILING, "known failure", RunStatus.COMPLETED),
        ("known_fail", CheckStatus.FAILING, "known failure", RunStatus.COMPLETED),
        ("Skipped", CheckStatus.SKIPPED, None, RunStatus.COMPLETED),
        ("Pending", CheckStatus.UNKNOWN, None, RunStatus.STARTING),
        ("running", CheckStatus.UNKNOWN, None, RunStatus.IN_PROGRESS),
        ("Quarantined", CheckStatus.UNKNOWN, None, RunStatus.UNKNOWN),
    ],
)
def test_result__words(word: str, status: CheckStatus, excused: str | None, run: RunStatus) -> None:
    """A known failure does not count; an unknown word is never an end, and never good news."""
    found = _result(status=word)

    assert (found.check.status, found.check.excused, found.run_status) == (status, excused, run)
    assert found.word == word


def test_result__fields_that_do_not_fit_are_left_out() -> None:
    """One field of a wrong type costs nothing but itself."""
    found = _result(execution_time_ms="soon", error_message=7, test_run_id=12, started_at="yesterday")

    assert (found.check.took, found.check.first, found.run_id, found.started_at) == (None, None, "12", None)
    assert _result(execution_time_ms=-1).check.took is None
    assert _result(execution_time_ms=1250.5).check.took == timedelta(milliseconds=1250.5)


def test_result__without_a_name() -> None:
    """What has no name is called by its id."""
    assert _result(test_name=None).check.name == "res_1"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"test_result": null}', b"<html>"])
def test_answers__that_are_something_else(body: bytes) -> None:
    """Each answer that is not what was asked for is an error with a sentence."""
    for read in (
        decode.result_of,
        decode.projects_of,
        decode.artifacts_of,
        decode.announced,
        decode.address_of,
    ):
        with pytest.raises(UnexpectedAnswer):
            read(body)
    assert decode.opened_id(body) is None
    assert decode.written_id(body) is None


@pytest.mark.parametrize(
    ("name", "read"), [("projects", decode.projects_of), ("artifacts", decode.artifacts_of)]
)
def test_lists__without_a_readable_entry_are_not_empty(name: str, read: Callable[[bytes], object]) -> None:
    """Nobody is told that there is nothing; an empty list is one."""
    read(json.dumps({name: []}).encode())
    with pytest.raises(UnexpectedAnswer, match="no entry can be read"):
        read(json.dumps({name: [7, None]}).encode())


def test_artifacts__newest_first() -> None:
    """The newest file comes first, one without a time last; one bad item hides no other."""
    items = [
        {"artifact_id": "a", "label": "old", "kind": "Log", "created_at": "2026-05-14T03:00:00Z"},
        {"artifact_id": "b", "label": "new", "kind": "log", "created_at": "2026-05-14T04:00:00Z"},
        {"artifact_id": "c", "label": "timeless", "kind": "Image"},
        {"label": "bad"},
    ]

    found = decode.artifacts_of(json.dumps({"artifacts": items}).encode())

    assert [(item.file_id, item.is_log) for item in found] == [("b", True), ("a", True), ("c", False)]
    assert found[0].created_at == datetime(2026, 5, 14, 4, tzinfo=UTC)
