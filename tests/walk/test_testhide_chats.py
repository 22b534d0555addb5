"""A simulated Testhide in Slack and in Discord: payloads in, payloads out, through their real libraries and sockets."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.clock import SystemClock
from adapters.platforms.testhide.client import BuildService
from adapters.simulator.testhide import SimulatedTesthide
from bot.ports import Chat, Clock, Delivered, Post, Store
from bot.state import Subscription
from bot.watch.live import LiveCards
from bot.watch.poll import Poller
from tests.fakes import discord_bot, slack_bot
from tests.fakes.slack import serve
from tests.fakes.slack_world import MAIN, TEAM
from tests.fakes.store import MemoryStore
from tests.fakes.testhide_client import a_testhide
from tests.walk.test_testhide_talk import Face

AUTH = "tests/test_auth.py::test_token_refresh"
HOSTILE = "tests/test_shop.py::test_cart[<!channel> *@everyone* `x`]"
TESTS = (AUTH, HOSTILE, *(f"tests/test_shop.py::test_{n}" for n in range(10)))


@dataclass(kw_only=True)
class Channel:
    """A channel of a chat: what is said there, pressed there and shown there."""

    chat: Chat
    store: Store
    clock: Clock
    place: str
    say: Callable[[str], Awaitable[str]]  # a whole command; returns what was shown
    press: Callable[[str], Awaitable[str]]  # a button of the message that was shown last
    shown: Callable[[], list[str]]  # all that stands there now


@asynccontextmanager
async def in_slack(service: BuildService) -> AsyncIterator[Channel]:
    """Open Slack."""
    async with serve() as slack, slack_bot.running_bot(slack, service=Face(service)) as bot:  # type: ignore[arg-type]  # it has what a bot uses

        async def say(words: str) -> str:
            await slack.mention(words)
            await bot.answered(bot.handler.count + 1)
            return slack.world.ours()[-1].words

        async def press(label: str) -> str:
            count = bot.handler.count
            await slack.press(slack.world.ours()[-1], label)
            await bot.answered(count + 1)
            return slack.world.ours()[-1].words

        yield Channel(
            chat=bot.chat.chat, store=bot.store, clock=bot.clock, place=f"slack:channel:{TEAM}:{MAIN}",
            say=say, press=press, shown=lambda: [message.words for message in slack.world.ours()],
        )  # fmt: skip


@asynccontextmanager
async def in_discord(service: BuildService) -> AsyncIterator[Channel]:
    """Open Discord."""
    async with discord_bot.simulated(service=Face(service)) as world:  # type: ignore[arg-type]  # it has what a bot uses
        world.clock.ahead = (datetime.now(UTC) - world.clock.now()).total_seconds()

        async def say(words: str) -> str:
            return discord_bot.said((await world.mention(words))[-1])

        async def press(label: str) -> str:
            await world.press(world.ours(world.main)[-1], label)
            return discord_bot.said(world.ours(world.main)[-1])

        yield Channel(
            chat=world.chat.chat, store=world.store, clock=world.clock, place=world.place, say=say, press=press,
            shown=lambda: [discord_bot.said(message) for message in world.ours(world.main)],
        )  # fmt: skip


@dataclass(kw_only=True)
class Walk:
    """A server of builds and a channel, and what looks by itself."""

    server: SimulatedTesthide
    service: BuildService
    channel: Channel
    posted: int = 0

    async def passes(self, seconds: float) -> None:
        """Let the server's time pass, and everything look that looks by itself."""
        self.server.advance(seconds)
        await self.poller.tick()
        chats = {self.channel.chat.name: self.channel.chat}
        cards = LiveCards(
            platforms={"demo": self.service.platform},
            store=self.channel.store,
            clock=self.channel.clock,
            chats=chats,
        )
        await cards.tick()

    async def deliver(self) -> None:
        """Post what was announced."""
        assert isinstance(self.channel.store, MemoryStore)
        for row in [*self.channel.store.outbox.values()][self.posted :]:
            one = row.delivery
            post = Post(channel=one.channel, payload=one.payload, key=one.provider_key, thread=one.thread)
            assert isinstance(await self.channel.chat.post(post), Delivered)
            self.posted += 1

    @property
    def poller(self) -> Poller:
        """The watcher of the one connection."""
        chat = self.channel.chat
        return Poller(self.service.platform, self.channel.store, clock=self.channel.clock,
                      renderers={chat.name: chat.render}, on_rows=lambda: None, notify_operator=_hear)  # fmt: skip


async def _hear(_: str) -> None:
    """Hear nothing."""


@pytest.fixture(params=[in_slack, in_discord], ids=["slack", "discord"])
async def walk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Walk]:
    """Open everything; the server's clock stands still but for `passes`."""
    async with a_testhide(tmp_path, clock=Still()) as (server, service), request.param(service) as channel:
        yield Walk(server=server, service=service, channel=channel)


class Still(SystemClock):
    """The time at which a test began: simulated time is moved by hand."""

    def __init__(self) -> None:
        self._began = super().now()

    def now(self) -> datetime:
        """Return always the same."""
        return self._began


def _has(text: str, *parts: str) -> None:
    flat = " ".join(re.sub(r"[\\`*]", "", text).split())
    for part in parts:
        assert part in flat, (part, flat)


async def test_launch__to_its_end(walk: Walk) -> None:
    """Asked for, shown, pressed, followed on one card, stopped by nobody, and passed."""
    job = walk.server.add_job("Regression Suite", tests=TESTS)
    await walk.passes(0)
    asked = await walk.channel.say("launch Regression Suite branch=main env.RUN_SLOW=true")
    assert not walk.server.requests("POST")
    await walk.channel.press("Launch")
    await walk.passes(5)
    going = " ".join(walk.channel.shown())
    await walk.passes(600)
    ended = " ".join(walk.channel.shown())

    _has(
        asked,
        "Launch Regression Suite?",
        f"Regression Suite ({job})",
        "RUN_SLOW",
        "one build",
        "CLEW_REQUEST_ID",
    )
    _has(
        going,
        "Regression Suite 1001 is running",
        "accepted and started; testing now; then verdict",
        "agent-0",
    )
    _has(ended, "passed")
    assert len(walk.server.requests("POST")) == 1


async def test_completion__names_what_is_new(walk: Walk) -> None:
    """A watched channel is notified once: tests by name with their message, and names stay text."""
    job = walk.server.add_job("Regression Suite", tests=TESTS)
    walk.server.add_build(job, age=7_000.0)
    running = walk.server.add_build(job, status="running", age=30.0)
    wanted = Subscription(channel=walk.channel.place, connection="demo")
    await walk.channel.store.subscribe(wanted, walk.channel.clock.now())
    await walk.passes(0)
    walk.server.quarantine(job, TESTS[5])
    failing = {AUTH: "AssertionError: Expected 200, got 401", HOSTILE: "boom", TESTS[5]: "flaky"}
    walk.server.finish_build(running, failing=failing)
    await walk.passes(60)
    await walk.passes(60)
    await walk.deliver()
    (post,) = walk.channel.shown()

    _has(post, "2 new failures", "test_token_refresh", "tests/test_auth.py",
         "Expected 200, got 401", "1 quarantined", "Regression Suite on main")  # fmt: skip


async def test_failing_logs_and_stop(walk: Walk) -> None:
    """What failed, the log's lines of one test, and a build that is stopped after a question."""
    job = walk.server.add_job("Regression Suite", tests=TESTS)
    ended = walk.server.add_build(job, age=7_000.0, failing=[AUTH])
    failing = await walk.channel.say(f"failing {ended}")
    logs = await walk.channel.say(f"logs {ended} test=1")
    running = walk.server.add_build(job, status="running", age=10.0)
    await walk.channel.say(f"cancel {running}")
    assert walk.server.build(running).status == "running"
    await walk.channel.press("Stop")
    assert walk.server.build(running).status == "aborted"

    _has(failing, f"1 failing test in Regression Suite {ended}", "test_token_refresh")
    _has(logs, "Log of Regression Suite", "around", "FAILED tests/test_auth.py::test_token_refresh")
