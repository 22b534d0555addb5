"""Every fault at a route, over real HTTP, as a plain client sees it."""

from __future__ import annotations

import json

import aiohttp
import pytest

from adapters.simulator.testhide import SimulatedTesthide
from tests.fakes.testhide import Caller

Both = tuple[SimulatedTesthide, Caller]
PATH = "/api/v3/builds"


@pytest.mark.parametrize(
    ("fault", "status", "body", "header"),
    [
        ("unauthorized", 401, b"", None),
        ("forbidden", 403, b"", None),
        ("not found", 404, b"Resource not found", None),
        ("conflict", 409, b"Conflict", None),
        ("unprocessable", 422, b'"detail": [{', None),
        ("rate limited", 429, b"Too many", ("Retry-After", "2")),
        ("rate limited, no header", 429, b"", ("Retry-After", None)),
        ("server error", 500, b"unexpected", None),
        ("bad gateway", 502, b"<html>", None),
        ("unavailable", 503, b"", None),
        ("captive portal", 200, b"<html>", None),
        ("redirect", 302, b"", ("Location", "http://127.0.0.1:9/elsewhere")),
        ("unlicensed", 402, b"licence", None),
    ],
)
async def test_fault__once_and_then_all_is_well(
    testhide: Both, fault: str, status: int, body: bytes, header: tuple[str, str | None] | None
) -> None:
    """The status, a piece of the body, a header."""
    server, caller = testhide
    caller.strict = False
    server.misbehave(fault, path=PATH)

    spoilt = await caller.send("GET", "/builds")
    after = await caller.send("GET", "/builds")

    assert (spoilt.status, after.status) == (status, 200)
    assert body in spoilt.content
    assert header is None or spoilt.headers.get(header[0]) == header[1]


async def test_fault__dropped_before_and_after_the_work(testhide: Both) -> None:
    """The client sees the same; only the second has started a build."""
    server, caller = testhide
    job = int(server.add_job("Smoke Tests"))
    built = []
    for fault in ("dropped", "started, then dropped"):
        server.misbehave(fault, path=PATH + "/start")
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await caller.post("/builds/start", {"job_id": job})
        built.append(len(server.world.builds()))

    assert built == [0, 1]


async def test_fault__half_of_the_json(testhide: Both) -> None:
    """Complete by its headers, and no JSON."""
    server, caller = testhide
    caller.strict = False
    server.misbehave("half JSON", path=PATH)

    reply = await caller.send("GET", "/builds")

    assert reply.status == 200
    with pytest.raises(ValueError, match=r"delimiter|Unterminated|Expecting"):
        json.loads(reply.content)


async def test_fault__a_wrong_type_in_one_field(testhide: Both) -> None:
    """Wherever the answer has it."""
    server, caller = testhide
    build = server.add_build(server.add_job("Smoke Tests"))
    caller.strict = False
    server.misbehave("wrong type", path=PATH + ".*", sets={"status": 7}, times=2)

    listed = (await caller.send("GET", "/builds")).json
    detail = (await caller.send("GET", f"/builds/{build}")).json

    assert (listed["results"][0]["status"], detail["status"], listed["total"]) == (7, 7, 1)


async def test_fault__a_page_that_repeats_and_a_total_that_lies(testhide: Both) -> None:
    """Whatever page is asked for; until it behaves again."""
    server, caller = testhide
    job = server.add_job("Smoke Tests")
    for _ in range(3):
        server.add_build(job)

    async def ids(page: int) -> list[int]:
        return [row["id"] for row in (await caller.get("/builds", limit=1, page=page))["results"]]

    honest = [await ids(page) for page in (1, 2)]
    server.misbehave("repeating page", path=PATH)
    repeated = [await ids(page) for page in (1, 2, 99)]
    server.behave()
    server.misbehave("lying total", path=PATH)

    assert honest[0] != honest[1]
    assert repeated == [honest[0]] * 3
    assert (await caller.get("/builds"))["total"] == 1_000_000


async def test_fault__null_counts_and_a_gzip_bomb(testhide: Both) -> None:
    """A quarter of a gigabyte in a small answer."""
    server, caller = testhide
    build = server.add_build(server.add_job("Smoke Tests"))
    server.misbehave("null counts", path=PATH + "/.*")
    detail = await caller.get(f"/builds/{build}")
    server.misbehave("gzip bomb", path=PATH, unpacks_to=8)
    headers = {"Authorization": f"Bearer {server.api_token}"}
    async with (
        aiohttp.ClientSession(auto_decompress=False, headers=headers) as session,
        session.get(server.base_url + "/builds") as answer,
    ):
        packed = await answer.read()

    assert (detail["failed"], detail["total_tests"], detail["status"]) == (None, None, "passed")
    assert (answer.headers["Content-Encoding"], len(packed) < 100_000) == ("gzip", True)


async def test_control__from_another_process(testhide: Both) -> None:
    """Every string is there as a request without a key, and none of it is judged."""
    server, _ = testhide
    root = server.base_url.removesuffix("/api/v3") + "/_control/"

    async def pull(action: str, **arguments: object) -> object:
        async with aiohttp.ClientSession() as session, session.post(root + action, json=arguments) as answer:
            body = await answer.json()
            return body["result"] if answer.status == 200 else body["message"]

    job = await pull("add_job", name="Smoke Tests", tests=2)
    build = await pull("add_build", job=job, status="running")
    await pull("quarantine", job=job, node_id="tests/test_part_000.py::test_case_0")
    ended = await pull("finish_build", build=build, failing=["tests/test_part_000.py::test_case_1"])
    again = await pull("finish_build", build=build)
    wrong = await pull("deliver_as", form="md5")

    assert (ended, server.build(build).status) == ("failed", "failed")
    assert "is not running" in str(again)
    assert "there is no form" in str(wrong)
    assert not server.counts
