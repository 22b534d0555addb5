"""Every trap of the API is in the living world, one test each; and the strings to pull work over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from adapters.simulator.antithesis import SimulatedTenant, empty_world
from adapters.simulator.antithesis.history import TRAPS, run_of
from adapters.simulator.common.misbehave import Rule
from tests.fakes.clock import ManualClock
from tests.fakes.tenant_caller import RUNS, Caller, running_tenant

Both = tuple[SimulatedTenant, Caller]


@pytest.fixture
async def living() -> AsyncIterator[Both]:
    async with running_tenant(clock=ManualClock()) as both:
        yield both


@pytest.fixture
async def empty() -> AsyncIterator[Both]:
    async with running_tenant(clock=ManualClock(eager=True), world=empty_world, speed=0) as both:
        yield both


def trapped(tenant: SimulatedTenant, trap: str) -> str:
    """Return the path of the run that is a trap."""
    slot = next(slot for slot, name in TRAPS.items() if name == trap)
    return f"{RUNS}/{run_of(slot, tenant.world.seed, tenant.world.clock.start).run_id}"


async def keep(stream: aiohttp.StreamReader, received: bytearray) -> None:
    async for chunk in stream.iter_any():
        received += chunk


async def all_properties(caller: Caller, path: str) -> list[dict[str, object]]:
    return [item for page in await caller.pages(f"{path}/properties", limit="100") for item in page]


@pytest.mark.parametrize(
    ("trap", "status", "moment", "properties"),
    [
        ("setup", "incomplete", None, 404),
        ("killed", "incomplete", {"input_hash": "0", "vtime": "0"}, 0),
        ("numeric zero", "incomplete", {"input_hash": 0, "vtime": 0}, 0),
        ("cancelled", "cancelled", "absent", 404),
        ("unknown", "unknown", "absent", 404),
    ],
)
async def test_trap__runs_without_results(
    living: Both, trap: str, status: str, moment: object, properties: int
) -> None:
    """Ended runs that answer 404 or an empty list, with every kind of failure moment that says nothing."""
    tenant, caller = living
    path = trapped(tenant, trap)

    run = (await caller.get(path)).json
    reply = await caller.get(f"{path}/properties")

    assert run["status"] == status
    assert run.get("failure_moment", "absent") == moment
    assert properties == (reply.status if reply.status == 404 else len(reply.json["data"]))


async def test_trap__incomplete_with_a_full_list_and_a_moment(living: Both) -> None:
    """A crash leaves results, and a moment whose log ends in the death of a container."""
    tenant, caller = living
    path = trapped(tenant, "crash")
    run = (await caller.get(path)).json

    properties = await all_properties(caller, path)
    lines = (await caller.get(f"{path}/logs", **run["failure_moment"])).lines

    assert run["status"] == "incomplete"
    assert "Failing" in {item["status"] for item in properties}
    assert lines[-1]["event"] == "died"
    assert lines[-1]["moment"]["input_hash"] == run["failure_moment"]["input_hash"]


async def test_trap__completed_without_links(living: Both) -> None:
    """Neither an absent nor a null report link means that a run goes on."""
    tenant, caller = living

    absent = (await caller.get(trapped(tenant, "no links"))).json
    null = (await caller.get(trapped(tenant, "null link"))).json

    assert (absent["status"], null["status"]) == ("completed", "completed")
    assert "links" not in absent
    assert null["links"] == {"triage_report": None}


async def test_trap__parameters(living: Both) -> None:
    """Secrets, numbers, old words, nulls, descriptions in odd places, fields nobody documented."""
    tenant, caller = living

    async def served(trap: str) -> dict[str, object]:
        body: dict[str, object] = (await caller.get(trapped(tenant, trap))).json
        parameters = body["parameters"]
        return body | {"parameters": None} | (parameters if isinstance(parameters, dict) else {})

    assert "antithesis.integrations.slack.callback_url" in await served("secrets")
    assert (await served("numeric parameter"))["vcs.pr_id"] == 4711
    assert (await served("ephemeral"))["antithesis.is_ephemeral"] == "true"
    assert (await served("old ephemeral"))["antithesis.is_ephemeral"] == "on"
    assert (await served("new fields"))["attrs.region"] == "eu"
    bare = await served("no parameters")
    assert (bare["parameters"], bare["creator"], "antithesis.source" in bare) == (None, None, False)
    only = await served("description in parameters")
    assert ("description" in only, "antithesis.description" in only) == (False, True)
    assert str((await served("json description"))["description"]).startswith('"{')


async def test_trap__session_ids_on_some_runs(living: Both) -> None:
    """A session id looks like a run id and is none."""
    _, caller = living
    runs = (await caller.get(RUNS, limit="100")).json["data"]

    sessions = [run["session_id"] for run in runs if "session_id" in run]

    assert 0 < len(sessions) < len(runs)
    assert (await caller.get(f"{RUNS}/{sessions[0]}")).status == 404


async def test_trap__aged_out_properties(living: Both) -> None:
    """The oldest runs keep their report and lose their structured results."""
    _, caller = living
    oldest = (await caller.pages(RUNS, limit="100"))[-1][-1]
    path = f"{RUNS}/{oldest['run_id']}"

    replies = [await caller.get(f"{path}/properties"), await caller.get(f"{path}/build_logs")]

    assert oldest["run_id"].endswith("-51-2")
    assert [reply.status for reply in replies] == [404, 404]
    assert (await caller.get(path)).json["links"]["triage_report"]


async def test_trap__properties_lag_behind_completion(living: Both) -> None:
    """Some runs are completed before their properties can be read."""
    tenant, caller = living
    start = tenant.world.clock.start
    runs = [run_of(slot, 1, start) for slot in range(10)]
    lagging = next(run for run in runs if run.plan.properties_lag and run.plan.status == "completed")
    tenant.advance((lagging.ends_at - tenant.now()).total_seconds() + 1)
    path = f"{RUNS}/{lagging.run_id}"

    early = [(await caller.get(path)).json["status"], (await caller.get(f"{path}/properties")).status]
    tenant.advance(lagging.plan.properties_lag.total_seconds())
    late = (await caller.get(f"{path}/properties")).status

    assert early == ["completed", 404]
    assert late == 200


async def test_trap__many_properties_over_pages(living: Both) -> None:
    """More than a page holds, each once, and the filter counts whole lists."""
    tenant, caller = living
    run = tenant.add_run(status="completed", system="etcd", failing=["Reads are linearizable"])
    path = f"{RUNS}/{run}"

    pages = await caller.pages(f"{path}/properties")
    failing = await caller.pages(f"{path}/properties", status="Failing")
    passing = await caller.pages(f"{path}/properties", status="Passing", limit="100")

    names = [item["name"] for page in pages for item in page]
    assert [len(page) for page in pages[:2]] == [50, 50]
    assert len(names) == len(set(names)) > 100
    assert [[item["name"] for item in page] for page in failing] == [["Reads are linearizable"]]
    assert len(names) - 1 == sum(map(len, passing))


async def test_trap__kinds_of_properties(living: Both) -> None:
    """Groups that are leaves, null counts, failures without moments, passes with counterexamples."""
    tenant, caller = living
    names = [
        "Stock below zero",
        "Checkout completed",
        "Customer output volume",
        "A cart survives a restart of redis",
    ]
    run = tenant.add_run(
        status="completed", failing=[*names, "Software was instrumented", "Symbols were uploaded"]
    )
    properties = {item["name"]: item for item in await all_properties(caller, f"{RUNS}/{run}")}
    other = tenant.add_run(status="completed", system="payments")
    passing = {item["name"]: item for item in await all_properties(caller, f"{RUNS}/{other}")}

    leaf = properties["Stock below zero"]
    assert (leaf["status"], leaf["is_group"], leaf["event_group"]) == ("Failing", True, "Stock below zero")
    unreached = properties["Checkout completed"]
    assert (unreached["status"], unreached["examples"], unreached["counterexamples"]) == ("Failing", [], [])
    assert properties["A cart survives a restart of redis"]["examples"] == []
    assert properties["Customer output volume"]["counterexamples"] == [9871233104]
    assert properties["Symbols were uploaded"]["counterexamples"] == [["libraft.so"]]
    assert isinstance(properties["Software was instrumented"]["counterexamples"][0], dict)  # type: ignore[index]  # JSON
    assert properties["Software was instrumented"]["group"] == "Setup"
    sometimes = passing["A retried payment succeeds"]
    assert (sometimes["status"], bool(sometimes["counterexamples"])) == ("Passing", True)


async def test_trap__null_counts(living: Both) -> None:
    """Totals may be null although there are examples."""
    tenant, caller = living
    run = tenant.add_run(status="completed", system="etcd")

    properties = await all_properties(caller, f"{RUNS}/{run}")

    assert any(item["example_count"] is None and item["examples"] for item in properties)
    assert any(
        isinstance(item["example_count"], int) and item["example_count"] > 10**6 for item in properties
    )


@pytest.mark.parametrize(
    ("fault", "status", "kind", "content"),
    [
        ("rate limited", 429, "application/json", b'{"message": "Too many requests."}'),
        ("rate limited, no header", 429, "text/plain", b""),
        ("forbidden", 403, "text/plain", b""),
        ("unauthorized", 401, "text/plain", b""),
        ("server error", 500, "application/json", b"An unexpected error"),
        ("unavailable", 503, "application/json", b"Service Unavailable"),
        ("bad gateway", 502, "text/html", b"<h1>502 Bad Gateway</h1>"),
        ("captive portal", 200, "text/html", b"sign in"),
        ("redirect", 302, "text/plain", b""),
        ("not found", 404, "application/json", b"Resource not found"),
    ],
)
async def test_fault__answers_instead(
    empty: Both, fault: str, status: int, kind: str, content: bytes
) -> None:
    """The next matching request is spoilt, the one after it is served."""
    tenant, caller = empty
    caller.strict = False
    tenant.misbehave(fault, path=RUNS)

    untouched = await caller.get("/api/version")
    spoilt = await caller.get(RUNS)
    after = await caller.get(RUNS)

    assert [200, status, 200] == [untouched.status, spoilt.status, after.status]
    assert spoilt.headers["Content-Type"].startswith(kind)
    assert content in spoilt.content
    assert ("Retry-After" in spoilt.headers) == (fault == "rate limited")


async def test_fault__slow(empty: Both) -> None:
    """Delays are seconds of the caller's clock, before the answer or before its first byte."""
    tenant, caller = empty
    run_id = tenant.add_run(status="completed")
    clock = tenant.clock
    passed = [clock.monotonic()]

    for fault, path, delay in (
        ("slow", RUNS, 3.0),
        ("slow first byte", RUNS, 2.0),
        ("slow first byte", f"{RUNS}/{run_id}/build_logs", 4.0),
    ):
        field = "delay" if fault == "slow" else "first_byte_delay"
        tenant.misbehave(fault, **{field: delay})
        assert (await caller.get(path)).status == 200
        passed.append(clock.monotonic())

    assert passed == [0.0, 3.0, 5.0, 9.0]


async def test_fault__stream_ends_in_an_error_line(empty: Both) -> None:
    """What came before the error line is whole."""
    tenant, caller = empty
    run_id = tenant.add_run(status="completed")
    tenant.misbehave("stream error", error_after=5)

    lines = (await caller.get(f"{RUNS}/{run_id}/build_logs")).lines

    assert ["error" in line and "timestamp" not in line for line in lines] == [False] * 5 + [True]


async def test_fault__stream_is_cut_in_a_line(empty: Both) -> None:
    """The connection goes in the middle of a line, without an end of the stream."""
    tenant, _ = empty
    run_id = tenant.add_run(status="completed")
    tenant.misbehave("stream cut", cut_after=2)
    url = f"{tenant.base_url}{RUNS}/{run_id}/build_logs"
    received = bytearray()

    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {tenant.api_key}"}) as session,
        session.get(url) as response,
    ):
        with pytest.raises(aiohttp.ClientPayloadError):
            await keep(response.content, received)

    assert received.count(b"\n") == 2
    assert not received.endswith(b"\n")


@pytest.mark.parametrize(
    "fault", ["started, then 500", "started, then HTML", "started, then dropped", "dropped"]
)
async def test_fault__launch_of_unknown_outcome(empty: Both, fault: str) -> None:
    """The answer does not tell whether a run was started; only the list does."""
    tenant, caller = empty
    caller.strict = False
    tenant.misbehave(fault)
    lost = None

    try:
        lost = (await caller.launch()).status
    except aiohttp.ServerDisconnectedError:
        lost = 0
    runs = (await caller.get(RUNS)).json["data"]

    assert lost == {"started, then 500": 500, "started, then HTML": 502}.get(fault, 0)
    assert len(runs) == (0 if fault == "dropped" else 1)


@pytest.mark.parametrize(
    ("fault", "status", "names"),
    [
        ("null run id", 200, {"runId": None}),
        ("no run id", 200, {}),
        ("run_id key", 200, {"run_id": "ID"}),
        ("accepted", 202, {"runId": "ID"}),
    ],
)
async def test_fault__launch_answers_in_other_ways(
    empty: Both, fault: str, status: int, names: dict[str, str | None]
) -> None:
    """All ways of saying that a run was started, each within the known deviations."""
    tenant, caller = empty
    tenant.misbehave(fault)

    reply = await caller.launch()
    run_id = (await caller.get(RUNS)).json["data"][0]["run_id"]

    expected = {name: run_id if value == "ID" else value for name, value in names.items()}
    assert reply.status == status
    assert {name: reply.json[name] for name in ("runId", "run_id") if name in reply.json} == expected


async def test_fault__looping_cursor(empty: Both) -> None:
    """The same cursor comes again and again, for as long as the rule stands."""
    tenant, caller = empty
    for age in (10, 20, 30):
        tenant.add_run(age=age)
    tenant.misbehave("looping cursor", path=RUNS)
    first = (await caller.get(RUNS, limit="1")).json["next_cursor"]

    looped = [(await caller.get(RUNS, limit="1", after=first)).json["next_cursor"] for _ in range(2)]
    tenant.behave()
    last = (await caller.get(RUNS, limit="3")).json["next_cursor"]

    assert looped == [first, first]
    assert last is None


async def test_control__from_another_process(empty: Both) -> None:
    """Everything a test can do in process can be done over HTTP, without a key."""
    tenant, caller = empty
    run_id = (await caller.post("/_control/add_run", {"launcher": "Nightly", "status": "starting"})).json[
        "result"
    ]
    await caller.post("/_control/finish_run", {"run_id": run_id, "failing": ["A new one"]})
    await caller.post("/_control/misbehave", {"fault": "forbidden", "path": RUNS})
    moved = (await caller.post("/_control/advance", {"seconds": 90})).json["result"]
    caller.strict = False

    replies = [await caller.get(RUNS), await caller.get(RUNS, limit="0")]
    counts = (await caller.get("/_control/requests")).json["counts"]
    violations = (await caller.get("/_control/violations")).json["violations"]
    await caller.post("/_control/forget", {})

    assert moved == tenant.now().isoformat()
    assert [reply.status for reply in replies] == [403, 400]
    assert counts == {"GET /api/v0/runs": 2}
    assert len(violations) == 1
    assert (await caller.get("/_control/violations")).json["violations"] == []
    failing = (await caller.get(f"{RUNS}/{run_id}/properties", status="Failing")).json["data"]
    assert [item["name"] for item in failing] == ["A new one"]


@pytest.mark.parametrize(
    ("action", "body", "message"),
    [
        ("misbehave", {"fault": "nope"}, "misbehave: there is no fault 'nope'"),
        ("misbehave", {"fault": "slow", "colour": "red"}, "misbehave: fault 'slow'"),
        ("misbehave", {"fault": "slow", "path": "("}, "misbehave: fault 'slow'"),
        ("finish_run", {"run_id": "none"}, "finish_run: "),
        ("add_run", {"pinned": "perhaps"}, "add_run: 'perhaps' is not a valid Pinned"),
        ("advance", [], "advance: send a JSON object"),
    ],
)
async def test_control__says_what_is_wrong(empty: Both, action: str, body: object, message: str) -> None:
    """A wrong argument is a 400 with a sentence."""
    _, caller = empty

    reply = await caller.post(f"/_control/{action}", body)

    assert reply.status == 400
    assert reply.json["message"].startswith(message)


async def test_tenant__an_ended_run_cannot_be_ended(empty: Both) -> None:
    """A test that ends a run twice has a mistake in it."""
    tenant, _ = empty
    run_id = tenant.add_run(status="completed")

    with pytest.raises(ValueError, match="has ended already"):
        tenant.finish_run(run_id)


async def test_tenant__tells_what_was_asked(empty: Both) -> None:
    """Requests can be counted and looked at, and rules of one's own added."""
    tenant, caller = empty
    tenant.rules.add(Rule(method="POST", status=418, times=1))
    caller.strict = False
    refused = await caller.launch(duration="5")
    await caller.get(RUNS, limit="7")

    posts, gets = tenant.requests("POST"), tenant.requests(path=RUNS)

    assert refused.status == 418
    assert [seen.body for seen in posts] == [b'{"params": {"antithesis.duration": "5"}}']
    assert [seen.query for seen in gets] == [(("limit", "7"),)]
