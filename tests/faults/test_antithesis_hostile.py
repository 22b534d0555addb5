"""The Antithesis client against servers that do everything wrong, over real sockets."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import parse_qs

import pytest

from adapters.lanes import acting
from adapters.platforms.antithesis import client
from adapters.platforms.antithesis.client import AntithesisService
from adapters.platforms.antithesis.settings import Tenant
from adapters.platforms.http.limits import Limits
from adapters.platforms.http.transport import open_http
from bot.errors import (
    AccessRefused,
    ListCut,
    NotAvailable,
    NotFound,
    RateLimited,
    Rejected,
    ServiceError,
    ServiceFailed,
    UnexpectedAnswer,
    Unreachable,
)
from bot.model import (
    Availability,
    DebugRequest,
    LaunchRequest,
    LineKind,
    LogExcerpt,
    LogQuery,
    Moment,
    Refused,
    RunLogQuery,
    RunQuery,
    RunRef,
    Secret,
    Started,
    Unclear,
    VerdictKind,
)
from bot.verdict import judge
from tests.fakes.raw_http import RawServer, Reply, drops, json_says, never, raw_server, says, streams
from tests.fakes.runs import a_run

KEY = "CANARY-api-key-0123456789"
RUN_ID = "9043254f65c9c65d63fe043a0abfc7fc-64-1"
RUN = json.dumps(
    {"run_id": RUN_ID, "status": "completed", "created_at": "2026-04-28T13:49:49Z", "launcher": "basic_test"}
)
MOMENT = Moment("-3625518438076122494", "9.5")
LAUNCH = LaunchRequest(launcher="basic_test", key="key-1")
HTML = says("502 Bad Gateway", b"<html><h1>502</h1></html>", Content_Type="text/html")
NOW = datetime(2026, 5, 1, tzinfo=UTC)
SILENCE = never()


@asynccontextmanager
async def _service(base_url: str, spool: Path, **changes: Any) -> AsyncIterator[AntithesisService]:
    limits = Limits(**{"wait": 0.001, "longest_wait": 1.0, **changes})
    async with open_http(limits=limits) as http:
        tenant = Tenant(name="prod", base_url=base_url, api_key=Secret(KEY))
        yield AntithesisService(http, tenant, spool=spool, now=lambda: NOW, limits=limits)


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """Return the folder for windows of logs."""
    return tmp_path / "spool"


async def _quiet(_: str) -> None:
    """Hear nothing."""


# Reads ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "error", "tries"),
    [
        (HTML, ServiceFailed, 3),
        (says("503 Service Unavailable"), ServiceFailed, 3),
        (drops(), Unreachable, 3),
        (says("403 Forbidden", Content_Type="text/plain"), AccessRefused, 1),
        (says("401 Unauthorized"), AccessRefused, 1),
        (json_says('{"message": "Run not found"}', "404 Not Found"), NotFound, 1),
        (says("400 Bad Request"), Rejected, 1),
        (says("429 Too Many Requests"), RateLimited, 3),
        (says("429 Too Many Requests", Retry_After="abc"), RateLimited, 3),
        (says("429 Too Many Requests", Retry_After="-1"), RateLimited, 3),
        (says("429 Too Many Requests", Retry_After="0"), RateLimited, 3),
        (says("429 Too Many Requests", Retry_After="86400"), RateLimited, 1),
        (says("200 OK", b"<html>Sign in</html>", Content_Type="text/html"), UnexpectedAnswer, 1),
        (says("200 OK"), UnexpectedAnswer, 1),
        (says("204 No Content"), UnexpectedAnswer, 1),
    ],
)
async def test_read__bad_answers(reply: Reply, error: type[ServiceError], tries: int, spool: Path) -> None:
    """Each has its type; only what can pass is tried again, and at most three times."""
    async with raw_server(reply) as server, _service(server.base_url, spool) as service:
        with pytest.raises(error):
            await service.run(RUN_ID)

    assert len(server.requests) == tries


@pytest.mark.parametrize("reply", [HTML, drops(), says("429 Too Many Requests", Retry_After="0")])
async def test_read__passes_after_a_fault(reply: Reply, spool: Path) -> None:
    """A fault that passes is not seen by anybody."""
    async with raw_server(reply, json_says(RUN)) as server, _service(server.base_url, spool) as service:
        run = await service.run(RUN_ID)

    assert run.ref.run_id == RUN_ID
    assert len(server.requests) == 2


async def test_read__nobody_asks_before_a_pause_is_over(spool: Path) -> None:
    """A pause that one answer asks for holds back every other read of the connection, queued or new."""
    times: list[float] = []

    async def limited(writer: asyncio.StreamWriter) -> None:
        times.append(asyncio.get_running_loop().time())
        await (says("429 Too Many Requests", Retry_After="1") if len(times) == 1 else json_says(RUN))(writer)

    async with raw_server(limited) as server, _service(server.base_url, spool, reads=2) as service:
        first = asyncio.create_task(service.run(RUN_ID))
        while not service._caller._pause.left:  # noqa: ASYNC110 - until the answer is heard
            await asyncio.sleep(0)
        await asyncio.gather(first, *(service.run(RUN_ID) for _ in range(4)))

    assert len(times) == 6
    assert all(at - times[0] >= 1.0 for at in times[1:])


@pytest.mark.parametrize("asked", ["86400", "5"])
async def test_read__a_pause_too_long_to_wait_for(asked: str, spool: Path) -> None:
    """While it lasts every read is answered at once with what is left of it, and nothing is sent."""
    async with (
        raw_server(says("429 Too Many Requests", Retry_After=asked)) as server,
        _service(server.base_url, spool, longest_pause=900.0) as service,
    ):
        for _ in range(3):
            with pytest.raises(RateLimited) as caught:
                await service.run(RUN_ID)
        outcome = await service.launch(LAUNCH)

    assert len(server.requests) == 1
    assert 0 < (caught.value.retry_after or 0) <= min(float(asked), 900.0)
    assert isinstance(outcome, Refused)


async def test_read__a_pause_that_is_over(spool: Path) -> None:
    """A pause is not believed for longer than the limit; then the platform is asked again."""
    reply = says("429 Too Many Requests", Retry_After="86400")
    async with (
        raw_server(reply, json_says(RUN)) as server,
        _service(server.base_url, spool, longest_pause=0.05) as service,
    ):
        with pytest.raises(RateLimited):
            await service.run(RUN_ID)

        assert (await service.run(RUN_ID)).ref.run_id == RUN_ID


async def test_read__garbage_instead_of_http(spool: Path) -> None:
    """Another protocol on that port is a connection that broke off."""

    async def garbage(writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    async with raw_server(garbage) as server, _service(server.base_url, spool) as service:
        with pytest.raises(Unreachable):
            await service.version()


async def test_read__no_answer_at_all(spool: Path) -> None:
    """The deadline ends it."""
    async with raw_server(never()) as server, _service(server.base_url, spool, read=0.2) as service:
        with pytest.raises(Unreachable, match=r"in time|within"):
            await service.run(RUN_ID)


async def test_read__an_answer_that_drips(spool: Path) -> None:
    """A byte now and then does not keep a read alive: the deadline is a total one."""

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)  # the drip itself

    async with raw_server(drip) as server, _service(server.base_url, spool, read=0.3) as service:
        with pytest.raises(Unreachable, match="within"):
            await service.run(RUN_ID)


async def test_read__nobody_listens(spool: Path) -> None:
    """No connection says so, with the host and without the key."""
    async with raw_server(never()) as server:
        gone = server.base_url
    async with _service(gone, spool) as service:
        with pytest.raises(Unreachable, match=r"No connection to 127\.0\.0\.1"):
            await service.run(RUN_ID)


async def test_read__compressed_without_being_asked(spool: Path) -> None:
    """A gzip bomb is refused before it is opened."""
    bomb = gzip.compress(b" " * 50_000_000)
    async with (
        raw_server(says("200 OK", bomb, Content_Encoding="gzip")) as server,
        _service(server.base_url, spool) as service,
    ):
        with pytest.raises(UnexpectedAnswer, match="compressed"):
            await service.run(RUN_ID)

    assert server.requests[0].headers["accept-encoding"] == "identity"


async def test_read__an_endless_body(spool: Path) -> None:
    """A body is read to its cap and no further."""

    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
            await writer.drain()

    async with raw_server(endless) as server, _service(server.base_url, spool, body=1_000_000) as service:
        with pytest.raises(UnexpectedAnswer, match="larger"):
            await service.run(RUN_ID)


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"]
)
async def test_read__redirects_are_not_followed(status: str, spool: Path) -> None:
    """Neither the key nor anything else goes to another host."""
    async with raw_server(json_says(RUN)) as other:
        async with (
            raw_server(says(status, Location=f"{other.base_url}/api/v0/runs")) as server,
            _service(server.base_url, spool) as service,
        ):
            with pytest.raises(UnexpectedAnswer, match="redirect"):
                await service.run(RUN_ID)
            outcome = await service.launch(LAUNCH)

        assert isinstance(outcome, Unclear)
        assert other.connections == 0
        assert len(server.requests) == 2


async def test_read__proxies_of_the_environment_are_not_used(
    spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a configured proxy sees anything."""
    async with raw_server(json_says(RUN)) as proxy, raw_server(json_says(RUN)) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.base_url)
        async with _service(server.base_url, spool) as service:
            await service.run(RUN_ID)

    assert (proxy.connections, len(server.requests)) == (0, 1)


async def test_read__a_configured_proxy_is_used(spool: Path) -> None:
    """The proxy is asked for the tenant's address."""
    limits = Limits(wait=0.001)
    async with raw_server(json_says(RUN)) as proxy, open_http(proxy=proxy.base_url, limits=limits) as http:
        tenant = Tenant(name="prod", base_url="http://localhost:9", api_key=Secret(KEY))
        service = AntithesisService(http, tenant, spool=spool, now=lambda: NOW, limits=limits)
        await service.run(RUN_ID)

    assert proxy.requests[0].target == f"http://localhost:9/api/v0/runs/{RUN_ID}"


async def test_read__headers_and_no_cookies(spool: Path) -> None:
    """A request carries the key and a name, and nothing that an answer planted."""
    async with (
        raw_server(json_says(RUN, Set_Cookie="planted=1; Path=/")) as server,
        _service(server.base_url, spool) as service,
    ):
        for _ in range(2):
            await service.run(RUN_ID)
    sent = server.requests[1].headers

    assert sent["authorization"] == f"Bearer {KEY}"
    assert sent["user-agent"] == "clew"
    assert "cookie" not in sent


async def test_read__hostile_ids_are_never_sent(spool: Path) -> None:
    """Not one byte goes out for an id that could be another path."""
    async with raw_server(json_says(RUN)) as server, _service(server.base_url, spool) as service:
        for hostile in (
            "../../v1/launch/x",
            "..",
            "%2e%2e",
            "a?b",
            "http://evil",
            "a\r\nX: 1",
            "a\n",
            "x" * 10_000,
        ):
            for read in (service.run, service.cancel, service.report_link):
                with pytest.raises(Rejected):
                    await read(hostile)
            with pytest.raises(Rejected):
                await service.run_log(RunLogQuery(run_id=hostile, lines=5), _quiet)
            with pytest.raises(Rejected):
                await service.logs(LogQuery(run_id=hostile, moment=MOMENT), _quiet)
            assert isinstance(await service.debug(DebugRequest(moment=MOMENT, run_id=hostile)), Refused)
            assert await service.find_run(session_id=hostile) is None
        assert isinstance(await service.launch(LaunchRequest(launcher="../debugging", key="k")), Refused)

    assert server.connections == 0


async def test_read__many_at_once(spool: Path) -> None:
    """Reads wait for their turn: connections stay few."""
    async with raw_server(json_says(RUN)) as server, _service(server.base_url, spool, reads=3) as service:
        await asyncio.gather(*(service.run(RUN_ID) for _ in range(40)))

    assert len(server.requests) == 40
    assert server.connections <= 3


@pytest.mark.parametrize("what", ["reads", "logs"])
async def test_read__of_one_person_leaves_room_for_others(spool: Path, what: str) -> None:
    """Where one person's reads hang at the platform, those of others, and of Clew itself, are answered meanwhile."""
    gate, slow = asyncio.Event(), f"{'f' * 32}-64-1"

    async def reply(writer: asyncio.StreamWriter) -> None:
        if slow in server.requests[-1].target:
            await gate.wait()
        await (json_says(RUN) if what == "reads" else streams(LINES))(writer)

    async def ask(run_id: str) -> None:
        if what == "reads":
            await service.run(run_id)
        else:
            await service.logs(LogQuery(run_id=run_id, moment=MOMENT), _quiet)

    async with raw_server(reply) as server, _service(server.base_url, spool) as service:
        with acting("slack:user:T01:ANN"):
            hanging = [asyncio.create_task(ask(slow)) for _ in range(20)]
        async with asyncio.timeout(20):
            with acting("slack:user:T01:BO"):
                await ask(RUN_ID)
            await ask(RUN_ID)
        assert not any(task.done() for task in hanging)
        gate.set()
        await asyncio.gather(*hanging)


# Pages ----------------------------------------------------------------------------------------------


def _page(cursor: object, number: int = 0) -> Reply:
    run = {**json.loads(RUN), "run_id": f"{number:032x}-64-1"}
    return json_says(json.dumps({"data": [run], "next_cursor": cursor}))


def _properties(first: int, last: int, cursor: object) -> Reply:
    """Return a page of properties with these numbers, of which number 7 fails."""
    found = [
        {"name": f"p{n}", "status": "Failing" if n == 7 else "Passing", "is_event": True}
        for n in range(first, last)
    ]
    return json_says(json.dumps({"data": found, "next_cursor": cursor}))


async def _collect(service: AntithesisService, into: list[str]) -> None:
    async for page in service.runs(RunQuery()):
        into += [run.ref.run_id for run in page]


LOOPS: dict[str, list[tuple[object, int]]] = {
    "a cursor that comes again": [("a", 0), ("b", 1), ("a", 2)],
    "a cursor that never moves": [("a", 0), ("a", 0)],
    "a page that comes again": [("a", 0), ("b", 1), ("c", 0)],
    "a cursor that cannot be sent": [("a", 0), (7, 1)],
}


@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
async def test_pages__a_list_that_loops_is_no_whole_one(spool: Path, loop: list[tuple[object, int]]) -> None:
    """What was read stands, each run once, and nobody takes the loop for the end of the list."""
    got: list[str] = []
    replies = [_page(cursor, number) for cursor, number in loop]
    async with raw_server(*replies) as server, _service(server.base_url, spool) as service:
        with pytest.raises(ListCut):
            await _collect(service, got)

    assert [f"{number:032x}-64-1" for number in dict.fromkeys(number for _, number in loop)] == got
    assert len(server.requests) == len(loop)


async def test_pages__a_cursor_that_never_ends(spool: Path) -> None:
    """The walk stops at the page cap, whatever the cursors say, and says that there was more."""
    replies = [_page(f"c{n}", n) for n in range(50)]
    async with raw_server(*replies) as server, _service(server.base_url, spool, pages=7) as service:
        with pytest.raises(ListCut, match="more than 7 pages"):
            await _collect(service, [])

    assert len(server.requests) == 7


@pytest.mark.parametrize(
    ("replies", "pages"),
    [
        ([_properties(0, 100, "a"), _properties(0, 100, "a")], 50),
        ([_properties(0, 100, "a"), _properties(0, 100, "b"), _properties(0, 100, "c")], 50),
        ([_properties(0, 50, "a"), _properties(50, 100, "b")], 2),
        ([_properties(0, 100, ["unusable"])], 50),
    ],
)
async def test_results__of_a_list_that_cannot_be_read_whole(
    spool: Path, replies: list[Reply], pages: int
) -> None:
    """Each property counts once, and the results say that they are only the first ones."""
    async with raw_server(*replies) as server, _service(server.base_url, spool, pages=pages) as service:
        results = await service.results(a_run(1, connection="prod"))

    assert (len(results.checks), len(results.failing), results.whole) == (100, 1, False)


async def test_results__a_property_that_is_none_leaves_the_list_not_whole(spool: Path) -> None:
    """Nobody knows what it was: the run has not passed by the others."""
    page = json_says('{"data": [{"name": "a", "status": "Passing"}, {"status": "Failing"}]}')
    async with raw_server(page) as server, _service(server.base_url, spool) as service:
        results = await service.results(a_run(1, connection="prod"))

    assert not results.whole
    assert judge(a_run(1), results).kind is VerdictKind.NO_RESULTS


async def test_results__counts_an_overlap_once(spool: Path) -> None:
    """A page that begins with the end of the one before doubles nothing, and the list is whole."""
    replies = (_properties(0, 60, "a"), _properties(50, 100, None))
    async with raw_server(*replies) as server, _service(server.base_url, spool) as service:
        results = await service.results(a_run(1, connection="prod"))

    assert (len(results.checks), len(results.failing), results.whole) == (100, 1, True)


async def test_pages__a_hostile_cursor_is_only_a_value(spool: Path) -> None:
    """A cursor that looks like an address stays in the query, and arrives as it was."""
    cursor = "http://evil/?a=b&c#d+e%2F="
    async with (
        raw_server(_page(cursor), _page(None, 1)) as server,
        _service(server.base_url, spool) as service,
    ):
        await _collect(service, [])
    path, _, query = server.requests[1].target.partition("?")

    assert path == "/api/v0/runs"
    assert parse_qs(query) == {"limit": ["100"], "after": [cursor]}


async def test_find_run__looks_back_so_far(spool: Path) -> None:
    """The search for a pasted link ends after some pages."""
    replies = [_page(f"c{n}", n) for n in range(50)]
    async with raw_server(*replies) as server, _service(server.base_url, spool, search_pages=4) as service:
        found = await service.find_run(report_url=f"{server.base_url}/report/a/b.html?auth=v2.public.x")

    assert found is None
    assert len(server.requests) == 4


# 404 below a run ------------------------------------------------------------------------------------

GONE = json_says('{"message": "Run not found"}', "404 Not Found")


async def test_results__gone_and_never_there(spool: Path) -> None:
    """A 404 is told apart by the run; where that fails too, its failure is reported."""
    run = a_run(1, connection="prod")
    cases = ((json_says(RUN), Availability.AGED_OUT), (GONE, Availability.AGED_OUT))
    for reply, why in cases:
        async with raw_server(GONE, reply) as server, _service(server.base_url, spool) as service:
            assert (await service.results(run)).availability is why
    async with raw_server(GONE, HTML) as server, _service(server.base_url, spool) as service:
        with pytest.raises(ServiceFailed):
            await service.results(run)


async def test_results__a_page_that_fails_is_no_shorter_list(spool: Path) -> None:
    """Half of the properties would be a wrong verdict."""
    page = json_says('{"data": [{"name": "a", "status": "Passing", "is_event": true}], "next_cursor": "x"}')
    async with raw_server(page, HTML) as server, _service(server.base_url, spool) as service:
        with pytest.raises(ServiceFailed):
            await service.results(a_run(1))


@pytest.mark.parametrize(
    ("first", "status", "error"),
    [
        (GONE, "completed", NotFound),
        (GONE, "starting", NotAvailable),
        (GONE, "cancelled", NotAvailable),
        (json_says('{"message": "Moment not warm"}', "400 Bad Request"), "completed", NotFound),
        (json_says('{"result": "unknown_moment"}', "400 Bad Request"), "completed", NotFound),
        (json_says('{"message": "Bad request: invalid vtime"}', "400 Bad Request"), "completed", Rejected),
    ],
)
async def test_logs__no_such_moment(
    first: Reply, status: str, error: type[ServiceError], spool: Path
) -> None:
    """What is missing is found out by looking at the run."""
    run = json_says(json.dumps({**json.loads(RUN), "status": status}))
    async with raw_server(first, run) as server, _service(server.base_url, spool) as service:
        with pytest.raises(error) as caught:
            await service.logs(LogQuery(run_id=RUN_ID, moment=MOMENT), _quiet)

    assert getattr(caught.value, "what", "moment") == "moment"


async def test_logs__no_pinned_moment(spool: Path) -> None:
    """The placeholder is not asked for."""
    async with raw_server(GONE) as server, _service(server.base_url, spool) as service:
        with pytest.raises(NotAvailable, match="no pinned failure moment"):
            await service.logs(LogQuery(run_id=RUN_ID, moment=Moment("0", "0")), _quiet)

    assert server.connections == 0


async def test_build_logs__none(spool: Path) -> None:
    """Too old is known beforehand; otherwise the run's own status is told."""
    async with raw_server(GONE, json_says(RUN)) as server, _service(server.base_url, spool) as service:
        with pytest.raises(NotAvailable, match="before release 54"):
            await service.run_log(RunLogQuery(run_id=RUN_ID.replace("-64-1", "-53-9"), lines=5), _quiet)
        assert server.connections == 0
        with pytest.raises(NotAvailable, match="completed"):
            await service.run_log(RunLogQuery(run_id=RUN_ID, lines=5), _quiet)


async def test_cancel__answers(spool: Path) -> None:
    """Ended, unknown to the release, refused: each is told; and it is sent once."""
    conflict = json_says('{"message": "Conflict"}', "409 Conflict")
    async with (
        raw_server(conflict, json_says(RUN), GONE, json_says(RUN), HTML) as server,
        _service(server.base_url, spool) as service,
    ):
        with pytest.raises(NotAvailable, match=r"already ended \(completed\)"):
            await service.cancel(RUN_ID)
        with pytest.raises(NotAvailable, match="cannot stop"):
            await service.cancel(RUN_ID)
        with pytest.raises(ServiceFailed):
            await service.cancel(RUN_ID)
        with pytest.raises(NotAvailable, match="release 64"):
            await service.cancel(RUN_ID.replace("-64-1", "-63-9"))

    assert [sent.method for sent in server.requests] == ["POST", "GET", "POST", "GET", "POST"]


async def test_cancel__a_conflict_is_certain(spool: Path) -> None:
    """That nothing was stopped is known, whether the run can be read then, says something else, or is gone."""
    conflict = json_says('{"message": "Conflict"}', "409 Conflict")
    going = json_says(RUN.replace("completed", "in_progress"))
    refused = json_says('{"message": "no"}', "403 Forbidden")
    async with (
        raw_server(conflict, refused, conflict, going, conflict, GONE) as server,
        _service(server.base_url, spool) as service,
    ):
        for said in (
            "says that the run has already ended",
            r"cannot stop this run \(in progress\)",
            "has already ended",
        ):
            with pytest.raises(NotAvailable, match=said):
                await service.cancel(RUN_ID)


async def test_cancel__another_page_proves_nothing(spool: Path) -> None:
    """A proxy that asks to log in answers 200, too: whether the run is stopped, nobody knows."""
    page = says("200 OK", b"<html>Please sign in</html>", Content_Type="text/html")
    async with (
        raw_server(page, json_says('{"message": "Success"}'), says("204 No Content")) as server,
        _service(server.base_url, spool) as service,
    ):
        with pytest.raises(UnexpectedAnswer, match="done or not"):
            await service.cancel(RUN_ID)
        await service.cancel(RUN_ID)
        await service.cancel(RUN_ID)

    assert len(server.requests) == 3


async def test_version__a_tenant_too_old_to_say(spool: Path) -> None:
    """No such page still proves that the platform was reached."""
    async with raw_server(GONE) as server, _service(server.base_url, spool) as service:
        assert await service.version() == ""


# Launches -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (drops(), Unclear),
        (SILENCE, Unclear),
        (HTML, Unclear),
        (says("500 Internal Server Error"), Unclear),
        (says("408 Request Timeout"), Unclear),
        (says("200 OK", b"<html>Sign in</html>"), Unclear),
        (says("200 OK", b"{}", Content_Encoding="gzip"), Unclear),
        (streams(b'{"runId":', cut=True), Unclear),
        (says("429 Too Many Requests", Retry_After="0"), Refused),
        (says("403 Forbidden"), Refused),
        (json_says('{"statusCode":404,"runId":null}', "404 Not Found"), Refused),
        (json_says('{"statusCode":500,"runId":null}'), Started),
        (json_says(f'{{"run_id": "{RUN_ID}"}}', "202 Accepted"), Started),
    ],
)
async def test_launch__is_sent_once_whatever_happens(reply: Reply, outcome: type, spool: Path) -> None:
    """One request per launch, and a doubt wherever there is one."""
    deadline = 0.3 if reply is SILENCE else 60.0
    async with raw_server(reply) as server, _service(server.base_url, spool, post=deadline) as service:
        launched = await service.launch(LAUNCH)
        debugged = await service.debug(DebugRequest(moment=MOMENT, run_id=RUN_ID))

    assert isinstance(launched, outcome)
    assert isinstance(debugged, outcome)
    assert [sent.method for sent in server.requests] == ["POST", "POST"]
    assert server.connections == 2


async def test_launch__nobody_listens(spool: Path) -> None:
    """Without a connection nothing was started, for sure."""
    async with raw_server(never()) as server:
        gone = server.base_url
    async with _service(gone, spool) as service:
        outcome = await service.launch(LAUNCH)

    assert isinstance(outcome, Refused)
    assert "Nothing was started" in outcome.reason


# Streams --------------------------------------------------------------------------------------------


def _line(vtime: float, text: str = "x") -> bytes:
    event = {"moment": {"input_hash": "1", "vtime": vtime}, "output_text": text, "source": {"name": "etcd0"}}
    return json.dumps(event, ensure_ascii=False).encode() + b"\n"


def _fault(vtime: float, name: str) -> bytes:
    fault = {"name": name, "type": "t", "affected_nodes": ["etcd0"], "max_duration": "0", "details": {}}
    event = {"moment": {"vtime": vtime}, "fault": fault, "source": {"name": "fault_injector"}}
    return json.dumps(event).encode() + b"\n"


LINES = b"".join(_line(n + 0.5, f"line {n}") for n in range(8))


async def _logs(server: RawServer, spool: Path, **changes: Any) -> LogExcerpt:
    async with _service(server.base_url, spool, **changes) as service:
        return await service.logs(LogQuery(run_id=RUN_ID, moment=MOMENT, lines=100), _quiet)


@pytest.mark.parametrize(
    ("reply", "total", "cut"),
    [
        (streams(LINES), 8, None),
        (streams(LINES, chunked=False), 8, None),
        (streams(LINES.rstrip(b"\n"), chunked=False), 8, None),
        (streams(LINES[:-20], chunked=False), 7, "the stream ended inside a line"),
        (streams(LINES[:-20], cut=True), 7, "the stream broke off"),
        (streams(LINES, cut=True), 8, "the stream broke off"),
        (streams(LINES, b'{"error":"An unexpected error occurred."}\n'), 8, "the platform broke off: An unexpected error occurred."),
        (streams(LINES, _line(10.5), _line(11.5)), 8, None),
        (streams(*[LINES[i : i + 1] for i in range(len(LINES))]), 8, None),
        (streams(_line(1.0, "a\u2028b\u2029c\x85d") + b"\r\n\n" + _line(2.0)), 2, None),
        (streams(), 0, None),
    ],
)  # fmt: skip
async def test_logs__every_end(reply: Reply, total: int, cut: str | None, spool: Path) -> None:
    """What arrived is kept; what is missing is told and never passed over."""
    async with raw_server(reply) as server:
        excerpt = await _logs(server, spool)

    assert (excerpt.total, len(excerpt.lines), excerpt.cut) == (total, total, cut)


@pytest.mark.parametrize(
    ("reply", "found", "cut"),
    [
        (streams(LINES), 8, None),
        (streams(LINES[:-20], cut=True), 7, "the stream broke off"),
        (streams(LINES, b'{"error":"Please try again."}\n'), 8, "the platform broke off: Please try again."),
        (streams(b'\n{\n[]\n"x"\n' + LINES), 11, None),
        (streams(LINES * 20), 100, None),
    ],
)  # fmt: skip
async def test_instances__every_end(reply: Reply, found: int, cut: str | None, spool: Path) -> None:
    """What came is kept, what broke off is said, and a platform that gives more than was asked for is bounded."""
    async with raw_server(reply) as server, _service(server.base_url, spool) as service:
        sample = await service.instances(RUN_ID, "balance", 100, _quiet)

    assert (len(sample.found), sample.cut, sample.more) == (found, cut, found == 100)
    assert parse_qs(server.requests[0].target.partition("?")[2]) == {"q": ["balance"], "limit": ["101"]}


async def test_instances__a_404_of_a_run_that_is_there(spool: Path) -> None:
    """It is not said that there is no such run, and not that nothing was found."""
    async with raw_server(GONE, json_says(RUN)) as server, _service(server.base_url, spool) as service:
        with pytest.raises(NotAvailable, match="No events of this run can be looked for"):
            await service.instances(RUN_ID, "balance", 100, _quiet)


async def test_logs__left_at_the_moment(spool: Path) -> None:
    """A stream that goes on for ever is left at the first line later than the moment."""
    async with raw_server(streams(LINES, _line(9.5), _line(9.6), hold=asyncio.Event())) as server:
        excerpt = await _logs(server, spool)

    assert (excerpt.total, excerpt.lines[-1].vtime, excerpt.cut) == (9, "9.5", None)


async def test_logs__silence(spool: Path) -> None:
    """A stream that falls silent is left after a while, with what it said before."""
    async with raw_server(streams(LINES, hold=asyncio.Event())) as server:
        excerpt = await _logs(server, spool, stream_idle=1.0)

    assert (excerpt.total, excerpt.cut) == (8, "the stream broke off")


async def _drip(writer: asyncio.StreamWriter) -> None:
    """Serve a stream that never quite ends."""
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + LINES)
    while True:
        writer.write(b"\n")
        await writer.drain()
        await asyncio.sleep(0.01)  # the drip itself


async def test_logs__a_drip(spool: Path) -> None:
    """A stream that never quite ends is left at the deadline."""
    async with raw_server(_drip) as server:
        excerpt = await _logs(server, spool, stream=1.5)

    assert (excerpt.total, excerpt.cut) == (8, "reading ended after 1.5 s")


async def test_build_logs__a_drip(spool: Path) -> None:
    """So is a build log, whose last lines are then said to be those of a part."""
    async with raw_server(_drip) as server, _service(server.base_url, spool, stream=1.5) as service:
        excerpt = await service.run_log(RunLogQuery(run_id=RUN_ID, lines=5), _quiet)

    assert (len(excerpt.lines), excerpt.total, excerpt.cut) == (5, 8, "reading ended after 1.5 s")


@pytest.mark.parametrize(
    ("reply", "error"),
    [(never(), Unreachable), (drops(), Unreachable), (HTML, ServiceFailed), (streams(b"{", cut=True), Unreachable), (streams(hold=asyncio.Event()), Unreachable)],
)  # fmt: skip
async def test_logs__not_a_single_line(reply: Reply, error: type[ServiceError], spool: Path) -> None:
    """Nothing at all is an error, and leaves no file."""
    deadline = 0.3 if error is Unreachable else 60.0
    async with raw_server(reply) as server:
        with pytest.raises(error):
            await _logs(server, spool, stream=deadline)

    assert list(spool.glob("*")) == []  # noqa: ASYNC240 - a look at one folder in a test


async def test_logs__opened_at_the_second_try(spool: Path) -> None:
    """Opening a stream is a read like any other."""
    async with raw_server(HTML, streams(LINES)) as server:
        excerpt = await _logs(server, spool)

    assert (excerpt.total, len(server.requests)) == (8, 2)


async def test_logs__a_line_of_50_mb(spool: Path) -> None:
    """It is left out with a mark, in the excerpt and in the file; its neighbours stay."""
    huge = [b'{"output_text":"', *[b"x" * 1_000_000] * 50, b'"}\n']
    async with raw_server(streams(LINES, *huge, _line(9.0, "after"))) as server:
        excerpt = await _logs(server, spool)

    assert [line.kind for line in excerpt.lines[-2:]] == [LineKind.STUB, LineKind.OUTPUT]
    assert excerpt.lines[-2].text == "(a line of 50.0 MB was left out)"
    assert excerpt.size < 10_000


async def test_logs__more_than_anybody_wants(spool: Path) -> None:
    """A stream is read to its cap in bytes."""
    async with raw_server(streams(*[LINES] * 100)) as server:
        excerpt = await _logs(server, spool, stream_bytes=len(LINES) * 10)

    assert excerpt.cut is not None
    assert excerpt.cut.startswith("the log is larger than")


NESTED = b'{"moment":{"input_hash":"1","vtime":2.5},"x":' + b"[" * 300_000 + b'"' + b"}"


async def test_logs__are_read_off_the_loop(spool: Path) -> None:
    """Lines made to take long are decoded in a thread: the loop itself runs nothing but the reading of bytes."""
    ran: set[str] = set()
    modules = ("ndjson", "intake", "window", "shorten", "lenient", "events", "text", "faultbook")
    files = {str(Path(client.__file__).with_name(f"{name}.py")) for name in modules}

    def note(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename in files and code.co_name != "__init__":
            ran.add(code.co_qualname)

    body = (
        LINES[:-1]
        + b"\n"
        + b"\n".join([NESTED, b'{"x":' + b"[" * 60_000, NESTED])
        + b"\n"
        + _line(9.0, "after")
    )
    async with raw_server(streams(body)) as server, _service(server.base_url, spool) as service:
        query = LogQuery(run_id=RUN_ID, moment=MOMENT, lines=100, grep="after")
        before = sys.getprofile()
        sys.setprofile(note)
        try:
            excerpt = await service.logs(query, _quiet)
        finally:
            sys.setprofile(before)

    assert [line.text for line in excerpt.lines] == ["after"]
    assert excerpt.total == 12
    assert {name.partition(".<locals>")[0] for name in ran} <= {"Filter.needles"}


async def test_logs__cut_before_the_window(spool: Path) -> None:
    """Lines that were read for the faults alone make no window, and are no reason to fail either."""
    early = _line(1.0) + _fault(1.5, "partition")
    async with raw_server(streams(early, cut=True)) as server, _service(server.base_url, spool) as service:
        excerpt = await service.logs(LogQuery(run_id=RUN_ID, moment=MOMENT, window=2.0), _quiet)

    assert (excerpt.total, excerpt.cut, excerpt.cut_at) == (0, "the stream broke off", "1.5")
    assert [fault.name for fault in excerpt.faults] == ["partition"]


@pytest.mark.parametrize("window", [1.0, 8.0, 500.0])
async def test_logs__faults_whatever_the_window(window: float, spool: Path) -> None:
    """One request reaches back far enough, so a short window denies no fault that a long one lists."""
    story = _fault(1.5, "partition") + LINES + _fault(9.4, "kill") + _line(9.5, "end") + _line(9.6)
    async with raw_server(streams(story)) as server, _service(server.base_url, spool) as service:
        excerpt = await service.logs(LogQuery(run_id=RUN_ID, moment=MOMENT, window=window), _quiet)

    assert [fault.name for fault in excerpt.faults] == ["partition", "kill"]
    assert excerpt.lines[-1].text == "end"
    assert "begin_vtime=0.0" in server.requests[0].target


async def test_logs__compressed(spool: Path) -> None:
    """A compressed stream is refused before it is opened."""
    async with raw_server(says("200 OK", gzip.compress(LINES), Content_Encoding="gzip")) as server:
        with pytest.raises(UnexpectedAnswer):
            await _logs(server, spool)


async def test_logs__tell_how_far_they_are(spool: Path) -> None:
    """A long read reports, in numbers that a person understands."""
    heard: list[str] = []

    async def hear(text: str) -> None:
        heard.append(text)

    async with raw_server(streams(LINES)) as server, _service(server.base_url, spool, report=0.0) as service:
        await service.logs(LogQuery(run_id=RUN_ID, moment=MOMENT), hear)

    assert heard[-1] == "0 MB of the log read, at 7 virtual seconds"


async def test_logs__given_up_by_the_caller(spool: Path) -> None:
    """A read that is cancelled leaves the connection and no file."""
    told = asyncio.Event()

    async def hear(_: str) -> None:
        told.set()

    query = LogQuery(run_id=RUN_ID, moment=MOMENT)
    reply = streams(*[LINES] * 10_000, hold=asyncio.Event())
    async with raw_server(reply) as server, _service(server.base_url, spool, report=0.0) as service:
        reading = asyncio.create_task(service.logs(query, hear))
        await told.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

    assert list(spool.glob("*")) == []  # noqa: ASYNC240 - a look at one folder in a test


async def test_logs__only_so_many_at_once(spool: Path) -> None:
    """Further streams wait for their turn."""
    async with raw_server(streams(LINES)) as server, _service(server.base_url, spool, streams=2) as service:
        queries = [LogQuery(run_id=RUN_ID, moment=Moment(str(n), "9.5")) for n in range(9)]
        found = await asyncio.gather(*(service.logs(query, _quiet) for query in queries))

    assert [excerpt.total for excerpt in found] == [8] * 9
    assert len({excerpt.path for excerpt in found}) == 9
    assert server.connections <= 2


async def test_build_logs__empty_is_legal(spool: Path) -> None:
    """A 200 without a line is a build log without lines."""
    async with raw_server(streams()) as server, _service(server.base_url, spool) as service:
        excerpt = await service.run_log(RunLogQuery(run_id=RUN_ID, lines=5), _quiet)

    assert (excerpt.lines, excerpt.total, excerpt.path, excerpt.cut) == ((), 0, None, None)


# Secrets --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [HTML, drops(), says("403 Forbidden"), says("302 Found", Location=f"/x?auth={KEY}"), says("500 X", f"Bearer {KEY}".encode()), json_says(f'{{"message": "?token={KEY}"}}', "400 X"), never()],
)  # fmt: skip
async def test_secrets__in_no_error_and_no_log(
    reply: Reply, spool: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever fails, the key is in nothing that is raised, logged or printed."""
    caplog.set_level(logging.INFO)
    async with raw_server(reply) as server, _service(server.base_url, spool, read=0.3, post=0.3) as service:
        with pytest.raises(ServiceError) as caught:
            await service.run(RUN_ID)
        outcome = await service.launch(LAUNCH)
    told = [
        str(caught.value),
        caught.value.detail,
        repr(caught.value),
        repr(outcome),
        repr(service),
        caplog.text,
    ]

    assert "CANARY" not in "".join(told) + "".join(capsys.readouterr())


def _large(entry: str, cursor: str | None) -> Reply:
    """Return a page of one entry that is larger than what is read."""
    body = (
        f'{{"data": [{entry[:-1]}, "description": "{"x" * 300_000}"}}], "next_cursor": {json.dumps(cursor)}}}'
    )
    return json_says(body)


def _limits(server: RawServer) -> list[int]:
    """Return how many entries were asked for, request by request."""
    return [int(parse_qs(sent.target.partition("?")[2])["limit"][0]) for sent in server.requests]


SIZES = [100, 50, 25, 12, 6, 3, 1]


async def test_runs__a_page_that_is_too_large_is_read_in_smaller_ones(spool: Path) -> None:
    """Polling goes on: fewer entries are asked for from the same cursor, and more again behind them."""
    pages = [
        json_says(f'{{"data": [{RUN}], "next_cursor": "a"}}'),
        json_says('{"data": [], "next_cursor": null}'),
    ]
    replies = [_large(RUN, "a"), _large(RUN, "a"), *pages]
    async with raw_server(*replies) as server, _service(server.base_url, spool, body=100_000) as service:
        found = [run async for page in service.runs(RunQuery()) for run in page]

    assert [(run.ref.run_id, run.unread) for run in found] == [(RUN_ID, False)]
    assert _limits(server) == [100, 50, 25, 50]
    assert [("after" in sent.target) for sent in server.requests] == [False, False, False, True]


async def test_runs__one_entry_that_is_too_large_is_passed_over_by_its_id(spool: Path) -> None:
    """It is named, and the list goes on behind it."""
    large = RUN.replace(RUN_ID, "other-64-1")
    rest = json_says(f'{{"data": [{RUN}], "next_cursor": null}}')
    replies = [*[_large(large, "behind") for _ in SIZES], rest]
    async with raw_server(*replies) as server, _service(server.base_url, spool, body=100_000) as service:
        found = [run async for page in service.runs(RunQuery()) for run in page]

    assert [(run.ref.run_id, run.unread) for run in found] == [("other-64-1", True), (RUN_ID, False)]
    assert _limits(server) == [*SIZES, 2]
    assert "after=behind" in server.requests[-1].target


@pytest.mark.parametrize(
    "body", ['{"data": [{"x": "PAD"}]}', '{"next_cursor": "a", "data": [{"run_id": "r-1", "x": "PAD"}]}']
)
async def test_runs__one_entry_that_hides_what_comes_after_it_ends_the_list(spool: Path, body: str) -> None:
    """Where nobody can say what is next, the list is cut, and not at its end."""
    reply = json_says(body.replace("PAD", "x" * 300_000))
    async with raw_server(reply) as server, _service(server.base_url, spool, body=100_000) as service:
        with pytest.raises(ListCut, match="too large to be read"):
            _ = [page async for page in service.runs(RunQuery())]


async def test_runs__a_single_entry_without_end_is_read_a_bounded_way(spool: Path) -> None:
    """An entry that never ends is let go of."""
    reply = json_says(f'{{"data": [{RUN[:-1]}, "x": "{"x" * 900_000}"}}], "next_cursor": null}}')
    bounds = {"body": 100_000, "skipped": 200_000}
    async with raw_server(reply) as server, _service(server.base_url, spool, **bounds) as service:
        with pytest.raises(ListCut, match="hides what comes after it"):
            _ = [page async for page in service.runs(RunQuery())]


async def test_results__a_property_that_is_too_large_is_lost_alone_and_the_list_says_that_it_is_cut(
    spool: Path,
) -> None:
    """The others are read, and nothing is concluded from their number."""
    large = _large('{"name": "large", "status": "Failing", "is_event": false}', "behind")
    rest = json_says(
        '{"data": [{"name": "small", "status": "Failing", "is_event": false}], "next_cursor": null}'
    )
    replies = [*[large for _ in SIZES], rest]
    async with raw_server(*replies) as server, _service(server.base_url, spool, body=100_000) as service:
        found = await service.results(a_run(1, ref=RunRef("prod", RUN_ID)))

    assert [p.name for p in found.checks] == ["small"]
    assert not found.whole
