"""The simulated Automated Future over HTTP: what it refuses and takes down, and what it makes of what it is told.

Each rule is a check that passes on the server, and fails on a server that has forgotten the rule. The first test guards
the server, the second the checks: a rule that is dropped later is noticed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web

from adapters.simulator.automated_future import SimulatedReports, simulated_reports
from adapters.simulator.automated_future import objects as objects_module
from adapters.simulator.automated_future.objects import ObjectStore
from adapters.simulator.automated_future.records import Artifact
from adapters.simulator.automated_future.reports import API_KEY, contract
from adapters.simulator.automated_future.routes import Routes
from adapters.simulator.automated_future.team import Team
from tests.fakes.clock import ManualClock
from tests.fakes.platform_caller import PlatformCaller, calling
from tests.fakes.tenant_caller import Reply

Caller = PlatformCaller[SimulatedReports]
Check = Callable[[Caller], Awaitable[None]]
A_DAY = 86_400.0
LOG = b"connection refused\n"
NO_KEY: dict[str, str | None] = {"Authorization": None}


@asynccontextmanager
async def a_team() -> AsyncIterator[Caller]:
    opened = simulated_reports(clock=ManualClock(), speed=0, living=False)
    async with calling(opened, contract(), "", API_KEY) as caller:
        yield caller


async def a_run(caller: Caller, **fields: object) -> str:
    answer = await caller.post("/run/", {"project_id": caller.server.project_id, "label": "Nightly"} | fields)
    return str(answer.json["test_run_id"])


async def a_result(caller: Caller, **fields: object) -> str:
    asked = {"project_id": caller.server.project_id, "test_name": "test_login", "status": "Failed"} | fields
    answer = await caller.post("/result/", asked)
    assert answer.status == 200, answer.content
    return str(answer.json["test_result_id"])


async def announced(caller: Caller, result: str, **fields: object) -> Reply:
    asked = {"test_result_id": result, "label": "server.log", "kind": "Log", "content_type": "text/plain"}
    return await caller.post("/artifact/", asked | {"size_bytes": len(LOG)} | fields)


async def put(caller: Caller, url: str, kind: str = "text/plain", **headers: str | None) -> Reply:
    sent = NO_KEY | {"Content-Type": kind} | headers
    return await caller.send("PUT", url, content=LOG, headers=sent)


async def fetch(caller: Caller, url: str, **headers: str | None) -> Reply:
    return await caller.send("GET", url, headers=NO_KEY | headers)


async def an_artifact(caller: Caller) -> tuple[str, str]:
    """Announce, upload and confirm a file; return its result and its own id."""
    result = await a_result(caller)
    created = (await announced(caller, result)).json
    assert (await put(caller, created["upload_url"])).status == 200
    assert (await caller.post(f"/artifact/{created['artifact_id']}/confirm")).status == 200
    return result, created["artifact_id"]


async def download_url(caller: Caller, artifact: str) -> str:
    answer = await caller.get(f"/artifact/{artifact}/download")
    return str(answer.json["download_url"])


def broken(caller: Caller) -> int:
    return len(caller.server.violations())


async def the_key_alone(caller: Caller) -> None:
    for given in (f"Bearer {API_KEY}", f"Basic {API_KEY}", None):
        assert (await caller.send("GET", "/project/", headers={"Authorization": given})).status == 401
    assert broken(caller) == 1


async def only_the_key(caller: Caller) -> None:
    assert (await caller.send("GET", "/project/", headers={"Authorization": "revoked"})).status == 401
    assert broken(caller) == 0


async def status_without_a_key(caller: Caller) -> None:
    assert (await caller.send("GET", "/status", headers=NO_KEY)).json["status"] == "ok"
    caller.server.switch(database=False)
    assert (await caller.send("GET", "/status", headers=NO_KEY)).status == 503
    assert (await caller.get("/project/")).status == 500  # 503 comes from the status alone
    assert broken(caller) == 0


async def exact_slashes(caller: Caller) -> None:
    for method, path in (("GET", "/project"), ("POST", "/run"), ("POST", "/result"), ("GET", "/status/")):
        url = caller.server.base_url + path
        assert (await caller.send(method, url)).status == 404
    assert broken(caller) == 4


async def contract_holds(caller: Caller) -> None:
    project = caller.server.project_id
    whole: dict[str, object] = {"project_id": project, "test_name": "test_login", "status": "Failed"}
    wrong: list[dict[str, object]] = [
        whole | {"status": "failed"},
        whole | {"test_name": "x"},
        whole | {"test_name": "x" * 256},
        whole | {"error_message": "boom"},  # goes with the update or the finish
        whole | {"execution_time_ms": -1},
        whole | {"execution_time_ms": 1.5},
        whole | {"started_at": "yesterday"},
        {"project_id": project, "status": "Failed"},
    ]
    assert [(await caller.post("/result/", body)).status for body in wrong] == [400] * len(wrong)
    assert (await caller.get("/project/", page_size="101")).status == 400
    assert (await caller.send("GET", "/project/", body={})).status == 400
    assert broken(caller) == len(wrong) + 2


async def names_are_trimmed(caller: Caller) -> None:
    project = caller.server.project_id
    assert (await caller.post("/run/", {"project_id": project, "label": " x "})).status == 400
    caller.server.switch(trims=False)
    assert (await caller.post("/run/", {"project_id": project, "label": " x "})).status == 200


async def runs_cannot_be_read(caller: Caller) -> None:
    run = await a_run(caller)
    base = caller.server.base_url
    answers = [await caller.send("GET", f"{base}{path}") for path in (f"/run/{run}", "/run/", "/result/")]
    assert [answer.status for answer in answers] == [405] * 3
    assert broken(caller) == 3


async def counts_are_a_snapshot(caller: Caller) -> None:
    run = await a_run(caller)
    assert (await caller.post(f"/run/{run}", {"status": "Running"})).status == 204
    for status in ("Failed", "Failed", "KnownFail", "Passed"):
        result = await a_result(caller, test_run_id=run, status=status)
    await caller.post(f"/run/{run}", {"status": "Completed"})
    await a_result(caller, test_run_id=run)
    caller.server.change_result(result, status="KnownFail")
    kept = caller.server.run(run)
    assert kept.counts == {"Failed": 2, "KnownFail": 1, "Passed": 1}
    assert kept.started_at is not None
    assert kept.finished_at is not None
    assert (await caller.get(f"/result/{result}")).json["test_result"]["status"] == "KnownFail"


async def times_by_switch(caller: Caller) -> None:
    await a_result(caller, execution_time_ms=1250)
    caller.server.switch(times_at_create=False)
    whole = {"project_id": caller.server.project_id, "test_name": "test_login", "status": "Failed"}
    refused = await caller.post("/result/", whole | {"execution_time_ms": 1250})
    assert (refused.status, refused.json) == (400, {"message": "execution_time_ms is not allowed"})
    assert broken(caller) == 0  # the reference shows both


async def updates_are_partial(caller: Caller) -> None:
    run = await a_run(caller)
    result = await a_result(caller, test_run_id=run, metadata={"a": 1})
    assert (await caller.post(f"/result/{result}/start")).status == 200
    caller.server.advance(2.5)
    answer = await caller.post(f"/result/{result}/finish", {"error_message": "boom"})
    assert (answer.status, answer.content) == (200, b"")
    kept = (await caller.get(f"/result/{result}")).json["test_result"]
    assert (kept["status"], kept["error_message"], kept["execution_time_ms"]) == ("Failed", "boom", 2500)
    assert (kept["metadata"], kept["test_run_label"]) == ({"a": 1}, "Nightly")


async def another_teams_are_not_found(caller: Caller) -> None:
    assert (await caller.post("/run/", {"project_id": "project_theirs"})).status == 404
    assert (await caller.post("/run/run_theirs", {"status": "Completed"})).status == 404
    assert (await caller.get("/result/res_theirs")).status == 404
    assert (await caller.get("/artifact/", test_result_id="res_theirs")).status == 404
    assert (await caller.send("DELETE", "/artifact/art_theirs")).status == 404
    other = caller.server.add_project("Other")
    run = await a_run(caller)
    whole = {"project_id": other, "test_name": "test_login", "status": "Failed", "test_run_id": run}
    assert (await caller.post("/result/", whole)).status == 400


async def a_reader_may_not_write(caller: Caller) -> None:
    caller.server.switch(writes=False)
    assert (await caller.post("/run/", {"project_id": caller.server.project_id})).status == 403
    assert (await caller.get("/project/")).status == 200


async def projects_come_in_pages(caller: Caller) -> None:
    for number in range(24):
        caller.server.add_project(f"Project {number}")
    first = (await caller.get("/project/")).json
    second = (await caller.get("/project/", page_token=first["page_token"])).json
    assert (len(first["projects"]), len(second["projects"]), second["page_token"]) == (20, 5, None)
    assert (await caller.get("/project/", page_token="what?")).status == 400


async def no_key_on_presigned_urls(caller: Caller) -> None:
    _, artifact = await an_artifact(caller)
    url = await download_url(caller, artifact)
    assert not url.startswith(caller.server.base_url.rpartition("/v1")[0])  # another origin
    assert (await fetch(caller, url, Authorization=API_KEY)).status == 400
    assert broken(caller) == 1
    assert (await fetch(caller, url)).content == LOG


async def presigned_urls_expire(caller: Caller) -> None:
    result, artifact = await an_artifact(caller)
    upload, download = (
        (await announced(caller, result)).json["upload_url"],
        await download_url(caller, artifact),
    )
    caller.server.advance(15 * 60)
    answers = [await put(caller, upload), await fetch(caller, download)]
    assert [answer.status for answer in answers] == [403, 403]
    assert answers[1].content.startswith(b"<?xml")
    assert broken(caller) == 0


async def presigned_urls_do_one_thing(caller: Caller) -> None:
    _, artifact = await an_artifact(caller)
    url = await download_url(caller, artifact)
    assert (await put(caller, url)).status == 403
    forged = url.replace("Signature=", "Signature=0")
    assert (await fetch(caller, forged)).status == 403
    later = url.replace("Expires=1", "Expires=2")
    assert (await fetch(caller, later)).status == 403


async def presigned_urls_stay_as_they_are(caller: Caller) -> None:
    _, artifact = await an_artifact(caller)
    url = await download_url(caller, artifact)
    assert (await fetch(caller, url + "&utm=chat")).status == 400
    assert broken(caller) == 1


async def content_type_is_kept(caller: Caller) -> None:
    created = (await announced(caller, await a_result(caller))).json
    assert (await put(caller, created["upload_url"], "application/octet-stream")).status == 403
    assert broken(caller) == 1


async def sizes_are_kept(caller: Caller) -> None:
    created = (await announced(caller, await a_result(caller), size_bytes=7)).json
    await put(caller, created["upload_url"])
    assert (await caller.post(f"/artifact/{created['artifact_id']}/confirm")).status == 400
    assert broken(caller) == 1


async def invisible_before_confirmed(caller: Caller) -> None:
    result = await a_result(caller)
    created = (await announced(caller, result)).json
    confirm = f"/artifact/{created['artifact_id']}/confirm"
    assert (await caller.post(confirm)).status == 400  # nothing is there yet
    await put(caller, created["upload_url"])
    assert (await caller.get("/artifact/", test_result_id=result)).json == {"artifacts": []}
    assert (await caller.get(f"/artifact/{created['artifact_id']}/download")).status == 404
    await caller.post(confirm)
    assert len((await caller.get("/artifact/", test_result_id=result)).json["artifacts"]) == 1


async def fifty_artifacts(caller: Caller) -> None:
    result = await a_result(caller)
    statuses = [(await announced(caller, result)).status for _ in range(51)]
    assert statuses == [200] * 50 + [400]


async def a_hundred_megabytes(caller: Caller) -> None:
    result = await a_result(caller)
    assert (await announced(caller, result, size_bytes=100_000_000)).status == 200
    assert (await announced(caller, result, size_bytes=100_000_001)).status == 400
    assert (await announced(caller, result, size_bytes=0)).status == 400


async def seven_days(caller: Caller) -> None:
    result = await a_result(caller)
    caller.server.advance(7 * A_DAY)
    assert (await announced(caller, result)).status == 200
    caller.server.advance(1)
    assert (await announced(caller, result)).status == 400


async def artifacts_end(caller: Caller) -> None:
    result, artifact = await an_artifact(caller)
    listed = (await caller.get("/artifact/", test_result_id=result)).json["artifacts"][0]
    assert listed["expires_at"] == "2026-06-13T03:00:00Z"
    caller.server.advance(30 * A_DAY)
    assert (await caller.get("/artifact/", test_result_id=result)).json == {"artifacts": []}
    assert (await caller.get(f"/artifact/{artifact}/download")).status == 404


async def a_result_takes_its_artifacts_along(caller: Caller) -> None:
    result, artifact = await an_artifact(caller)
    url = await download_url(caller, artifact)
    assert (await caller.send("DELETE", f"/result/{result}")).status == 200
    assert (await caller.get(f"/result/{result}")).status == 404
    assert (await fetch(caller, url)).status == 404
    _, other = await an_artifact(caller)
    assert (await caller.send("DELETE", f"/artifact/{other}")).status == 200
    assert (await caller.get(f"/artifact/{other}/download")).status == 404


async def signatures_are_secrets(caller: Caller) -> None:
    _, artifact = await an_artifact(caller)
    signature = (await download_url(caller, artifact)).rpartition("Signature=")[2]
    assert {API_KEY, signature} <= set(caller.server.secrets())


@dataclass(frozen=True, slots=True)
class Rule:
    """A check, and where to break the server so that it must fail: an attribute and what it becomes."""

    check: Check
    owner: Any
    attribute: str
    mutant: Any


def accepts_bearer(server: SimulatedReports, request: web.Request) -> None:
    if API_KEY not in request.headers.get("Authorization", "") and not request.path.endswith("/status"):
        raise server.refusal(401, "Missing or invalid API key")


def with_either_slash(routes: Routes, mount: str) -> list[web.RouteDef]:
    def other(path: str) -> str:
        return path.rstrip("/") if path.endswith("/") else path + "/"

    honest = TABLE(routes, mount)
    return honest + [web.RouteDef(one.method, other(one.path), one.handler, {}) for one in honest]


def with_lists(routes: Routes, mount: str) -> list[web.RouteDef]:
    return [*TABLE(routes, mount), web.get(mount + "/run/", routes.status)]


def lets_in(store: ObjectStore, request: web.Request) -> None:
    """Let anybody in."""


def not_judged(server: SimulatedReports, seen: object) -> None:
    """Hold nothing against the contract."""


def anything(team: Team, *_asked: object) -> None:
    """Look at nothing."""


def confirmed_unseen(team: Team, artifact_id: str) -> None:
    team.artifacts[artifact_id].confirmed = True


def by_ids_alone(team: Team, result_id: str) -> None:
    del team.results[result_id]


def live_counts(team: Team, run_id: str, asked: dict[str, Any]) -> None:
    UPDATE(team, run_id, asked | {"status": "Running"})


def all_results(team: Team, run_id: str) -> list[Any]:
    return []


def whole_update(team: Team, result_id: str, asked: dict[str, Any]) -> None:
    kept = team.results[result_id]
    kept.status, kept.error_message = asked.get("status", "Pending"), asked.get("error_message")


def without_limits(team: Team, asked: dict[str, Any]) -> Artifact:
    result = team.result(asked["test_result_id"])
    made = Artifact(artifact_id="art_1", project_id=result.project_id, created_at=team.clock.now(), **asked)
    team.artifacts[made.artifact_id] = made
    return made


TABLE = Routes.table
UPDATE = Team.update_run
RULES = [
    Rule(the_key_alone, SimulatedReports, "admit", accepts_bearer),
    Rule(only_the_key, SimulatedReports, "admit", lets_in),
    Rule(status_without_a_key, Routes, "table", lambda self, mount: TABLE(self, mount)[1:]),
    Rule(exact_slashes, Routes, "table", with_either_slash),
    Rule(contract_holds, SimulatedReports, "_hold_to_contract", not_judged),
    Rule(names_are_trimmed, Team, "_check_text", anything),
    Rule(runs_cannot_be_read, Routes, "table", with_lists),
    Rule(counts_are_a_snapshot, Team, "update_run", live_counts),
    Rule(counts_are_a_snapshot, Team, "results_of", all_results),
    Rule(times_by_switch, SimulatedReports, "switch", lambda self, **changes: None),
    Rule(updates_are_partial, Team, "update_result", whole_update),
    Rule(another_teams_are_not_found, Team, "_check_project", anything),
    Rule(a_reader_may_not_write, SimulatedReports, "admit", lets_in),
    Rule(projects_come_in_pages, Routes, "list_projects", Routes.status),
    Rule(no_key_on_presigned_urls, ObjectStore, "admit", lets_in),
    Rule(presigned_urls_expire, ObjectStore, "admit", lets_in),
    Rule(presigned_urls_do_one_thing, ObjectStore, "_signature", lambda self, method, key, until: "0" * 64),
    Rule(presigned_urls_stay_as_they_are, objects_module, "_problems", lambda seen: iter(())),
    Rule(content_type_is_kept, ObjectStore, "upload", ObjectStore.download),
    Rule(sizes_are_kept, Team, "confirm", confirmed_unseen),
    Rule(invisible_before_confirmed, Artifact, "visible", lambda self, now: True),
    Rule(invisible_before_confirmed, Team, "confirm", confirmed_unseen),
    Rule(fifty_artifacts, Team, "create_artifact", without_limits),
    Rule(a_hundred_megabytes, Team, "create_artifact", without_limits),
    Rule(seven_days, Team, "create_artifact", without_limits),
    Rule(artifacts_end, Artifact, "visible", lambda self, now: self.confirmed),
    Rule(a_result_takes_its_artifacts_along, Team, "delete_result", by_ids_alone),
    Rule(signatures_are_secrets, SimulatedReports, "secrets", lambda self: (self.api_key,)),
]


def rule_name(rule: Rule) -> str:
    return f"{rule.check.__name__}-{rule.attribute}"


@pytest.mark.parametrize(
    "check", dict.fromkeys(rule.check for rule in RULES), ids=lambda check: check.__name__
)
async def test_rule__holds(check: Check) -> None:
    """What a client does wrong is refused and taken down; what it may do is not."""
    async with a_team() as caller:
        await check(caller)


@pytest.mark.parametrize("rule", RULES, ids=rule_name)
async def test_rule__missed_where_it_is_forgotten(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server without the rule fails its check, so the check is worth something."""
    monkeypatch.setattr(rule.owner, rule.attribute, rule.mutant)
    async with a_team() as caller:
        with pytest.raises((AssertionError, KeyError, ValueError)):
            await rule.check(caller)
