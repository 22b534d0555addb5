"""A Clew that serves Slack, to be killed: `python -m tests.faults.slack_accept_process URL API_URL`.

Like `deliver_process`: everything is imported once, and each line that is read forks one.
"""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from uuid import uuid4

from adapters.chat.slack.app import SlackChat, Timing
from adapters.chat.slack.settings import Slack
from adapters.clock import SystemClock
from adapters.store.store import open_store
from bot.access import Policy
from bot.command import Services
from bot.handler import Handler
from bot.model import Secret
from tests.fakes.service import FakeRunService
from tests.fakes.slack_world import APP_TOKEN, BOT_TOKEN


async def main(url: str, api_url: str) -> None:
    """Receive and answer until killed."""
    clock, service = SystemClock(), FakeRunService()
    async with open_store(url) as store:
        services = Services(
            platforms={service.connection: service.platform},
            store=store,
            clock=clock,
            policy=Policy(),
            launchers={service.connection: ()},
            new_key=lambda: uuid4().hex,
        )
        settings = Slack.model_construct(  # the settings refuse a plain address that is not this machine
            bot_token=Secret(BOT_TOKEN),
            app_token=Secret(APP_TOKEN),
            api_url=api_url,
            workspaces=frozenset(),
            unfurl=False,
            thread_status=False,
            thread_replies=False,
            signing_secret=None,
        )
        await SlackChat(settings, Handler(services), clock, Timing(stagger=0.0)).run()


def nursery(url: str, api_url: str) -> None:
    """Fork one after the other, as long as lines come."""
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                asyncio.run(main(url, api_url))
            except Exception:  # noqa: BLE001 - a forked process must not go on in its parent's code
                traceback.print_exc()
            os._exit(1)
        print(child, flush=True)  # noqa: T201 - the parent reads it
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    nursery(sys.argv[1], sys.argv[2])
