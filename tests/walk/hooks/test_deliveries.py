"""Deliveries over HTTP: what is signed is taken as a hint, and nobody without the secret can do anything."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta

import pytest

from adapters.hooks.app import MOST_BYTES, TRIES
from tests.walk.hooks.hall import (
    FORMS,
    OTHER,
    PATIENCE,
    SECRET,
    Hall,
    a_body,
    an_execution,
    digest,
    signed,
)


@pytest.fixture
async def hall() -> AsyncIterator[Hall]:
    async with Hall().open() as hall:
        yield hall


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize(
    "header", ["X-Hub-Signature-256", "X-Testhide-Signature", "Signature", "Authorization"]
)
async def test_delivery__signed(hall: Hall, form: Callable[[bytes], str], header: str) -> None:
    """Whatever the header is called and however it writes the signature, the delivery is taken."""
    body = a_body()
    answer = await hall.send(body, {header: form(digest(body)), "Content-Type": "application/json"})

    assert (answer.status_code, answer.content) == (202, b"")
    assert hall.hints == [("qa", ("1026",))]


FORGED: dict[str, Mapping[str, str | bytes]] = {
    "unsigned": {},
    "wrong": {"X-Hub-Signature-256": "sha256=" + "0" * 64},
    "of another body": signed(a_body(1)),
    "with the secret of another connection": signed(a_body(), OTHER),
    "with the secret itself": {"X-Secret": SECRET},
    "no text": {"X-Hub-Signature-256": b"sha256=\xff\xfe"},
}


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED)
async def test_delivery__forged(hall: Hall, headers: Mapping[str, str | bytes]) -> None:
    """It is refused without a reason, and nothing comes of it."""
    answer = await hall.send(a_body(), headers)

    assert (answer.status_code, answer.content) == (401, b"")
    assert hall.hints == []


@pytest.mark.parametrize("connection", ["nobody", "QA", "qa%20", "%2e%2e", "ath"])
async def test_delivery__to_another_connection(hall: Hall, connection: str) -> None:
    """A signature counts for its own connection; one that is not there is answered like a wrong signature."""
    answer = await hall.send(a_body(), signed(a_body()), connection)

    assert (answer.status_code, answer.content) == (401, b"")
    assert hall.hints == []


async def test_delivery__twice(hall: Hall) -> None:
    """A sender that did not see the answer is answered the same; the hint is worth one poll in ten minutes."""
    statuses = [(await hall.send(a_body(), signed(a_body()))).status_code for _ in range(3)]
    hall.clock.pass_time(600)
    statuses.append((await hall.send(a_body(), signed(a_body()))).status_code)

    assert statuses == [202] * 4
    assert hall.hints == [("qa", ("1026",))] * 2
    assert hall.told == 2


async def test_delivery__same_body_to_two_connections(hall: Hall) -> None:
    """What one connection has seen is new to another."""
    body = an_execution("exec_1", hall.clock.now().isoformat())
    await hall.send(body, signed(body))
    await hall.send(body, signed(body, OTHER), "ath")

    assert hall.hints == [("qa", ()), ("ath", ("exec_1",))]


async def test_delivery__out_of_order(hall: Hall) -> None:
    """The start that arrives after the end is a hint like any other: both are looked up."""
    for event in ("build.finished", "build.started"):
        body = a_body(1026, event)
        await hall.send(body, signed(body))

    assert hall.hints == [("qa", ("1026",))] * 2


async def test_delivery__late(hall: Hall, caplog: pytest.LogCaptureFixture) -> None:
    """One whose own time is more than ten minutes ago is answered, and said in the log; a younger one counts."""
    now = hall.clock.now()
    for execution, age in (("exec_old", 601), ("exec_new", 599), ("exec_ahead", -3600)):
        body = an_execution(execution, (now - timedelta(seconds=age)).isoformat())
        assert (await hall.send(body, signed(body, OTHER), "ath")).status_code == 202

    assert hall.hints == [("ath", ("exec_new",)), ("ath", ("exec_ahead",))]
    assert "ath: a delivery was made more than ten minutes ago" in caplog.text


@pytest.mark.parametrize(
    "body", [b"", b"not JSON", b"[1, 2", b"\xff" * 100, b'{"data": {"build_id": "../1"}}']
)
async def test_delivery__of_any_body(hall: Hall, body: bytes) -> None:
    """What a body says is not documented: signed, it is a hint, whatever it holds."""
    assert (await hall.send(body, signed(body))).status_code == 202
    assert [connection for connection, _ in hall.hints] == ["qa"]


async def test_delivery__the_size(hall: Hall) -> None:
    """64 KiB are taken; a byte more, a megabyte and what only unpacks to one are refused before they are read whole."""
    full, large = b" " * MOST_BYTES, b" " * (MOST_BYTES + 1)
    huge = b"x" * 1_000_000
    packed = gzip.compress(b" " * 50_000_000)
    statuses = [
        (await hall.send(full, signed(full))).status_code,
        (await hall.send(large, signed(large))).status_code,
        (await hall.send(huge, signed(huge))).status_code,
        (await hall.send(packed, {**signed(packed), "Content-Encoding": "gzip"})).status_code,
    ]

    assert statuses == [202, 413, 413, 413]
    assert hall.hints == [("qa", ())]


async def test_delivery__in_pieces(hall: Hall) -> None:
    """A body without a length, piece by piece, is signed as a whole."""
    body = a_body()
    reader, writer = await asyncio.open_connection("127.0.0.1", hall.port)
    head = "".join(f"{name}: {value}\r\n" for name, value in signed(body).items())
    writer.write(f"POST /hooks/qa HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n{head}\r\n".encode())
    for number in range(len(body)):
        writer.write(b"1\r\n" + body[number : number + 1] + b"\r\n")
        await writer.drain()
    writer.write(b"0\r\n\r\n")
    async with asyncio.timeout(PATIENCE):
        line = await reader.readline()
    writer.close()

    assert line == b"HTTP/1.1 202 Accepted\r\n"
    assert hall.hints == [("qa", ("1026",))]


async def test_delivery__a_body_that_does_not_come() -> None:
    """A slow sender is let go at the deadline, one that hangs up half way leaves nothing behind; others are served."""
    async with Hall().open(request_seconds=0.05) as hall:
        head = f"POST /hooks/qa HTTP/1.1\r\nHost: x\r\nContent-Length: 80\r\n\r\n{'x' * 40}".encode()
        slow, slow_writer = await asyncio.open_connection("127.0.0.1", hall.port)
        slow_writer.write(head)
        _, half_writer = await asyncio.open_connection("127.0.0.1", hall.port)
        half_writer.write(head)
        await half_writer.drain()
        half_writer.close()
        async with asyncio.timeout(PATIENCE):
            said = await slow.readline()
        slow_writer.close()

    assert said == b"HTTP/1.1 408 Request Timeout\r\n"
    assert hall.hints == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/hooks/qa", 405),
        ("PUT", "/hooks/qa", 405),
        ("POST", "/hooks", 404),
        ("POST", "/hooks/", 404),
        ("POST", "/hooks/qa/", 404),
        ("POST", "/hooks/qa/x", 404),
        ("POST", "/", 404),
        ("GET", "/metrics", 404),
        ("GET", "/healthz", 404),
    ],
)
async def test_page__there_is_one(hall: Hall, method: str, path: str, status: int) -> None:
    """Strangers reach this listener: it has one page, and neither health nor metrics."""
    body = a_body()
    answer = await hall.ask(path, b"" if method == "GET" else body, signed(body), method=method)

    assert answer.status_code == status
    assert hall.hints == []


async def test_delivery__that_cannot_be_kept(hall: Hall, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is accepted that would be lost: the sender is asked to deliver again, and then it is taken."""
    hall.record.failing = "The database is away."
    away = await hall.send(a_body(), signed(a_body()))
    forged = await hall.send(a_body(), {})
    hall.record.failing = None
    again = await hall.send(a_body(), signed(a_body()))

    assert (away.status_code, forged.status_code, again.status_code) == (503, 401, 202)
    assert (hall.hints, hall.told) == ([("qa", ("1026",))], 1)
    assert "qa: a delivery is refused, and may come again: The database is away." in caplog.text


async def test_log__names_the_headers_once(hall: Hall, caplog: pytest.LogCaptureFixture) -> None:
    """When the first deliveries are all refused, the log says which headers they had: their names, never a value."""
    for number in range(TRIES + 3):
        body = a_body(number)
        strange = {
            f"X-Stamp-{number}": "canary-value",
            "X-Signature-Of-Time-And-Body": digest(b"1." + body).hex(),
        }
        await hall.send(body, strange)
        await hall.send(body, {"X-Stranger": "x"}, "nobody")

    (said,) = [r.getMessage() for r in caplog.records if r.name == "adapters.hooks.app"]
    assert said.startswith(
        "qa: 3 deliveries in a row are not signed with its webhook_secret; their headers: "
    )
    assert "x-signature-of-time-and-body, x-stamp-0, x-stamp-1, x-stamp-2" in said
    assert "stranger" not in caplog.text
    assert "canary" not in caplog.text


async def test_log__again_after_one_that_was_signed(hall: Hall, caplog: pytest.LogCaptureFixture) -> None:
    """A secret that is changed at one end later is not refused in silence; what a stranger tries now and then is."""
    for number in range(2 * TRIES):
        await hall.send(a_body(number), {})
        if number < TRIES:
            await hall.send(a_body(number), signed(a_body(number)))

    said = [r.getMessage() for r in caplog.records if r.name == "adapters.hooks.app"]
    assert len(said) == 1


async def test_log__header_names_are_bounded(hall: Hall, caplog: pytest.LogCaptureFixture) -> None:
    """Strangers write no novels into the log."""
    for number in range(TRIES):
        await hall.send(a_body(), {f"X-{number}-{name}-{'n' * 200}": "v" for name in range(30)})

    (said,) = [r.getMessage() for r in caplog.records if r.name == "adapters.hooks.app"]
    assert len(said) < 3000
