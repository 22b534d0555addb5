"""Where real tenants are known to differ from their own API description; the simulated tenant does the same.

One list. Each entry names the behaviour as it was seen, and turns such an answer into the documented one, so that
everything else about the answer is still held to the description. `None` accepts the answer as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

LAUNCH = "/api/v1/launch/{launcher_name}"
DEBUGGING = "/api/v1/launch/debugging"
CANCEL = "/api/v0/runs/{run_id}/cancel"
DESCRIPTION = "/api/{version}/openapi.json"
UNDOCUMENTED = frozenset({("POST", CANCEL), ("GET", DESCRIPTION)})
NULLABLE = ("creator", "parameters", "links", "failure_moment")
OK = 200
ACCEPTED = 202
REFUSALS = frozenset({401, 403, 404, 429})  # by the gateway, before anything of the tenant was asked
EPHEMERAL = "antithesis.is_ephemeral"
SWITCHES = {"on": "true", "off": "false"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer, or one line of a stream. `body` is decoded JSON, None where there was none."""

    method: str
    route: str
    status: int
    body: Any
    line: bool = False

    @property
    def launching(self) -> bool:
        """Whether it answers one of the two launches."""
        return self.route in {LAUNCH, DEBUGGING}


@dataclass(frozen=True, slots=True)
class Deviation:
    """`seen`: what tenants do, against what the description says. `mend` must change nothing else."""

    name: str
    seen: str
    mend: Callable[[Answer], Answer | None]


def _run_id(answer: Answer) -> Answer:
    if not (answer.launching and answer.status in {OK, ACCEPTED} and isinstance(answer.body, dict)):
        return answer
    given = {("runId" if name == "run_id" else name): value for name, value in answer.body.items()}
    return replace(answer, body={"runId": None} | given)


def _with_text_moments(body: Any) -> Any:
    if isinstance(body, list):
        return [_with_text_moments(item) for item in body]
    if not isinstance(body, dict):
        return body
    mended = {name: _with_text_moments(value) for name, value in body.items()}
    if "input_hash" in body and "vtime" in body:
        mended |= {
            part: body[part] if isinstance(body[part], str) else repr(body[part])
            for part in ("input_hash", "vtime")
        }
    return mended


def _without_nulls(run: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in run.items() if value is not None or name not in NULLABLE}
    links = kept.get("links")
    if links and links.get("triage_report", "") is None:
        kept["links"] = {name: value for name, value in links.items() if value is not None}
    return kept


def _each_parameter(answer: Answer, change: Callable[[str, Any], Any]) -> Answer:
    def mend(run: dict[str, Any]) -> dict[str, Any]:
        if not run.get("parameters"):
            return run
        return run | {"parameters": {name: change(name, value) for name, value in run["parameters"].items()}}

    return _each_run(answer, mend)


def _each_run(answer: Answer, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Answer:
    body = answer.body
    if answer.route == "/api/v0/runs" and isinstance(body, dict) and "data" in body:
        return replace(answer, body=body | {"data": [change(run) for run in body["data"]]})
    if answer.route == "/api/v0/runs/{run_id}" and isinstance(body, dict) and "run_id" in body:
        return replace(answer, body=change(body))
    return answer


DEVIATIONS = (
    Deviation(
        "launch 200", "Launches are documented to answer 202; live ones answer 200.",
        lambda answer: replace(answer, status=ACCEPTED) if answer.launching and answer.status == OK else answer,
    ),
    Deviation("run id", "The id of a launched run is documented as runId; it may be run_id, or missing.", _run_id),
    Deviation(
        "empty refusal", "Refusals by the gateway have no body, whatever the error schema says.",
        lambda answer: None if answer.body is None and answer.status in REFUSALS else answer,
    ),
    Deviation(
        "undocumented", "Cancelling, and the description itself, are served but not described.",
        lambda answer: None if (answer.method, answer.route) in UNDOCUMENTED else answer,
    ),
    Deviation(
        "blank line", "Streams hold blank lines between their objects.",
        lambda answer: None if answer.line and answer.body is None else answer,
    ),
    Deviation(
        "numeric moment", "Virtual time is documented as text; events and the 0/0 placeholder hold numbers.",
        lambda answer: replace(answer, body=_with_text_moments(answer.body)),
    ),
    Deviation(
        "nulls", "Fields called nullable refer to schemas that are not; a report link may be null too.",
        lambda answer: _each_run(answer, _without_nulls),
    ),
    Deviation(
        "numeric parameters", "Parameters are documented as texts; pull-request numbers come as numbers.",
        lambda answer: _each_parameter(answer, lambda _, value: str(value) if isinstance(value, int | float) else value),
    ),
    Deviation(
        "on and off", "is_ephemeral is documented as true or false; old runs say on or off.",
        lambda answer: _each_parameter(answer, lambda name, value: SWITCHES.get(value, value) if name == EPHEMERAL else value),
    ),
)  # fmt: skip
