"""Somebody asks for a rerun and confirms it, to be killed: `python -m tests.faults.rerun_process DATABASE BASE_URL KEY BUILD SPOOL`.

The database, the client and the door are those of `clew run`. What was confirmed stands in the inbox, as a chat leaves it.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from uuid import uuid4

from adapters.chat.pressed import parts
from adapters.clock import SystemClock
from adapters.platforms.http.transport import open_http
from adapters.platforms.testhide.client import BuildService
from adapters.platforms.testhide.settings import Server
from adapters.store.store import open_store
from bot.access import Policy, Role
from bot.command import Services
from bot.handler import Handler
from bot.model import Secret
from bot.platform import Platform
from bot.ports import Clock, Store
from bot.state import Actor, Invocation, Place

ANN = Actor(id="fake:user:ANN", principals=frozenset({"fake:user:ANN"}))
PLACE = Place(channel="fake:channel:C1")


def a_door(platform: Platform, store: Store, clock: Clock) -> Handler:
    """Return the core over one connection."""
    policy = Policy(roles={Role.LAUNCH: frozenset({ANN.id})})
    services = Services(
        platforms={platform.connection: platform}, store=store, clock=clock, policy=policy,
        new_key=lambda: uuid4().hex,
    )  # fmt: skip
    return Handler(services)


async def silent(_: str) -> None:
    """Take a progress report and say nothing."""


async def ask(database: str, base_url: str, key: str, build: str, spool: str) -> None:
    """Ask for a rerun of a build, and press the button."""
    clock = SystemClock()
    own = Server(name="demo", base_url=base_url, api_key=Secret(key))
    async with open_store(database) as store, open_http() as http:
        service = BuildService(http, own, spool=Path(spool), now=clock.now)
        door = a_door(service.platform, store, clock)
        asked = Invocation(actor=ANN, place=PLACE, text=f"rerun {build}", key="asked", at=clock.now())
        reply = await door.handle(asked, silent)
        button = next(button for button in reply.card.buttons if button.label == "Rerun")
        text, values = parts(button.command or "")
        press = Invocation(actor=ANN, place=PLACE, text=text, key="press", at=clock.now(), values=values)
        assert await door.accept(press)
        await door.handle(press, silent)


if __name__ == "__main__":
    asyncio.run(ask(*sys.argv[1:]))
