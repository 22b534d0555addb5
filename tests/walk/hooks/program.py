"""Clew as it runs: it polls once at the start, and then only when a webhook says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from adapters.cli import hooks
from adapters.cli.background import working
from adapters.cli.parts import Parts
from adapters.cli.work import Intervals
from adapters.platforms.testhide.settings import Server
from adapters.settings import Settings
from adapters.store.store import SqlStore
from adapters.tables import Hooks
from bot.model import Secret
from bot.state import Hint, NewDelivery, PollStep, Subscription
from tests.fakes.chat import FakeChat
from tests.fakes.service import FakeRunService
from tests.fakes.stage import CHANNEL, Stage, silent
from tests.walk.hooks.hall import PATIENCE, SECRET

LISTEN = Hooks(listen=("127.0.0.1", 0))
ONCE = Intervals(poll=3600.0)  # the first poll comes at the start, and no other by itself


@dataclass
class Program:
    """What came of it. `url`: where webhooks are received; `told`: whether anything is to be posted.

    `answered`: whether the record says of a hint that a poll has answered it.
    """

    url: str = ""
    rows: list[NewDelivery] = field(default_factory=list)
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    answered: asyncio.Event = field(default_factory=asyncio.Event)


def parts_of(store: SqlStore, service: FakeRunService) -> Parts:
    """Return what a program is made of whose platform is in memory, and delivers signed with `SECRET`."""
    stage = Stage(service=service)
    server = Server(
        name=service.connection,
        base_url="https://testhide.example.com",
        api_key=Secret("th_live_canary0000"),
        webhook_secret=Secret(SECRET),
    )
    return Parts(
        settings=Settings(connections=(server,), hooks=LISTEN),
        platforms=stage.services.platforms,
        store=store,
        clock=stage.clock,
        handler=stage.handler,
    )


@asynccontextmanager
async def program(parts: Parts, connection: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Program]:
    """Run with a channel that asks for every run of a connection; its first look is over, 5 s ago."""
    it, record, answer = Program(), parts.store.record, parts.store.answer_hints

    async def noticed(step: PollStep) -> int:
        new = await record(step)
        it.rows += step.deliveries
        it.looked.set()
        if new:
            it.told.set()
        return new

    async def answered(hints: Collection[Hint]) -> None:
        await answer(hints)
        if hints:
            it.answered.set()

    monkeypatch.setattr(parts.store, "record", noticed)
    monkeypatch.setattr(parts.store, "answer_hints", answered)
    chat = FakeChat(clock=parts.clock)
    async with asyncio.timeout(PATIENCE):
        await parts.store.subscribe(Subscription(channel=CHANNEL, connection=connection), parts.clock.now())
        async with (
            working(parts, {chat.name: chat}, intervals=ONCE, notify=silent) as work,
            hooks.receiving(parts, work.work, lambda _: None) as listener,
        ):
            assert listener is not None
            it.url = f"{listener.url}/hooks/{connection}"
            await it.looked.wait()
            yield it
