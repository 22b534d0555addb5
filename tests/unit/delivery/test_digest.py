"""Many messages for one channel become one; nothing of them is lost, and other chats do not notice."""

from __future__ import annotations

import json

import pytest

from bot.delivery.deliver import Deliverer, Pace
from bot.delivery.digest import LONGEST_TAKING_IN, MANY, QUIET, TAKES_IN
from bot.delivery.keys import announces_end, key_of, results_key
from bot.delivery.lost_channels import FEW
from bot.model import RunRef, RunStatus
from bot.replies.endings import LISTED
from bot.state import DeliveryState
from tests.fakes.chat import FakeChat, Posting
from tests.fakes.delivering import CHANNEL, Delivering, a_delivery
from tests.fakes.runs import a_run, some_results
from tests.fakes.watching import Watching, a_subscription

PENDING, SENT, FOLDED = DeliveryState.PENDING, DeliveryState.SENT, DeliveryState.FOLDED
OTHER = "fake:channel:C2"


def title(payload: str) -> str:
    """Return the title of a summary."""
    return "".join(json.loads(payload)["title"])


@pytest.fixture
def it() -> Delivering:
    """Return a deliverer at its usual pace."""
    return Delivering(pace=Pace(post=0.02, lookup=0.02))


async def test_step__posts_a_few_one_by_one(it: Delivering) -> None:
    """As many as a channel can bear come as they are."""
    await it.put(*(a_delivery(n) for n in range(MANY)))
    await it.run_until_idle()

    assert it.sent == [f'{{"number": {n}}}' for n in range(MANY)]
    assert it.told == []


async def test_step__sums_up_a_deep_backlog(it: Delivering) -> None:
    """A week of runs is one message: the newest first, each with its button, and a word about the others."""
    await it.put(*(a_delivery(n) for n in range(700)))
    began = it.clock.monotonic()
    await it.run_until_idle()
    (sent,) = it.sent
    card = json.loads(sent)
    asked = [button["command"] for item in card["items"] for button in item["buttons"]]

    assert title(sent) == "700 runs ended"
    runs = [f"demo/run-{n}" for n in range(699, 699 - LISTED, -1)]
    assert asked == [{"verb": "status", "values": {"run": run}} for run in runs]
    assert card["items_left_out"] == 700 - LISTED
    recent = {"verb": "status", "values": {"count": "30"}}
    assert [button["command"] for button in card["buttons"]] == [recent]
    assert set(it.states()) == {SENT, FOLDED}
    (notice,) = it.told
    assert notice.startswith("700 messages were waiting for fake:channel:C1. Clew posts one summary instead")
    assert it.clock.monotonic() - began <= LONGEST_TAKING_IN
    assert it.chat.violations == []
    assert dict(it.deliverer.crowded) == {CHANNEL: notice}
    it.clock.pass_time(QUIET)
    assert it.deliverer.crowded == {}


async def test_step__sums_up_what_still_comes(it: Delivering) -> None:
    """While a backlog is being worked off, hundreds more come: a channel gets one message every two minutes."""
    seconds = 600
    for second in range(seconds):
        await it.put(*(a_delivery(10 * second + n) for n in range(3)))
        while (wait := await it.deliverer.step()) == 0:
            pass
        assert wait > 0
        it.clock.pass_time(1)
    await it.run_until_idle()
    singles = [payload for payload in it.sent if "number" in payload]
    summaries = [payload for payload in it.sent if "title" in payload]
    told = len(singles) + sum(int(title(payload).split()[0]) for payload in summaries)

    assert told == 3 * seconds
    assert len(summaries) <= seconds / LONGEST_TAKING_IN + 1
    assert len(singles) <= MANY * (len(summaries) + 1)
    assert len(it.told) == 1
    assert it.chat.doubled == ()


async def test_step__a_summary_goes_out_soon_where_nothing_more_comes(it: Delivering) -> None:
    """A channel is not kept waiting longer than it takes to see that it was all."""
    await it.put(*(a_delivery(n) for n in range(MANY + 1)))
    began = it.clock.monotonic()
    await it.run_until_idle()

    assert len(it.sent) == 1
    assert it.clock.monotonic() - began <= TAKES_IN + it.pace.idle


async def test_step__other_channels_and_threads_stay_as_they_are(it: Delivering) -> None:
    """Who waits for an answer in a thread gets it there, and a quiet channel hears of each run."""
    await it.put(a_delivery(0, channel=OTHER), a_delivery(1000, thread="m7"))
    await it.put(*(a_delivery(n) for n in range(1, 100)))
    await it.run_until_idle()

    assert '{"number": 0}' in it.sent
    assert len(it.sent) == 3
    assert [m.thread for m in it.chat.messages if m.payload == '{"number": 1000}'] == ["m7"]


async def test_step__messages_that_are_about_no_run_are_never_summed_up(it: Delivering) -> None:
    """Nobody could find out from a summary what they said; they come one by one."""
    await it.put(*(a_delivery(n, context=None) for n in range(30)))
    await it.run_until_idle()

    assert it.sent == [f'{{"number": {n}}}' for n in range(30)]


@pytest.mark.parametrize(("first", "number"), [(Posting.NORMAL, MANY + 10), (Posting.GONE, FEW + 7)])
async def test_step__only_ends_of_runs_are_summed_up(it: Delivering, first: Posting, number: int) -> None:
    """In a crowded channel, and in one that is back: that a launch appeared is said in its own words and is no end."""
    await it.watch()
    it.chat.next_posts(first, Posting.NORMAL)
    appeared = [a_delivery(n, key=f"appeared:{n}") for n in range(500, 500 + number)]
    for other, n in zip(appeared, range(number), strict=True):
        await it.put(other, a_delivery(n))
    await it.run_until_idle()
    summaries = [title(payload) for payload in it.sent if "title" in payload]

    assert [payload for payload in it.sent if "number" in payload] == [d.payload for d in appeared]
    assert [words for words in summaries if str(number) in words.split()] == summaries
    assert len(summaries) == 1
    assert it.chat.doubled == ()


async def test_tells_of_end__knows_what_the_watcher_sends(it: Delivering) -> None:
    """An end, its correction and the results that came late are summed up; a key that only looks alike is not."""
    channel, ref = CHANNEL, RunRef("demo", "run-1")
    done, broken = RunStatus.COMPLETED, RunStatus.INCOMPLETE

    for key in (key_of(ref, done, channel), key_of(ref, broken, channel), results_key(ref, done, channel)):
        await it.put(a_delivery(1, key=key))
    for key in ("appeared:7", "unknown:7", "demo:run-2:completed:" + channel):
        await it.put(a_delivery(1, key=key))

    assert [announces_end(d) for d in await it.store.waiting(channel)] == [True] * 3 + [False] * 3


@pytest.mark.parametrize("how", [Posting.NO_CONNECTION, Posting.DROPPED, Posting.REVOKED])
async def test_step__an_hour_of_silence_ends_in_one_message(it: Delivering, how: Posting) -> None:
    """A chat is down for an hour while 500 runs end: the queue stays short, and the other chat goes on at its pace."""
    other = FakeChat(name="other", clock=it.clock)
    alive = Deliverer(
        other,
        it.store,
        platforms={},
        clock=it.clock,
        notify_operator=it.deliverer._notify_operator,
        pace=it.pace,
    )
    it.chat.next_posts(*[how] * 10_000)
    deepest = 0
    for number in range(500):
        await it.put(a_delivery(number), a_delivery(number, channel="other:channel:C1"))
        end = it.clock.monotonic() + 3600 / 500
        while it.clock.monotonic() < end:
            mine, others = await it.deliverer.step(), await alive.step()
            it.clock.pass_time(min(mine, others, end - it.clock.monotonic()))
        waiting = [r for r in it.store.outbox.values() if r.delivery.state is PENDING]
        deepest = max(deepest, sum(r.delivery.channel.startswith("fake") for r in waiting))
    assert len(other.messages) == 500
    assert it.sent == []

    it.chat.behave()
    await it.run_until_idle()

    told = sum(int(title(p).split()[0]) if "title" in p else 1 for p in it.sent)
    assert told == 500
    assert len(it.sent) <= MANY + 2
    assert it.chat.doubled == ()
    assert deepest <= MANY + 2


async def test_step__a_backup_of_last_week_is_one_message() -> None:
    """What ended since an old backup was made is read again and told at once, not for hours; the operator hears of it."""
    watching = Watching()
    await watching.begin(a_subscription(CHANNEL))
    for number in range(1, 121):
        run = watching.starts(number, launcher=f"launcher {number}")
        watching.clock.pass_time(3600)
        watching.service.finish(run, some_results(run, passing=("a",)))
    it = Delivering(clock=watching.clock, store=watching.store, pace=Pace(post=0.02, lookup=0.02))
    await watching.tick()
    await it.run_until_idle()
    (sent,) = it.sent

    assert title(sent) == "120 runs ended"
    assert json.loads(sent)["items"][0]["buttons"][0]["command"]["values"] == {
        "run": f"demo/{a_run(120).ref.run_id}"
    }
    assert len(it.told) == 1
