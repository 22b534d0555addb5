"""What several platforms cost beside one, and Clew's own share of the time of a verdict on a large build."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from adapters import settings
from adapters.clock import SystemClock
from adapters.main import assemble
from adapters.platforms.http.wire import Request
from adapters.platforms.registry import PLATFORMS
from adapters.platforms.testhide.settings import API
from adapters.settings import environment_names
from adapters.simulator.registry import simulator
from bot.analysis import analysis_of
from bot.replies.announcements import ended
from bot.watch.poll import Poller
from tests.bench.report import Row, at_most, within
from tests.fakes.store import MemoryStore
from tests.fakes.testhide_client import a_testhide

TESTS, FAILING = 10_000, 40
OWN = 0.1  # seconds of a verdict that may be Clew's own
ROUNDS = 5


async def rows() -> list[Row]:
    """Measure both."""
    return [await _ticks(), await _verdict()]


async def _ticks() -> Row:
    """Let all connections be looked at, at once, beside the dearest of them alone."""
    async with _pollers() as pollers:
        alone = [await _best([poller.tick]) for poller in pollers]
        together = await _best([poller.tick for poller in pollers])
    many = len(pollers)
    name = f"tick over {many} connections of {many} kinds, at once"
    return at_most(name, together, max(alone), bound=many, what="the dearest of them alone")


async def _best(calls: Iterable[Callable[[], Awaitable[None]]]) -> float:
    """Return the shortest time that these take at once."""
    wanted, times = list(calls), []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        await asyncio.gather(*(call() for call in wanted))
        times.append(time.perf_counter() - begun)
    return min(times)


@asynccontextmanager
async def _pollers() -> AsyncIterator[list[Poller]]:
    """Watch a simulated platform of every kind, over real HTTP and a real database."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.callback(os.environ.update, dict(os.environ))
        for name in environment_names():
            os.environ.pop(name, None)
        os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'clew.db'}"
        for kind in PLATFORMS:
            server = await stack.enter_async_context(simulator(kind.name)(speed=1.0))
            os.environ |= server.environment()
        parts = await stack.enter_async_context(assemble(settings.load()))
        pollers = [
            Poller(
                platform, parts.store, clock=SystemClock(), renderers={},
                on_rows=lambda: None, notify_operator=_notify,
            )
            for platform in parts.platforms.values()
        ]  # fmt: skip
        for poller in pollers:
            await poller.tick()
        yield pollers


async def _notify(sentence: str) -> None:
    raise AssertionError(sentence)


async def _verdict() -> Row:
    """Time a card on a build with many tests, without what the same requests take by themselves."""
    with tempfile.TemporaryDirectory() as folder:
        async with a_testhide(Path(folder)) as (server, service):
            job = server.add_job("Everything", tests=TESTS)
            names = server.build(server.add_build(job)).job.tests
            run = await service.run(server.add_build(job, failing=list(names[:FAILING])))
            store = MemoryStore()

            async def card() -> None:
                ended(await analysis_of(service.platform, store, run), server.now())

            await card()
            server.forget()
            await card()
            sent = [
                Request(path=seen.path.removeprefix(API), query=seen.query)
                for seen in server.journal.requests()
            ]

            async def bare() -> None:
                for request in sent:
                    await service.caller.read(request)

            own = await _best([card]) - await _best([bare])
    return within(
        f"own time of a verdict, {TESTS:,} tests, {FAILING} failing", own * 1e3, limit=OWN * 1e3, unit="ms"
    )
