"""`clew wait` while time passes: runs that end, that vanish, and platforms that are away, on each kind of platform."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from adapters.cli.parts import Parts
from adapters.cli.wait import TRIES, Patience, wait
from bot.errors import RateLimited, ServiceError, Unreachable
from bot.model import Run, RunRef, RunStatus
from tests.answers import answer
from tests.fakes.runs import a_build, a_run, some_results
from tests.fakes.service import FakeRunService, a_build_server, a_harness
from tests.fakes.stage import Stage

EVERY = 15.0
KINDS: dict[str, tuple[Callable[[], FakeRunService], Run]] = {
    "tenant": (FakeRunService, a_run(1)),
    "build server": (a_build_server, a_build(7)),
    "harness": (a_harness, replace(a_run(1), ref=RunRef("demo", "exec_7"))),
}
EACH_KIND = pytest.mark.parametrize("kind", KINDS)


class Waiting:
    """A run that goes on, and a command that waits for it."""

    def __init__(self, stage: Stage, run: Run, task: asyncio.Task[int]) -> None:
        self.stage, self.run, self._task = stage, run, task

    async def passes(self, seconds: float = EVERY) -> None:
        """Let time pass."""
        await self.stage.clock.advance(seconds)

    @property
    def code(self) -> int | None:
        """What it left with; None while it waits."""
        return self._task.result() if self._task.done() else None


@asynccontextmanager
async def waiting(kind: str, *, seconds: float | None = None) -> AsyncIterator[Waiting]:
    """Wait for a run that goes on, after the first look."""
    opened, ended = KINDS[kind]
    stage = Stage(service=opened())
    run = stage.service.add_run(
        replace(ended, status=RunStatus.IN_PROGRESS, status_text="running", completed_at=None)
    )
    parts = cast("Parts", SimpleNamespace(handler=stage.handler, clock=stage.clock))
    patience = Patience(timeout=seconds, every=EVERY)
    async with asyncio.timeout(20):
        task = asyncio.create_task(wait(parts, (run.ref.run_id,), patience, as_json=True))
        waits = Waiting(stage, run, task)
        await waits.passes(0)
        assert waits.code is None
        yield waits
        await task


@EACH_KIND
@pytest.mark.parametrize(("failing", "code"), [((), 0), (("a",), 1)])
async def test_wait__until_the_run_ends(kind: str, failing: tuple[str, ...], code: int) -> None:
    """The verdict is what it leaves with, whatever the platform lists and names."""
    async with waiting(kind) as waits:
        await waits.passes()
        assert waits.code is None
        waits.stage.service.finish(waits.run, some_results(waits.run, failing=failing, passing=("ok",)))
        await waits.passes()
        assert waits.code == code


@EACH_KIND
async def test_wait__run_that_vanishes(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A run that was there and is gone has no verdict: the record of it is none either."""
    async with waiting(kind) as waits:
        waits.stage.service.remove(waits.run)
        await waits.passes()
        assert waits.code == 5

    found = answer(capsys.readouterr().out)
    assert (found["exit_code"], found["error"]["kind"], found["data"]) == (5, "not found", None)
    assert waits.run.ref.run_id in found["error"]["message"]


@EACH_KIND
@pytest.mark.parametrize("error", [Unreachable("It does not answer."), RateLimited("Too many requests.")])
async def test_wait__looks_again_after_an_outage(kind: str, error: ServiceError) -> None:
    """A platform that restarts is no end of the run; each good look begins the count anew."""
    async with waiting(kind) as waits:
        for _ in range(2):
            waits.stage.service.fail("run", error, times=TRIES - 1)
            for _ in range(TRIES):
                await waits.passes()
                assert waits.code is None
        waits.stage.service.finish(waits.run, some_results(waits.run, passing=("ok",)))
        await waits.passes()
        assert waits.code == 0


@EACH_KIND
async def test_wait__outage_that_lasts(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """After some looks in a row nobody knows how the run stands: that is no verdict, and the last words of it are no answer."""
    async with waiting(kind) as waits:
        waits.stage.service.fail("run", Unreachable("It does not answer."), times=TRIES)
        for _ in range(TRIES - 1):
            await waits.passes()
            assert waits.code is None
        await waits.passes()
        assert waits.code == 2

    found = answer(capsys.readouterr().out)
    assert (found["exit_code"], found["error"]["kind"], found["data"]) == (2, "unreachable", None)


async def test_wait__time_that_is_up_in_an_outage() -> None:
    """Whether it ended meanwhile is not known, so it is not said that it goes on."""
    async with waiting("tenant", seconds=2 * EVERY) as waits:
        waits.stage.service.fail("run", Unreachable("It does not answer."), times=TRIES)
        await waits.passes()
        assert waits.code is None
        await waits.passes()
        assert waits.code == 2


async def test_wait__time_that_is_up() -> None:
    """The last look is at the end of the time, not after another whole interval."""
    async with waiting("tenant", seconds=EVERY + 1) as waits:
        await waits.passes()
        assert waits.code is None
        await waits.passes(1)
        assert waits.code == 4
