"""What a tick costs against a simulated tenant with a long history: requests, and time beside a short one."""

from __future__ import annotations

import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.clock import SystemClock
from adapters.platforms.antithesis.client import AntithesisService
from adapters.platforms.antithesis.settings import Tenant
from adapters.platforms.http.transport import open_http
from adapters.simulator.antithesis import SimulatedTenant, bulk_world, simulated_tenant
from adapters.store.store import open_store
from bot.model import Secret
from bot.watch.poll import Poller
from tests.bench.report import Row

HISTORY = 10_000
SHORT_HISTORY = 200
UNFINISHED = 1_000
PAGE = 100  # runs, the most that the platform gives at once
ROUNDS = 3
NO_DEARER = 1.5  # times a tick with a short history
GONE = 5  # followed runs that end, so that no open page shows them


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A tenant and a poller that has taken its baseline."""

    tenant: SimulatedTenant
    poller: Poller

    async def seconds(self) -> float:
        """Return how long one tick takes."""
        begun = time.perf_counter()
        await self.poller.tick()
        return time.perf_counter() - begun


@asynccontextmanager
async def watched(history: int) -> AsyncIterator[Watched]:
    """Watch a tenant with so many ended runs, over real HTTP and a real database."""
    world = bulk_world(history=history, unfinished=UNFINISHED)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        tenant = await stack.enter_async_context(simulated_tenant(world=world, speed=1.0))
        store = await stack.enter_async_context(open_store(f"sqlite:///{folder / 'clew.db'}"))
        http = await stack.enter_async_context(open_http())
        address = Tenant(name="bulk", tenant="bulk", base_url=tenant.base_url, api_key=Secret(tenant.api_key))
        service = AntithesisService(http, address, spool=folder, now=tenant.now)

        async def notify(sentence: str) -> None:
            raise AssertionError(sentence)

        poller = Poller(
            service.platform,
            store,
            clock=SystemClock(),
            renderers={},
            on_rows=lambda: None,
            notify_operator=notify,
        )
        await poller.tick()
        assert not poller.health.problem, poller.health.problem
        yield Watched(tenant=tenant, poller=poller)


async def rows() -> list[Row]:
    """Measure both tenants in turns."""
    async with watched(HISTORY) as long, watched(SHORT_HISTORY) as short:
        requests = await _requests(long)
        times = [(await long.seconds(), await short.seconds()) for _ in range(ROUNDS)]
    best, beside = min(t for t, _ in times), min(t for _, t in times)
    ratio = best / beside
    return [
        *requests,
        Row(
            name=f"tick, {HISTORY:,} runs of history, {UNFINISHED:,} open",
            measured=f"{best * 1000:.0f} ms",
            beside=f"{beside * 1000:.0f} ms with {SHORT_HISTORY} runs of history",
            ratio=ratio,
            bound=NO_DEARER,
            ok=ratio <= NO_DEARER,
        ),
    ]


async def _requests(it: Watched) -> list[Row]:
    """Count the requests of a quiet tick: one page down to the watermark, and the open pages."""
    it.tenant.forget()
    await it.poller.tick()
    made = sum(it.tenant.counts.values())
    expected = 1 + UNFINISHED // PAGE + 1  # one status has no runs, and its page says so
    row = Row(
        name="requests of a quiet tick",
        measured=f"{made}",
        beside=f"{expected} pages",
        ratio=made / expected,
        bound=1.0,
        ok=made == expected,
    )
    return [row, await _reads_by_id(it)]


async def _reads_by_id(it: Watched) -> Row:
    """Count the reads of single runs when followed ones end that no page shows any more."""
    followed = await it.poller.store.tracked(it.poller.platform.connection)
    oldest = sorted(followed, key=lambda run: it.tenant.run(run.ref.run_id).created_at)[:GONE]
    for run in oldest:
        it.tenant.finish_run(run.ref.run_id)
    it.tenant.forget()
    await it.poller.tick()
    made = it.tenant.counts["GET /api/v0/runs/{run_id}"]
    return Row(
        name=f"reads by id when {GONE} of {UNFINISHED:,} open runs ended",
        measured=f"{made}",
        beside=f"{GONE} runs",
        ratio=made / GONE,
        bound=1.0,
        ok=made == GONE,
    )
