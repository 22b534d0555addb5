"""Who may ask, and how: keys, sessions, roles, projects, and the judge over real HTTP."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from adapters.simulator.testhide import SimulatedTesthide
from adapters.simulator.testhide.access import PATIENCE
from tests.fakes.testhide import Caller, called_testhide

Both = tuple[SimulatedTesthide, Caller]
EIGHT_HOURS = 8 * 3600


async def log_in(caller: Caller, password: str) -> Any:
    body = {"username": caller.server.username, "password": password}
    return await caller.post("/authenticate", body)


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer nothing", "Basic {}", "{}", "bearer {}"])
async def test_key__missing_wrong_or_of_another_kind(testhide: Both, given: str) -> None:
    """401 on everything but the two that are open."""
    server, caller = testhide

    async def status(path: str) -> int:
        return (
            await caller.send("GET", path, headers={"Authorization": given.format(server.api_token)})
        ).status

    assert [await status(path) for path in ("/me", "/builds", "/healthz")] == [401, 401, 200]


async def test_session__lasts_eight_hours(testhide: Both) -> None:
    """A token that looks like one, and says when it ends."""
    server, caller = testhide
    session = (await log_in(caller, server.password)).json
    caller.token = session["token"]

    server.advance(EIGHT_HOURS - 1)
    before = await caller.send("GET", "/me")
    server.advance(2)
    after = await caller.send("GET", "/me")

    claims = json.loads(base64.urlsafe_b64decode(session["token"].split(".")[1] + "=="))
    assert (before.status, after.status) == (200, 401)
    assert before.json["id"] == session["user_id"] == claims["sub"]
    assert session["token"].startswith("eyJ")
    assert session["token"] in server.secrets()


async def test_session__ends_with_logout_and_a_revoked_token_at_once(testhide: Both) -> None:
    """The API token is another thing."""
    server, caller = testhide
    session = (await log_in(caller, server.password)).json["token"]
    caller.token = session
    out = await caller.post("/logout")
    after = await caller.send("GET", "/me")
    caller.token = server.api_token
    still = await caller.send("GET", "/me")
    server.revoke(server.api_token)
    revoked = await caller.send("GET", "/me")

    assert [reply.status for reply in (out, after, still, revoked)] == [204, 401, 200, 401]
    assert {session, server.api_token} <= set(server.secrets())


async def test_login__too_many_wrong_passwords_lock_the_account(testhide: Both) -> None:
    """Even the right one does not help then."""
    server, caller = testhide

    wrong = [(await log_in(caller, "guess")).status for _ in range(PATIENCE)]

    assert wrong == [401] * PATIENCE
    assert (await log_in(caller, server.password)).status == 403


async def test_roles__a_viewer_reads_only(testhide: Both) -> None:
    """An admin is told apart by what it says of itself."""
    server, caller = testhide
    job = int(server.add_job("Smoke Tests"))
    seen = {}
    for role, token in (
        ("viewer", server.viewer_token),
        ("developer", server.api_token),
        ("admin", server.admin_token),
    ):
        caller.token = token
        me = await caller.get("/me")
        permissions = await caller.get(f"/users/{me['id']}/permissions")
        start = await caller.post("/builds/start", {"job_id": job})
        seen[me["role"]] = (start.status, permissions["can_start_builds"], permissions["is_admin"])
        assert me["role"] == role

    assert seen == {
        "viewer": (403, False, False),
        "developer": (201, True, False),
        "admin": (201, True, True),
    }


async def test_projects__what_an_account_does_not_see_is_not_there(testhide: Both) -> None:
    """Neither listed nor found by id, and not started."""
    server, caller = testhide
    shop, pay = server.add_project("Shop"), server.add_project("Payments")
    hidden, shown = server.add_job("Smoke Tests", project=pay), server.add_job("Smoke Tests", project=shop)
    builds = [server.add_build(job) for job in (hidden, shown)]
    caller.token = server.add_account("ann", projects=[shop])

    statuses = [(await caller.send("GET", f"/builds/{build}")).status for build in builds]
    started = await caller.post("/builds/start", {"job_id": int(hidden)})

    assert statuses == [404, 200]
    assert started.status == 404
    assert [str(job["id"]) for job in await caller.get("/jobs")] == [shown]
    assert (await caller.get("/builds"))["total"] == 1
    assert (await caller.get("/me"))["projects"] == [int(shop)]


BREAKS: list[tuple[str, str, object, dict[str, Any], int, str]] = [
    ("GET", "/builds/", None, {}, 404, "no such operation"),
    ("GET", "/nothing", None, {}, 404, "no such operation"),
    ("PATCH", "/builds", None, {}, 405, "no such operation"),
    ("GET", "/builds", None, {"colour": "red"}, 400, "colour is not described"),
    ("GET", "/builds", None, {"page": 0}, 400, "page"),
    ("GET", "/builds", None, {"limit": "many"}, 400, "limit"),
    ("GET", "/builds", None, {"status": "aborted"}, 400, "status"),
    ("GET", "/builds", {}, {}, 400, "takes no body"),
    ("GET", "/tests", None, {}, 400, "build_id is missing"),
    ("POST", "/builds/start", None, {}, 400, "not JSON"),
    ("POST", "/builds/start", {}, {}, 400, "job_id"),
    ("POST", "/builds/start", {"job_id": "51"}, {}, 400, "job_id"),
    ("POST", "/builds/start", {"job_id": 51, "priority": 11}, {}, 400, "priority"),
    ("POST", "/builds/start", {"job_id": 51, "request_id": "x"}, {}, 400, "request_id"),
    ("POST", "/builds/1/stop", {}, {}, 400, "takes no body"),
    ("POST", "/quarantine", {"job_id": 51, "node_id": "x", "reason": "boring"}, {}, 400, "reason"),
]


@pytest.mark.parametrize(("method", "path", "body", "query", "status", "problem"), BREAKS)
async def test_judge__what_breaks_the_contract_is_refused_and_taken_down(
    testhide: Both, method: str, path: str, body: object, query: dict[str, Any], status: int, problem: str
) -> None:
    """One sentence each, that fails the test which sent it."""
    server, caller = testhide

    reply = await caller.send(method, path, body=body, **query)
    told = server.violations()
    server.forget()

    assert reply.status == status
    assert len(told) == 1
    assert problem in told[0]


NOT_SIMULATED = {"/ai/search", "/ai/job/stream", "/ai/job/{job_id}/result", "/ai/job/{job_id}/cancel"}


async def test_contract__every_operation_is_served_but_a_few(testhide: Both) -> None:
    """None is served that the contract does not have."""
    server, _ = testhide
    served = {(route.method, route.path.removeprefix(server.mount)) for route in server.routes()}
    described = {
        (method.upper(), path)
        for path, operations in server.contract.description["paths"].items()
        if path not in NOT_SIMULATED
        for method in operations
    }

    assert served == described


async def test_judge__fails_the_test_that_broke_it() -> None:
    """Unless it says that it meant to."""
    with pytest.raises(AssertionError):
        async with called_testhide() as (_, caller):
            await caller.send("GET", "/builds", colour="red")


async def test_judge__without_a_key_nothing_is_said_of_the_rest(testhide: Both) -> None:
    """The door comes first."""
    server, caller = testhide
    caller.token = "wrong"

    reply = await caller.send("GET", "/builds", colour="red")
    server.forget()

    assert (reply.status, reply.json) == (401, {"detail": "Token is invalid or expired"})


async def test_hex_ids__every_id_is_24_hexadecimal_digits() -> None:
    """The caller holds each answer to the contract with such ids; numbers are refused."""
    async with called_testhide(hex_ids=True) as (server, caller):
        job = server.add_job("Smoke Tests", tests=["a.py::a"])
        build = server.add_build(job, failing=["a.py::a"])
        started = await caller.post("/builds/start", {"job_id": job})
        number = await caller.post("/builds/start", {"job_id": 51})
        detail = await caller.get(f"/builds/{build}")
        [row] = (await caller.get("/tests", build_id=build))["results"]
        history = await caller.get(f"/tests/{row['id']}/history")
        me = await caller.get("/me")
        await caller.get("/nodes")
        server.forget()

        assert (started.status, started.json["job_id"]) == (201, job)
        assert number.status == 400
        assert (detail["id"], detail["job_id"], len(detail["node_id"])) == (build, job, 24)
        assert (row["node_id"], history["history"][0]["build_id"]) == ("a.py::a", build)
        assert not any(one.isdigit() for one in (job, build, row["id"], me["id"], *me["projects"]))


async def test_house__what_the_server_says_of_itself(testhide: Both) -> None:
    """Licence, nodes, search, configuration: as the contract has them."""
    server, caller = testhide
    server.add_job("Smoke Tests")

    licensed = await caller.get("/license/status")
    server.set_manners(ai=False)
    poor = await caller.get("/license/status")
    found = await caller.get("/search", q="smoke")

    assert (licensed["capabilities"]["ai_chat"], poor["capabilities"]["ai_chat"]) == (True, False)
    assert [one["name"] for one in found["results"]] == ["Smoke Tests"]
    assert (await caller.get("/config"))["global_options"]["ai_assist"] == {"enabled": False}
    assert [node["status"] for node in await caller.get("/nodes")] == ["online"] * 3
    assert (await caller.get("/nodes/2"))["name"] == "agent-02"
    assert (await caller.get("/nodes/2/health"))["node_id"] == 2
    assert (await caller.get("/healthz"))["status"] == "ok"
