"""AI Test Harness in both chats, through their real libraries: launched, followed to its end, looked into, rated.

The platform is the simulated server over HTTP; what each chat shows is read as people read it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from adapters.platforms.ai_test_harness.client import ExecutionService
from adapters.simulator.ai_test_harness import SimulatedHarness
from bot.delivery.deliver import Deliverer, Pace
from bot.platform import Platform
from bot.ports import Chat, Clock
from bot.remembered import remembering
from bot.state import IntentState
from bot.watch.live import LiveCards
from bot.watch.poll import Poller
from tests.fakes import discord_bot, slack_bot
from tests.fakes.harness_client import a_harness_client
from tests.fakes.slack import serve
from tests.fakes.store import MemoryStore

TESTS = ("Payment flow validation", "Login with SSO", *(f"Search {n}" for n in range(43)))


@dataclass
class Face:
    """The client with the record behind it, as bots of tests want their platforms."""

    service: ExecutionService
    store: MemoryStore
    now: datetime | None = None
    connection: str = "demo"

    @property
    def platform(self) -> Platform:
        """The connection with its parts."""
        return remembering(self.service.platform, self.store)


@dataclass(kw_only=True)
class Place:
    """A channel of a chat: what a person does there, and all that Clew shows in it.

    `say` and `press` return the answer as people read it; `shown` all that stands in the channel now.
    """

    say: Callable[[str], Awaitable[str]]
    press: Callable[[str], Awaitable[str]]
    shown: Callable[[], str]
    chat: Chat
    clock: Clock
    server: SimulatedHarness
    store: MemoryStore
    face: Face

    async def passes(self, seconds: float) -> None:
        """Let the platform's time pass, and everything that works by itself look once."""
        self.server.advance(seconds)
        platforms = {"demo": self.face.platform}

        async def hear(_: str) -> None:
            """Hear nothing."""

        poller = Poller(self.face.platform, self.store, clock=self.clock, renderers={self.chat.name: self.chat.render},
                        on_rows=lambda: None, notify_operator=hear)  # fmt: skip
        await poller.tick()
        await LiveCards(
            platforms=platforms, store=self.store, clock=self.clock, chats={self.chat.name: self.chat}
        ).tick()
        deliverer = Deliverer(self.chat, self.store, platforms=platforms, clock=self.clock, notify_operator=hear,
                              pace=Pace(per_channel=0))  # fmt: skip
        while (await self.store.depth()).waiting:
            await deliverer.step()

    @property
    def execution(self) -> str:
        """The execution that was launched."""
        (intent,) = [i for i in self.store.intents.values() if i.state is IntentState.ACCEPTED and i.run_id]
        return intent.run_id or ""


@asynccontextmanager
async def in_slack(server: SimulatedHarness, service: ExecutionService) -> AsyncIterator[Place]:
    """Run the Slack adapter over its own Slack."""
    store = MemoryStore()
    face = Face(service, store)
    async with serve() as slack, slack_bot.running_bot(slack, service=face, store=store) as bot:  # type: ignore[arg-type]  # it has what a bot uses

        def read(message: Any) -> str:
            return " ".join([message.text, *_texts(message.blocks)])

        async def say(words: str) -> str:
            seen, count = len(slack.world.ours()), bot.handler.count
            await slack.mention(words)
            await bot.answered(count + 1)
            return " ".join(map(read, slack.world.ours()[seen:]))

        async def press(label: str) -> str:
            count, message = bot.handler.count, slack.world.ours()[-1]
            await slack.press(message, label)
            await bot.answered(count + 1)
            return read(slack.world.ours()[-1])

        yield Place(say=say, press=press, shown=lambda: " ".join(map(read, slack.world.ours())), chat=bot.chat.chat,
                    clock=bot.clock, server=server, store=store, face=face)  # fmt: skip


def _texts(blocks: object) -> Iterator[str]:
    """Yield what people read of blocks."""
    if isinstance(blocks, dict):
        if isinstance(blocks.get("text"), str):
            yield blocks["text"]
        for inner in blocks.values():
            yield from _texts(inner)
    elif isinstance(blocks, list):
        for inner in blocks:
            yield from _texts(inner)


@asynccontextmanager
async def in_discord(server: SimulatedHarness, service: ExecutionService) -> AsyncIterator[Place]:
    """Run the Discord adapter over its own Discord."""
    store = MemoryStore()
    face = Face(service, store)
    async with discord_bot.simulated(service=face, store=store) as world:  # type: ignore[arg-type]  # it has what a bot uses
        last: list[Any] = []

        async def say(words: str) -> str:
            posted = await world.mention(words)
            last[:] = posted
            return " ".join(map(_read, posted))

        async def press(label: str) -> str:
            await world.press(last[-1], label)
            return shown()

        def shown() -> str:
            places = [world.main, *world.main.threads]
            return " ".join(_read(message) for place in places for message in world.ours(place))

        yield Place(say=say, press=press, shown=shown, chat=world.chat.chat, clock=world.clock, server=server,
                    store=store, face=face)  # fmt: skip


def _read(message: Any) -> str:
    """Return what people read of a message, its small print too."""
    return " ".join([discord_bot.said(message), *(embed.footer.text or "" for embed in message.embeds)])


@pytest.mark.parametrize("chat", [in_slack, in_discord], ids=["slack", "discord"])
async def test_execution__from_its_launch_to_its_errors(chat: Any) -> None:
    """Confirmed by a button, a living card with its progress, the post of its end, failures, and the error of one."""
    async with a_harness_client() as (server, service):
        plan = server.add_plan("Release v2.3.0", tests=TESTS)
        async with chat(server, service) as place:
            await place.passes(0)
            asked = await place.say("launch Release v2.3.0 environment=staging parallelism=5")
            await place.press("Launch")
            await place.passes(240)
            going = place.shown()
            server.finish_execution(place.execution, failing=TESTS[:2], shape="testName and message")
            await place.passes(60)
            ended = place.shown()
            failing = await place.say(f"failing {place.execution}")
            logs = await place.say(f"logs {place.execution} test=2")
            known = await place.say("status connection=demo")

    assert f"Release v2.3.0 ({plan})" in asked
    assert "one execution of 45 tests" in asked
    assert "AI Test Harness lists no executions" in asked
    assert "20 of 45 tests done" in going
    assert "43 of 45 pass" in ended
    assert "without a unit" in ended
    assert "Clew has seen no earlier execution" in ended
    assert "Login with SSO" in failing
    assert "Payment flow validation" in failing
    assert "AI Test Harness keeps no logs; this is the error it gives." in logs
    assert "What is known of demo" in known
    assert "test plan" in known


@pytest.mark.parametrize("chat", [in_slack, in_discord], ids=["slack", "discord"])
async def test_ratings_and_agents(chat: Any) -> None:
    """What only this platform has: readiness, clusters, and an agent that is set to work after a question."""
    async with a_harness_client(debug_agent="agent_planning", debug_task="analyze-failures") as (
        server,
        service,
    ):
        execution = server.hold_execution(server.add_plan("Release v2.3.0", tests=TESTS))
        server.finish_execution(execution, failing=TESTS[:1])
        server.rate(
            "v2.3.0", {"version": "v2.3.0", "score": 87, "confidence": "high", "metrics": {"flakyTests": 2}}
        )
        async with chat(server, service) as place:
            rated = await place.say("readiness v2.3.0")
            grouped = await place.say("clusters days=7")
            asked = await place.say(f"debug {execution}")
            done = await place.press("Start")

    assert "Release v2.3.0: 87, high confidence" in rated
    assert "Flaky tests" in rated
    assert "Its scale is not documented." in rated
    assert (
        "clusters of failures in the last 7 days" in grouped
        or "cluster of failures in the last 7 days" in grouped
    )
    assert "agent_planning" in asked
    assert "analyze-failures" in asked
    assert execution in asked
    assert "does not hand its result back" in asked + done
