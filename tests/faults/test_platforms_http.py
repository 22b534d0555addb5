"""What all platforms stand on, over real sockets: servers that redirect, refuse, repeat keys, break off and never end."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from adapters.configuration.secret_file import FileSecret
from adapters.lanes import acting
from adapters.platforms.http.caller import Caller
from adapters.platforms.http.endpoint import Endpoint
from adapters.platforms.http.limits import Limits
from adapters.platforms.http.login import Key, Login, Session, Ticket
from adapters.platforms.http.sender import Sender
from adapters.platforms.http.sse import events
from adapters.platforms.http.transport import open_http
from adapters.platforms.http.wire import NotSent, Oversized, Request
from bot.errors import (
    AccessRefused,
    RateLimited,
    Rejected,
    ServiceError,
    ServiceFailed,
    UnexpectedAnswer,
    Unreachable,
)
from bot.model import LaunchOutcome, Refused, Secret, Started, Unclear
from tests.fakes.certificates import AUTHORITY, server_context
from tests.fakes.raw_http import RawServer, Reply, drops, json_says, never, raw_server, says, streams

KEY = "CANARY-key-of-no-known-shape"
BUILD = Request(path="builds/7")
START = Request(path="builds/start", method="POST", body=b'{"job_id": 5}')
GOOD = json_says('{"id": 7}')
NOW = datetime(2026, 5, 1, tzinfo=UTC)


@asynccontextmanager
async def _caller(
    address: str,
    login: Login | None = None,
    *,
    per_minute: int | None = None,
    ca_file: Path | None = None,
    **bounds: Any,
) -> AsyncIterator[Caller]:
    limits = Limits(**{"wait": 0.001, "longest_wait": 1.0, **bounds})
    endpoint = Endpoint(address=address, login=login or Key(Secret(KEY)), check="Check LAB_KEY.", secrets=())
    async with open_http(limits=limits, ca_file=ca_file) as http:
        yield Caller(Sender(http, endpoint, limits), per_minute)


async def _start(caller: Caller) -> LaunchOutcome:
    return await caller.start(lambda: START, target="job", id_in=lambda body: str(json.loads(body)["id"]))


async def test_address__keeps_its_path() -> None:
    """Every request goes below it; slashes at the end of a path stay, and what is quoted stays quoted."""
    async with raw_server(GOOD) as server, _caller(f"{server.base_url}/v1/test") as caller:
        await caller.read(Request(path="/project/", query=(("page_token", "a/b+c=&"),)))
        await caller.read(Request(path="builds/7"))
        await caller.read(Request(path="jobs/CI%2FCD%20smoke"))

        assert [sent.target for sent in server.requests] == [
            "/v1/test/project/?page_token=a%2Fb%2Bc%3D%26",
            "/v1/test/builds/7",
            "/v1/test/jobs/CI%2FCD%20smoke",
        ]


@pytest.mark.parametrize(
    "address",
    [
        "https://a..b/",
        "https://xn--/",
        "https://é..x",
        f"https://{'a' * 70}.example",
        "https://[::1/",
        "https://h:99999",
    ],
)
async def test_address__that_can_be_none(address: str) -> None:
    """Whatever a look-up makes of it is one sentence: nothing was sent. A link to a file is refused before that."""
    async with _caller(address, tries=1) as caller:
        with pytest.raises(NotSent):
            await caller.read(BUILD)
        assert isinstance(await _start(caller), Refused)
    async with _caller("https://lab.example.com", tries=1) as caller:
        with pytest.raises(ServiceError):
            await caller.read(Request(elsewhere=Secret(address)))


@pytest.mark.parametrize(("scheme", "sent"), [("Bearer", f"Bearer {KEY}"), ("", KEY)])
async def test_key__with_and_without_a_scheme(scheme: str, sent: str) -> None:
    """As the platform wants it, and no compression is asked for."""
    async with raw_server(GOOD) as server:
        async with _caller(server.base_url, Key(Secret(KEY), scheme)) as caller:
            await caller.read(BUILD)
            await caller.read(Request(path="healthz", keyed=False))

        assert [request.headers.get("authorization") for request in server.requests] == [sent, None]
        assert {request.headers["accept-encoding"] for request in server.requests} == {"identity"}


async def test_tls__of_a_private_authority() -> None:
    """It is trusted where a file says so; elsewhere the sentence says what is wrong, and nothing was sent."""
    async with raw_server(GOOD, tls=server_context()) as server:
        async with _caller(server.base_url, ca_file=AUTHORITY) as caller:
            assert (await caller.read(BUILD)).good
        async with _caller(server.base_url, tries=1) as caller:
            with pytest.raises(NotSent, match=r"certificate of 127\.0\.0\.1 was not accepted.*CA file"):
                await caller.read(BUILD)
            outcome = await _start(caller)

        assert isinstance(outcome, Refused)
        assert outcome.reason.endswith("Nothing was started.")
        assert len(server.requests) == 1


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 x"])
async def test_redirect__is_never_followed(status: str) -> None:
    """Not for a read, and not for what starts something: of that nobody knows what became of it."""
    async with raw_server(GOOD) as other:
        redirect = says(status, Location=f"{other.base_url}/builds/7")
        async with raw_server(redirect) as server, _caller(server.base_url) as caller:
            with pytest.raises(UnexpectedAnswer, match="redirect"):
                await caller.read(BUILD)
            outcome = await _start(caller)

            assert isinstance(outcome, Unclear)
            assert len(server.requests) == 2
        assert other.requests == []


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (json_says('{"id": 7}', "201 Created"), Started),
        (json_says('{"id": 7}', "202 Accepted"), Started),
        (json_says('{"detail": "disabled"}', "409 Conflict"), Refused),
        (json_says('{"detail": [{"msg": "x"}]}', "422 Unprocessable"), Refused),
        (says("429 Too Many Requests"), Refused),
        (says("402 Payment Required"), Refused),
        (says("408 Request Timeout"), Unclear),
        (says("500 Internal Server Error"), Unclear),
        (says("502 Bad Gateway", b"<html>"), Unclear),
        (says("204 No Content"), Unclear),
        (json_says('{"id": '), Unclear),
        (says("200 OK", b"\x1f\x8b", Content_Encoding="gzip"), Unclear),
        (drops(), Unclear),
        (streams(b'{"id"', cut=True), Unclear),
    ],
)
async def test_start__is_sent_once(reply: Reply, kind: type[LaunchOutcome]) -> None:
    """Whatever comes back: 2xx that can be read is a start, 4xx but 408 is none, all else is unclear."""
    async with raw_server(reply) as server, _caller(server.base_url) as caller:
        outcome = await _start(caller)

        assert type(outcome) is kind
        assert outcome == Started("7") or kind is not Started
        assert [(sent.method, sent.body) for sent in server.requests] == [("POST", START.body)]


async def test_start__many_with_lost_answers() -> None:
    """Of three hundred every tenth answer is lost in one way or another: none goes out twice, and each of those is unclear."""
    lost = (drops(), streams(b'{"id"', cut=True), says("502 Bad Gateway", b"<html>"))
    replies = [lost[number // 10 % 3] if number % 10 == 9 else GOOD for number in range(300)]

    def build(number: int) -> Request:
        return Request(path="builds/start", method="POST", body=b'{"key": %d}' % number)

    async with raw_server(*replies) as server, _caller(server.base_url) as caller:
        outcomes = [
            await caller.start(partial(build, number), target="job", id_in=lambda _: "7")
            for number in range(300)
        ]

        assert [sent.body for sent in server.requests] == [build(number).body for number in range(300)]
    assert [number for number, outcome in enumerate(outcomes) if isinstance(outcome, Unclear)] == [
        *range(9, 300, 10)
    ]
    assert sum(isinstance(outcome, Started) for outcome in outcomes) == 270


async def test_start__without_an_answer_in_time() -> None:
    """It may have started."""
    async with raw_server(never()) as server, _caller(server.base_url, post=0.05) as caller:
        assert isinstance(await _start(caller), Unclear)
        assert len(server.requests) == 1


async def test_deadline__of_one_request() -> None:
    """A request that takes longer than others gets its own time, a shorter one less; a read and what is sent once."""
    slow = Request(path="ai/diagnose", method="POST", body=b"{}", deadline=30.0)
    async with (
        raw_server(_after(0.2, GOOD)) as server,
        _caller(server.base_url, read=0.05, post=0.05) as caller,
    ):
        assert (await caller.once(slow)).good
        assert (await caller.read(Request(path="x", deadline=30.0))).good
        with pytest.raises(Unreachable, match=r"within 0\.05 s"):
            await caller.read(BUILD)
    async with raw_server(never()) as server, _caller(server.base_url) as caller:
        with pytest.raises(Unreachable, match=r"within 0\.05 s"):
            await caller.read(Request(path="x", deadline=0.05))


def _after(seconds: float, reply: Reply) -> Reply:
    async def late(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await reply(writer)

    return late


async def test_errors__never_repeat_the_key() -> None:
    """A platform that quotes the key in its words does not get it into a card or a log, whatever it looks like."""
    said = json_says(json.dumps({"detail": f"unknown key {KEY} ({KEY})"}), "400 Bad Request")
    async with raw_server(said) as server, _caller(server.base_url, Key(Secret(KEY), "")) as caller:
        with pytest.raises(Rejected) as caught:
            await caller.read(BUILD)
        outcome = await _start(caller)

        assert caught.value.detail == "unknown key *** (***)"
        assert isinstance(outcome, Refused)
        assert "CANARY" not in outcome.reason


async def test_errors__never_repeat_what_else_is_secret() -> None:
    """Validators quote what was sent, so a webhook's secret or a password comes back; stores quote a signature."""
    said = json_says(
        json.dumps({"detail": "hook-s3cret, p%40ssword and 5ignature/== are wrong"}), "400 Bad Request"
    )
    async with raw_server(said) as server, open_http() as http:
        known = (Secret("hook-s3cret"), Secret("p@ssword"))
        endpoint = Endpoint(address=server.base_url, login=Key(Secret(KEY)), check="", secrets=known)
        caller = Caller(Sender(http, endpoint, Limits()))
        for request, shown in (
            (BUILD, "***, *** and 5ignature/== are wrong"),
            (
                Request(path="", elsewhere=Secret(f"{server.base_url}/o?Expires=1&Sig=5ignature%2F%3D%3D")),
                "***, *** and *** are wrong",
            ),
        ):
            with pytest.raises(Rejected) as caught:
                await caller.read(request)
            assert caught.value.detail == shown


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
async def test_refusal__says_what_helps(status: str) -> None:
    """The sentence is the connection's own."""
    async with raw_server(says(status)) as server, _caller(server.base_url) as caller:
        with pytest.raises(AccessRefused, match=r"refused the key \(40[13]\)\. Check LAB_KEY\."):
            await caller.read(BUILD)
        assert len(server.requests) == 1


async def test_key_file__is_read_again_when_refused(tmp_path: Path) -> None:
    """The same request goes out once more with the new key, also one that starts something; and never a third time."""
    file = tmp_path / "key"
    file.write_text("new-key")
    refuse = says("401 Unauthorized")
    async with raw_server(refuse, json_says('{"id": 7}', "201 Created"), refuse) as server:
        async with _caller(server.base_url, Key(FileSecret("old-key", file))) as caller:
            assert await _start(caller) == Started("7")
            with pytest.raises(AccessRefused):
                await caller.read(BUILD)

        keys = [request.headers["authorization"] for request in server.requests]
        assert keys == ["Bearer old-key", "Bearer new-key", "Bearer new-key"]


class House:
    """A server with a login: it answers what the token that came deserves."""

    def __init__(self, *, lets_in: bool = True) -> None:
        self.lets_in = lets_in
        self.logins = 0
        self.valid: set[str] = set()
        self.server = RawServer([self._reply])
        self.started = 0

    async def _reply(self, writer: asyncio.StreamWriter) -> None:
        sent = self.server.requests[-1]
        await self._answer(sent.target, sent.headers.get("authorization", ""))(writer)

    def _answer(self, target: str, authorization: str) -> Reply:
        if target == "/authenticate":
            self.logins += 1
            token = f"CANARY-token-{self.logins}"
            if self.lets_in:
                self.valid = {f"Bearer {token}"}
            return json_says(json.dumps({"token": token}))
        if authorization not in self.valid:
            return json_says(json.dumps({"detail": f"{authorization} has expired"}), "401 Unauthorized")
        self.started += target == "/builds/start"
        return json_says('{"id": 7}')


@asynccontextmanager
async def _logged_in(house: House) -> AsyncIterator[Caller]:
    server = await asyncio.start_server(house.server.serve, "127.0.0.1", 0)
    limits = Limits(wait=0.001, longest_wait=1.0)
    try:
        async with open_http(limits=limits) as http:

            async def log_in() -> Ticket:
                answer = await sender.fetch(
                    Request(path="authenticate", method="POST", body=b"{}", keyed=False)
                )
                return Ticket(Secret(json.loads(answer.body)["token"]), NOW + timedelta(hours=8))

            address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            session = Session(log_in, Secret("pass-word"), lambda: NOW)
            sender = Sender(http, Endpoint(address=address, login=session, check="", secrets=()), limits)
            yield Caller(sender)
    finally:
        server.close()
        await house.server.stop()
        await server.wait_closed()


async def test_session__is_renewed_once_when_refused() -> None:
    """Eight reads and a launch whose token was revoked meanwhile all come through one new login; nothing is done twice."""
    house = House()
    async with _logged_in(house) as caller:
        await caller.read(BUILD)
        house.valid.clear()
        answers = await asyncio.gather(*(caller.read(BUILD) for _ in range(8)), _start(caller))

    assert answers[-1] == Started("7")
    assert (house.logins, house.started) == (2, 1)


async def test_session__never_twice_in_a_row(caplog: pytest.LogCaptureFixture) -> None:
    """A server that refuses fresh tokens sees one login, however much is asked; no token is in an error or a log."""
    house = House(lets_in=False)
    caplog.set_level(logging.DEBUG)
    async with _logged_in(house) as caller:
        for _ in range(3):
            with pytest.raises(AccessRefused) as caught:
                await caller.read(BUILD)
            assert "CANARY" not in f"{caught.value} {caught.value.detail}"
        outcome = await _start(caller)

    assert isinstance(outcome, Refused)
    assert "CANARY" not in outcome.reason
    assert (house.logins, house.started) == (1, 0)
    assert "CANARY" not in caplog.text


async def test_elsewhere__without_the_key() -> None:
    """A signed address gets neither key nor pause nor quota, and its bytes arrive as they were signed."""
    target = "/file%20a.log?X-Amz-Signature=CANARY%2B%2F%3D&X-Amz-Date=20260501T000000Z"
    full = says("429 Too Many Requests", Retry_After="900")
    async with raw_server(says("200 OK", b"x" * 10), full) as store, raw_server(GOOD) as server:
        link = Secret(f"{store.base_url}{target}")
        async with _caller(server.base_url, per_minute=1) as caller:
            with acting("ada"):  # a person is told at once where there is no turn
                assert (await caller.read(Request(elsewhere=link, accept="*/*"))).body == b"x" * 10
                with pytest.raises(RateLimited) as caught:
                    await caller.read(Request(elsewhere=link))
                assert (await caller.read(BUILD)).good  # the store's pause is none of the platform's

        assert "CANARY" not in f"{caught.value} {caught.value.detail}"
        assert [request.target for request in store.requests] == [target, target]
        assert all("authorization" not in request.headers for request in store.requests)
        assert "authorization" in server.requests[0].headers


async def test_elsewhere__upload_of_a_file() -> None:
    """It goes out once, with its own type and no key."""
    async with raw_server(says("200 OK")) as store, _caller("http://127.0.0.1:9/v1") as caller:
        link = Secret(f"{store.base_url}/put?sig=CANARY")
        put = Request(method="PUT", elsewhere=link, body=b"log\n", content_type="text/plain")
        assert (await caller.once(put)).good

        (sent,) = store.requests
        assert (sent.method, sent.body, sent.headers["content-type"]) == ("PUT", b"log\n", "text/plain")
        assert "authorization" not in sent.headers


async def test_quota__is_kept_on_the_wire() -> None:
    """People get their share while polling waits, and beyond it a sentence; nothing more is sent."""
    async with raw_server(GOOD) as server:
        async with _caller(server.base_url, per_minute=5, longest_wait=0.05) as caller:
            polling = [asyncio.create_task(caller.read(BUILD)) for _ in range(4)]
            await asyncio.gather(*polling[:3])
            with acting("ada"):
                await caller.read(BUILD)
                await caller.read(BUILD)
                with pytest.raises(RateLimited, match="5 requests a minute"):
                    await caller.read(BUILD)
                outcome = await _start(caller)
            polling[3].cancel()

        assert isinstance(outcome, Refused)
        assert len(server.requests) == 5


async def test_body__over_its_bound() -> None:
    """A request may ask for less than is read otherwise; an endless body is left at once."""
    endless = streams(*[b"x" * 1_000] * 100, hold=asyncio.Event())
    async with raw_server(endless) as server, _caller(server.base_url, body=50_000) as caller:
        with pytest.raises(Oversized):
            await caller.read(BUILD)
        with pytest.raises(Oversized):
            await caller.read(Request(path="artifacts/1/download", most=2_000))
    longer = Request(path="x", most=60_000)
    async with (
        raw_server(says("200 OK", b"x" * 60_000)) as server,
        _caller(server.base_url, body=9) as caller,
    ):
        assert len((await caller.read(longer)).body) == 60_000


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (says("400 Bad Request", b'{"message": "' + b"x" * 100_000), Rejected),
        (says("500 x", b"\x00\xff" * 50_000), ServiceFailed),
        (says("422 x", json.dumps({"detail": [{"msg": "m" * 5_000}] * 50}).encode()), Rejected),
        (says("400 x", b"[" * 100_000), Rejected),
        (says("503 \x1b[31m" + "r" * 3_000), ServiceFailed),
        (streams(b"x", cut=True), Unreachable),
        (says("200 OK", b"x", Content_Encoding="br"), UnexpectedAnswer),
        (says("999 What"), ServiceFailed),
    ],
)
async def test_error__of_a_hostile_body(reply: Reply, kind: type[ServiceError]) -> None:
    """Its words are one line of bounded length without what moves a cursor, and nothing else is raised."""
    async with raw_server(reply) as server, _caller(server.base_url, tries=1) as caller:
        with pytest.raises(kind) as caught:
            await caller.read(BUILD)

    assert len(caught.value.detail) < 250
    assert caught.value.detail.isprintable()


async def test_events__of_a_running_build() -> None:
    """They come while the stream goes on, and one that breaks off is said to have."""
    more = asyncio.Event()
    opened = streams(b'data: {"n": 1}\n\ndata: {"n', b'": 2}\n\n', cut=True, hold=more)
    async with raw_server(opened) as server, _caller(server.base_url) as caller:
        found: list[str] = []

        async def read() -> None:
            request = Request(path="builds/7/stream", accept="text/event-stream")
            async with caller.stream(request, what="build") as chunks:
                async for data in events(chunks):
                    found.append(data)
                    if len(found) == 2:
                        more.set()

        with pytest.raises(Unreachable, match="broke off"):
            await read()

        assert found == ['{"n": 1}', '{"n": 2}']
        assert server.requests[0].headers["accept"] == "text/event-stream"


async def test_stream__that_costs_something_is_opened_once() -> None:
    """A question to a model is not asked again where its answer does not begin."""
    async with raw_server(says("503 x")) as server, _caller(server.base_url) as caller:
        ask = Request(path="ai/chat/stream", method="POST", body=b"{}")
        for request, tries in ((ask, 1), (BUILD, 3)):
            server.requests.clear()
            with pytest.raises(ServiceFailed):
                async with caller.stream(request):
                    pass
            assert len(server.requests) == tries
