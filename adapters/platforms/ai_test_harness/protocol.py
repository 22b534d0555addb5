"""The API (v1) without I/O: what to send for each question. Paths stand below the connection's address."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from adapters.platforms.http.ids import checked
from adapters.platforms.http.wire import Request

PAGE = 100  # plans that are asked for; how many come is the server's affair


def plans_request(page: int) -> Request:
    """Ask for a page of plans; the first is not numbered, since the reference has no parameter for that."""
    number = (("page", str(page)),) if page > 1 else ()
    return Request(path="test-plans", query=(("limit", str(PAGE)), *number))


def plan_request(plan: str) -> Request:
    """Ask for one plan."""
    return Request(path=f"test-plans/{checked(plan, 'test plan')}")


def execution_request(execution: str) -> Request:
    """Ask for one execution."""
    return Request(path=f"executions/{checked(execution, 'execution')}")


def start_request(body: Mapping[str, object]) -> Request:
    """Start an execution."""
    return Request(path="executions", method="POST", body=msgspec.json.encode(body))


def agents_request() -> Request:
    """Ask for the agents; it proves the key."""
    return Request(path="agents")


def invoke_request(agent: str, task: str, parameters: Mapping[str, str]) -> Request:
    """Set an agent to work."""
    body = msgspec.json.encode({"task": task, "parameters": dict(parameters)})
    return Request(path=f"agents/{checked(agent, 'agent')}/invoke", method="POST", body=body)


def readiness_request(version: str) -> Request:
    """Ask for the rating of a release."""
    return Request(path="analytics/release-readiness", query=(("version", version),))


def clusters_request(days: int) -> Request:
    """Ask for the groups of failures of the last days."""
    return Request(path="analytics/failure-clusters", query=(("days", str(days)),))
