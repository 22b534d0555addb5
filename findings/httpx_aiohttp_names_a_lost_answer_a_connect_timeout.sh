#!/usr/bin/env bash
# httpx 0.28.1 with the transport of httpx-aiohttp 0.2.0 (aiohttp 3.14.5).
#
# Expected: httpx raises `ConnectTimeout` or `ConnectError` only where nothing was sent, so that such a request may be
# repeated; a server that reads the whole request and hangs up gives `RemoteProtocolError`.
# Seen: with this transport the very same server gives `ConnectTimeout`, although the request arrived whole. Code that
# repeats on connect errors does the thing twice. The truth is in `__cause__`: aiohttp's `ServerDisconnectedError`.
# Output seen:
#   httpx: RemoteProtocolError, server read 1 request
#   httpx-aiohttp: ConnectTimeout from ServerDisconnectedError, server read 1 request
#
# Where it concerns us: a launch whose answer was lost stays unclear and is never sent again, since aiohttp's own error
# decides (adapters/platforms/antithesis/sender.py).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check httpx==0.28.1 httpx-aiohttp==0.2.0 aiohttp==3.14.5

"$folder/venv/bin/python" - <<'PYTHON'
import asyncio

import httpx
from httpx_aiohttp import AiohttpTransport

BODY = b"duration=30"
arrived: list[bytes] = []


async def read_and_hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    arrived.append(await reader.readexactly(len(BODY)))
    writer.close()


async def outcome(client: httpx.AsyncClient, url: str) -> tuple[str, str, int]:
    arrived.clear()
    async with client:
        try:
            await client.post(url, content=BODY)
        except httpx.TransportError as error:
            return type(error).__name__, type(error.__cause__).__name__, arrived.count(BODY)
    raise AssertionError("the post was answered")


async def main() -> None:
    server = await asyncio.start_server(read_and_hang_up, "127.0.0.1", 0)
    url = "http://127.0.0.1:{}/launch".format(server.sockets[0].getsockname()[1])
    plain = await outcome(httpx.AsyncClient(), url)
    crossed = await outcome(httpx.AsyncClient(transport=AiohttpTransport()), url)
    server.close()
    print(f"httpx: {plain[0]}, server read {plain[2]} request")
    print(f"httpx-aiohttp: {crossed[0]} from {crossed[1]}, server read {crossed[2]} request")
    assert (plain[0], plain[2]) == ("RemoteProtocolError", 1), plain
    assert crossed == ("ConnectTimeout", "ServerDisconnectedError", 1), crossed


asyncio.run(main())
PYTHON
