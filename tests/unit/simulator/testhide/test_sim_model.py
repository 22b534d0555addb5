"""The model behind the server, and a licence without one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapters.simulator.testhide import SimulatedTesthide
from tests.fakes.testhide import Caller

Both = tuple[SimulatedTesthide, Caller]
A, B, C = (f"tests/test_part_000.py::test_case_{n}" for n in range(3))


async def test_diagnose__an_opinion_that_costs_tokens(testhide: Both) -> None:
    """It tells what the first failing test says; with no failing test it speaks of the command."""
    server, caller = testhide
    job = server.add_job("Smoke Tests")
    build = int(server.add_build(job, failing={A: "OOM in test worker", B: "x"}))
    gate = int(server.add_build(job, exit_code=2))

    before = await caller.get("/ai/quota")
    opinion = (await caller.post("/ai/diagnose", {"build_id": build, "max_tests": 1})).json
    other = (await caller.post("/ai/diagnose", {"build_id": gate})).json
    after = await caller.get("/ai/quota")

    assert opinion["root_cause"].startswith("OOM in test worker")
    assert (opinion["confidence"], opinion["affected_tests"]) == (0.87, 1)
    assert "no test failed" in other["root_cause"]
    assert before["tokens_used"] < after["tokens_used"] < after["tokens_limit"]


async def test_chat__a_session_goes_on_and_an_unknown_one_is_refused(testhide: Both) -> None:
    """It names what it looked at."""
    server, caller = testhide
    build = int(server.add_build(server.add_job("Smoke Tests"), failing=[A]))

    first = await caller.post("/ai/chat", {"message": "Why?", "build_id": build, "test_id": 7})
    second = await caller.post("/ai/chat", {"message": "And now?", "session_id": first.json["session_id"]})
    unknown = await caller.post("/ai/chat", {"message": "Hello?", "session_id": "somebody-else"})

    assert "Why?" in first.json["reply"]
    assert first.json["sources"] == [f"build:{build}", "test:7"]
    assert second.json["session_id"] == first.json["session_id"]
    assert unknown.status == 404


async def test_chat_stream__ends_with_what_is_no_json(testhide: Both) -> None:
    """Or without it, where the server is so minded."""
    server, caller = testhide
    whole = await caller.post("/ai/chat/stream", {"message": "Why?"})
    server.misbehave("no [DONE]")
    open_ended = await caller.post("/ai/chat/stream", {"message": "Why?"})

    words = [json.loads(event)["token"] for event in whole.events[:-1]]

    assert whole.events[-1] == "[DONE]"
    assert "Why?" in "".join(words)
    assert open_ended.events == whole.events[:-1]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/ai/diagnose", {"build_id": 1001}),
        ("POST", "/ai/chat", {"message": "Why?"}),
        ("POST", "/ai/chat/stream", {"message": "Why?"}),
        ("GET", "/ai/quota", None),
        ("GET", "/ai/summary/1001", None),
        ("GET", "/ai/tests/health?project_id=1", None),
        ("GET", "/ai/emerging/latest?project_id=1", None),
    ],
)
async def test_licence__without_ai_nothing_of_it_is_answered(
    testhide: Both, method: str, path: str, body: object
) -> None:
    """402; whether there is a model is told all the same."""
    server, caller = testhide
    server.add_build(server.add_job("Smoke Tests"))
    server.set_manners(ai=False)
    route, _, asked = path.partition("?")
    query: dict[str, Any] = {"project_id": 1} if asked else {}

    reply = await caller.send(method, route, body=body, **query)

    assert reply.status == 402
    assert (await caller.get("/ai/llm/status"))["available"] is False


async def test_emerging_and_health__are_counted_over_builds(testhide: Both) -> None:
    """What fails more than it did, and what fails most; ids of test cases are no results'."""
    server, caller = testhide
    job = server.add_job("Smoke Tests")
    for number in range(30):
        failing = [A] * (number >= 25) + [B] * (number % 2)
        server.add_build(job, age=10_000 - number * 100, failing=failing)

    [emerging] = (await caller.get("/ai/emerging/latest", project_id=1, threshold=0.2))["emerging"]
    worst = (await caller.get("/ai/tests/health", project_id=1))["tests"]
    one = await caller.get(f"/ai/tests/{emerging['test_id']}/health")

    assert (emerging["name"], emerging["baseline_rate"], emerging["recent_rate"]) == (A, 0.0, 0.5)
    assert [(row["name"], row["health_score"]) for row in worst] == [(B, 50), (A, 83)]
    assert [round(row["flake_rate"], 2) for row in worst] == [1.0, 0.03]
    assert [row["recommended_action"] for row in worst] == ["quarantine", "watch"]
    assert one["test_id"] == emerging["test_id"]
    assert len(one["correlated_builds"]) == 5
    assert (await caller.get("/ai/tests/health", project_id=1, min_runs=31))["tests"] == []
    assert await caller.get("/ai/emerging/history", project_id=1)
    assert (await caller.get("/ai/insights", project_id=1))["build_pass_rate"] < 1


async def test_summary__is_a_sentence(testhide: Both) -> None:
    """Of one build."""
    server, caller = testhide
    build = server.add_build(server.add_job("Smoke Tests"), failing=[A, C])

    assert "2 tests failed" in (await caller.get(f"/ai/summary/{build}"))["summary"]
