"""The simulated server: a team over HTTP, and the strings that only it has."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, ClassVar

from aiohttp import web

from adapters.simulator.automated_future.objects import ObjectStore
from adapters.simulator.automated_future.records import Result, Run
from adapters.simulator.automated_future.routes import Routes
from adapters.simulator.automated_future.team import Team
from adapters.simulator.common.contract import Contract, load
from adapters.simulator.common.misbehave import FAULTS as COMMON
from adapters.simulator.common.misbehave import Json, Rule
from adapters.simulator.common.server import SimulatedServer

API_KEY = "simulatedAutomatedFuture4711key"
UNREACHABLE = "http://192.0.2.1/artifacts/elsewhere?Signature=0"  # an address that is nobody's

FAULTS: dict[str, Rule] = {
    **COMMON,
    "no id": Rule(method="POST", rewrite=lambda _body, _: {}),
    "wrong type": Rule(sets={"test_run_id": 7, "test_result_id": ["x"], "status": 7, "page_token": {}}),
    "numeric id": Rule(sets={"test_run_id": 4711, "test_result_id": 4711}),
    "lower case": Rule(sets={"status": "failed"}),
    "unknown status": Rule(sets={"status": "Quarantined"}),
    "repeating page": Rule(query={"page_token": "0"}, sets={"page_token": "0"}, times=None),
    "kept elsewhere": Rule(sets={"download_url": UNREACHABLE, "upload_url": UNREACHABLE}),
}
"""What this platform can do wrong, or differently from its reference."""


class SimulatedReports(SimulatedServer):
    """A team of Automated Future. `objects`: its object store, a server of its own."""

    mount: ClassVar[str] = "/v1/test"
    faults: ClassVar[Mapping[str, Rule]] = FAULTS
    controls: ClassVar[frozenset[str]] = SimulatedServer.controls | {
        "add_project", "add_run", "add_result", "add_artifact", "change_result", "switch",
    }  # fmt: skip

    def __init__(self, team: Team, objects: ObjectStore) -> None:
        super().__init__(team.clock, lambda seen: contract().check_request(seen))
        self.team = team
        self.objects = objects
        self.api_key = API_KEY

    def routes(self) -> list[web.RouteDef]:
        """Return the documented endpoints."""
        return Routes(self.team, self.objects).table(self.mount)

    def admit(self, request: web.Request) -> None:
        """Let a request pass that has the key alone; the status needs none."""
        if request.path == f"{self.mount}/status":
            return
        given = request.headers.get("Authorization", "")
        if not given or " " in given.strip():
            self.journal.note(f"{request.method}: Authorization must be the key alone, without a scheme")
            raise self.refusal(401, "Missing or invalid API key")
        if not hmac.compare_digest(given.encode(), self.api_key.encode()):
            raise self.refusal(401, "Missing or invalid API key")
        if not self.team.switches.database:
            raise self.refusal(500, "Unexpected server error")
        if request.method != "GET" and not self.team.switches.writes:
            raise self.refusal(403, "Insufficient permissions")

    def settle(self) -> None:
        """Nothing happens here by itself."""

    def environment(self) -> dict[str, str]:
        """Return the settings that point Clew at this server."""
        return {"AUTOMATED_FUTURE_BASE_URL": self.base_url, "AUTOMATED_FUTURE_API_KEY": self.api_key}

    def secrets(self) -> tuple[str, ...]:
        """Return the key, and the signature of every presigned URL so far."""
        return (self.api_key, *self.objects.signatures)

    def violations(self) -> list[str]:
        """Return what requests did against the contract, here or at the object store."""
        return [*super().violations(), *self.objects.violations()]

    def forget(self) -> None:
        """Forget requests, counts and violations, here and at the object store."""
        super().forget()
        self.objects.forget()

    def add_project(self, name: str, **fields: Any) -> str:
        """Add a project; return its id. `fields` are of `Project`."""
        return self.team.add_project(name, **fields).project_id

    def add_run(self, project_id: str, **fields: Any) -> str:
        """Begin a run as another reporter would; return its id. `fields` are of the contract."""
        return self.team.create_run({"project_id": project_id, **fields}).test_run_id

    def add_result(self, project_id: str, test_name: str, status: str, **fields: Any) -> str:
        """Report a result as another reporter would; return its id. `fields` are of `Result`."""
        asked = {"project_id": project_id, "test_name": test_name, "status": status}
        return self.team.create_result(asked | fields).test_result_id

    def add_artifact(self, result_id: str, label: str, text: str, *, kind: str = "Log", **fields: Any) -> str:
        """Attach a file, uploaded and confirmed; return its id. `fields` are of `Artifact`."""
        content = text.encode()
        asked: Json = {"test_result_id": result_id, "label": label, "kind": kind, "size_bytes": len(content)}
        artifact = self.team.create_artifact(asked | {"content_type": "text/plain"} | fields)
        artifact.content = content
        self.team.confirm(artifact.artifact_id)
        return artifact.artifact_id

    def change_result(self, result_id: str, **fields: Any) -> None:
        """Change a result as people do in the dashboard."""
        self.team.update_result(result_id, fields)

    def switch(self, **changes: Any) -> None:
        """Turn what may be either way; `changes` are fields of `Switches`. Raises TypeError."""
        self.team.switches = replace(self.team.switches, **changes)

    @property
    def project_id(self) -> str:
        """The first project."""
        return next(iter(self.team.projects))

    def run(self, run_id: str) -> Run:
        """Return a run, which no endpoint does. Raises KeyError."""
        return self.team.runs[run_id]

    def results_of(self, run_id: str) -> list[Result]:
        """Return the results of a run in the order of their creation, which no endpoint does."""
        return self.team.results_of(run_id)


@cache
def contract() -> Contract:
    """Return the API description as kept in this folder."""
    return Contract(load("adapters.simulator.automated_future"), headers=["User-Agent"])
