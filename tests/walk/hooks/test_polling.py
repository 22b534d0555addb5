"""From a signed delivery to what a channel is told: the poll comes now, and reads the truth."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import httpx
import pytest

from adapters.store.store import open_store
from bot.model import RunQuery, RunStatus
from tests.fakes.clock import ManualClock
from tests.fakes.runs import a_run, some_results
from tests.fakes.service import FakeRunService
from tests.walk.hooks.hall import PATIENCE, a_body, signed
from tests.walk.hooks.program import Program, parts_of, program


@dataclass(frozen=True, slots=True)
class Room:
    """A program whose build server is in memory and delivers for real. `clock` is the program's."""

    clock: ManualClock
    program: Program

    async def deliver(self, body: bytes) -> int:
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
            return (await client.post(self.program.url, content=body, headers=signed(body))).status_code


@asynccontextmanager
async def room(folder: Path, monkeypatch: pytest.MonkeyPatch, service: FakeRunService) -> AsyncIterator[Room]:
    async with open_store(f"sqlite+aiosqlite:///{folder / 'clew.db'}") as store:
        parts = parts_of(store, service)
        async with program(parts, "demo", monkeypatch) as running:
            yield Room(cast("ManualClock", parts.clock), running)


async def test_delivery__announces_what_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that ends is announced at once, an hour before the next poll would have found it."""
    service = FakeRunService()
    run = service.add_run(a_run(1, connection="demo", status=RunStatus.IN_PROGRESS))
    async with room(tmp_path, monkeypatch, service) as it:
        service.finish(run, some_results(run, failing=("x",)))
        await it.clock.advance(5)
        status = await it.deliver(a_body())
        await it.clock.advance(0)
        await it.program.told.wait()

    assert status == 202


async def test_delivery__names_a_run_that_nothing_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no list, the run that a delivery names is read by its id and announced."""
    service = FakeRunService(lacks=frozenset({"lists"}))
    async with room(tmp_path, monkeypatch, service) as it:
        run = service.add_run(a_run(1, connection="demo", created_at=it.clock.now()))
        service.finish(run, some_results(run, failing=("x",)))
        await it.clock.advance(5)
        await it.deliver(a_body().replace(b"1026", f'"{run.ref.run_id}"'.encode()))
        await it.clock.advance(0)
        await it.program.told.wait()

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
            await it.clock.advance(0.9)
        early = polls(service)
        await it.clock.advance(0.5)
        await it.program.told.wait()

    assert (before, early, polls(service)) == (1, 1, 2)


def polls(service: FakeRunService) -> int:
    """Return how often the runs that go on were listed, which only a poll does, and once."""
    queries = [call.argument for call in service.calls if call.method == "runs"]
    return queries.count(RunQuery(status=RunStatus.IN_PROGRESS))
