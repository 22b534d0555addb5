"""Requests and answers are judged; the known deviations are exact."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from adapters.simulator.antithesis.deviations import CANCEL, DEBUGGING, DEVIATIONS, LAUNCH, Answer
from adapters.simulator.antithesis.validate import check_answer, check_request, check_stream
from adapters.simulator.common.journal import Journal
from adapters.simulator.common.seen import Seen

RUNS = "/api/v0/runs"
RUN = RUNS + "/{run_id}"
LOGS = RUN + "/logs"
HEADERS = {"User-Agent": "tests", "Content-Type": "application/json"}
SUMMARY = {
    "run_id": "a",
    "status": "completed",
    "created_at": "2026-05-14T03:00:00Z",
    "launcher": "basic_test",
}
EVENT = {"moment": {"input_hash": "1", "vtime": "2.0"}}


def a_request(route: str, *, method: str = "GET", body: object = None, **query: str) -> Seen:
    content = b"" if body is None else json.dumps(body).encode()
    return Seen(method, route, route, tuple(query.items()), HEADERS, content)


def an_answer(
    route: str, body: object, *, status: int = 200, method: str = "GET", line: bool = False
) -> Answer:
    return Answer(method=method, route=route, status=status, body=body, line=line)


DEBUG = {f"antithesis.debugging.{name}": "1" for name in ("run_id", "input_hash", "vtime")}


@pytest.mark.parametrize(
    "seen",
    [
        a_request(RUNS),
        a_request(
            RUNS, limit="100", status="in_progress", created_after="2026-05-14T03:00:00Z", launcher="A b"
        ),
        a_request(LOGS, input_hash="-1", vtime="2.0", begin_vtime="1.0"),
        a_request(CANCEL, method="POST"),
        a_request(LAUNCH, method="POST", body={"params": {"antithesis.duration": "5", "custom.key": "k"}}),
        a_request(DEBUGGING, method="POST", body={"params": DEBUG}),
    ],
)
def test_request__good_ones_pass(seen: Seen) -> None:
    """What the description allows, and the undocumented cancel."""
    assert check_request(seen) == []


@pytest.mark.parametrize(
    ("seen", "problem"),
    [
        (a_request("/api/v0/nothing"), "no such operation"),
        (a_request(RUNS, method="DELETE"), "no such operation"),
        (a_request(RUNS, limit="101"), "query parameter limit: value: 101"),
        (a_request(RUNS, limit="ten"), "query parameter limit: value: 'ten' is not of type 'integer'"),
        (a_request(RUNS, created_after="yesterday"), "query parameter created_after"),
        (a_request(RUNS, colour="red"), "query parameter colour is not described"),
        (a_request(LOGS, input_hash="1"), "query parameter vtime is missing"),
        (a_request(RUNS, body={}), "takes no body"),
        (a_request(LAUNCH, method="POST"), "the body is not JSON"),
        (a_request(LAUNCH, method="POST", body={}), "body: value: 'params' is a required property"),
        (a_request(LAUNCH, method="POST", body={"params": {"custom.key": 5}}), "body: params.custom.key"),
        (
            a_request(
                DEBUGGING, method="POST", body={"params": DEBUG | {"antithesis.debugging.session_id": "x"}}
            ),
            "body",
        ),
        (replace(a_request(RUNS), headers={}), "no User-Agent"),
        (
            replace(a_request(LAUNCH, method="POST", body={"params": {}}), headers={"User-Agent": "x"}),
            "Content-Type",
        ),
    ],
)
def test_request__bad_ones_are_named(seen: Seen, problem: str) -> None:
    """One sentence with method, route and what is wrong."""
    problems = check_request(seen)

    assert len(problems) == 1
    assert problems[0].startswith(seen.method)
    assert problem in problems[0]


def test_journal__names_each_violation_once_and_forgets() -> None:
    """Repeated requests are judged once."""
    journal = Journal(check_request)
    for _ in range(3):
        journal.add(a_request(RUNS, limit="0"))

    told = journal.violations()
    journal.clear()

    assert (len(told), journal.violations(), journal.counts) == (1, [], {})


@pytest.mark.parametrize(
    "answer",
    [
        an_answer(RUNS, {"data": [SUMMARY | {"status": "paused"}]}),
        an_answer(RUNS, {"data": [SUMMARY | {"created_at": "yesterday"}]}),
        an_answer(RUNS, {"data": [{"run_id": "a"}]}),
        an_answer(RUNS, {}),
        an_answer(RUNS, {"message": "x"}, status=418),
        an_answer(RUNS, {"error": "x"}, status=400),
        an_answer(RUN, SUMMARY | {"failure_moment": {"vtime": "1"}}),
        an_answer(RUN, SUMMARY | {"parameters": {"a": []}}),
        an_answer(LOGS, {"output_text": "no moment"}, line=True),
        an_answer(LAUNCH, {"statusCode": "200"}, method="POST"),
        an_answer("/api/v0/nothing", {}),
    ],
)
def test_answer__the_deviations_excuse_nothing_else(answer: Answer) -> None:
    """What is wrong in another way stays wrong."""
    assert check_answer(answer) != []


EXCUSED = {
    "launch 200": an_answer(LAUNCH, {"runId": "a", "statusCode": 200}, method="POST"),
    "run id": an_answer(LAUNCH, {"statusCode": 200}, status=202, method="POST"),
    "empty refusal": an_answer(RUNS, None, status=403),
    "undocumented": an_answer(CANCEL, {"message": "Success"}, method="POST"),
    "blank line": an_answer(LOGS, None, line=True),
    "numeric moment": an_answer(LOGS, {"moment": {"input_hash": "1", "vtime": 2.5}}, line=True),
    "nulls": an_answer(RUNS, {"data": [SUMMARY | {"creator": None, "links": {"triage_report": None}}]}),
    "numeric parameters": an_answer(RUN, SUMMARY | {"parameters": {"vcs.pr_id": 4711}}),
    "on and off": an_answer(RUN, SUMMARY | {"parameters": {"antithesis.is_ephemeral": "on"}}),
}


@pytest.mark.parametrize("name", [deviation.name for deviation in DEVIATIONS])
def test_deviations__each_is_needed(name: str) -> None:
    """Each one excuses an answer that the description forbids, and no other one does."""
    answer = EXCUSED[name]
    others = tuple(deviation for deviation in DEVIATIONS if deviation.name != name)

    with_it, without_it = check_answer(answer), check_answer(answer, deviations=others)

    assert with_it == []
    assert without_it != []


def test_deviations__run_id_is_read_under_both_names() -> None:
    """The other name is held to the same schema."""
    good = an_answer(LAUNCH, {"run_id": "a", "statusCode": 200}, method="POST")
    bad = an_answer(LAUNCH, {"run_id": 7, "statusCode": 200}, method="POST")

    assert check_answer(good) == []
    assert len(check_answer(bad)) == 1


def test_deviations__say_what_was_seen() -> None:
    """A name and a whole sentence each, no name twice."""
    names = [deviation.name for deviation in DEVIATIONS]

    assert len(set(names)) == len(names)
    assert all(deviation.seen.endswith(".") for deviation in DEVIATIONS)


def test_stream__is_judged_line_by_line() -> None:
    """One bad line among good ones is found; an error line is allowed."""
    good = json.dumps(EVENT).encode() + b"\n"
    answer = an_answer(LOGS, None)

    assert check_stream(answer, good + b"\n" + good + b'{"error":"x"}\n') == []
    assert len(check_stream(answer, good + b'{"moment":{}}\n' + good)) > 0


def test_import__takes_neither_validator_nor_chats() -> None:
    """Starting is quick: what takes half a second to import waits until it is needed."""
    code = "import sys, adapters.simulator.antithesis as s; print(*sorted(sys.modules))"

    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()

    assert "adapters.simulator.common.server" in loaded
    assert not {
        "openapi_schema_validator",
        "jsonschema",
        "slack_bolt",
        "discord",
        "httpx",
        "sqlalchemy",
    } & set(loaded)
