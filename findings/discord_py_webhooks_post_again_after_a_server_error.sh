#!/usr/bin/env bash
# discord.py 2.7.1 (aiohttp 3.14.5), the client of webhooks and of answers to interactions.
#
# Expected: Discord removes doubles by a nonce, and discord.py gives one to every message of a channel by itself, so a
# library that repeats a post after a server error does it where a nonce makes that harmless.
# Seen: webhooks and follow-ups of interactions take no nonce, and these are what is repeated: a 500, which does not say
# that nothing was stored, makes discord.py post the same text again, and the caller sees one success.
# Output seen: posted 2 times, same text, with a nonce: no
#
# Where it concerns us: a follow-up is given a session that makes one request, so the repeats end there
# (adapters/chat/discord/calls.py).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check discord.py==2.7.1 aiohttp==3.14.5

"$folder/venv/bin/python" -W ignore::DeprecationWarning - <<'PYTHON'
import asyncio
import json

import aiohttp
import discord
from aiohttp import web
from discord.webhook.async_ import Route

MESSAGE = {
    "id": "1", "channel_id": "2", "type": 0, "content": "", "timestamp": "2026-01-01T00:00:00+00:00",
    "edited_timestamp": None, "author": {"id": "3", "username": "hook", "discriminator": "0000", "avatar": None},
    "attachments": [], "embeds": [], "mentions": [], "mention_roles": [], "mention_everyone": False,
    "pinned": False, "tts": False,
}
posted: list[dict[str, object]] = []


async def store_and_stumble(request: web.Request) -> web.Response:
    posted.append(await request.json())
    if len(posted) == 1:
        return web.Response(status=500)
    return web.Response(body=json.dumps(MESSAGE), headers={"Content-Type": "application/json"})


async def main() -> None:
    app = web.Application()
    app.router.add_post("/webhooks/{id}/{token}", store_and_stumble)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    Route.BASE = "http://127.0.0.1:{}".format(runner.addresses[0][1])
    async with aiohttp.ClientSession() as session:
        message = await discord.Webhook.partial(1, "made-up", session=session).send("Payments Nightly failed", wait=True)
    await runner.cleanup()
    same = all(body["content"] == "Payments Nightly failed" for body in posted)
    nonce = "yes" if any("nonce" in body for body in posted) else "no"
    print(f"posted {len(posted)} times, {'same text' if same else 'other text'}, with a nonce: {nonce}")
    assert (message.id, len(posted), same, nonce) == (1, 2, True, "no"), posted


asyncio.run(main())
PYTHON
