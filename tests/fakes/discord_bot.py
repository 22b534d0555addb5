"""Clew's Discord adapter in an in-process Discord (SimCord): discord.py's own client, nothing of it replaced."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import discord
from simcord.env import Env

from adapters.chat.discord.app import DiscordChat, Timing
from adapters.chat.discord.markup import shown_text
from adapters.chat.discord.settings import Discord
from adapters.clock import SystemClock
from bot.access import Policy, Role
from bot.command import Preset, Services
from bot.model import Secret
from bot.platform import Platform
from bot.ports import Store
from bot.state import Owner
from tests.fakes import discord_judge as judge
from tests.fakes.discord_cdn import Cdn
from tests.fakes.service import FakeRunService
from tests.fakes.slack_bot import CountingHandler
from tests.fakes.store import MemoryStore

TOKEN = "MTE0.simcord.fake-token-for-tests"
TIMING = Timing(progress=0.2, reconcile_after=1.0, drain=3.0)


class QuickClock(SystemClock):
    """The time of the in-process Discord, but nobody waits for it: what is slept is only noted."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.env: Env | None = None
        self.ahead = 0.0

    def now(self) -> datetime:
        """Return Discord's time, and `ahead` seconds more."""
        now = self.env.now() if self.env is not None else super().now()
        return now + timedelta(seconds=self.ahead)

    async def sleep(self, seconds: float) -> None:
        """Let others run."""
        self.slept.append(seconds)
        await asyncio.sleep(0)


@dataclass(kw_only=True)
class World:
    """A server with two channels, two people and the bot."""

    env: Env
    chat: DiscordChat
    handler: CountingHandler
    store: Store
    service: FakeRunService
    clock: QuickClock
    guild: Any
    main: Any
    alice: Any
    bob: Any
    build: Callable[[], DiscordChat]

    @property
    def place(self) -> str:
        """The main channel's name in the core."""
        return f"discord:channel:{self.guild.id}:{self.main.id}"

    async def say(self, verb: str, /, *, by: Any = None, channel: Any = None, **options: Any) -> Any:
        """Use a subcommand; return what came of it."""
        result = await (by or self.alice).slash(channel or self.main, f"clew {verb}", **options)
        await self.env.settle()
        return result

    async def mention(
        self,
        words: str,
        *,
        by: Any = None,
        channel: Any = None,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> list[discord.Message]:
        """Say something to the bot, maybe with files; return the bot's new messages there, newest last."""
        channel = channel or self.main
        before = {m.id for m in channel.history()}
        assert self.env.bot.user is not None
        await (by or self.alice).send(channel, f"<@{self.env.bot.user.id}> {words}", attachments=files)
        await self.env.settle()
        mine = [m for m in channel.history() if m.id not in before and m.author.id == self.env.bot.user.id]
        return sorted(mine, key=lambda m: m.id)

    async def press(self, message: Any, label: str, *, by: Any = None) -> Any:
        """Press a button by its label."""
        result = await (by or self.alice).click(message, custom_id=custom_id(message, label))
        await self.env.settle()
        return result

    def ours(self, channel: Any) -> list[discord.Message]:
        """Return the bot's messages in a channel that all can see, oldest first."""
        me = self.env.bot.user
        assert me is not None
        return [m for m in channel.history() if m.author.id == me.id and not m.flags.ephemeral]

    def last_interaction(self) -> Any:
        """Return the last interaction as Discord sent it."""
        sent = [p for kind, name, p in self.env.backend.transcript if name == "INTERACTION_CREATE"]
        return sent[-1]

    async def restart(self) -> None:
        """Let a new process take over: nothing is left but the database and Discord."""
        await self.env.settle()
        await self.chat.close()
        await self.chat.release()
        self.handler.owner = Owner(id=uuid4().hex)  # else it would leave what the old one took to itself
        self.chat = self.build()
        await self.env.restart_bot(self.chat.new_client())
        await self.env.settle()

    def kill_before_answering(self) -> None:
        """Let the process die where commands are accepted and nothing is answered yet."""
        self.chat._conversation._lanes.start = lambda _, work: work.close()  # type: ignore[assignment,method-assign]

    def forget_words(self) -> None:
        """Lose what long buttons say, as an old database restored over a new one does."""
        assert isinstance(self.store, MemoryStore)
        self.store.buttons.clear()

    def requests(self) -> list[tuple[str, str, Any]]:
        """Return what the bot sent so far: method, path and body."""
        return [(r.method, r.path, r.json) for r in self.env.http_requests]


def initial_responses(world: World) -> list[Any]:
    """Return the initial responses, interaction by interaction."""
    return [body for _, path, body in world.requests() if path.endswith("/callback")]


def answer(result: Any) -> Any:
    """Return the message that an interaction ended in: its first response, or the private one after it."""
    if result.followups:
        assert result.response is None, "two answers to one interaction"
        assert len(result.followups) == 1
        return result.followups[0]
    assert result.response is not None, "silence"
    return result.response


def said(message: Any) -> str:
    """Return all that a message says, as a person reads it."""
    parts = [message.content]
    for embed in message.embeds:
        parts += [embed.title or "", embed.description or ""]
        parts += [f"{field.name}: {field.value}" for field in embed.fields]
    return shown_text("\n".join(parts))


def policy(alice: int, bob: int) -> Policy:
    """Alice may launch, Bob may read."""
    return Policy(
        roles={
            Role.LAUNCH: frozenset({f"discord:user:{alice}"}),
            Role.READ: frozenset({f"discord:user:{bob}"}),
        }
    )


def custom_id(message: Any, label: str) -> str:
    """Return the custom id of a message's button."""
    rows = message.components
    for row in rows:
        children = row["components"] if isinstance(row, dict) else row.children
        for child in children:
            shown = child.get("label") if isinstance(child, dict) else getattr(child, "label", None)
            if shown == label:
                found = child["custom_id"] if isinstance(child, dict) else child.custom_id
                assert found
                return str(found)
    raise AssertionError(f"there is no button {label!r}")


@asynccontextmanager
async def simulated(
    *,
    store: Store | None = None,
    service: FakeRunService | None = None,
    beside: Mapping[str, Platform] = MappingProxyType({}),
    guilds: frozenset[str] = frozenset(),
    presets: dict[str, Preset] | None = None,
    timing: Timing = TIMING,
    judged: bool = True,
    cdn: Cdn | None = None,
) -> AsyncIterator[World]:
    """Run the adapter in a new Discord; whatever Discord would mind fails the test. `cdn`: where files can be read."""
    clock = QuickClock()
    store = store or MemoryStore()
    service = service or FakeRunService()
    keys = count(0xA11CE)
    roles: dict[Any, frozenset[str]] = {}
    services = Services(
        platforms={service.connection: service.platform, **beside},
        store=store,
        clock=clock,
        policy=Policy(roles=roles),
        presets=presets or {},
        launchers={service.connection: ("basic_test", "Payments Nightly")},
        new_key=lambda: f"{next(keys):032x}",
    )
    handler = CountingHandler(services)
    settings = Discord(token=Secret(TOKEN), guilds=guilds, api_url=cdn.base if cdn else None)

    def build() -> DiscordChat:
        return DiscordChat(settings, handler, store, clock, timing)

    chat = build()
    env = Env(chat.new_client())
    world: World | None = None
    clock.env = env
    if cdn is not None:
        env.backend.cdn = cdn
    await env.start()
    try:
        guild = env.create_guild()
        alice = guild.add_member(env.create_user("alice"))
        bob = guild.add_member(env.create_user("bob"))
        roles.update(policy(alice.id, bob.id).roles)
        main = guild.create_text_channel("general")
        await env.settle()
        world = World(
            env=env, chat=chat, handler=handler, store=store, service=service, clock=clock,
            guild=guild, main=main, alice=alice, bob=bob, build=build,
        )  # fmt: skip
        yield world
        await env.settle()
        env.raise_errors()
        assert not judged or judge.all_of(world.requests()) == []
    finally:
        await env.shutdown()
        last = world.chat if world is not None else chat
        await last.close()
        await last.release()
