"""Webhooks of the server: who is registered, what is delivered for what happens, and the history of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from adapters.simulator.common.webhooks import signature
from adapters.simulator.testhide import SimulatedTesthide
from tests.fakes.testhide import Caller

Both = tuple[SimulatedTesthide, Caller]
SECRET = "wh_sec_canary-of-a-hook"
A = "tests/test_part_000.py::test_case_0"


class Receiver:
    """Keeps what is delivered; answers with a status."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 202
        self.got: list[tuple[Any, bool]] = []

    async def take(self, request: web.Request) -> web.Response:
        content = await request.read()
        signed = request.headers.get("X-Hub-Signature-256") == signature(SECRET, content, "sha256")
        self.got.append((json.loads(content), signed))
        return web.Response(status=self.status)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hooks/qa", receiver.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks/qa"
    yield receiver
    await runner.cleanup()


async def register(caller: Caller, receiver: Receiver, *events: str, **more: object) -> int:
    body = {"url": receiver.url, "events": list(events), "secret": SECRET, **more}
    reply = await caller.post("/webhooks", body)
    assert reply.status == 201
    return int(reply.json["id"])


async def test_delivery__what_happens_is_signed_and_told(testhide: Both, receiver: Receiver) -> None:
    """Only the events that were asked for, of builds that time ends as well as of those that somebody stops."""
    server, caller = testhide
    hook = await register(caller, receiver, "build.finished", "build.failed", "build.cancelled")
    job = server.add_job("Smoke Tests", max_parallel=2)
    server.plan_next(job, failing=[A])
    failed = (await caller.post("/builds/start", {"job_id": int(job)})).json["id"]
    server.advance(400)
    stopped = int(server.add_build(job, status="running"))
    await caller.post(f"/builds/{stopped}/stop")
    await server.webhooks.settled()

    told = sorted(
        (body["event"], body["data"]["build_id"], body["data"]["status"]) for body, _ in receiver.got
    )
    [row] = await caller.get("/webhooks")
    history = await caller.get(f"/webhooks/{hook}/history", status="ok")

    assert told == [
        ("build.cancelled", stopped, "aborted"),
        ("build.failed", failed, "failed"),
        ("build.finished", failed, "failed"),
    ]
    assert all(signed for _, signed in receiver.got)
    assert (row["deliveries_ok"], row["deliveries_failed"], len(history)) == (3, 0, 3)
    assert SECRET not in json.dumps(row)
    assert SECRET in server.secrets()


async def test_delivery__of_quarantine_and_a_lost_node(testhide: Both, receiver: Receiver) -> None:
    """What no build does is told, too."""
    server, caller = testhide
    await register(caller, receiver, "test.quarantined", "node.offline")
    job = server.add_job("Smoke Tests")
    server.add_build(job, status="running")

    server.quarantine(job, A)
    server.lose_node()
    await server.webhooks.settled()

    assert sorted((body["event"], body["data"]) for body, _ in receiver.got) == [
        ("node.offline", {"node": "agent-01"}),
        ("test.quarantined", {"job_id": int(job), "node_id": A}),
    ]


async def test_test__really_posts_and_tells_what_came_of_it(testhide: Both, receiver: Receiver) -> None:
    """A receiver that refuses stands in the history."""
    _, caller = testhide
    hook = await register(caller, receiver, "build.finished")

    good = (await caller.post(f"/webhooks/{hook}/test")).json
    receiver.status = 401
    bad = (await caller.post(f"/webhooks/{hook}/test")).json
    [failed] = await caller.get(f"/webhooks/{hook}/history", status="failed")

    assert (good["delivered"], good["status_code"]) == (True, 202)
    assert (bad["delivered"], bad["status_code"]) == (False, 401)
    assert (failed["status_code"], failed["error"]) == (401, "HTTP 401")
    assert len(receiver.got) == 2


async def test_change__switched_off_or_taken_out_it_is_silent(testhide: Both, receiver: Receiver) -> None:
    """One by one, or many at once; a hook of another project hears nothing either."""
    server, caller = testhide
    shop, pay = server.add_project("Shop"), server.add_project("Payments")
    job = server.add_job("Smoke Tests", project=shop)
    off = await register(caller, receiver, "build.started")
    gone = await register(caller, receiver, "build.started")
    many = await register(caller, receiver, "build.started")
    await register(caller, receiver, "build.started", project_id=int(pay))
    await register(caller, receiver, "build.started", active=False)

    changed = await caller.send("PUT", f"/webhooks/{off}", body={"active": False})
    deleted = await caller.send("DELETE", f"/webhooks/{gone}")
    bulk = await caller.post("/webhooks/bulk-delete", {"ids": [many, 999]})
    server.add_build(job, status="running")
    await server.webhooks.settled()

    assert changed.json == {"id": off, "active": False, "events": ["build.started"]}
    assert (deleted.status, bulk.json) == (204, {"deleted": 1, "ids": [many]})
    assert receiver.got == []
    assert len(await caller.get("/webhooks", active=True)) == 1
    assert (await caller.post(f"/webhooks/{gone}/test")).status == 404


@pytest.mark.parametrize("url", ["http://clew.example/hooks", "ftp://127.0.0.1/hooks", "nothing"])
async def test_register__https_only_but_on_loopback(testhide: Both, url: str) -> None:
    """The documents ask for HTTPS."""
    _, caller = testhide

    assert (await caller.post("/webhooks", {"url": url, "events": ["build.failed"]})).status == 422
