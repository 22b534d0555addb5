"""What a person in Discord waits for: first word and first answer, beside a discord.py client that does no more.

Both talk to a loopback Discord over real sockets, in turns, in one run. Ours writes every command to its
SQLite inbox before it answers, so one such insert is measured too. At the end both chats are busy at once.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import discord
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters import garbage
from adapters.store.store import SqlStore, open_store
from bot.state import Actor, Invocation, Place
from tests.bench.report import Row, in_turns, p99, seconds, within
from tests.fakes.discord import TOKEN, FakeDiscord, serve
from tests.fakes.discord_live import running_bot
from tests.fakes.inbox import ME
from tests.fakes.runs import EPOCH
from tests.fakes.slack import serve as serve_slack
from tests.fakes.slack_bot import running_bot as running_slack

ROUNDS, WARM_UP, EACH = 4, 5, 50
BURST = 200
BOTH = 100
INSERTS = 2.5  # of an inbox insert, which takes half of what it took: what a first word may cost beside the bare client's
WORD = 1.4  # times the bare client's p99: what keeping two hundred commands durably may cost
ANSWER = 3.0  # times the bare client's: a whole card is laid out
FIRST_LIMIT = 2000.0  # milliseconds, p99 of a burst; Discord waits three seconds


@dataclass(kw_only=True)
class Times:
    """Seconds from a frame to the first word, and to what the person sees."""

    first: list[float] = field(default_factory=list)
    seen: list[float] = field(default_factory=list)


async def rows() -> list[Row]:
    """Measure Discord on this machine."""
    ours, bare = Times(), Times()
    bursts: list[Times] = []
    bare_bursts: list[Times] = []
    inserts: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        async with open_store(f"sqlite:///{folder}/clew.db") as store:
            with garbage.in_the_long_run():  # as `clew run` has it; the bare client has it too
                for turn in range(ROUNDS):
                    bursts.append(await _clew(store, ours))
                    bare_bursts.append(await _bare(bare))
                    inserts += [await _insert(store, turn * EACH + number) for number in range(EACH)]
                slack, both = await _both(store)
    median, least, insert = (statistics.median(times) for times in (ours.first, bare.first, inserts))
    share = max(0.0, median - least) / insert
    first = [p99(times.first) for times in bursts]
    return [
        Row(
            name="discord: first word, median",
            measured=seconds(median),
            beside=f"bare discord.py: {seconds(least)}, one inbox insert: {seconds(insert)}; extra in inserts",
            ratio=share,
            bound=INSERTS,
            ok=share <= INSERTS,
        ),
        _told("discord: first word alone", ours.first, bare.first),
        _told("discord: first visible answer alone", ours.seen, bare.seen),
        in_turns(
            f"discord: first word, p99 of {BURST} at once",
            first,
            [p99(times.first) for times in bare_bursts],
            bound=WORD,
            what="bare discord.py",
        ),
        within(
            "discord: first word, p99 of the burst",
            statistics.median(first) * 1000,
            limit=FIRST_LIMIT,
            unit="ms",
        ),
        in_turns(
            f"discord: first visible answer, p99 of {BURST} at once",
            [p99(times.seen) for times in bursts],
            [p99(times.seen) for times in bare_bursts],
            bound=ANSWER,
            what="discord.py that answers with one sentence",
        ),
        Row(
            name=f"both chats busy in one loop, {BOTH} each",
            measured=f"discord {_spread(both.first)}",
            beside=f"slack {_spread(slack)}",
        ),
    ]


async def _clew(store: SqlStore, alone: Times) -> Times:
    async with serve() as fake, running_bot(fake, store=store) as bot:
        fake.judging = False
        await _alone(fake, alone, bot.answered)
        return await _at_once(fake, BURST)


async def _bare(alone: Times) -> Times:
    async with serve() as fake, _client(fake):
        fake.judging = False
        await _alone(fake, alone, _nothing_more)
        return await _at_once(fake, BURST)


async def _nothing_more(count: int) -> None:
    """Have nothing more to do after an answer."""


async def _alone(fake: FakeDiscord, times: Times, answered: Callable[[int], Awaitable[None]]) -> None:
    """Say one thing after the other, each when the one before is done with."""
    for number in range(WARM_UP + EACH):
        fake.arrivals.clear()
        start = time.perf_counter()
        fake.slash("help")
        await fake.until(lambda: any("@original" in path for path, _ in fake.arrivals))
        await answered(number + 1)
        if number >= WARM_UP:
            times.first.append(_arrived(fake, "/callback")[0] - start)
            times.seen.append(_arrived(fake, "@original")[0] - start)


async def _at_once(fake: FakeDiscord, count: int) -> Times:
    """Say many things at the same moment."""
    times = Times()
    fake.arrivals.clear()
    start = time.perf_counter()
    for _ in range(count):
        fake.slash("help")
    await fake.until(lambda: len(_arrived(fake, "@original")) >= count, seconds=120)
    times.first += [at - start for at in _arrived(fake, "/callback")]
    times.seen += [at - start for at in _arrived(fake, "@original")]
    return times


def _arrived(fake: FakeDiscord, ending: str) -> list[float]:
    return [at for path, at in fake.arrivals if path.endswith(ending)]


async def _both(store: SqlStore) -> tuple[list[float], Times]:
    """Let Slack and Discord be busy in one event loop."""
    async with (
        serve_slack() as slack,
        running_slack(slack) as _,
        serve() as fake,
        running_bot(fake, store=store),
    ):
        fake.judging = False
        acks, times = await asyncio.gather(
            asyncio.gather(*(slack.command("help", user=f"U7{n}") for n in range(BOTH))),
            _at_once(fake, BOTH),
        )
    return [ack.seconds for ack in acks], times


async def _insert(store: SqlStore, number: int) -> float:
    me = "discord:user:1104000000000000001"
    invocation = Invocation(
        actor=Actor(id=me, principals=frozenset({me, "discord:guild:1"})),
        place=Place(channel="discord:channel:1:2"),
        text="help",
        key=f"bench:{number}",
        at=EPOCH,
    )
    start = time.perf_counter()
    await store.accept("discord", invocation.key, invocation, ME)
    return time.perf_counter() - start


@asynccontextmanager
async def _client(fake: FakeDiscord) -> AsyncIterator[None]:
    """Run a client that tells Discord that an answer comes, and gives one, as the library's examples do."""
    base, default = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = fake.api_url, yarl.URL(fake.gateway_url)
    intents = discord.Intents.none()
    intents.guilds = True
    client = discord.Client(intents=intents, max_messages=None, guild_ready_timeout=0.1)
    group = app_commands.Group(name="clew", description="bare")

    @group.command(name="help", description="bare")
    async def answer(interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.edit_original_response(embed=discord.Embed(title="bare", description="an answer"))

    app_commands.CommandTree(client).add_command(group)
    running = asyncio.create_task(client.start(TOKEN))
    await fake.until(lambda: fake.gate.open == 1)
    await client.wait_until_ready()
    try:
        yield
    finally:
        await client.close()
        await asyncio.gather(running, return_exceptions=True)
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, default


def _told(name: str, ours: list[float], bare: list[float]) -> Row:
    return Row(name=name, measured=_spread(ours), beside=f"bare discord.py: {_spread(bare)}")


def _spread(times: list[float]) -> str:
    return f"p50 {seconds(statistics.median(times))}, p99 {seconds(p99(times))}"
