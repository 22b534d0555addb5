"""The raw HTTP server says exactly what it is told."""

from __future__ import annotations

import asyncio

from tests.fakes.raw_http import RawServer, drops, json_says, raw_server, says, streams


async def _ask(server: RawServer, times: int = 1) -> bytes:
    """Send requests over one connection and return all that comes until its end, or after a moment of quiet."""
    host, port = server.base_url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    for number in range(times):
        writer.write(b"POST /x%d HTTP/1.1\r\nHost: h\r\nX-A: b\r\nContent-Length: 2\r\n\r\nhi" % number)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


async def test_server__replies_in_turn_and_repeats_the_last() -> None:
    """Requests are remembered with their headers and bodies."""
    async with raw_server(says("503 Busy", X_Why="no"), json_says("{}")) as server:
        answer = await _ask(server, times=3)

    assert answer.count(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nX-Why: no\r\n\r\n") == 1
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert [sent.target for sent in server.requests] == ["/x0", "/x1", "/x2"]
    assert (server.requests[0].method, server.requests[0].body) == ("POST", b"hi")
    assert server.requests[0].headers["x-a"] == "b"
    assert server.connections == 1


async def test_server__streams_whole_or_cut() -> None:
    """Only a whole chunked reply has its end mark."""
    async with raw_server(streams(b"ab", b"c")) as server:
        whole = await _ask(server)
    async with raw_server(streams(b"ab", cut=True)) as server:
        cut = await _ask(server)
    async with raw_server(streams(b"ab", chunked=False)) as server:
        plain = await _ask(server)

    assert whole.endswith(b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
    assert cut.endswith(b"2\r\nab\r\n")
    assert plain.endswith(b"\r\n\r\nab")


async def test_server__drops() -> None:
    """A dropped connection carries no byte of an answer."""
    async with raw_server(drops()) as server:
        assert await _ask(server) == b""

    assert len(server.requests) == 1
