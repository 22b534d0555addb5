"""The judge: what a request may hold by an OpenAPI description, and what it may not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapters.simulator.common.contract import Contract
from adapters.simulator.common.journal import Journal
from adapters.simulator.common.seen import Seen

BODY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "priority": {"type": "integer", "minimum": 1, "maximum": 10},
        "kind": {"type": "string", "enum": ["all", "failed"]},
    },
    "additionalProperties": False,
    "required": ["priority"],
}
QUERY = {"page": "integer", "ratio": "number", "active": "boolean", "name": "string"}


def content(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


CONTRACT = Contract(
    {
        "paths": {
            "/builds": {
                "get": {
                    "parameters": [
                        {"name": name, "in": "query", "schema": {"type": kind}}
                        for name, kind in QUERY.items()
                    ],
                    "responses": {"200": {"content": content({"type": "array"})}, "204": {}},
                },
                "post": {"requestBody": {"required": True, "content": content(BODY)}, "responses": {}},
                "put": {"requestBody": {"content": content(BODY)}, "responses": {}},
            }
        }
    }
)


def a_request(
    method: str, body: object = None, *query: tuple[str, str], kind: str = "application/json"
) -> Seen:
    sent = b"" if body is None else json.dumps(body).encode()
    return Seen(method, "/builds", "/builds", query, {"Content-Type": kind} if sent else {}, sent)


@pytest.mark.parametrize(
    "seen",
    [
        a_request("GET", None, ("page", "2"), ("ratio", "0.5"), ("active", "true"), ("name", "7")),
        a_request("GET", None, ("ratio", "1")),
        a_request("POST", {"priority": 10, "kind": "failed"}),
        a_request("PUT"),
    ],
)
def test_request__what_is_described_passes(seen: Seen) -> None:
    """A text that looks like a number is still a text; a body may be left out where it is not required."""
    assert CONTRACT.check_request(seen) == []


@pytest.mark.parametrize(
    ("seen", "problem"),
    [
        (a_request("DELETE"), "no such operation"),
        (a_request("GET", None, ("page", "two")), "query parameter page"),
        (a_request("GET", None, ("page", "1.5")), "query parameter page"),
        (a_request("GET", None, ("page", "true")), "query parameter page"),
        (a_request("GET", None, ("active", "yes")), "query parameter active"),
        (a_request("GET", None, ("active", "1")), "query parameter active"),
        (a_request("GET", None, ("page", "1"), ("page", "1")), "query parameter page is given twice"),
        (a_request("GET", None, ("colour", "red")), "query parameter colour is not described"),
        (a_request("GET", {}), "takes no body"),
        (a_request("POST"), "the body is not JSON"),
        (a_request("POST", {"priority": 11}), "priority: 11 is greater"),
        (a_request("POST", {"priority": "1"}), "priority: '1' is not of type"),
        (a_request("POST", {"priority": 1, "kind": "some"}), "kind: 'some' is not one of"),
        (a_request("POST", {"priority": 1, "colour": "red"}), "'colour' was unexpected"),
        (a_request("POST", {}), "'priority' is a required property"),
        (a_request("POST", {"priority": 1}, kind="text/plain"), "Content-Type must be application/json"),
        (a_request("PUT", {}), "'priority' is a required property"),
    ],
)
def test_request__what_is_not_described_is_named(seen: Seen, problem: str) -> None:
    """One sentence for each, with method and path."""
    problems = CONTRACT.check_request(seen)

    assert [text for text in problems if problem not in text] == []
    assert len(problems) == 1
    assert problems[0].startswith(f"{seen.method} /builds")


@pytest.mark.parametrize(
    ("status", "body", "problems"),
    [(200, [], 0), (200, {}, 1), (204, None, 0), (204, {}, 1), (500, None, 1)],
)
def test_answer__is_held_to_the_same_description(status: int, body: object, problems: int) -> None:
    """Statuses and bodies, also none."""
    assert len(CONTRACT.check_answer("GET", "/builds", status, body)) == problems


def test_journal__takes_down_what_no_contract_can_say() -> None:
    """A note stands beside what the judge finds, once."""
    journal = Journal(CONTRACT.check_request)
    journal.add(a_request("GET", {}))
    journal.note("PUT to a foreign address with a key")
    journal.note("PUT to a foreign address with a key")

    assert len(journal.violations()) == 2
    journal.clear()
    assert journal.violations() == []
