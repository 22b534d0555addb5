"""The Automated Future client over a simulated server that judges it, with a ledger in memory.

async with a_team(tmp_path) as team: ...
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.platforms.automated_future.client import ReportService
from adapters.platforms.automated_future.settings import Team
from adapters.platforms.http.limits import Limits
from adapters.platforms.http.transport import open_http
from adapters.simulator.automated_future import SimulatedReports, simulated_reports
from bot.model import LaunchRequest, Secret, Started
from bot.platform import Platform
from bot.ports import Store
from tests.fakes.clock import ManualClock
from tests.fakes.judged import judged
from tests.fakes.store import MemoryStore

QUICK = Limits(wait=0.001, longest_wait=1.0, read=20.0)


def settings_of(server: SimulatedReports, **changes: object) -> Team:
    """Return the settings of a connection to a simulated server; `changes` are their fields."""
    values: dict[str, object] = {
        "name": "af",
        "base_url": server.base_url,
        "api_key": Secret(server.api_key),
        "project": server.project_id,
        **changes,
    }
    return Team(**values)  # type: ignore[arg-type]  # the caller's fields


@dataclass(slots=True)
class TeamStage:
    """A server whose time stands still, the client over it, and what was written."""

    server: SimulatedReports
    platform: Platform
    store: Store
    own: Team

    async def record(self, label: str = "Nightly") -> str:
        """Open a record, and return its id."""
        assert self.platform.launches is not None
        request = LaunchRequest(
            launcher="p",
            launcher_key=self.server.project_id,
            key="k1",
            values={"label": label} if label else {},
        )
        outcome = await self.platform.launches.launch(request)
        assert isinstance(outcome, Started)
        return outcome.run_id or ""


@asynccontextmanager
async def a_team(
    spool: Path, *, store: Store | None = None, clock: ManualClock | None = None, **own: object
) -> AsyncIterator[TeamStage]:
    """Open an empty server and the client over it; a request that breaks the contract fails the test."""
    opened = simulated_reports(seed=3, speed=0.0, clock=clock or ManualClock(), living=False)
    async with judged(opened) as server, open_http(limits=QUICK) as http:
        kept, settings = store or MemoryStore(), settings_of(server, **own)
        service = ReportService(http, settings, spool=spool, ledger=kept, now=server.now, limits=QUICK)
        yield TeamStage(server, service.platform, kept, settings)
