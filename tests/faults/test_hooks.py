"""What a webhook told outlives the process that it told, and reaches whoever polls; what cannot be kept is not accepted."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

import httpx
import pytest

from adapters.hooks.app import Webhooks
from adapters.http_server import listening
from adapters.store.store import SqlStore, open_store
from bot.model import Run
from bot.state import PollStep
from tests.fakes.clock import ManualClock
from tests.fakes.database_door import a_door
from tests.fakes.runs import EPOCH, a_run, some_results
from tests.fakes.service import FakeRunService
from tests.fakes.stage import CHANNEL
from tests.walk.hooks.hall import PATIENCE, SOURCES, a_body, signed
from tests.walk.hooks.program import parts_of, program


def listless() -> FakeRunService:
    """Return a platform of whose runs that others started nobody hears but by a webhook."""
    return FakeRunService(lacks=frozenset({"lists"}))


def ended(service: FakeRunService) -> Run:
    """Let a run have ended that somebody else started."""
    run = service.add_run(a_run(1, connection="demo", created_at=EPOCH))
    service.finish(run, some_results(run, failing=("x",)))
    return run


def naming(run: Run) -> bytes:
    """Return a delivery that names a run."""
    return a_body().replace(b"1026", f'"{run.ref.run_id}"'.encode())


async def deliver(url: str, body: bytes) -> int:
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
        return (await client.post(url, content=body, headers=signed(body))).status_code


@dataclass(frozen=True, slots=True)
class Taker:
    """A replica that polls nothing. `url`: where it takes deliveries for the connection of the tests."""

    url: str
    store: SqlStore


@asynccontextmanager
async def a_taker(database: str) -> AsyncIterator[Taker]:
    """Take deliveries inside the block."""
    sources = {"demo": SOURCES["qa"]}
    async with open_store(database) as store:
        app = Webhooks(sources, store, ManualClock(), told=lambda: None).application()
        async with listening(app, ("127.0.0.1", 0)) as (host, port):
            yield Taker(f"http://{host}:{port}/hooks/demo", store)


async def test_delivery__to_a_replica_that_does_not_poll(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that polls hears of it with the commit, and polls an hour before it would have by itself."""
    service = listless()
    async with open_store(postgresql) as store, a_taker(postgresql) as taker:
        parts = parts_of(store, service)
        async with program(parts, "demo", monkeypatch) as it:
            await cast("ManualClock", parts.clock).advance(5)
            run = ended(service)
            status = await deliver(taker.url, naming(run))
            await it.told.wait()

    assert status == 202
    assert [row.key for row in it.rows] == [f"demo:{run.ref.run_id}:completed:{CHANNEL}"]


async def test_delivery__to_two_replicas(database: str) -> None:
    """A sender that saw no answer tries another replica: both accept it, and it is one hint."""
    run = ended(listless())
    async with a_taker(database) as one, a_taker(database) as two:
        statuses = await asyncio.gather(*(deliver(taker.url, naming(run)) for taker in (one, two) * 4))
        (hint,) = await one.store.hints("demo")
        await two.store.answer_hints([hint])
        statuses += [await deliver(taker.url, naming(run)) for taker in (one, two)]
        left = await one.store.hints("demo")

    assert statuses == [202] * 10
    assert hint.run_ids == (run.ref.run_id,)
    assert left == ()


async def test_delivery__while_the_database_is_away(postgresql: str) -> None:
    """It is refused, so that it is delivered again; once the database is back it is taken."""
    async with a_door(postgresql) as door, a_taker(door.url) as taker:
        await door.shut()
        away = await deliver(taker.url, a_body())
        forged = await deliver(taker.url.replace("demo", "qa"), a_body())
        await door.open()
        again = await deliver(taker.url, a_body())
        kept = await taker.store.hints("demo")

    assert (away, forged, again) == (503, 401, 202)
    assert [hint.run_ids for hint in kept] == [("1026",)]


async def test_delivery__whose_commit_was_not_answered(postgresql: str) -> None:
    """It may be kept although it was refused; delivered again it is known, and waits once."""
    async with a_door(postgresql) as door, a_taker(door.url) as taker:
        door.lose_answer(1)
        statuses = [await deliver(taker.url, a_body()) for _ in range(2)]
        kept = await taker.store.hints("demo")

    assert (statuses, door.lost, len(kept)) == ([503, 202], 1, 1)


async def test_delivery__outlives_the_stint_of_whoever_polls(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hint that waits for its poll when the connection is given up is followed by the next one that polls it."""
    service = listless()
    async with open_store(database) as store:
        async with program(parts_of(store, service), "demo", monkeypatch) as before:
            run = ended(service)
            status = await deliver(before.url, naming(run))  # within the gap after the first poll
        waiting, told = await store.hints("demo"), list(before.rows)
        async with program(parts_of(store, service), "demo", monkeypatch) as it:
            await it.answered.wait()
        left = await store.hints("demo")

    assert (status, len(waiting), told, left) == (202, 1, [], ())
    assert [row.key for row in it.rows] == [f"demo:{run.ref.run_id}:completed:{CHANNEL}"]


@pytest.mark.parametrize("at", ["its answer", "the poll that it asked for"])
async def test_delivery__outlives_its_process(
    database: str, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """Killed after the 202, or while the run is read that was named: the next process reads that run at once."""
    service = listless()
    run = ended(service)
    async with open_store(database) as store:
        await store.record(PollStep(connection="demo", now=EPOCH, watermark=EPOCH - timedelta(days=1)))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.hook_process", database, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            url = (await process.stdout.readline()).decode().strip()
            status = await deliver(f"{url}/hooks/demo", naming(run))
            if at != "its answer":
                assert await process.stdout.readline() == f"reads {run.ref.run_id}\n".encode()
            process.kill()
            code = await process.wait()
        waiting = await store.hints("demo")
        async with program(parts_of(store, service), "demo", monkeypatch) as it:
            await it.answered.wait()
        left = await store.hints("demo")

    assert (status, code, len(waiting), left) == (202, -signal.SIGKILL, 1, ())
    assert [row.key for row in it.rows] == [f"demo:{run.ref.run_id}:completed:{CHANNEL}"]
