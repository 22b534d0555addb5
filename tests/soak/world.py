"""The servers that the replicas work with: a Slack, a Discord and a tenant on the loopback, hostile by chance.

Of all requests 5 % are dropped, 10 % are done and their answer is lost (where that is not the same), 5 % are told to wait, 5 % are done late, after
their client was told nothing, and some are answered slowly, so that clients die in between: what a server has read it
stores. Each server is reached through a door of its own.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from adapters.simulator.antithesis import SimulatedTenant, empty_world, simulated_tenant
from adapters.simulator.common.misbehave import Rule, answers
from tests.fakes import discord as discord_faults
from tests.fakes import slack_api as slack_faults
from tests.fakes.database_door import Door, a_door
from tests.fakes.discord import TOKEN, FakeDiscord
from tests.fakes.discord import serve as serve_discord
from tests.fakes.slack import FakeSlack
from tests.fakes.slack import serve as serve_slack
from tests.fakes.slack_world import APP_TOKEN, BOT_TOKEN, TEAM
from tests.fakes.striker import Striker

LATEST = 0.6  # seconds after which the last of what is late is stored
SLOWEST = 0.25  # seconds until a slow answer

LOST = 0.10  # of requests to the platform that start something

LIST, POSTED = "asked for the list", "asked to post"
STRIKES = (LIST, POSTED, "chat.postMessage", "POST message", "asked to look", "command", "launch")
CHANNELS = 5  # in each chat, one for each launcher
LAUNCHER, BY_HAND = "by-hand", 50  # whose runs people start; no channel is notified of them
LAUNCHERS = tuple(f"launcher-{number}" for number in range(CHANNELS))


@dataclass(kw_only=True)
class World:
    """All of them; `places`: the channels by launcher, one of each chat."""

    slack: FakeSlack
    discord: FakeDiscord
    tenant: SimulatedTenant
    striker: Striker
    doors: dict[str, Door]
    on_list: Callable[[], None] = lambda: None
    places: dict[str, tuple[str, str]] = field(default_factory=dict)
    questions: int = 0  # Discord's channel in which people ask

    @property
    def environment(self) -> dict[str, str]:
        """What Clew is set to."""
        return {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_API_URL": self.slack.api_url,
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": self.discord.api_url,
            "DISCORD_GATEWAY_URL": self.discord.gateway_url,
            "ANTITHESIS_BASE_URL": self.doors["tenant"].url,
            "ANTITHESIS_API_KEY": self.tenant.api_key,
        }

    def responded(self, interaction: str) -> bool:
        """Whether Discord took an initial response to an interaction."""
        return bool(self.discord.backend.interactions[int(interaction)].responded)

    def forget(self) -> None:
        """Forget what only short tests look at, so that a long one needs no more memory every minute."""
        self.slack.world.calls.clear()
        self.discord.requests.clear()
        self.discord.arrivals.clear()
        sessions = self.discord.gate.sessions
        for name in [n for n, s in sessions.items() if s.socket is None or s.socket.ws.closed]:
            del sessions[name]


class SlackWhim:
    """What goes wrong in Slack."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self._world, self._chance = world, chance

    def __call__(self, method: str) -> slack_faults.Fault | None:
        """Return what happens to a call."""
        posts = method == "chat.postMessage"
        self._world.striker.happened(
            method if posts else "asked to look" if "conversations." in method else "call"
        )
        if posts:
            self._world.striker.happened(POSTED)
        roll, loop = self._chance.random(), asyncio.get_running_loop()
        # Who asks where can be told: a refusal is for one person, so that nobody could find it again.
        if method.startswith("users") or method == "conversations.info" or roll >= 0.45:
            return None
        if roll < 0.05:
            return slack_faults.DROPPED
        if roll < 0.15:
            return slack_faults.LOST_REPLY
        if roll < 0.20:
            return slack_faults.limited("1")
        if roll < 0.25 and posts:
            loop.call_later(LATEST * self._chance.random(), self._world.slack.world.commit_late)
            return slack_faults.LATE
        slow = asyncio.Event()
        loop.call_later(SLOWEST * self._chance.random(), slow.set)
        return slack_faults.Fault(gate=slow)


class DiscordWhim:
    """What goes wrong in Discord."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self._world, self._chance = world, chance

    def __call__(self, method: str, path: str) -> discord_faults.Fault | None:
        """Return what happens to a request."""
        posts = method == "POST" and path.endswith("/messages")
        looks = method == "GET" and path.endswith("/messages")
        self._world.striker.happened("POST message" if posts else "asked to look" if looks else "request")
        if posts:
            self._world.striker.happened(POSTED)
        roll = self._chance.random()
        if roll < 0.05:
            return discord_faults.DROPPED
        if roll < 0.15:
            return discord_faults.LOST_REPLY
        if roll < 0.20:
            return discord_faults.limited(0.2)
        if roll < 0.25 and posts:
            return discord_faults.Fault(late=LATEST * self._chance.random(), reset=True)
        if roll < 0.45:
            slow = asyncio.Event()
            asyncio.get_running_loop().call_later(SLOWEST * self._chance.random(), slow.set)
            return discord_faults.Fault(gate=slow)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whim(Rule):
    """A rule for some of the requests, by chance; `tell` is called for each that it is asked about."""

    share: float = 0.0
    chance: random.Random = field(default_factory=random.Random)
    tell: Callable[[], None] = lambda: None

    def matches(self, method: str, path: str) -> bool:
        """Whether this request is one of them."""
        # Without arguments, `super` does not find its class in a dataclass with slots.
        if not Rule.matches(self, method, path):
            return False
        self.tell()
        return self.chance.random() < self.share


def _spoil(world: World, chance: random.Random, lost: float) -> None:
    """Let requests to the tenant go wrong; `lost`: the share of launches whose answer is lost."""
    wait = answers(429, {"message": "Too many requests."}, **{"Retry-After": "1"})
    runs = r"/api/v0/runs"

    def listed() -> None:
        world.striker.happened(LIST)
        world.on_list()

    def launched() -> None:
        world.striker.happened("launch")

    rules = world.tenant.rules
    rules.add(Whim(method="POST", times=None, tell=launched))
    rules.add(Whim(share=0.05, chance=chance, times=None, drop=True))
    rules.add(Whim(method="POST", share=lost, chance=chance, times=None, acts=True, drop=True))
    rules.add(
        Whim(
            share=0.05, chance=chance, times=None, status=wait.status, body=wait.body,
            content_type=wait.content_type, headers=wait.headers,
        )
    )  # fmt: skip
    rules.add(Whim(path=runs, times=None, tell=listed))  # the last: it is told of those that are answered


@asynccontextmanager
async def hostile_world(seed: int, *, well: bool = False, lost: float = LOST) -> AsyncIterator[World]:
    """Serve all of them; `well`: for once nothing goes wrong. `lost`: the share of launches whose answer is lost."""
    async with (
        serve_slack() as slack,
        serve_discord() as discord,
        simulated_tenant(world=empty_world, speed=1.0) as tenant,
        a_door(slack.url) as to_slack,
        a_door(f"http://127.0.0.1:{discord.port}") as to_discord,
        a_door(tenant.base_url) as to_tenant,
    ):
        slack.url = to_slack.url
        slack.api.base = slack.gate.base = slack.api.shared.base = slack.url
        discord.port = discord.gate.port = to_discord.port
        world = World(
            slack=slack, discord=discord, tenant=tenant, striker=Striker(),
            doors={"Slack": to_slack, "Discord": to_discord, "tenant": to_tenant},
        )  # fmt: skip
        for number, launcher in enumerate(LAUNCHERS):
            room = discord.backend.create_channel(discord.guild, f"room-{number}").id
            slack.world.members.add(f"C{number}")
            world.places[launcher] = (
                f"slack:channel:{TEAM}:C{number}",
                f"discord:channel:{discord.guild}:{room}",
            )
        world.questions = discord.backend.create_channel(discord.guild, "questions").id
        if not well:
            slack.api.whim = SlackWhim(world, random.Random(seed))
            discord.whim = DiscordWhim(world, random.Random(seed + 1))
            _spoil(world, random.Random(seed + 2), lost)
        yield world
