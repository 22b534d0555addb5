"""The simulated tenant over HTTP: what it serves and what it refuses. Every answer is held to the description."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise, repeat

import aiohttp
import pytest

from adapters.simulator.antithesis import SimulatedTenant, bulk_world, empty_world, simulated_tenant
from adapters.simulator.registry import SIMULATORS, simulator
from bot.errors import UserError
from tests.fakes.clock import ManualClock
from tests.fakes.tenant_caller import RUNS, Caller, running_tenant

BASIC = {"Authorization": "Basic c2ltdWxhdGVkLXVzZXI6c2ltdWxhdGVkLXBhc3N3b3Jk"}
MESSAGE_404 = "Resource not found"


@pytest.fixture
async def living() -> AsyncIterator[tuple[SimulatedTenant, Caller]]:
    async with running_tenant(clock=ManualClock()) as both:
        yield both


@pytest.fixture
async def empty() -> AsyncIterator[tuple[SimulatedTenant, Caller]]:
    async with running_tenant(clock=ManualClock(), world=empty_world) as both:
        yield both


async def test_version__names_api_and_release(living: tuple[SimulatedTenant, Caller]) -> None:
    """The health probe."""
    _, caller = living

    body = (await caller.get("/api/version")).json

    assert body == {"latest_api_version": "v1", "release_version": "64.0"}


async def test_description__is_served(living: tuple[SimulatedTenant, Caller]) -> None:
    """A tenant hands out its own contract."""
    _, caller = living

    body = (await caller.get("/api/v1/openapi.json")).json

    assert "/api/v0/runs" in body["paths"]


async def test_list__pages_hold_every_run_once_newest_first(living: tuple[SimulatedTenant, Caller]) -> None:
    """Weeks of history, page by page, with every answer valid."""
    tenant, caller = living

    runs = [run for page in await caller.pages(RUNS, limit="100") for run in page]

    assert len(runs) > 300
    assert len({run["run_id"] for run in runs}) == len(runs)
    assert [r["created_at"] for r in runs] == sorted((r["created_at"] for r in runs), reverse=True)
    assert tenant.violations() == []


async def test_list__is_stable_when_runs_are_created_between_pages(
    empty: tuple[SimulatedTenant, Caller],
) -> None:
    """The cursor is a key: a new run shifts no later page."""
    tenant, caller = empty
    ids = [tenant.add_run(age=age) for age in (50, 40, 30, 20)]
    first = (await caller.get(RUNS, limit="2")).json
    tenant.add_run(age=1)

    second = (await caller.get(RUNS, limit="2", after=first["next_cursor"])).json

    assert [run["run_id"] for run in first["data"] + second["data"]] == ids[::-1]
    assert second["next_cursor"] is None


async def test_list__filters(empty: tuple[SimulatedTenant, Caller]) -> None:
    """Status, exact launcher and creation time narrow the list."""
    tenant, caller = empty
    old = tenant.add_run(status="completed", age=7200, launcher="etcd Soak", system="etcd")
    new = tenant.add_run(status="in_progress", age=60)
    middle = tenant.now().replace(microsecond=0).isoformat().replace("+00:00", "Z")
    tenant.advance(60)
    newest = tenant.add_run(status="starting", age=10)

    async def listed(**query: str) -> list[str]:
        return [run["run_id"] for run in (await caller.get(RUNS, **query)).json["data"]]

    assert await listed(status="completed") == [old]
    assert await listed(status="in_progress") == [new]
    assert await listed(status="starting") == [newest]
    assert await listed(launcher="etcd Soak") == [old]
    assert await listed(created_after=middle) == [newest]
    assert await listed(created_before=middle) == [new, old]
    assert await listed(status="cancelled") == []


async def test_list__new_runs_lag_on_demand(empty: tuple[SimulatedTenant, Caller]) -> None:
    """A run can be read by id before a list shows it."""
    tenant, caller = empty
    tenant.lag_lists(30)
    run_id = tenant.add_run(age=0)

    hidden = (await caller.get(RUNS)).json["data"]
    read = (await caller.get(f"{RUNS}/{run_id}")).status
    tenant.advance(31)
    shown = (await caller.get(RUNS)).json["data"]

    assert ([], 200, [run_id]) == (hidden, read, [run["run_id"] for run in shown])


@pytest.mark.parametrize(
    ("path", "query", "message"),
    [
        (RUNS, {"limit": "0"}, "limit must be between 1 and 100"),
        (RUNS, {"limit": "101"}, "limit must be between 1 and 100"),
        (RUNS, {"limit": "x"}, "limit must be between 1 and 100"),
        (RUNS, {"limit": "9" * 5000}, "limit must be between 1 and 100"),
        (RUNS, {"after": "rubbish"}, "Bad request: invalid cursor"),
        (RUNS, {"after": ""}, "Bad request: invalid cursor"),
        (RUNS, {"after": "bm90IGEgY3Vyc29y"}, "Bad request: invalid cursor"),
        (RUNS, {"created_after": "yesterday"}, "Bad request: invalid created_after"),
        (RUNS, {"created_before": "2026-05-14T03:00:00"}, "Bad request: invalid created_before"),
        (RUNS + "/RUN/properties", {"limit": "101"}, "limit must be between 1 and 100"),
        (RUNS + "/RUN/properties", {"after": "-1"}, "Bad request: invalid cursor"),
        (RUNS + "/RUN/properties", {"status": "failing"}, "Bad request: status must be Passing or Failing"),
        (RUNS + "/RUN/logs", {"vtime": "1"}, "Bad request: missing input_hash"),
        (RUNS + "/RUN/logs", {"input_hash": "1"}, "Bad request: invalid vtime"),
        (RUNS + "/RUN/logs", {"input_hash": "1", "vtime": "nan"}, "Bad request: invalid vtime"),
        (RUNS + "/RUN/logs", {"input_hash": "1", "vtime": "-1"}, "Bad request: invalid vtime"),
        (
            RUNS + "/RUN/logs",
            {"input_hash": "1", "vtime": "1", "begin_vtime": "x"},
            "Bad request: invalid vtime",
        ),
        (
            RUNS + "/RUN/logs",
            {"input_hash": "1", "vtime": "1", "begin_input_hash": "1"},
            "Bad request: begin_input_hash needs begin_vtime",
        ),
        (RUNS + "/RUN/events", {"q": "x", "limit": "1000"}, "limit must be between 1 and 999"),
    ],
)
async def test_refusal__bad_query(
    empty: tuple[SimulatedTenant, Caller], path: str, query: dict[str, str], message: str
) -> None:
    """A wrong query is a 400 with a sentence."""
    tenant, caller = empty
    run_id = tenant.add_run(status="completed")

    reply = await caller.get(path.replace("RUN", run_id), **query)

    assert (400, {"message": message}) == (reply.status, reply.json)


async def test_refusal__unknown_status(empty: tuple[SimulatedTenant, Caller]) -> None:
    """A status outside the contract is refused, and named as a violation."""
    tenant, caller = empty

    reply = await caller.get(RUNS, status="paused")

    assert reply.status == 400
    assert "query parameter status" in tenant.violations()[0]


async def test_query__unknown_parameters_are_tolerated_and_noted(
    empty: tuple[SimulatedTenant, Caller],
) -> None:
    """A typing mistake in a name is served as if it were not there, and told to the test."""
    tenant, caller = empty

    reply = await caller.get(RUNS, created_afer="x")

    assert reply.status == 200
    assert tenant.violations() == ["GET /api/v0/runs: query parameter created_afer is not described"]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "content"),
    [
        ("GET", RUNS, {"User-Agent": None}, 400, b'{"message": "Bad request: missing user agent"}'),
        ("GET", RUNS, {"Authorization": "Bearer wrong"}, 403, b""),
        ("GET", RUNS, {"Authorization": None}, 401, b'{"message": "Invalid or expired bearer token."}'),
        ("GET", RUNS, BASIC, 403, b""),
        ("GET", "/api/version", BASIC, 403, b""),
        ("GET", "/api/version", {"Authorization": "Bearer \u00e9"}, 403, b""),
        ("POST", "/api/v1/launch/basic_test", {"Authorization": None}, 401, b'{"statusCode": 401}'),
        ("POST", "/api/v1/launch/basic_test", {"Authorization": "Bearer wrong"}, 403, b""),
        (
            "GET",
            RUNS,
            {"Accept": "text/html"},
            406,
            b'{"message": "This endpoint does not support the requested Accept type."}',
        ),
    ],
)
async def test_gate__refuses(
    empty: tuple[SimulatedTenant, Caller],
    method: str,
    path: str,
    headers: dict[str, str | None],
    status: int,
    content: bytes,
) -> None:
    """Who lacks the key, names no user agent or wants another type does not come in."""
    _, caller = empty

    reply = await caller.send(method, path, headers=headers)

    assert (status, content) == (reply.status, reply.content)


async def test_gate__takes_user_and_password_for_launches(empty: tuple[SimulatedTenant, Caller]) -> None:
    """The deprecated way works where it always did."""
    _, caller = empty

    reply = await caller.send("POST", "/api/v1/launch/basic_test", headers=BASIC, body={"params": {}})

    assert reply.status == 200


async def test_refusal__wrong_path_and_method(empty: tuple[SimulatedTenant, Caller]) -> None:
    """Both are answered alike, and a client that sends them is told of."""
    tenant, caller = empty
    caller.strict = False

    replies = [
        await caller.get("/api/v0/nothing"),
        await caller.send("PUT", RUNS),
        await caller.send("HEAD", RUNS),
    ]

    assert [reply.status for reply in replies] == [404, 405, 405]
    assert {"message": MESSAGE_404} == replies[0].json == replies[1].json
    assert len(tenant.violations()) == 3


async def test_run__unknown_id(empty: tuple[SimulatedTenant, Caller]) -> None:
    """The message names the id, as on real tenants."""
    _, caller = empty

    reply = await caller.get(f"{RUNS}/no-such-run")

    assert (reply.status, reply.json) == (404, {"message": "Run not found: no-such-run"})


async def test_run__cache_headers(empty: tuple[SimulatedTenant, Caller]) -> None:
    """Only what can change no more may be kept."""
    tenant, caller = empty
    ended, running = tenant.add_run(status="completed"), tenant.add_run()

    replies = [
        await caller.get(f"{RUNS}/{ended}"),
        await caller.get(f"{RUNS}/{running}"),
        await caller.get(RUNS),
    ]

    assert [r.headers["Cache-Control"] for r in replies] == ["private, max-age=3600", "no-cache", "no-cache"]


async def test_life__a_run_starts_goes_on_and_ends(empty: tuple[SimulatedTenant, Caller]) -> None:
    """A launched run passes through all states in tenant time, and its properties come at the end."""
    tenant, caller = empty
    run_id = (await caller.launch(duration="10", source="main")).json["runId"]
    seen = []
    for _ in range(4):
        run = (await caller.get(f"{RUNS}/{run_id}")).json
        properties = await caller.get(f"{RUNS}/{run_id}/properties")
        seen.append((run["status"], run["completed_at"] is None, "links" in run, properties.status))
        tenant.advance(330)

    assert seen == [
        ("starting", True, False, 404),
        ("in_progress", True, False, 404),
        ("in_progress", True, False, 404),
        ("in_progress", True, False, 404),
    ]
    run = (await caller.get(f"{RUNS}/{run_id}")).json
    assert (run["status"], "triage_report" in run["links"]) == ("completed", True)
    assert (await caller.get(f"{RUNS}/{run_id}/properties")).status == 200


async def test_living__runs_end_soon_and_keep_ending(living: tuple[SimulatedTenant, Caller]) -> None:
    """At a virtual minute a second, the first run ends within 20 s and others follow each half minute."""
    tenant, caller = living

    async def ended() -> int:
        pages = await caller.pages(RUNS, limit="100", created_after=since)
        return sum(run["status"] in {"completed", "incomplete"} for page in pages for run in page)

    since = tenant.now().replace(day=tenant.now().day - 1).isoformat().replace("+00:00", "Z")
    counts = [await ended()]
    tenant.advance(20 * 60)
    counts.append(await ended())
    for _ in range(4):
        tenant.advance(30 * 60)
        counts.append(await ended())

    assert [after - before for before, after in pairwise(counts)] == [1, 1, 1, 1, 1]


async def test_launch__echoes_parameters_and_secrets(empty: tuple[SimulatedTenant, Caller]) -> None:
    """Whatever was sent comes back, unknown names included: a correlation key can be found again."""
    tenant, caller = empty
    params = {
        "antithesis.duration": "5",
        "custom.key": "k-1",
        "antithesis.integrations.slack.token": "canary",
    }

    reply = await caller.post("/api/v1/launch/Payments Nightly", {"params": params})
    run = (await caller.get(RUNS, launcher="Payments Nightly")).json["data"][0]

    assert (200, {"runId": run["run_id"], "statusCode": 200}) == (reply.status, reply.json)
    assert run["parameters"] == params
    assert tenant.violations() == []


@pytest.mark.parametrize(
    ("path", "body", "status", "answer"),
    [
        ("no such launcher", {"params": {}}, 404, {"statusCode": 404, "runId": None}),
        ("basic_test", {"params": "x"}, 400, {"statusCode": 400, "runId": None}),
        ("basic_test", [], 400, {"statusCode": 400, "runId": None}),
        ("debugging", {"params": {}}, 400, {"statusCode": 400, "runId": None}),
    ],
)
async def test_launch__refusals_have_their_own_shape(
    empty: tuple[SimulatedTenant, Caller], path: str, body: object, status: int, answer: dict[str, object]
) -> None:
    """No message, a status code in the body."""
    _, caller = empty

    reply = await caller.post(f"/api/v1/launch/{path}", body)

    assert (status, answer) == (reply.status, reply.json)


async def test_launch__bad_parameters_show_late(empty: tuple[SimulatedTenant, Caller]) -> None:
    """A launch that makes no sense is taken, and is an incomplete run minutes later."""
    tenant, caller = empty
    run_id = (await caller.launch(duration="1h")).json["runId"]
    tenant.advance(200)

    run = (await caller.get(f"{RUNS}/{run_id}")).json

    assert run["status"] == "incomplete"
    assert tenant.violations() == []


async def failing_moment(tenant: SimulatedTenant, caller: Caller) -> tuple[str, dict[str, str]]:
    """Return a run with a failing property and the moment of its counterexample."""
    run_id = tenant.add_run(status="completed", failing=["Stock below zero"])
    failing = (await caller.get(f"{RUNS}/{run_id}/properties", status="Failing")).json["data"]
    moment: dict[str, str] = failing[0]["counterexamples"][0]["moment"]
    return run_id, moment


@pytest.mark.parametrize("by_session", [False, True])
async def test_debugging__becomes_a_run(empty: tuple[SimulatedTenant, Caller], by_session: bool) -> None:
    """The id may answer 404 for a moment, then the session starts, and in progress means it is up."""
    tenant, caller = empty
    run_id, moment = await failing_moment(tenant, caller)
    target = {"session_id": tenant.run(run_id).session_id} if by_session else {"run_id": run_id}
    params = {f"antithesis.debugging.{name}": value for name, value in (target | moment).items()}
    session = (await caller.post("/api/v1/launch/debugging", {"params": params})).json["runId"]
    seen: list[object] = []
    for seconds in (0, 60, 180, 6 * 3600):
        tenant.advance(seconds)
        reply = await caller.get(f"{RUNS}/{session}")
        seen.append(reply.json.get("status", reply.status))

    listed = [run["run_id"] for run in (await caller.get(RUNS)).json["data"]]

    assert seen == [404, "starting", "in_progress", "completed"]
    assert listed == [run_id]
    assert tenant.violations() == []


async def test_debugging__unknown_moment_breaks_and_unknown_run_is_refused(
    empty: tuple[SimulatedTenant, Caller],
) -> None:
    """A wrong moment is found out late, a wrong run at once; naming both or no run is a bad request."""
    tenant, caller = empty
    run_id, moment = await failing_moment(tenant, caller)

    async def debug(**changes: str) -> tuple[int, str | None]:
        params = {f"antithesis.debugging.{name}": value for name, value in ({**moment, **changes}).items()}
        reply = await caller.post("/api/v1/launch/debugging", {"params": params})
        return reply.status, reply.json["runId"]

    _, session = await debug(run_id=run_id, input_hash="1")
    tenant.advance(240)

    assert (await caller.get(f"{RUNS}/{session}")).json["status"] == "incomplete"
    assert await debug(run_id="none") == (404, None)
    assert await debug(session_id="none") == (404, None)
    assert await debug() == (400, None)
    assert await debug(run_id=run_id, session_id="both") == (400, None)


async def test_debugging__listed_on_demand(empty: tuple[SimulatedTenant, Caller]) -> None:
    """Whether real tenants list sessions is not known, so both can be had."""
    tenant, caller = empty
    tenant.world.list_debug_sessions = True
    run_id, moment = await failing_moment(tenant, caller)
    params = {f"antithesis.debugging.{name}": value for name, value in ({"run_id": run_id} | moment).items()}

    session = (await caller.post("/api/v1/launch/debugging", {"params": params})).json["runId"]

    assert session in [run["run_id"] for run in (await caller.get(RUNS)).json["data"]]


async def test_cancel__marks_and_refuses(empty: tuple[SimulatedTenant, Caller]) -> None:
    """Cancelling is asynchronous; an ended run is a conflict, an unknown one a bare 404."""
    tenant, caller = empty
    run_id = tenant.add_run()

    first = await caller.send("POST", f"{RUNS}/{run_id}/cancel")
    before = (await caller.get(f"{RUNS}/{run_id}")).json["status"]
    tenant.advance(30)
    after = (await caller.get(f"{RUNS}/{run_id}")).json["status"]
    again = await caller.send("POST", f"{RUNS}/{run_id}/cancel")
    unknown = await caller.send("POST", f"{RUNS}/none/cancel")
    old = await caller.send("POST", f"{RUNS}/{tenant.add_run(release='63.2')}/cancel")

    assert (old.status, old.content) == (404, b"")
    assert (first.status, before, after, again.status) == (200, "in_progress", "cancelled", 409)
    assert f"Run {run_id} has already finished" in again.json["message"]
    assert (unknown.status, unknown.content) == (404, b"")
    assert tenant.violations() == []


async def test_logs__end_in_the_assertion_and_run_past_it(empty: tuple[SimulatedTenant, Caller]) -> None:
    """The failing assertion stands at exactly its moment; the server does not stop there."""
    tenant, caller = empty
    run_id, moment = await failing_moment(tenant, caller)
    begin = str(float(moment["vtime"]) - 8)

    lines = (await caller.get(f"{RUNS}/{run_id}/logs", begin_vtime=begin, **moment)).lines

    vtimes = [float(line["moment"]["vtime"]) for line in lines]
    at = [line for line in lines if float(line["moment"]["vtime"]) == float(moment["vtime"])]
    assert vtimes == sorted(vtimes)
    assert float(begin) <= vtimes[0]
    assert 1 <= sum(vtime > float(moment["vtime"]) for vtime in vtimes) <= 25
    assert at[0]["antithesis_assert"]["id"] == "Stock below zero"
    assert at[0]["moment"]["input_hash"] == moment["input_hash"]


async def test_logs__to_the_end_and_unknown_moments(empty: tuple[SimulatedTenant, Caller]) -> None:
    """0 means to the end of the branch, 0/0 is empty, a hash of another run is not found."""
    tenant, caller = empty
    run_id, moment = await failing_moment(tenant, caller)
    path = f"{RUNS}/{run_id}/logs"

    whole = (await caller.get(path, input_hash=moment["input_hash"], vtime="0")).lines
    nothing = await caller.get(path, input_hash="0", vtime="0")
    stale = await caller.get(path, input_hash="1", vtime=moment["vtime"])
    running = await caller.get(f"{RUNS}/{tenant.add_run()}/logs", **moment)
    old = await caller.get(f"{RUNS}/{tenant.add_run(status='completed', release='58.11')}/logs", **moment)

    assert float(whole[-1]["moment"]["vtime"]) > 470
    assert whole[0]["env_setup"] == "complete"
    assert (nothing.status, nothing.content) == (200, b"")
    assert [stale.status, running.status, old.status] == [404, 404, 400]


async def test_logs__bytes_of_your_own(empty: tuple[SimulatedTenant, Caller]) -> None:
    """A bench can stream what it likes."""
    tenant, caller = empty
    run_id = tenant.add_run(status="completed")
    line = b'{"moment":{"input_hash":"1","vtime":"2.0"}}\n'
    tenant.serve_logs(run_id, lambda: [line] * 800)

    content = (await caller.get(f"{RUNS}/{run_id}/logs", input_hash="1", vtime="2")).content

    assert content == line * 800


async def test_logs__stop_when_the_client_leaves(empty: tuple[SimulatedTenant, Caller]) -> None:
    """Nobody streams to a closed connection, however long the log is."""
    tenant, _ = empty
    run_id = tenant.add_run(status="completed")
    ended = asyncio.Event()

    def endless() -> Iterator[bytes]:
        try:
            yield from repeat(b'{"moment":{"input_hash":"1","vtime":"2.0"}}\n')
        finally:
            ended.set()

    tenant.serve_logs(run_id, endless)
    headers = {"Authorization": f"Bearer {tenant.api_key}"}
    url = f"{tenant.base_url}{RUNS}/{run_id}/logs?input_hash=1&vtime=2"
    async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as response:
        await response.content.readany()

    await asyncio.wait_for(ended.wait(), 10)

    assert tenant.violations() == []


async def test_build_logs__only_of_ended_runs(empty: tuple[SimulatedTenant, Caller]) -> None:
    """Running: none yet. Incomplete: the error is in it. Too old: not found."""
    tenant, caller = empty
    broken = tenant.add_run(status="incomplete")
    old = tenant.add_run(status="completed", release="53.1")

    running = await caller.get(f"{RUNS}/{tenant.add_run()}/build_logs")
    lines = (await caller.get(f"{RUNS}/{broken}/build_logs")).lines
    aged = await caller.get(f"{RUNS}/{old}/build_logs")

    assert (running.status, running.content) == (200, b"")
    assert lines[0]["text"] == ""
    assert "error: image registry answered 404 for config:latest" in [line["text"] for line in lines]
    assert any("stream" not in line for line in lines)
    assert aged.status == 404


async def test_events__are_an_unordered_sample(empty: tuple[SimulatedTenant, Caller]) -> None:
    """At most as many as asked for, in no order."""
    tenant, caller = empty
    run_id, _ = await failing_moment(tenant, caller)

    sample = (await caller.get(f"{RUNS}/{run_id}/events", q="CART", limit="20")).lines
    running = await caller.get(f"{RUNS}/{tenant.add_run()}/events", q="x")

    vtimes = [float(event["moment"]["vtime"]) for event in sample]
    assert len(sample) == 20
    assert vtimes != sorted(vtimes)
    assert running.status == 404


async def test_pages__report_opens_with_its_link_only(living: tuple[SimulatedTenant, Caller]) -> None:
    """The signed link of a finished run leads to a page; without the signature it does not open."""
    tenant, caller = living
    run = tenant.add_run(status="completed", launcher="A <b>bold</b> name", failing=["Stock below zero"])
    link = (await caller.get(f"{RUNS}/{run}")).json["links"]["triage_report"]
    path, _, auth = link.removeprefix(tenant.base_url).partition("?auth=")

    signed = await caller.get(path, auth=auth)
    bare = await caller.get(path)
    unknown = await caller.get("/report/none/none.html", auth=auth)
    listed = await caller.get("/runs", **{"primary-filter": run})

    assert b"Stock below zero" in signed.content
    assert b"A &lt;b&gt;bold&lt;/b&gt; name" in signed.content
    assert [r.status for r in (signed, bare, unknown, listed)] == [200, 403, 404, 200]
    assert listed.content.count(b"<tr>") == 1


async def test_bulk__unfinished_runs_are_found_among_many() -> None:
    """Ten thousand runs of history do not hide a thousand open ones."""
    world = bulk_world(history=10_000, unfinished=1_000)
    async with running_tenant(clock=ManualClock(), world=world) as (tenant, caller):
        caller.strict = False  # one page is checked elsewhere; this is about numbers

        pages = await caller.pages(RUNS, limit="100", status="in_progress")

        assert [len(page) for page in pages] == [100] * 10
        assert tenant.counts["GET /api/v0/runs"] == 10


async def test_world__same_seed_same_bytes() -> None:
    """Two tenants with one seed and one start say the same, another seed something else."""

    async def told(seed: int) -> list[bytes]:
        async with running_tenant(clock=ManualClock(), seed=seed) as (tenant, caller):
            runs = (await caller.get(RUNS, limit="20")).content.replace(tenant.base_url.encode(), b"")
            run_id, moment = await failing_moment(tenant, caller)
            logs = await caller.get(f"{RUNS}/{run_id}/logs", **moment)
            return [runs, logs.content]

    first, second, other = await told(1), await told(1), await told(2)

    assert first == second
    assert first[0] != other[0]
    assert first[1] != other[1]


@pytest.mark.parametrize("platform", SIMULATORS)
async def test_simulate__prints_the_settings_and_stops_on_a_signal(platform: str) -> None:
    """The command as a process: what it prints is where it listens."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "adapters.main", "simulate", "--platform", platform, "--port", "0",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    line = b""
    while b"_BASE_URL=" not in line:
        line = await process.stdout.readline()
        assert line, "it ended before it listened"
    async with aiohttp.ClientSession() as session:
        url = line.decode().partition("=")[2].strip()
        async with session.get(url + "/nothing") as response:
            status = response.status
    process.send_signal(signal.SIGTERM)
    _, errors = await process.communicate()

    assert (status in {401, 404}, process.returncode, errors) == (True, 0, b"")


def test_simulate__a_platform_that_is_not_simulated() -> None:
    """The sentence names those that are."""
    with pytest.raises(UserError, match="no simulated platform “jenkins”") as raised:
        simulator("jenkins")

    assert "antithesis" in str(raised.value.hint)


async def test_launch__a_body_that_is_not_json(empty: tuple[SimulatedTenant, Caller]) -> None:
    """It is a bad request, and a violation."""
    tenant, caller = empty

    reply = await caller.send(
        "POST", "/api/v1/launch/basic_test", headers={"Content-Type": "application/json"}
    )

    assert (400, {"statusCode": 400, "runId": None}) == (reply.status, reply.json)
    assert tenant.violations() == ["POST /api/v1/launch/{launcher_name}: the body is not JSON"]


async def test_start__a_taken_port_is_a_clear_sentence() -> None:
    """No stack trace for a person who starts two."""
    async with simulated_tenant(world=empty_world) as tenant:
        port = int(tenant.base_url.rpartition(":")[2])

        with pytest.raises(UserError, match=f"Port {port} on 127.0.0.1 cannot be used"):
            async with simulated_tenant(world=empty_world, port=port):
                pass
