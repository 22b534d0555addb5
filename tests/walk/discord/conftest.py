"""An in-process Discord and a bot in it; whatever Discord would mind fails the test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.model import Run
from tests.fakes.discord_bot import World, simulated
from tests.fakes.runs import MOMENT, a_line, a_run, some_results


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with simulated() as world:
        yield world


@pytest.fixture
def run(world: World) -> Run:
    """Finish a run with a failing property, its log and its report."""
    run = world.service.add_run(a_run(1))
    world.service.set_results(some_results(run, failing=("Ledger balances",), passing=("Starts", "Stops")))
    world.service.set_log(run, MOMENT, a_line("balance is off by 3", "398.1"), a_line("panic", "398.4"))
    world.service.set_report(run, "https://demo.antithesis.com/report/abc?auth=v2.public.CANARY")
    return run
