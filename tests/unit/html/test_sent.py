"""Forms that strangers send: what is none is answered with a sentence, and leaves nothing in the log."""

from __future__ import annotations

import pytest
from aiohttp import FormData, web
from aiohttp.test_utils import TestClient, TestServer

from adapters.html.sent import sent
from bot.replies import pages

PLAIN, PARTS = "application/x-www-form-urlencoded", "multipart/form-data"
BOUNDED = f"{PARTS}; boundary=x"


def a_client() -> TestClient[web.Request, web.Application]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=str((await sent(request)).get("token", "")))

    app = web.Application(client_max_size=1000)
    app.add_routes([web.post("/", answer)])
    return TestClient(TestServer(app))


@pytest.mark.parametrize(
    ("kind", "body", "coding"),
    [
        (PARTS, b"hello", ""),
        (BOUNDED, b"hello", ""),
        (BOUNDED, b"", ""),
        (BOUNDED, b"--x\r\nContent-Disposition: a\r\n\r\n", ""),
        (BOUNDED, b'--x\r\nContent-Disposition: form-data; name="token"\r\n\r\n\xff\r\n--x--\r\n', ""),
        (BOUNDED, (b'--x\r\nContent-Disposition: form-data; name="token"\r\nContent-Type: text/plain; charset=nope'
         b"\r\n\r\na\r\n--x--\r\n"), ""),
        (BOUNDED, (b'--x\r\nContent-Disposition: form-data; name="token"\r\nContent-Transfer-Encoding: nope\r\n\r\na'
         b"\r\n--x--\r\n"), ""),
        (PLAIN, b"token=\xff\xfe", ""),
        (f"{PLAIN}; charset=nope", b"token=ab", ""),
        (f"{PLAIN}; charset=base64", b"token=ab", ""),
        (PLAIN, b"token=ab", "gzip"),
        (PLAIN, b"token=ab", "deflate"),
    ],
)  # fmt: skip
async def test_sent__what_is_no_form(
    kind: str, body: bytes, coding: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever sends it hears that; nobody else does."""
    headers = {"Content-Type": kind, **({"Content-Encoding": coding} if coding else {})}
    async with a_client() as client, client.post("/", data=body, headers=headers) as answer:
        assert answer.status == 400
        if not coding:
            assert await answer.text() == pages.NOT_READ

    assert coding or caplog.records == []  # the library says itself what it cannot unpack


@pytest.mark.parametrize("multipart", [False, True])
async def test_sent__a_form(multipart: bool) -> None:
    """Either way that browsers have; no more than the application takes."""
    async with a_client() as client:
        for size, status in ((10, 200), (2000, 413)):
            form = FormData({"token": "é" * size}, default_to_multipart=multipart)
            async with client.post("/", data=form) as answer:
                assert answer.status == status
