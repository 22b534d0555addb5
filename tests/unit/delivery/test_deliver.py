"""What becomes of a row, by what the chat answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from bot.cards import ReportLinks
from bot.delivery.deliver import WHILE_HALTED, Deliverer, Pace
from bot.delivery.lost_channels import restore
from bot.errors import Unreachable
from bot.model import RunRef, Secret
from bot.ports import Span
from bot.state import DeliveryState
from tests.fakes.chat import Posting, Seeing
from tests.fakes.crash import Crash
from tests.fakes.delivering import CHANNEL, Delivering, a_delivery
from tests.fakes.runs import a_run
from tests.fakes.service import FakeRunService

SENT, DEAD, UNKNOWN = DeliveryState.SENT, DeliveryState.DEAD, DeliveryState.UNKNOWN
PENDING, SENDING = DeliveryState.PENDING, DeliveryState.SENDING
ONE, TWO = '{"number": 1}', '{"number": 2}'
LINK = "https://demo.antithesis.com/report/1?auth=v2.public.CANARY"


async def test_step__posts_a_row_once() -> None:
    """A row is posted, marked sent, and its thread knows what it speaks of."""
    it = Delivering()
    await it.put(a_delivery())
    await it.run_until_idle()

    assert it.sent == [ONE]
    assert it.states() == [SENT]
    assert a_delivery().context == await it.store.context(CHANNEL, "m1")
    assert it.deliverer.counts == {"sent": 1}


async def test_step__is_traced_once_it_is_posted() -> None:
    """From the look that recorded it to the post, however many attempts that took; what is not posted tells nothing."""
    it, spans = Delivering(), list[Span]()
    it.deliverer = Deliverer(
        it.chat, it.store, platforms={}, clock=it.clock, notify_operator=it.deliverer._notify_operator,
        pace=it.pace, chance=lambda: 1.0, trace=spans.append,
    )  # fmt: skip
    began = it.clock.now()
    await it.put(a_delivery())
    it.chat.next_posts(Posting.LOST_REPLY)
    it.clock.pass_time(7)
    await it.deliverer.step()
    before = list(spans)
    await it.run_until_idle()
    (span,) = spans

    assert before == []
    assert (span.name, span.began) == ("message", began)
    assert (span.ended - began).total_seconds() >= 7 + it.chat.reconcile_after
    assert span.attributes == {
        "chat": "fake", "channel": CHANNEL, "attempts": "1", "connection": "demo", "run": "run-1",
    }  # fmt: skip


async def test_step__rests_when_there_is_nothing() -> None:
    """Without rows it says when to ask again."""
    it = Delivering()

    assert it.pace.idle == await it.deliverer.step()


async def test_step__keeps_two_posts_to_a_channel_apart() -> None:
    """Chats may swallow bursts: a channel gets one post a second, others go on meanwhile."""
    it = Delivering(pace=Pace(per_channel=1.0, idle=0.25))
    await it.put(a_delivery(1), a_delivery(2), a_delivery(3, channel="fake:channel:C2"))
    await it.run_until_idle()

    assert [m.payload for m in it.chat.messages] == [ONE, '{"number": 3}', TWO]
    assert [(m.at - it.chat.messages[0].at).total_seconds() for m in it.chat.messages] == [0, 0, 1]


@pytest.mark.parametrize("how", [Posting.LOST_REPLY, Posting.HANGING, Posting.FAULTY_AFTER])
async def test_step__finds_what_was_stored_without_an_answer(how: Posting) -> None:
    """Nothing is sent again before the settle time, and then it is found."""
    it = Delivering()
    await it.put(a_delivery())
    it.chat.next_posts(how)
    await it.run_until_idle()

    assert it.sent == [ONE]
    assert it.states() == [SENT]
    assert it.chat.reconcile_after == it.clock.monotonic()
    assert it.deliverer.counts["found"] == 1


async def test_step__sends_again_what_is_not_there() -> None:
    """A post that never arrived is sent again, the same to the byte, after the settle time."""
    it = Delivering()
    await it.put(a_delivery())
    it.chat.next_posts(Posting.DROPPED)
    await it.run_until_idle()

    assert it.sent == [ONE]
    assert not it.chat.posts[1].repeat
    assert it.chat.posts[0] == it.chat.posts[1]
    assert it.clock.monotonic() >= it.chat.reconcile_after


async def test_step__waits_for_a_late_store() -> None:
    """A message that the chat stores long after our deadline is not doubled."""
    it = Delivering()
    it.chat.late = 29.0
    await it.put(a_delivery())
    it.chat.next_posts(Posting.LATE)
    await it.run_until_idle()

    assert it.sent == [ONE]
    assert it.chat.doubled == ()


@pytest.mark.parametrize("how", [Seeing.UNREADABLE, Seeing.FAULTY, Seeing.HANGING])
async def test_step__never_takes_a_failed_look_for_an_empty_history(how: Seeing) -> None:
    """However often the look fails, nothing is sent again; the operator hears of it once."""
    it = Delivering()
    await it.put(a_delivery())
    it.chat.next_posts(Posting.LOST_REPLY)
    it.chat.next_lookups(*[how] * 7)
    await it.run_until_idle()

    assert it.sent == [ONE]
    assert len(it.chat.posts) == 1
    assert len(it.told) == 1
    assert "It is not yet known whether" in it.told[0]


async def test_step__marks_a_possible_repeat_where_nobody_can_find_out() -> None:
    """Without the right to read the history, a row in doubt is posted once more and says that it may be a repeat."""
    it = Delivering()
    await it.put(a_delivery())
    it.chat.next_posts(Posting.LOST_REPLY)
    it.chat.next_lookups(Seeing.FORBIDDEN)
    await it.run_until_idle()

    assert it.states() == [SENT]
    assert [post.repeat for post in it.chat.posts] == [False, True]
    assert "marked as a possible repeat" in it.told[0]


async def test_step__looks_again_once_a_lost_channel_is_back() -> None:
    """Who was put out of a channel cannot look into it, nor post there: nothing is marked, and it is found afterwards."""
    it = Delivering()
    await it.watch()
    await it.put(a_delivery(1), a_delivery(2))
    it.chat.next_posts(Posting.LOST_REPLY)
    it.chat.next_lookups(Seeing.LOST, Seeing.LOST)
    await it.run_until_idle(seconds=it.chat.reconcile_after + 4)

    assert [s.problem for s in await it.store.subscriptions(CHANNEL)] == ["no history"]
    assert it.deliverer.lost == {CHANNEL: "no history"}
    await it.run_until_idle()
    assert it.sent == [ONE, TWO]
    assert [post.repeat for post in it.chat.posts] == [False, False]
    assert (len(it.told), it.deliverer.lost) == (1, {})
    assert "Nothing can be posted" in it.told[0]


async def test_step__leaves_to_a_person_what_is_in_doubt_twice() -> None:
    """One repeat is all: should nobody be able to find out about that either, a person decides."""
    it = Delivering()
    await it.put(a_delivery())
    it.chat.next_posts(Posting.LOST_REPLY, Posting.LOST_REPLY)
    it.chat.next_lookups(Seeing.FORBIDDEN, Seeing.FORBIDDEN)
    await it.run_until_idle()

    assert it.states() == [UNKNOWN]
    assert len(it.chat.posts) == 2
    assert "may or may not have been posted" in it.told[1]


async def test_step__tries_again_later_and_keeps_the_order() -> None:
    """A younger row of the channel does not overtake the one that waits."""
    it = Delivering()
    await it.put(a_delivery(1), a_delivery(2))
    it.chat.next_posts(Posting.NO_CONNECTION)
    await it.run_until_idle()

    assert it.sent == [ONE, TWO]
    assert it.chat.looks == []


async def test_step__lets_a_channel_wait_as_long_as_it_asked() -> None:
    """Nothing goes to a rate-limited channel before its time; other channels go on."""
    it = Delivering()
    await it.put(a_delivery(1), a_delivery(2), a_delivery(3, channel="fake:channel:C2"))
    it.chat.next_posts(Posting.RATE_LIMITED)
    await it.run_until_idle()

    assert [m.payload for m in it.chat.messages] == ['{"number": 3}', ONE, TWO]
    assert (it.chat.messages[1].at - it.chat.messages[0].at).total_seconds() >= it.chat.retry_after


@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
async def test_step__lets_a_channel_wait_by_the_time_that_really_passes(jump: float) -> None:
    """The wall clock set back or forward during a pause makes it neither longer nor shorter."""
    it = Delivering()
    await it.put(a_delivery(1), a_delivery(2))
    it.chat.next_posts(Posting.RATE_LIMITED)
    await it.deliverer.step()
    it.clock.jump(jump)
    await it.put(a_delivery(3))
    await it.run_until_idle(seconds=it.chat.retry_after - 1)
    early = it.sent
    await it.run_until_idle(seconds=60)

    assert early == []
    assert it.sent == [ONE, TWO, '{"number": 3}']


async def test_step__bounds_a_wait_that_it_finds_at_start() -> None:
    """A pause stored by a clock that was ahead by a day is over after a quarter of an hour."""
    it = Delivering()
    it.clock.jump(86_400)
    it.restart()
    await it.put(a_delivery(1))
    it.chat.next_posts(Posting.RATE_LIMITED)
    await it.deliverer.step()
    it.clock.jump(-86_400)
    it.restart()
    await it.run_until_idle(seconds=14 * 60)
    early = it.sent
    await it.run_until_idle(seconds=2 * 60)

    assert early == []
    assert it.sent == [ONE]


@pytest.mark.parametrize("how", [Posting.NO_CONNECTION, Posting.FAULTY, Posting.DROPPED])
async def test_step__tries_again_although_the_clock_was_set_back(how: Posting) -> None:
    """Every way back to waiting is kept by the time that really passes."""
    it = Delivering()
    await it.put(a_delivery())
    it.chat.next_posts(how)
    await it.deliverer.step()
    it.clock.jump(-3600)
    await it.run_until_idle(seconds=120)

    assert it.sent == [ONE]


async def test_step__rests_after_failures_in_a_row() -> None:
    """A chat that is down is left alone, then probed once after each rest."""
    it = Delivering()
    await it.put(*[a_delivery(n, channel=f"fake:channel:C{n}") for n in range(20)])
    it.chat.next_posts(*[Posting.NO_CONNECTION] * 7)
    for _ in range(5):
        assert await it.deliverer.step() == 0
    rest = await it.deliverer.step()

    assert rest == 30
    it.clock.pass_time(rest)
    assert await it.deliverer.step() == 0
    assert await it.deliverer.step() == 60
    await it.run_until_idle()
    assert len(it.sent) == 20
    assert it.told == []


async def test_step__keeps_what_is_for_a_lost_channel() -> None:
    """It waits, is tried ever more seldom, and goes out in its order when the channel is back."""
    it = Delivering()
    await it.watch()
    await it.put(a_delivery(1), a_delivery(2), a_delivery(3, channel="fake:channel:C2"))
    it.chat.next_posts(Posting.GONE, Posting.NORMAL, Posting.GONE, Posting.GONE)
    await it.run_until_idle(seconds=10)
    others = it.sent
    lost = [s.problem for s in await it.store.subscriptions(CHANNEL)]
    tries: list[float] = []
    while it.deliverer.lost:
        before = len(it.chat.posts)
        it.clock.pass_time(await it.deliverer.step())
        if len(it.chat.posts) > before:
            tries.append(it.clock.monotonic())
    await it.run_until_idle()

    assert others == ['{"number": 3}']
    assert lost == ["the channel is gone"]
    assert it.sent == ['{"number": 3}', ONE, TWO]
    assert [round(b - a) for a, b in pairwise(tries)] == [120, 240]
    assert len(it.told) == 1
    assert "the channel is gone" in it.told[0]
    assert [s.problem for s in await it.store.subscriptions(CHANNEL)] == [""]


@pytest.mark.parametrize("how", ["start", "join", "server"])
async def test_step__tries_a_lost_channel_at_once_when_told_so(how: str) -> None:
    """A start of the program, an invitation and a server that we see again end the pause."""
    it = Delivering()
    await it.watch()
    await it.put(a_delivery())
    it.chat.next_posts(*[Posting.GONE] * 6)
    while len(it.chat.posts) < 6:
        it.clock.pass_time(await it.deliverer.step())
    began = it.clock.monotonic()
    if how == "start":
        it.restart()
    else:
        await restore(it.store, CHANNEL if how == "join" else "fake:channel")
    await it.run_until_idle()

    assert it.sent == [ONE]
    assert it.clock.monotonic() - began <= it.pace.idle


async def test_step__sums_up_what_waited_for_a_lost_channel() -> None:
    """However long it was lost, a channel that is back reads little, and every run can be reached from it."""
    it = Delivering()
    await it.watch()
    it.chat.next_posts(*[Posting.GONE] * 100)
    for number in range(60):
        await it.put(a_delivery(number))
        await it.run_until_idle(seconds=600)
    waiting = (await it.store.depth()).waiting
    it.chat.behave()
    await it.run_until_idle()

    assert waiting <= 21
    assert len(it.sent) <= 5
    said = " ".join(it.sent)
    assert "ended while this channel could not be reached" in said
    assert said.count('"verb": "status"') >= 20
    told = {m for m in range(60) if f'"number": {m}}}' in said or f"run-{m}" in said}
    assert 59 in told
    assert set(it.states()) == {SENT, DeliveryState.FOLDED}
    assert it.chat.violations == []


async def test_step__posts_the_few_that_waited_one_by_one() -> None:
    """A short absence needs no summary."""
    it = Delivering()
    await it.put(*[a_delivery(n) for n in range(4)])
    it.chat.next_posts(Posting.GONE)
    await it.run_until_idle()

    assert it.sent == [f'{{"number": {n}}}' for n in range(4)]


async def test_step__gives_up_one_bad_message_only() -> None:
    """A message that the chat will never take is dead; the channel is not marked."""
    it = Delivering()
    await it.watch()
    await it.put(a_delivery(1), a_delivery(2))
    it.chat.next_posts(Posting.REFUSED)
    await it.run_until_idle()

    assert it.states() == [DEAD, SENT]
    assert "too long" in it.told[0]
    assert [s.problem for s in await it.store.subscriptions(CHANNEL)] == [""]


async def test_step__stops_all_calls_when_refused_altogether() -> None:
    """After one refusal there is one call an hour until the chat takes us again; it is told once, nothing is lost."""
    it = Delivering()
    await it.put(a_delivery(1), a_delivery(2))
    it.chat.next_posts(Posting.REVOKED, Posting.REVOKED)
    await it.run_until_idle(seconds=WHILE_HALTED - 1)
    first_hour = len(it.chat.posts)
    await it.run_until_idle(seconds=WHILE_HALTED)

    assert (first_hour, len(it.chat.posts)) == (1, 2)
    assert it.states() == [PENDING, PENDING]
    assert it.deliverer.halted == "the token was revoked"
    assert len(it.told) == 1
    await it.run_until_idle(seconds=WHILE_HALTED)
    assert it.sent == [ONE, TWO]
    assert it.deliverer.halted == ""


async def test_step__gives_up_a_row_over_which_the_sender_breaks() -> None:
    """Three faults of ours make a dead letter; the rows behind it are delivered."""
    it = Delivering()
    await it.put(a_delivery(1))
    it.chat.next_posts(*[Posting.FAULTY] * 3)
    await it.run_until_idle()
    await it.put(a_delivery(2))
    await it.run_until_idle()

    assert it.states() == [DEAD, SENT]
    assert it.sent == [TWO]
    assert "a fault of the sender: ValueError" in it.told[0]


async def test_step__drops_a_claim_that_grew_old() -> None:
    """A process that slept between claim and request does not send: another may have by then."""
    service = FakeRunService()
    it = Delivering(platforms={"demo": service.platform})
    await it.put(a_delivery(report=RunRef("demo", "run-1")))

    async def slow(run_id: str) -> Secret | None:
        it.clock.pass_time(6)
        return None

    service.report_link = slow  # type: ignore[method-assign]  # the process is frozen here
    await it.deliverer.step()

    assert it.chat.posts == []
    assert it.states() == [SENDING]
    assert it.deliverer.counts == {"stale": 1}
    del service.report_link
    service.add_run(a_run(1, connection="demo"))
    await it.run_until_idle()
    assert it.sent == [ONE]


async def test_step__drops_a_claim_that_only_the_wall_clock_calls_old() -> None:
    """A frozen machine's monotonic clock stood still; the wall clock tells."""
    it = Delivering(platforms={"demo": FakeRunService().platform})
    await it.put(a_delivery(report=RunRef("demo", "run-1")))

    async def frozen(channel: str) -> bool:
        it.clock.jump(600)
        return True

    it.chat.is_shared = frozen  # type: ignore[method-assign]  # the machine is frozen here
    await it.deliverer.step()

    assert it.chat.posts == []


@pytest.mark.parametrize("ahead", [-3600.0, 0.0, 20.0, 3600.0])
async def test_step__waits_whole_for_what_another_process_tried(ahead: float) -> None:
    """A look that comes too early finds nothing and sends twice: by the clock of the other nobody sees how long that was ago."""
    it = Delivering()
    await it.put(a_delivery())
    await it.store.claim(frozenset({"fake"}), it.clock.now())
    it.clock.pass_time(10.0)
    it.clock.jump(ahead)
    it.restart()
    await it.run_until_idle()

    assert it.sent == [ONE]
    assert it.clock.monotonic() == 10.0 + it.chat.reconcile_after


@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
async def test_step__is_not_held_back_by_a_clock_that_jumps(jump: float) -> None:
    """An attempt in the future, or long ago, never waits longer than one settle time."""
    it = Delivering()
    await it.put(a_delivery())
    it.chat.next_posts(Posting.CRASH_AFTER)
    with pytest.raises(Crash):
        await it.deliverer.step()
    it.clock.jump(jump)
    it.restart()
    it.chat.next_lookups(Seeing.UNREADABLE)
    await it.run_until_idle()

    assert it.chat.doubled == ()
    assert len(it.sent) <= 1
    assert it.clock.monotonic() <= it.chat.reconcile_after + 5


@pytest.mark.parametrize(
    ("links", "shared", "expected"),
    [
        (ReportLinks.POST, False, Secret(LINK)),
        (ReportLinks.PRIVATE, False, None),
        (ReportLinks.POST, True, None),
    ],
)
async def test_step__fills_in_a_fresh_report_link(
    links: ReportLinks, shared: bool, expected: Secret | None
) -> None:
    """The signed link goes along only where the settings and the channel allow it."""
    service = FakeRunService()
    run = service.add_run(a_run(1))
    service.set_report(run, LINK)
    it = Delivering(platforms={"demo": service.platform})
    if shared:
        it.chat.shared.add(CHANNEL)
    await it.put(a_delivery(report=run.ref, report_links=links))
    await it.run_until_idle()

    assert [post.report_url for post in it.chat.posts] == [expected]
    assert it.chat.violations == []


@pytest.mark.parametrize("error", [Unreachable("no answer"), ValueError("a fault of ours")])
async def test_step__posts_without_a_link_where_it_cannot_be_had(error: Exception) -> None:
    """The message matters more than its link, which the button then answers in private."""
    service = FakeRunService()
    run = service.add_run(a_run(1))
    it = Delivering(platforms={"demo": service.platform})
    service.fail("report_link", error)  # type: ignore[arg-type]  # a fault of ours is none of the port's
    await it.put(a_delivery(report=run.ref), a_delivery(2, report=RunRef("gone", "run-2")))
    await it.run_until_idle()

    assert [post.report_url for post in it.chat.posts] == [None, None]


async def test_run__is_woken_by_new_rows_and_stops() -> None:
    """A committed row goes out at once, without waiting for the clock."""
    it = Delivering()
    task = asyncio.create_task(it.deliverer.run())
    await it.clock.advance(0)
    await it.put(a_delivery())
    it.deliverer.wake()
    await it.clock.advance(0)

    assert it.sent == [ONE]
    it.deliverer.stop()
    await asyncio.wait_for(task, 1)
    assert it.clock.sleeping == 0


async def test_run__outlives_the_database_and_its_own_faults(caplog: pytest.LogCaptureFixture) -> None:
    """Trouble is logged, and after a while everything goes on."""
    it = Delivering()
    task = asyncio.create_task(it.deliverer.run())
    it.store.failing = "the disk is full"
    await it.clock.advance(10)
    it.store.failing = None
    claim = it.store.claim
    it.store.claim = None  # type: ignore[method-assign, assignment]  # a fault of ours
    await it.clock.advance(10)
    it.store.claim = claim  # type: ignore[method-assign]  # mended
    await it.put(a_delivery())
    await it.clock.advance(10)

    assert it.sent == [ONE]
    assert "the disk is full" in caplog.text
    assert "failed unexpectedly" in caplog.text
    it.deliverer.stop()
    await asyncio.wait_for(task, 1)


async def test_run__finishes_the_post_that_is_under_way() -> None:
    """Stopping lets the answer be recorded; nothing is left in doubt."""
    it = Delivering()
    await it.put(a_delivery(1), a_delivery(2))
    post, begun, go = it.chat.post, asyncio.Event(), asyncio.Event()

    async def slow(message: object) -> object:
        begun.set()
        await go.wait()
        return await post(message)  # type: ignore[arg-type]  # passed on as it came

    it.chat.post = slow  # type: ignore[method-assign, assignment]  # held until the test says go
    it.deliverer._sending = replace(it.deliverer._sending, deadline=10)
    task = asyncio.create_task(it.deliverer.run())
    await begun.wait()
    it.deliverer.stop()
    go.set()
    await asyncio.wait_for(task, 1)

    assert it.states() == [SENT, PENDING]


async def test_run__leaves_a_cancelled_post_in_doubt() -> None:
    """A post that is cut off may be there; the next process looks for it."""
    it = Delivering(pace=Pace(post=10, per_channel=0))
    await it.put(a_delivery())
    it.chat.next_posts(Posting.HANGING)
    task = asyncio.create_task(it.deliverer.run())
    await it.clock.advance(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert it.states() == [SENDING]
    it.restart()
    await it.run_until_idle()
    assert it.sent == [ONE]
    assert it.states() == [SENT]


async def test_step__survives_a_database_that_is_gone_after_the_post() -> None:
    """What was posted but could not be recorded is found again."""
    it = Delivering()
    await it.put(a_delivery())
    settle = it.store.mark_sent
    it.store.mark_sent = None  # type: ignore[method-assign, assignment]  # the commit fails
    with pytest.raises(TypeError):
        await it.deliverer.step()
    it.store.mark_sent = settle  # type: ignore[method-assign]  # the database is back
    await it.run_until_idle()

    assert it.sent == [ONE]
    assert it.states() == [SENT]


async def test_tell__does_not_fail_for_an_operator_who_cannot_be_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A failing notice changes nothing for the rows."""
    it = Delivering()

    async def failing(sentence: str) -> None:
        raise ValueError(sentence)

    it.deliverer._notify_operator = failing
    await it.put(a_delivery(1), a_delivery(2))
    it.chat.next_posts(Posting.REFUSED)
    await it.run_until_idle()

    assert it.states() == [DEAD, SENT]
    assert "the operator could not be notified" in caplog.text


async def test_step__posts_a_reply_into_the_thread_of_what_it_follows() -> None:
    """A correction stands under the message that it corrects, even when that one is still in doubt."""
    it = Delivering()
    first = a_delivery(1)
    await it.put(first, a_delivery(2, after=first.key))
    it.chat.next_posts(Posting.LOST_REPLY)
    await it.run_until_idle()

    assert [(m.payload, m.thread) for m in it.chat.messages] == [(ONE, None), (TWO, "m1")]
    assert it.chat.violations == []


async def test_step__leaves_rows_of_other_chats_alone() -> None:
    """Each chat has its own deliverer."""
    it = Delivering()
    await it.put(a_delivery(1, channel="other:channel:C1"))
    it.clock.pass_time(timedelta(hours=1).total_seconds())
    await it.deliverer.step()

    assert it.states() == [PENDING]


async def test_step__asks_seldom_where_it_is_refused_again_and_again() -> None:
    """Chats ban who makes thousands of invalid requests: ten minutes of refusals in five channels are a few."""
    it = Delivering()
    it.chat.next_posts(*[Posting.GONE] * 1_000)
    channels = [f"fake:channel:C{number}" for number in range(5)]
    await it.put(*(a_delivery(n, channel=channels[n % 5]) for n in range(300)))
    await it.run_until_idle(600)

    assert 5 <= len(it.chat.posts) < 100
