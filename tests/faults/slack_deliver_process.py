"""Deliverers to Slack, to be killed: `python -m tests.faults.slack_deliver_process URL API_URL SETTLE`.

Like `deliver_process`: everything is imported once, and each line that is read forks one deliverer.
"""

from __future__ import annotations

import asyncio
import os
import sys
import traceback

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.slack.addresses import Addresses
from adapters.chat.slack.files import Files
from adapters.chat.slack.sender import Sender
from adapters.clock import SystemClock
from adapters.store.store import open_store
from bot.delivery.deliver import Deliverer, Pace
from tests.fakes.slack_world import BOT, BOT_TOKEN


async def main(url: str, api_url: str, settle: float) -> None:
    """Deliver until nothing waits."""
    clock = SystemClock()

    async def notify(sentence: str) -> None:
        print(sentence, file=sys.stderr)  # noqa: T201 - the parent reads it when the proof fails

    timeout = aiohttp.ClientTimeout(total=settle / 3)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        open_store(url, unconfirmed_after=settle) as store,
    ):
        client = AsyncWebClient(BOT_TOKEN, base_url=api_url, session=session, retry_handlers=[])
        files = Files(client, session, Addresses(api_url))
        sender = Sender(client, clock, files=files, reconcile_after=settle)
        sender.bot_id = BOT
        pace = Pace(post=settle / 3, lookup=5.0, idle=0.05, per_channel=0)
        deliverer = Deliverer(
            sender, store, platforms={}, clock=clock, notify_operator=notify, pace=pace, chance=lambda: 0.0
        )
        running = asyncio.create_task(deliverer.run())
        while (await store.depth()).waiting:
            await clock.sleep(0.05)
        deliverer.stop()
        await running


def nursery(url: str, api_url: str, settle: float) -> None:
    """Fork deliverers, one after the other, as long as lines come."""
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                asyncio.run(main(url, api_url, settle))
            except Exception:  # noqa: BLE001 - a forked process must not go on in its parent's code
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        print(child, flush=True)  # noqa: T201 - the parent reads it
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    nursery(sys.argv[1], sys.argv[2], float(sys.argv[3]))
