"""Webhooks of AI Test Harness: the only thing that names executions which others started."""

from __future__ import annotations

import os
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from adapters.main import assemble
from adapters.platforms.ai_test_harness.kind import KIND
from adapters.platforms.ai_test_harness.settings import Account
from adapters.settings import Settings
from adapters.simulator.ai_test_harness import SimulatedHarness, simulated_harness
from bot.model import Secret
from tests.fakes.clock import ManualClock
from tests.fakes.harness_client import account_of
from tests.fakes.judged import judged
from tests.fakes.stage import CHANNEL
from tests.walk.hooks.hall import PATIENCE, SECRET, an_execution, signed
from tests.walk.hooks.program import LISTEN, Program, program

CLOCK = ManualClock()


async def printed(own: Account, url: str) -> str:
    assert KIND.register_hook is not None
    return await KIND.register_hook(own, url, CLOCK)


async def send(text: str, server: SimulatedHarness, monkeypatch: pytest.MonkeyPatch) -> int:
    """Send a printed request as a shell would with the two variables set."""
    monkeypatch.setenv("AI_TEST_HARNESS_API_KEY", server.api_key)
    monkeypatch.setenv("AI_TEST_HARNESS_WEBHOOK_SECRET", SECRET)
    command = text[text.index("curl") :].replace("\\\n", " ")
    curl, *words = [os.path.expandvars(word) for word in shlex.split(command)]
    method, url, key, kind, body = words[1], words[2], words[4], words[6], words[8]
    assert (curl, [words[n] for n in (0, 3, 5, 7)]) == ("curl", ["-X", "-H", "-H", "-d"])
    headers = dict(header.split(": ", 1) for header in (key, kind))
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
        return (await client.request(method, url, content=body, headers=headers)).status_code


async def test_register__prints_the_request() -> None:
    """It names the address and the events, and neither the key nor the secret."""
    account = Account(name="ath", api_key=Secret("ath_canary-key-123"), webhook_secret=Secret(SECRET))

    text = await printed(account, "https://clew.example.com/hooks/ath")

    body = '{"url": "https://clew.example.com/hooks/ath", "events": ["test.failed", "execution.completed"], '
    assert text.splitlines()[-4:] == [
        "curl -X POST 'https://api.aitestharness.com/v1/webhooks' \\",
        '  -H "Authorization: Bearer $AI_TEST_HARNESS_API_KEY" \\',
        '  -H "Content-Type: application/json" \\',
        f"  -d '{body}" + '"secret": "\'"$AI_TEST_HARNESS_WEBHOOK_SECRET"\'"}\'',
    ]
    assert "canary" not in text


@asynccontextmanager
async def running(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[SimulatedHarness, Program, ManualClock]]:
    """Run Clew on a simulated server at which the printed request was sent."""
    clock = ManualClock()
    async with judged(simulated_harness(speed=0.0, living=False, clock=clock)) as server:
        own = account_of(server, name="ath", webhook_secret=Secret(SECRET))
        address = Secret(f"sqlite:///{folder / 'clew.db'}")
        settings = Settings(connections=(own,), database_url=address, hooks=LISTEN)
        async with assemble(settings, clock) as parts, program(parts, "ath", monkeypatch) as it:
            assert await send(await printed(own, it.url), server, monkeypatch) < 300
            await clock.advance(5)
            yield server, it, clock


async def test_delivery__a_foreign_execution_that_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An execution that nobody here started, and that no list shows, is announced when it ends."""
    async with running(tmp_path, monkeypatch) as (server, it, _):
        plan = server.add_plan("Nightly", tests=["Cart", "Search"])
        execution = server.hold_execution(plan, environment="staging")
        server.finish_execution(execution, failing=["Cart"])
        await it.told.wait()

    assert [row.key for row in it.rows] == [f"ath:{execution}:completed:{CHANNEL}"]


async def test_delivery__a_foreign_execution_that_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was named once is followed from then on: no later delivery has to name it, not even its end."""
    async with running(tmp_path, monkeypatch) as (server, it, clock):
        server.deliver_as(copies=0)
        execution = server.hold_execution(server.add_plan("Nightly", tests=["Cart"]))
        it.looked.clear()
        await deliver(it, execution, clock)
        await it.looked.wait()
        server.finish_execution(execution, failing=["Cart"])
        await clock.advance(5)
        await deliver(it, "exec_of-somebody-else", clock)
        await it.told.wait()

    assert [row.key for row in it.rows] == [f"ath:{execution}:completed:{CHANNEL}"]


async def deliver(it: Program, execution: str, clock: ManualClock) -> None:
    """Deliver that a test of an execution failed."""
    body = an_execution(execution, clock.now().isoformat())
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
        assert (await client.post(it.url, content=body, headers=signed(body))).status_code == 202
