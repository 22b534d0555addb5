"""What a person in Slack waits for: acknowledge and first answer, beside a bolt app that does nothing but `ack()`.

Both talk to the same loopback Slack over real sockets and take turns in one run. Ours writes every command to
its SQLite inbox before it acknowledges, so one such insert is measured too.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from adapters.store.store import SqlStore, open_store
from bot.access import Policy
from bot.state import Actor, Invocation, Place
from tests.bench.report import Row, seconds, within
from tests.fakes.runs import EPOCH
from tests.fakes.slack import FakeSlack, serve
from tests.fakes.slack_bot import TIMING, Bot, running_bot
from tests.fakes.slack_world import APP_TOKEN, BOT, BOT_TOKEN, BOT_USER, TEAM

ROUNDS, EACH = 6, 50
BURST = 100
INSERTS = 1.5  # of an inbox insert: what an acknowledgement may cost beside the bare app's
ACK_LIMIT = 1000.0  # milliseconds, p99 of a burst


async def rows() -> list[Row]:
    """Measure Slack on this machine."""
    with tempfile.TemporaryDirectory() as folder:
        async with (
            serve() as slack,
            serve() as other,
            open_store(f"sqlite:///{folder}/clew.db") as store,
            running_bot(slack, store=store, policy=Policy(), timing=replace(TIMING, progress=1.0)) as bot,
            _bare(other),
        ):
            ours, bare, inserts, answers = await _alone(bot, other, store)
            burst, bare_burst, first = await _at_once(bot, other)
    median, least, insert = (statistics.median(times) for times in (ours, bare, inserts))
    share = (median - least) / insert
    return [
        Row(
            name="slack: acknowledge, median",
            measured=seconds(median),
            beside=f"bare bolt: {seconds(least)}, one inbox insert: {seconds(insert)}; extra in inserts",
            ratio=share,
            bound=INSERTS,
            ok=share <= INSERTS,
        ),
        _told("slack: acknowledge, p99", ours, bare),
        _told("slack: first visible answer alone", answers, None),
        _told(f"slack: acknowledge, {BURST} at once", burst, bare_burst),
        within("slack: acknowledge, p99 of the burst", _p99(burst) * 1000, limit=ACK_LIMIT, unit="ms"),
        _told(f"slack: first visible answer, {BURST} at once", first, None),
    ]


async def _alone(
    bot: Bot, other: FakeSlack, store: SqlStore
) -> tuple[list[float], list[float], list[float], list[float]]:
    """Say one thing after the other, ours, the bare app and a bare insert in turns."""
    ours: list[float] = []
    bare: list[float] = []
    inserts: list[float] = []
    answers: list[float] = []
    for turn in range(ROUNDS):
        for number in range(EACH):
            answers.append(await _answered(bot, ours))
            await bot.answered(turn * EACH + number + 1)
            bare.append((await other.command("help")).seconds)
            inserts.append(await _insert(store, turn * EACH + number))
    return ours, bare, inserts, answers


async def _answered(bot: Bot, acks: list[float]) -> float:
    """Ask, and return the seconds to the first message that the person sees."""
    seen = len(bot.slack.world.messages)
    start = time.perf_counter()
    acks.append((await bot.slack.command("help")).seconds)
    await bot.slack.world.until(lambda: len(bot.slack.world.messages) > seen)
    took = time.perf_counter() - start
    bot.slack.world.messages.clear()
    bot.slack.world.calls.clear()
    return took


async def _insert(store: SqlStore, number: int) -> float:
    me = f"slack:user:{TEAM}:U1"
    invocation = Invocation(
        actor=Actor(id=me, principals=frozenset({me, f"slack:team:{TEAM}"})),
        place=Place(channel=f"slack:channel:{TEAM}:C1"),
        text="help",
        key=f"bench:{number}",
        at=EPOCH,
    )
    start = time.perf_counter()
    await store.accept("slack", invocation.key, invocation)
    return time.perf_counter() - start


async def _at_once(bot: Bot, other: FakeSlack) -> tuple[list[float], list[float], list[float]]:
    ours: list[float] = []
    start = time.perf_counter()
    acks, first = await asyncio.gather(
        asyncio.gather(*(bot.slack.command("help", user=f"U7{n}") for n in range(BURST))),
        _arrivals(bot, start),
    )
    ours += [ack.seconds for ack in acks]
    bare = await asyncio.gather(*(other.command("help") for _ in range(BURST)))
    return ours, [ack.seconds for ack in bare], first


async def _arrivals(bot: Bot, start: float) -> list[float]:
    """Note when each answer can be seen."""
    arrived: list[float] = []
    messages = bot.slack.world.messages

    def all_there() -> bool:
        arrived.extend([time.perf_counter() - start] * (len(messages) - len(arrived)))
        return len(arrived) >= BURST

    await bot.slack.world.until(all_there)
    return arrived


@asynccontextmanager
async def _bare(slack: FakeSlack) -> AsyncIterator[None]:
    """Run a bolt app that does nothing but acknowledge, as fast as bolt can."""
    installed = AuthorizeResult(
        enterprise_id=None, team_id=TEAM, bot_token=BOT_TOKEN, bot_id=BOT, bot_user_id=BOT_USER
    )

    async def authorize(**_: object) -> AuthorizeResult:
        return installed

    client = AsyncWebClient(base_url=slack.api_url)
    app = AsyncApp(name="bare", client=client, authorize=authorize, process_before_response=True)

    @app.command("/clew")
    async def acknowledge(ack: object) -> None:
        await ack()  # type: ignore[operator]  # bolt's Ack

    handlers = [AsyncSocketModeHandler(app, APP_TOKEN) for _ in range(2)]
    for handler in handlers:
        await handler.connect_async()  # type: ignore[no-untyped-call]  # bolt
    await slack.gate.connected(2)
    try:
        yield
    finally:
        for handler in handlers:
            await handler.close_async()  # type: ignore[no-untyped-call]  # bolt


def _told(name: str, ours: list[float], bare: list[float] | None) -> Row:
    beside = f"bare bolt: {_spread(bare)}" if bare else ""
    return Row(name=name, measured=_spread(ours), beside=beside)


def _spread(times: list[float]) -> str:
    return f"p50 {seconds(statistics.median(times))}, p99 {seconds(_p99(times))}"


def _p99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98]
