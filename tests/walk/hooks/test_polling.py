"""From a signed delivery to what a channel is told: the poll comes now, and reads the truth."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx
import pytest

from adapters.cli import hooks
from adapters.cli.background import Intervals, working
from adapters.cli.parts import Parts
from adapters.configuration.table import Hooked
from adapters.platforms import registry
from adapters.platforms.kind import PlatformKind
from adapters.settings import Settings
from adapters.store.store import open_store
from adapters.tables import Hooks
from bot.model import RunQuery, RunStatus, Secret
from bot.platform import Platform
from bot.ports import Clock, Ledger
from bot.state import PollStep, Subscription
from tests.fakes.chat import FakeChat
from tests.fakes.runs import a_run, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.stage import CHANNEL, Stage, silent
from tests.walk.hooks.hall import PATIENCE, SECRET, a_body, signed

ONCE = Intervals(poll=3600.0)  # the first poll comes at the start, and no other by itself


class Lab(Hooked):
    """A connection to a platform that sends webhooks."""

    kind: Literal["lab"] = "lab"

    @property
    def address(self) -> str:
        return "https://lab.example.com"


@asynccontextmanager
async def _open(lab: Lab, clock: Clock, ledger: Ledger) -> AsyncIterator[Platform]:
    raise NotImplementedError
    yield


LAB = PlatformKind(
    name="lab", title="Lab", connection=Lab, open=_open, default="lab", least=("LAB_API_KEY",),
    clock=lambda lab: lab.address, hook_ids=("build_id",),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Room:
    """A program that polls once an hour, with a build server that delivers."""

    stage: Stage
    url: str
    polled: asyncio.Queue[PollStep]
    told: asyncio.Event

    async def deliver(self, body: bytes) -> int:
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
            return (
                await client.post(f"{self.url}/hooks/demo", content=body, headers=signed(body))
            ).status_code


@asynccontextmanager
async def room(folder: Path, monkeypatch: pytest.MonkeyPatch, service: FakeRunService) -> AsyncIterator[Room]:
    monkeypatch.setattr(registry, "PLATFORMS", (*registry.PLATFORMS, LAB))
    stage, polled, told = Stage(service=service), asyncio.Queue[PollStep](), asyncio.Event()
    settings = Settings(
        connections=(Lab(name="demo", webhook_secret=Secret(SECRET)),), hooks=Hooks(listen=("127.0.0.1", 0))
    )
    async with open_store(f"sqlite+aiosqlite:///{folder / 'clew.db'}") as store, asyncio.timeout(PATIENCE):
        await store.subscribe(Subscription(channel=CHANNEL, connection="demo"), stage.clock.now())
        record = store.record

        async def noticed(step: PollStep) -> int:
            new = await record(step)
            polled.put_nowait(step)
            if new:
                told.set()
            return new

        monkeypatch.setattr(store, "record", noticed)
        parts = Parts(
            settings=settings,
            platforms=stage.services.platforms,
            store=store,
            clock=stage.clock,
            handler=stage.handler,
        )
        chat = FakeChat(clock=stage.clock)
        async with (
            working(parts, {chat.name: chat}, intervals=ONCE, notify=silent) as work,
            hooks.receiving(parts, work, lambda _: None) as listener,
        ):
            assert listener is not None
            assert listener.url is not None
            await polled.get()  # the first look: what is there was there before
            yield Room(stage, listener.url, polled, told)


async def test_delivery__announces_what_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that ends is announced at once, an hour before the next poll would have found it."""
    service = FakeRunService()
    run = service.add_run(a_run(1, connection="demo", status=RunStatus.IN_PROGRESS))
    async with room(tmp_path, monkeypatch, service) as it:
        service.finish(run, some_results(run, failing=("x",)))
        await it.stage.clock.advance(5)
        status = await it.deliver(a_body())
        await it.stage.clock.advance(0)
        await it.told.wait()

    assert status == 202


async def test_delivery__names_a_run_that_nothing_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no list, the run that a delivery names is read by its id and announced."""
    service = FakeRunService(lacks=frozenset({"lists"}))
    async with room(tmp_path, monkeypatch, service) as it:
        run = service.add_run(a_run(1, connection="demo", created_at=it.stage.clock.now()))
        service.finish(run, some_results(run, failing=("x",)))
        await it.stage.clock.advance(5)
        await it.deliver(a_body().replace(b"1026", f'"{run.ref.run_id}"'.encode()))
        await it.stage.clock.advance(0)
        await it.told.wait()

    assert [call.argument for call in service.calls if call.method == "run"] == [run.ref.run_id]


async def test_delivery__soon_after_a_poll(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliveries within 5 s of a poll make one more poll, when these are over; none is dropped."""
    service = FakeRunService()
    run = service.add_run(a_run(1, connection="demo", status=RunStatus.IN_PROGRESS))
    async with room(tmp_path, monkeypatch, service) as it:
        service.finish(run, some_results(run, failing=("x",)))
        before = polls(service)
        for build in range(5):
            await it.deliver(a_body(build))
            await it.stage.clock.advance(0.9)
        early = polls(service)
        await it.stage.clock.advance(0.5)
        await it.told.wait()

    assert (before, early, polls(service)) == (1, 1, 2)


def polls(service: FakeRunService) -> int:
    """Return how often the runs that go on were listed, which only a poll does, and once."""
    queries = [call.argument for call in service.calls if call.method == "runs"]
    return queries.count(RunQuery(status=RunStatus.IN_PROGRESS))
