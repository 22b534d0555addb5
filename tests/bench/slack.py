"""What a person in Slack waits for: acknowledge and first answer, beside a bolt app that does nothing but `ack()`.

Both talk to the same loopback Slack over real sockets and take turns in one run. Ours writes every command to
its SQLite inbox before it acknowledges, so one such insert is measured too.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.async_app import AsyncAck, AsyncRespond
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from adapters import garbage
from adapters.store.store import SqlStore, open_store
from bot.access import Policy
from bot.state import Actor, Invocation, Place
from tests.bench.report import Row, in_turns, p99, seconds, within
from tests.fakes.inbox import ME
from tests.fakes.runs import EPOCH
from tests.fakes.slack import FakeSlack, serve
from tests.fakes.slack_bot import TIMING, Bot, running_bot
from tests.fakes.slack_world import ALICE, APP_TOKEN, BOT, BOT_TOKEN, BOT_USER, TEAM

ROUNDS, EACH = 6, 50
BURST, BURSTS = 100, 7
ACKNOWLEDGE = 3.0  # times the bare app's p99: what keeping a hundred commands durably may cost
ANSWER = 5.0  # times the bare app's, measured 3.1 to 4.3: who somebody is was asked for too, and a whole card laid out
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
            slack.api.judging = other.api.judging = False
            with garbage.in_the_long_run():  # as `clew run` has it; the bare app has it too
                ours, bare, inserts, answers = await _alone(bot, other, store)
                bursts = [await _at_once(bot, other, turn) for turn in range(BURSTS)]
    median, least, insert = (statistics.median(times) for times in (ours, bare, inserts))
    share = (median - least) / insert
    acks, bare_acks, seen, bare_seen = zip(*bursts, strict=True)
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
        in_turns(
            f"slack: acknowledge, p99 of {BURST} at once",
            acks, bare_acks, bound=ACKNOWLEDGE, what="bolt that does nothing but ack()",
        ),
        within(
            "slack: acknowledge, p99 of the burst", statistics.median(acks) * 1000, limit=ACK_LIMIT, unit="ms"
        ),
        in_turns(
            f"slack: first visible answer, p99 of {BURST} at once",
            seen, bare_seen, bound=ANSWER, what="bolt that answers with one sentence",
        ),
    ]  # fmt: skip


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
    await store.accept("slack", invocation.key, invocation, ME)
    return time.perf_counter() - start


async def _at_once(bot: Bot, other: FakeSlack, turn: int) -> tuple[float, float, float, float]:
    """Let many people ask at once; return the p99 of ours and the bare app's acknowledgements, and of both their answers."""
    before = bot.handler.count
    acks, seen = await _answers(bot.slack, [f"U7{turn}n{n}" for n in range(BURST)])
    await bot.answered(before + BURST)
    bare = [ack.seconds for ack in await asyncio.gather(*(other.command("help") for _ in range(BURST)))]
    _, bare_seen = await _answers(other, [ALICE] * BURST, "answer")
    return p99(acks), p99(bare), p99(seen), p99(bare_seen)


async def _answers(
    slack: FakeSlack, people: Sequence[str], text: str = "help"
) -> tuple[list[float], list[float]]:
    """Let people ask at once; return the times to each acknowledgement, and to each answer that can be seen."""
    slack.world.messages.clear()
    slack.world.calls.clear()
    start = time.perf_counter()
    acks, seen = await asyncio.gather(
        asyncio.gather(*(slack.command(text, user=person) for person in people)), _arrivals(slack, start)
    )
    return [ack.seconds for ack in acks], seen


async def _arrivals(slack: FakeSlack, start: float) -> list[float]:
    """Note when each answer can be seen."""
    arrived: list[float] = []
    messages = slack.world.messages

    def all_there() -> bool:
        arrived.extend([time.perf_counter() - start] * (len(messages) - len(arrived)))
        return len(arrived) >= BURST

    await slack.world.until(all_there)
    return arrived


@asynccontextmanager
async def _bare(slack: FakeSlack) -> AsyncIterator[None]:
    """Run a bolt app that does nothing but acknowledge, as fast as bolt can; asked for an answer it gives one too."""
    installed = AuthorizeResult(
        enterprise_id=None, team_id=TEAM, bot_token=BOT_TOKEN, bot_id=BOT, bot_user_id=BOT_USER
    )

    async def authorize(**_: object) -> AuthorizeResult:
        return installed

    client = AsyncWebClient(base_url=slack.api_url)
    app = AsyncApp(name="bare", client=client, authorize=authorize, process_before_response=True)

    @app.command("/clew")
    async def acknowledge(ack: AsyncAck, respond: AsyncRespond, command: dict[str, str]) -> None:
        await ack()
        if command["text"] == "answer":
            await respond("An answer.")

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
    return f"p50 {seconds(statistics.median(times))}, p99 {seconds(p99(times))}"
