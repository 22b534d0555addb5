"""The simulated AI Test Harness delivers over HTTP what happens, to whoever registered for it, and signs it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from adapters.simulator.ai_test_harness import SimulatedHarness, simulated_harness
from adapters.simulator.ai_test_harness.harness import API_KEY, contract
from tests.fakes.clock import ManualClock
from tests.fakes.platform_caller import PlatformCaller, calling
from tests.fakes.receiver import Receiver, receiving

SECRET = "wh-canary-4711-harness"
EVERY = ("test.completed", "test.failed", "execution.completed")


@dataclass
class Scene:
    caller: PlatformCaller[SimulatedHarness]
    receiver: Receiver

    @property
    def harness(self) -> SimulatedHarness:
        return self.caller.server

    async def register(self, *events: str) -> None:
        hook = {"url": self.receiver.url, "events": list(events), "secret": SECRET}
        assert (await self.caller.post("/webhooks", hook)).status == 200

    async def delivered(self) -> list[Any]:
        await self.harness.webhooks.settled()
        return self.receiver.bodies


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    opened = simulated_harness(clock=ManualClock(), speed=0, living=False)
    async with receiving() as receiver, calling(opened, contract(), "Bearer ", API_KEY) as caller:
        yield Scene(caller, receiver)


def held(harness: SimulatedHarness) -> str:
    return harness.hold_execution(harness.add_plan("Nightly", tests=["Cart", "Search", "Refund"]))


async def test_delivery__names_an_execution_that_nobody_started_here(scene: Scene) -> None:
    """While it runs, and when it ends: the one way to hear of it, since there is no list."""
    await scene.register(*EVERY)
    execution = held(scene.harness)

    scene.harness.advance(60)
    first = list(await scene.delivered())
    scene.harness.finish_execution(execution, failing=["Search"])
    bodies = await scene.delivered()

    assert [body["event"] for body in first] == ["test.completed"]
    assert Counter(body["event"] for body in bodies) == {
        "test.completed": 3,
        "test.failed": 1,
        "execution.completed": 1,
    }
    assert {body["data"]["executionId"] for body in bodies} == {execution}
    failed = next(body for body in bodies if body["event"] == "test.failed")
    assert failed["timestamp"] == "2026-05-14T03:01:00Z"
    assert failed["data"].keys() == {"testId", "executionId", "error"}


async def test_delivery__goes_to_who_wants_the_event(scene: Scene) -> None:
    """Nothing else does, and nothing of the time before."""
    execution = held(scene.harness)
    scene.harness.advance(60)
    await scene.register("test.failed")

    scene.harness.finish_execution(execution, failing=["Search", "Refund"])

    assert [body["event"] for body in await scene.delivered()] == ["test.failed"] * 2


@pytest.mark.parametrize("form", ["hex", "sha256", "base64"])
async def test_delivery__is_signed_with_the_receivers_secret(scene: Scene, form: str) -> None:
    """Over the raw body; computed here by the standard library alone."""
    await scene.register("execution.completed")
    scene.harness.deliver_as(form=form)

    scene.harness.finish_execution(held(scene.harness))

    await scene.delivered()
    content, headers = scene.receiver.got[0]
    digest = hmac.new(SECRET.encode(), content, hashlib.sha256).digest()
    expected = base64.b64encode(digest).decode() if form == "base64" else digest.hex()
    assert headers["X-Hub-Signature-256"].removeprefix("sha256=") == expected


async def test_delivery__without_being_asked_where_time_runs() -> None:
    """An execution that ends while nobody reads is told all the same."""
    clock = ManualClock()
    opened = simulated_harness(clock=clock, speed=60, living=False)
    async with receiving() as receiver, calling(opened, contract(), "Bearer ", API_KEY) as caller:
        scene = Scene(caller, receiver)
        await scene.register("execution.completed")
        plan = scene.harness.add_plan("Nightly", tests=["Cart"])
        execution = scene.harness.start_execution(plan)

        await clock.advance(2)

        (body,) = await scene.delivered()
        assert body["data"] == {"executionId": execution, "status": "completed"}
