#!/usr/bin/env bash
# slack_sdk 3.48.0 (aiohttp 3.14.5), as slack-bolt uses it.
#
# Expected: posting a message is not idempotent, so a client that was not told to repeat raises when the answer is lost.
# Seen: `AsyncWebClient` and `AsyncWebhookClient` come with a retry handler for connection errors that does not tell
# "not connected" from "hung up after reading": the same message is posted a second time, and the caller is told of one
# success. Nothing in the answer says that there were two.
# Output seen:
#   chat.postMessage: ok, posted 2 times
#   webhook: ok, posted 2 times
#   with retry_handlers=[]: ServerDisconnectedError, posted 1 time
#
# Where it concerns us: our clients have no retry handlers, and what may have arrived is looked for in the channel first
# (adapters/chat/slack).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check slack_sdk==3.48.0 aiohttp==3.14.5

"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import re

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

ANSWER = b'{"ok":true,"ts":"1767225600.000100"}'
posted: list[bytes] = []


async def lose_the_first_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    posted.append(await reader.readexactly(int(length[1])))
    if len(posted) > 1:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n")
        writer.write(b"Content-Length: %d\r\n\r\n" % len(ANSWER) + ANSWER)
        await writer.drain()
    writer.close()


async def main() -> None:
    server = await asyncio.start_server(lose_the_first_answer, "127.0.0.1", 0)
    url = "http://127.0.0.1:{}/".format(server.sockets[0].getsockname()[1])

    web = AsyncWebClient(token="xoxb-made-up", base_url=url)
    answer = await web.chat_postMessage(channel="C01", text="Payments Nightly failed")
    print(f"chat.postMessage: ok, posted {len(posted)} times")
    assert answer["ok"] and len(posted) == 2 and posted[0] == posted[1], posted

    posted.clear()
    response = await AsyncWebhookClient(url).send(text="Payments Nightly failed")
    print(f"webhook: ok, posted {len(posted)} times")
    assert response.status_code == 200 and len(posted) == 2 and posted[0] == posted[1], posted

    posted.clear()
    try:
        await AsyncWebhookClient(url, retry_handlers=[]).send(text="Payments Nightly failed")
    except aiohttp.ServerDisconnectedError as error:
        print(f"with retry_handlers=[]: {type(error).__name__}, posted {len(posted)} time")
    assert len(posted) == 1, posted
    server.close()


asyncio.run(main())
PYTHON
