"""A simulated Automated Future: a team that is told about runs, and an object store on another origin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.clock import SystemClock
from adapters.simulator.automated_future.objects import ObjectStore
from adapters.simulator.automated_future.reports import SimulatedReports
from adapters.simulator.automated_future.team import Team
from adapters.simulator.common.clock import SimulatedClock
from adapters.simulator.common.serving import listening
from bot.ports import Clock

__all__ = ["SimulatedReports", "simulated_reports"]


@asynccontextmanager
async def simulated_reports(
    *, seed: int = 1, speed: float = 1.0, clock: Clock | None = None, port: int = 0, living: bool = True
) -> AsyncIterator[SimulatedReports]:
    """Run both servers on loopback; `port` 0 takes a free one, `speed` is simulated seconds per second of the clock.

    `living`: with projects, and a run that somebody else reported. Raises `UserError` where the port is taken.
    """
    team = Team(SimulatedClock(clock or SystemClock(), speed), seed, living=living)
    async with (
        listening(ObjectStore(team), 0) as objects,
        listening(SimulatedReports(team, objects), port) as reports,
    ):
        yield reports
