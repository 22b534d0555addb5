"""kill -9 on Clew between the yes to a rerun and its answer: nothing is sent twice, and that nobody knows is said once."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.clock import SystemClock
from adapters.simulator.common.misbehave import Rule
from adapters.store.store import open_store
from bot.cards import plain
from bot.state import BEGINNING, IntentState
from bot.watch.launches import ANSWER_BY, LaunchWatch
from tests.fakes.chat import FakeChat
from tests.fakes.clock import ManualClock
from tests.fakes.inbox import left_over
from tests.fakes.testhide_client import a_testhide
from tests.faults.rerun_process import a_door, silent

ROOT = Path(__file__).parents[2]
RESTART = r"/api/v3/builds/[^/]+/restart"
HELD = 600.0  # seconds of the server's clock, which pass by hand
PATIENCE = 60.0  # until a process that hangs is given up; nothing is measured by it


@dataclass(frozen=True, slots=True, kw_only=True)
class Arriving(Rule):
    """Tells when a request arrives; nothing is done for it."""

    tell: Callable[[], None]

    def matches(self, method: str, path: str) -> bool:
        # Without arguments, `super` does not find its class in a dataclass with slots.
        found = Rule.matches(self, method, path)
        if found:
            self.tell()
        return found


BEFORE, AFTER = {"delay": HELD, "drop": True}, {"first_byte_delay": HELD}  # the server does what is asked


@pytest.mark.parametrize(("held", "builds"), [(BEFORE, 1), (AFTER, 2)])
async def test_kill__between_the_yes_and_the_answer(
    tmp_path: Path, database: str, held: dict[str, Any], builds: int
) -> None:
    """The next process answers the press again, follows what was sent, and leaves it to the person."""
    asked = asyncio.Event()
    servers = ManualClock()
    async with a_testhide(tmp_path, clock=servers) as (server, service):
        build = server.add_build(
            server.add_job("Regression Suite", tests=["a", "b"]), age=900.0, failing=["a"]
        )
        server.rules.add(Arriving(path=RESTART, tell=asked.set, **held))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.rerun_process",
            database, server.base_url, server.api_token, build, str(tmp_path), cwd=ROOT,
        )  # fmt: skip
        async with asyncio.timeout(PATIENCE):
            await asked.wait()
            while len(server.world.builds()) < builds:  # noqa: ASYNC110 - it is done in this very loop
                await asyncio.sleep(0)
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL
        servers.pass_time(HELD)

        async with open_store(database) as store:
            clock = ManualClock(SystemClock().now())
            door, chat = a_door(service.platform, store, clock), FakeChat(clock=clock)
            (intent,) = await store.open_intents()
            (press,) = await left_over(door, "fake", BEGINNING)
            again = [await door.handle(press, silent, resumed=True) for _ in range(2)]
            for _ in range(3):
                clock.pass_time(ANSWER_BY / timedelta(seconds=1))
                platforms = {"demo": service.platform}
                watch = LaunchWatch(platforms=platforms, store=store, clock=clock, chats={"fake": chat})
                await watch.tick()
                await watch.tick()
            (settled,) = await store.open_intents()
            waiting = await store.waiting("fake:channel:C1")
            late = await door.handle(press, silent, resumed=True)

        assert len(server.requests("POST", RESTART)) == 1
        assert len(server.world.builds()) == builds

    assert intent.state is IntentState.POSTING
    assert settled.state is IntentState.UNKNOWN
    assert [delivery.key for delivery in waiting] == [f"unknown:{intent.id}"]
    assert ["has not answered yet" in plain(reply.card.text) for reply in again] == [True, True]
    assert "no answer came, so it is not known whether it was started" in plain(late.card.text)
