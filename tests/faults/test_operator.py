"""What needs a person reaches the operator once when it begins and once when it is over; the heartbeat tells the rest."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.heartbeat import Heartbeat
from adapters.store.store import SqlStore, open_store
from bot.cards import plain
from bot.model import LaunchRequest, Secret
from bot.notices import Finding, Operator
from bot.replies.operating import others_connected
from bot.state import Cause, Delivery, Intent, IntentState, MessageRef, NewDelivery
from bot.watch.auditor import Auditor, Beat, Polled, Snapshot
from tests.fakes.clock import ManualClock

CHANNEL = "slack:channel:T01:C01"
OPERATOR = "slack:channel:T01:C0OPS"
SLACK = frozenset({"slack"})
WELL = Snapshot(
    polls={"prod": Polled(age=5, allowed=300, looked=True)}, connected={"slack": True}, halted={"slack": ""}
)


RENDERERS = {chat: lambda card: plain(card.text) for chat in ("slack", "discord")}


@dataclass
class Post:
    """An operator's post: a real store, a clock moved by hand, and what stands as the test says."""

    store: SqlStore
    clock: ManualClock = field(default_factory=ManualClock)
    snapshot: Snapshot = WELL
    beat: Beat | None = None
    channel: str | None = OPERATOR
    others: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    auditor: Auditor = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        operator = Operator(
            self.store,
            self.clock,
            channel=self.channel,
            renderers=RENDERERS,
            others=self._others,
        )
        self.operator = operator
        self.auditor = Auditor(self.store, operator, self.clock, look=lambda: self.snapshot, beat=self.beat)

    async def minutes(self, number: int) -> list[str]:
        """Let minutes pass with a look at the end of each; return what was told meanwhile, and deliver it."""
        told: list[str] = []
        for _ in range(number):
            self.clock.pass_time(60)
            await self.auditor.tick()
            told += [delivery.payload for delivery in await self.deliver(OPERATOR)]
        return told

    async def deliver(self, channel: str) -> list[Delivery]:
        """Deliver what waits for a channel, as if its chat took all."""
        rows = await self.store.waiting(channel)
        for row in rows:
            message = MessageRef(channel=channel, message_id=row.key)
            await self.store.mark_sent(row, message, self.clock.now())
        return list(rows)

    async def _others(self) -> list[str]:
        return self.others

    async def row(self, key: str = "a") -> Delivery:
        """Record a message and claim it."""
        await self.store.enqueue(NewDelivery(key=key, channel=CHANNEL, payload="{}"), self.clock.now())
        claimed = await self.store.claim(SLACK, self.clock.now())
        assert claimed is not None
        return claimed


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with open_store(f"sqlite:///{tmp_path / 'clew.db'}") as store:
        yield Post(store)


Step = Callable[[Post], Awaitable[None]]


async def _dead(post: Post) -> None:
    await post.store.mark_dead(await post.row(), "The message is too long.")


async def _unknown(post: Post) -> None:
    await post.store.mark_dead(await post.row(), "The history may not be read.", unknown=True)


async def _drop(post: Post) -> None:
    (queue,) = await post.store.queues()
    await post.store.drop(queue.first, post.clock.now(), by="terminal:user:local")


async def _stuck(post: Post) -> None:
    await post.store.enqueue(NewDelivery(key="a", channel=CHANNEL, payload="{}"), post.clock.now())
    post.clock.pass_time(300)


async def _sent(post: Post) -> None:
    await post.deliver(CHANNEL)


async def _lost(post: Post) -> None:
    post.snapshot = replace(WELL, lost={CHANNEL: "The bot is not in the channel."})


async def _halted(post: Post) -> None:
    post.snapshot = replace(WELL, halted={"slack": "The token was revoked."})


async def _refused(post: Post) -> None:
    refused = Polled(age=5, allowed=300, looked=True, problem="The key is refused.", refused=True)
    post.snapshot = replace(WELL, polls={"prod": refused})


async def _silent(post: Post) -> None:
    post.snapshot = replace(WELL, polls={"prod": Polled(age=301, allowed=300, looked=False)})


async def _crowded(post: Post) -> None:
    post.snapshot = replace(WELL, crowded={CHANNEL: f"700 messages waited for {CHANNEL} at once."})


async def _behind(post: Post) -> None:
    behind = Polled(
        age=5, allowed=300, looked=True, behind="prod has more new runs than can be read at once."
    )
    post.snapshot = replace(WELL, polls={"prod": behind})


async def _launch(post: Post) -> None:
    intent = Intent(
        id="i1", connection="prod", actor="slack:user:T:ANN", channel=CHANNEL, thread=None,
        request=LaunchRequest(launcher="nightly", key="i1"), subject="nightly", state=IntentState.UNKNOWN, created_at=post.clock.now(),
    )  # fmt: skip
    await post.store.draft(intent)


async def _found(post: Post) -> None:
    unknown = frozenset({IntentState.UNKNOWN})
    await post.store.advance("i1", unknown, IntentState.ACCEPTED, post.clock.now(), run_id="r1")


async def _off(post: Post) -> None:
    post.snapshot = replace(WELL, connected={"slack": False}, off={"slack": "Slack refuses the token."})


async def _strangers(post: Post) -> None:
    post.snapshot = replace(WELL, strangers={"slack": others_connected("Slack", 2)})


async def _no_strangers(post: Post) -> None:
    post.snapshot = replace(WELL, strangers={"slack": ""})


async def _well(post: Post) -> None:
    post.snapshot = WELL


CASES = {
    "dead": (_dead, _drop, "1 message to slack:channel:T01:C01 cannot be posted: The message is too long."),
    "unknown": (_unknown, _drop, "may or may not have been posted: The history may not be read."),
    "stuck": (_stuck, _sent, "1 message to slack:channel:T01:C01 unsent since"),
    "lost": (_lost, _well, "Nothing can be posted to slack:channel:T01:C01 for now: The bot is not in"),
    "halted": (_halted, _well, "slack refuses Clew: The token was revoked."),
    "refused": (_refused, _well, "prod cannot be watched: The key is refused. Create a new API key"),
    "silent": (_silent, _well, "prod cannot be watched: No poll of its runs has finished recently."),
    "crowded": (_crowded, _well, "700 messages waited for slack:channel:T01:C01 at once."),
    "behind": (_behind, _well, "prod has more new runs than can be read at once."),
    "launch": (
        _launch,
        _found,
        "It is not known whether a launch that slack:user:T:ANN confirmed in slack:channel:T01:C01",
    ),
    "strangers": (
        _strangers,
        _no_strangers,
        "Slack counts 2 connections of this app beside those of this Clew.",
    ),
    "off": (_off, _well, "slack is off: Slack refuses the token."),
}


@pytest.mark.parametrize(("begin", "end", "said"), CASES.values(), ids=CASES)
async def test_operator__once_when_it_begins_and_once_when_it_is_over(
    post: Post, begin: Step, end: Step, said: str
) -> None:
    """Told within two looks, then not again, not after a restart either, and once more when it is over."""
    await post.minutes(1)
    await begin(post)

    (begun,) = await post.minutes(2)
    again = await post.minutes(3)
    post.restart()
    again += await post.minutes(3)
    await end(post)
    (over,) = await post.minutes(6)
    quiet = await post.minutes(6)

    assert said in begun
    assert (again, quiet) == ([], [])
    assert over.startswith("Resolved: ")
    assert said in over
    assert await post.store.notices() == ()


async def test_operator__what_flickers_is_told_once(post: Post) -> None:
    """Something that is well for a minute and bad again has not been over."""
    await _lost(post)
    told = await post.minutes(1)
    for _ in range(4):
        await _well(post)
        told += await post.minutes(1)
        await _lost(post)
        told += await post.minutes(1)

    assert len(told) == 1


async def test_operator__after_a_start_nothing_is_over_before_it_is_known(post: Post) -> None:
    """A process that has just begun knows of no lost channel; what waits there says that it is not back."""
    await post.store.enqueue(NewDelivery(key="a", channel=CHANNEL, payload="{}"), post.clock.now())
    await _lost(post)
    await post.minutes(4)
    post.restart()
    post.snapshot = replace(WELL, polls={"prod": Polled(age=5, allowed=300, looked=False)})

    told = await post.minutes(9)

    assert not [text for text in told if text.startswith("Resolved")]


async def test_operator__who_else_uses_a_token_is_not_over_before_it_is_known(post: Post) -> None:
    """After a start Slack has not counted yet: that says nothing."""
    await _strangers(post)
    told = await post.minutes(2)
    post.restart()
    await _well(post)
    told += await post.minutes(9)

    assert len(told) == 1


async def test_operator__the_machines_clock_was_set(post: Post) -> None:
    """A jump of the wall clock is told with its size, and is over when the clock runs evenly again."""
    await post.minutes(2)
    post.clock.jump(-3600)

    begun, over = await post.minutes(6)

    assert "This machine's clock jumped back by 3600 s." in begun
    assert over.startswith("Resolved: The clock was changed.")


async def test_operator__what_others_find(post: Post) -> None:
    """Whoever meets a limit tells it as often as it likes; the auditor leaves it to them to end it."""
    guard = Finding(Cause.GUARD, "prod: list", "The list of runs is longer than can be read.")
    for _ in range(3):
        await post.operator.note(guard)
    told = await post.minutes(6)
    await post.operator.note(replace(guard, problem=""))
    await post.operator.note(replace(guard, problem=""))
    told += await post.minutes(1)

    assert [text.startswith("Resolved") for text in told] == [False, True]


async def test_operator__nothing_is_told_in_a_channel_about_itself(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    """That the operator's channel is lost can only be in the log, and the heartbeat stops."""
    pinged: list[None] = []

    async def beat() -> str:
        pinged.append(None)
        return ""

    post.beat = beat
    post.restart()
    post.snapshot = replace(WELL, lost={OPERATOR: "The bot is not in the channel."})

    with caplog.at_level(logging.ERROR):
        told = await post.minutes(3)

    assert (told, pinged) == ([], [])
    assert f"Nothing can be posted to {OPERATOR}" in caplog.text


async def test_operator__no_secret_in_what_is_told(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a chat or a platform put into its reason, a known secret and the shape of one are masked."""
    operator = Operator(
        post.store,
        post.clock,
        channel=OPERATOR,
        renderers=RENDERERS,
        secrets=[Secret("canary-key")],
    )
    reason = "The key canary-key was refused, see https://x/report/a?auth=v2.public.CANARY."
    with caplog.at_level(logging.ERROR, logger="bot"):
        await operator.note(Finding(Cause.POLL, "prod", reason))

    (told,) = await post.deliver(OPERATOR)
    (notice,) = await post.store.notices()
    for text in (told.payload, notice.problem, caplog.text):
        assert "The key *** was refused" in text
        assert "CANARY" not in text


async def test_operator__a_backlog_that_moves_is_not_stuck(post: Post) -> None:
    """Where the oldest message is another one at each look, the channel only has much to take."""
    for number in range(8):
        new = NewDelivery(key=f"k{number}", channel=CHANNEL, payload="{}")
        await post.store.enqueue(new, post.clock.now())
    post.clock.pass_time(600)
    told = []
    for _ in range(7):
        told += await post.minutes(1)
        (first, *_) = await post.store.waiting(CHANNEL)
        message = MessageRef(channel=CHANNEL, message_id="1")
        await post.store.mark_sent(first, message, post.clock.now())

    assert told == []


async def test_operator__messages_for_a_chat_that_is_off(post: Post) -> None:
    """They wait for its token, and somebody has to know."""
    new = NewDelivery(key="a", channel="discord:channel:1:2", payload="{}")
    await post.store.enqueue(new, post.clock.now())
    post.clock.pass_time(300)

    (told,) = await post.minutes(3)

    assert "1 message to discord:channel:1:2 cannot be sent because discord is off." in told


class Sink:
    """A heartbeat's address over real HTTP."""

    def __init__(self) -> None:
        self.pings: list[str] = []
        self.status = 200
        self.other = 0
        app = web.Application()
        app.router.add_get("/ping/canary-id", self._ping)
        app.router.add_get("/elsewhere", self._elsewhere)
        self.server = TestServer(app)

    async def _ping(self, request: web.Request) -> web.Response:
        self.pings.append(request.path)
        headers = {"Location": "/elsewhere"} if self.status == 302 else {}
        return web.Response(status=self.status, headers=headers)

    async def _elsewhere(self, _: web.Request) -> web.Response:
        self.other += 1
        return web.Response()


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    found = Sink()
    async with found.server:
        yield found


def _beating(sink: Sink) -> Heartbeat:
    return Heartbeat(Secret(str(sink.server.make_url("/ping/canary-id"))))


async def test_heartbeat__while_all_is_well(post: Post, sink: Sink) -> None:
    """It comes with every look, and stops with what keeps the operator from hearing."""
    post.beat = _beating(sink)
    post.restart()
    await post.minutes(3)
    well = len(sink.pings)
    await _off(post)
    await post.minutes(3)

    assert (well, len(sink.pings)) == (3, 3)


async def test_heartbeat__a_stuck_message_stops_it(post: Post, sink: Sink) -> None:
    """Within two looks of a message that does not move nothing is pinged any more."""
    post.beat = _beating(sink)
    post.restart()
    await _stuck(post)
    await post.minutes(2)
    before = len(sink.pings)
    await post.minutes(3)

    assert len(sink.pings) == before


async def test_heartbeat__a_database_that_cannot_be_read_stops_it(tmp_path: Path, sink: Sink) -> None:
    """Where nothing can be read nobody is told by a message; the silence tells."""
    async with open_store(f"sqlite:///{tmp_path / 'clew.db'}") as store:
        post = Post(store, beat=_beating(sink))
    (tmp_path / "clew.db").write_bytes(b"not a database" * 1000)
    for rest in ("clew.db-wal", "clew.db-shm"):
        (tmp_path / rest).unlink(missing_ok=True)

    post.clock.pass_time(60)
    await post.auditor.tick()

    assert sink.pings == []


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_heartbeat__an_address_that_does_not_answer(
    post: Post, sink: Sink, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    """Told within two looks, without the address; a redirect leads nowhere."""
    post.beat, sink.status = _beating(sink), status
    post.restart()

    with caplog.at_level(logging.DEBUG):
        (told,) = await post.minutes(2)
        sink.status = 200
        (over,) = await post.minutes(1)

    assert f"it answers with {status}" in told
    assert over.startswith("Resolved: The heartbeat")
    assert sink.other == 0
    ours = [r.getMessage() for r in caplog.records if r.name.startswith(("bot", "adapters"))]
    assert "canary-id" not in "".join([told, over, *ours])


async def test_heartbeat__nobody_there(post: Post, sink: Sink) -> None:
    """A refused connection is told within two looks, and stops nothing else."""
    post.beat = _beating(sink)
    await sink.server.close()
    post.restart()
    await _dead(post)

    dead, unheard = await post.minutes(2)

    assert "cannot be posted" in dead
    assert "cannot be reached (ConnectError)" in unheard


async def test_heartbeat__an_address_that_never_answers(post: Post) -> None:
    """It is waited for only so long."""
    hanging = web.Application()
    never = asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        await never.wait()
        return web.Response()

    hanging.router.add_get("/", hang)
    async with TestServer(hanging) as server:
        post.beat = Heartbeat(Secret(str(server.make_url("/"))), patience=0.05)
        post.restart()
        (told,) = await post.minutes(2)
        never.set()

    assert "no answer within 0.05 s" in told


async def test_operator__hears_of_a_run_that_cannot_be_read(post: Post) -> None:
    """Each run that is too large is named once; no later look makes that untrue."""
    sentence = "Run abc-64-1 of prod cannot be read: the platform's answer is too large."
    polled = Polled(age=5, allowed=300, looked=True, too_large={"abc-64-1": sentence})
    post.snapshot = replace(WELL, polls={"prod": polled})
    told = await post.minutes(3)
    post.snapshot = WELL
    told += await post.minutes(6)

    assert len(told) == 1
    assert sentence in told[0]


ELSEWHERE = "discord:channel:1:2"


@pytest.mark.parametrize(
    ("operator", "lost", "others", "told"),
    [
        (OPERATOR, CHANNEL, [ELSEWHERE], OPERATOR),
        (None, CHANNEL, [CHANNEL, ELSEWHERE], ELSEWHERE),
        (OPERATOR, OPERATOR, [CHANNEL], CHANNEL),
        (None, CHANNEL, ["terminal:channel:local"], None),
        (None, CHANNEL, [], None),
    ],
    ids=["the operator", "no operator", "the operator's own", "no chat that writes there", "nowhere"],
)
async def test_operator__a_lost_channel_is_told_where_it_can_be(
    post: Post, operator: str | None, lost: str, others: list[str], told: str | None
) -> None:
    """Once when it begins and once when it is over, both in the same place, also across a restart."""
    post.channel, post.others = operator, others
    said: list[tuple[str, str]] = []

    async def minutes(number: int) -> None:
        post.restart()
        for _ in range(number):
            post.clock.pass_time(60)
            await post.auditor.tick()
            for channel in (CHANNEL, OPERATOR, ELSEWHERE):
                said.extend((channel, delivery.payload) for delivery in await post.deliver(channel))

    post.snapshot = replace(WELL, lost={lost: "The bot is not in the channel."})
    await minutes(2)
    await minutes(2)
    post.snapshot, post.others = WELL, []
    await minutes(6)

    assert [channel for channel, _ in said] == ([told, told] if told else [])
    assert all(lost in text for _, text in said)
    assert [text.startswith("Resolved: ") for _, text in said] == ([False, True] if told else [])


async def test_operator__a_chat_that_refuses_us_is_told_in_another(post: Post) -> None:
    """The operator's channel is in the chat that takes nothing, so nobody would hear of it there."""
    post.others = [CHANNEL, ELSEWHERE]
    post.snapshot = replace(WELL, halted={"slack": "The token was revoked."})
    await post.minutes(2)

    (said,) = await post.deliver(ELSEWHERE)
    assert "slack refuses Clew" in said.payload
    assert await post.store.waiting(CHANNEL) == ()
