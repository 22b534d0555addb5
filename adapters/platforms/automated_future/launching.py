"""A launch opens a record to report into, and runs nothing: what it takes, costs, and how to go on from there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from adapters.platforms.automated_future import protocol
from bot import grammar
from bot.cards import Field, FieldKind, Line
from bot.model import NOTHING, LaunchRequest, Run
from bot.replies import launching as replies

LABEL = Field(name="label", label="Label", kind=FieldKind.TEXT, hint="what the test run is called",
              summary="What the test run is called; without it, nothing", example='label="Nightly tests"')  # fmt: skip
KEY = "clew_request"
_KNOWN = (LABEL.name,)


def form(_launcher: str, given: Mapping[str, str] = NOTHING) -> tuple[Field, ...]:
    """Return the one field. Raises `UserError` for any other name."""
    for name in given:
        if name not in _KNOWN:
            raise replies.unknown_parameter(name, _KNOWN, ())
    return (replace(LABEL, value=given.get(LABEL.name, "")),)


def parameters(request: LaunchRequest) -> tuple[tuple[str, str], ...]:
    """Return what is sent. Raises `UserError` naming the value that is wrong."""
    given = request.values.get(LABEL.name, "").strip()
    label = (
        grammar.plain_text(grammar.harmless(given, LABEL.name), LABEL.name, protocol.LONGEST_NAME)
        if given
        else ""
    )
    return (*((("label", label),) if label else ()), (KEY, request.key))


def tested(request: LaunchRequest) -> Mapping[str, str]:
    """Return what makes two launches the same."""
    return {
        "launcher": request.launcher_key or request.launcher,
        LABEL.name: request.values.get(LABEL.name, ""),
    }


def group(_request: LaunchRequest) -> None:
    """Say nothing: a record is what is written into it."""


def given(_run: Run) -> Mapping[str, str]:
    """Return nothing: a label is of one record."""
    return NOTHING


def cost(_request: LaunchRequest) -> str:
    """Say what it costs."""
    return "two requests"


def minutes(_request: LaunchRequest) -> None:
    """Tell nothing: a record runs nothing."""


def notes(_request: LaunchRequest) -> tuple[Line, ...]:
    """Say what people who know other platforms would not expect."""
    return (("This creates a record to report results into. It runs nothing.",),)


def lines(address: str, project: str, run_id: str) -> tuple[str, ...]:
    """Return three lines for a shell that report into a record; the key is the reader's own, by the name of its variable."""
    head = 'curl -H "Authorization: $AUTOMATED_FUTURE_API_KEY" -H "Content-Type: application/json"'
    result = {"project_id": project, "test_run_id": run_id, "test_name": "test_login", "status": "Passed"}
    said = (
        ("result/", result),
        ("result/RESULT_ID", {"error_message": "only where it failed"}),
        (f"run/{run_id}", {"status": protocol.COMPLETED}),
    )
    return tuple(f"{head} -d '{json.dumps(body)}' {address}/{path}" for path, body in said)
