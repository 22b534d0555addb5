"""What a quiet channel does not hear at once it hears later, once, in one message; whatever happens in between."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.cards import Context, Mention, Tone
from bot.delivery.deliver import Deliverer, DeliveryStore
from bot.delivery.digest import MANY
from bot.delivery.held import LOOK_AT_ALL_EVERY, TOGETHER
from bot.delivery.keys import key_of, results_key
from bot.model import RunStatus, VerdictKind
from bot.state import ChannelSettings, DeliveryState, Ending, Mute, NewDelivery, Outcome
from tests.fakes.chat import Posting
from tests.fakes.crash import Crash, FragileStore
from tests.fakes.delivering import CHANNEL, Delivering, a_delivery
from tests.fakes.runs import a_run
from tests.fakes.watching import a_subscription

HOUR = 3600.0


@dataclass(kw_only=True)
class Quietly(Delivering):
    """A deliverer whose channel is quiet for the next eight hours, over a store that may die."""

    def __post_init__(self) -> None:
        self.fragile = FragileStore(self.store)
        super().__post_init__()

    @property
    def reached(self) -> DeliveryStore:
        return self.fragile.typed

    async def quiet(self, hours: float = 8) -> datetime:
        """Let the channel be quiet from now on; return when that is over."""
        now, end = self.clock.now(), self.clock.now() + timedelta(hours=hours)
        end = end.replace(second=0, microsecond=0)
        settings = ChannelSettings(
            channel=CHANNEL, quiet_from=now.time().replace(second=0, microsecond=0), quiet_to=end.time()
        )
        await self.store.set_channel(settings, now)
        return end

    async def mute(self, hours: float = 3, **scope: str) -> Mute:
        """Mute the channel, or some of its runs."""
        now = self.clock.now()
        mute = Mute(channel=CHANNEL, since=now, until=now + timedelta(hours=hours), **scope)
        await self.store.mute(mute, now)
        return mute

    async def ends(
        self, number: int, *new: str, until: datetime, launcher: str = "Nightly", **changes: object
    ) -> NewDelivery:
        """Let a run end whose announcement is held."""
        run = a_run(number, launcher=launcher)
        await self.store.track(run, self.clock.now())
        ending = Ending(
            run=run.ref, verdict=VerdictKind.FAILED if new else VerdictKind.PASSED, tone=Tone.BAD if new else Tone.GOOD,
            outcome=f": {len(new)} new failures" if new else " passed", launcher=launcher, new=new, new_count=len(new),
            failing=len(new),
        )  # fmt: skip
        fields: dict[str, Any] = {
            "key": key_of(run.ref, RunStatus.COMPLETED, CHANNEL),
            "ending": ending,
            "context": Context(run=run.ref),
            "held_until": until,
            **changes,
        }
        delivery = a_delivery(number, **fields)
        await self.put(delivery)
        return delivery

    async def results(self, number: int, *, until: datetime, after: NewDelivery) -> None:
        """Let the results of a run come that had ended without."""
        key = results_key(a_run(number).ref, RunStatus.COMPLETED, CHANNEL)
        await self.ends(number, "new", until=until, key=key, after=after.key)

    async def work(self, seconds: float) -> None:
        """Deliver for so long."""
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            self.clock.pass_time(min(await self.deliverer.step() or 0.001, 60.0))


@pytest.fixture
def it() -> Quietly:
    """Return a deliverer to a channel."""
    return Quietly()


def said(payload: str) -> str:
    """Return all that a card says, as text."""
    return json.dumps(json.loads(payload), ensure_ascii=False)


def title(payload: str) -> str:
    """Return the title of a card."""
    return "".join(json.loads(payload)["title"])


async def test_look__holds_until_the_hours_are_over(it: Quietly) -> None:
    """Nothing comes before; then one message says what ended, new failures by name, each run with its buttons."""
    end = await it.quiet()
    await it.ends(1, "a never happens", "b holds", until=end)
    await it.ends(2, until=end)
    await it.work((end - it.clock.now()).total_seconds() - 60)
    assert it.sent == []
    await it.work(180)
    (sent,) = it.sent
    asked = [[b["command"]["verb"] for b in item["buttons"]] for item in json.loads(sent)["items"]]

    assert title(sent) == "2 runs ended while this channel was quiet: 1 FAILED and 1 passed"
    assert "a never happens" in said(sent)
    assert "b holds" in said(sent)
    assert asked == [["status", "failing"], ["status"]]
    assert set(it.states()) == {DeliveryState.FOLDED, DeliveryState.SENT}
    assert it.chat.doubled == ()


async def test_look__one_message_comes_as_it_is(it: Quietly) -> None:
    """With all that its card has, and what its thread speaks of."""
    end = await it.quiet()
    delivery = await it.ends(1, until=end)
    await it.work(9 * HOUR)

    assert it.sent == [delivery.payload]
    assert it.states() == [DeliveryState.SENT]


async def test_look__late_results_of_a_held_end_stay_with_it(it: Quietly) -> None:
    """Alone they are a reply below their message; among others the list says what was told last, once."""
    end = await it.quiet()
    first = await it.ends(1, until=end)
    await it.results(1, until=end, after=first)
    await it.work(9 * HOUR)
    above, below = it.chat.messages
    assert (above.thread, below.thread) == (None, above.id)

    end = await it.quiet()
    second = await it.ends(2, until=end)
    await it.results(2, until=end, after=second)
    await it.ends(3, until=end)
    await it.work(25 * HOUR)
    assert title(it.sent[-1]) == "2 runs ended while this channel was quiet: 1 FAILED and 1 passed"
    assert len(it.sent) == 3


async def test_look__a_reply_to_what_is_there_stays_a_reply(it: Quietly) -> None:
    """Results that come in the night belong below a post of the day before, although others ended too."""
    day = await it.ends(1, until=it.clock.now())
    await it.work(10)
    end = await it.quiet()
    await it.results(1, until=end, after=day)
    await it.ends(2, until=end)
    await it.ends(3, until=end)
    await it.work(9 * HOUR)
    post, *others = it.chat.messages

    assert sorted(message.thread or "" for message in others) == ["", post.id]


async def test_look__other_words_come_as_they_are(it: Quietly) -> None:
    """What is no end of a run is in no list; it is held as long, and comes whole."""
    end = await it.quiet()
    await it.put(a_delivery(7, key="appeared:7", held_until=end))
    await it.ends(1, until=end)
    await it.ends(2, until=end)
    await it.work(9 * HOUR)

    assert [payload for payload in it.sent if "number" in payload] == ['{"number": 7}']
    assert len(it.sent) == 2


async def test_look__a_mute_ends_once_with_what_ended_meanwhile(it: Quietly) -> None:
    """Also where that is nothing; what is not muted is not held."""
    await it.mute(3, launcher="Nightly")
    await it.mute(6, launcher="Weekly")
    await it.ends(1, "lost write", until=it.clock.now() + timedelta(hours=3))
    await it.work(12 * HOUR)
    first, second = it.sent

    assert "The mute of " in said(first)
    assert "Nightly" in said(first)
    assert "lost write" in said(first)
    assert title(second) == "Notifying again"
    assert "No run that was held back ended meanwhile." in said(second)
    assert await it.store.mutes() == ()


async def test_look__a_mute_whose_runs_wait_for_the_digest_does_not_deny_them(it: Quietly) -> None:
    """They are told by that; that nothing ended meanwhile would be a lie."""
    now = it.clock.now()
    await it.store.set_channel(
        ChannelSettings(channel=CHANNEL, digest=(now + timedelta(hours=6)).time()), now
    )
    await it.mute(3, launcher="Nightly")
    await it.ends(1, "lost write", until=now + timedelta(hours=6))
    row = next(iter(it.store.outbox.values()))
    assert row.delivery.ending is not None
    ending = replace(row.delivery.ending, outcomes=frozenset({Outcome.ALL}))
    row.delivery = replace(row.delivery, ending=ending)
    await it.work(5 * HOUR)
    (sent,) = it.sent

    assert title(sent) == "Notifying again"
    assert "What ended meanwhile is told later." in said(sent)


async def test_look__a_mute_that_ends_at_night_is_announced_in_the_morning(it: Quietly) -> None:
    """One message for both: a quiet channel is quiet."""
    end = await it.quiet()
    await it.mute(2)
    await it.ends(1, until=end)
    await it.work((end - it.clock.now()).total_seconds() - 60)
    assert it.sent == []
    await it.work(120)
    (sent,) = it.sent

    assert json.loads(sent)["body"] == [["The mute of ", "all runs", " is over."]]
    assert "1 run ended" in said(sent)


async def test_look__who_ends_the_quiet_hears_at_once(it: Quietly) -> None:
    """The rules of now count, not those of when it was decided; also where a mute was prolonged."""
    end = await it.quiet()
    mute = await it.mute(2)
    await it.ends(1, until=end)
    await it.store.set_channel(ChannelSettings(channel=CHANNEL), it.clock.now())
    await it.work(60)
    assert it.sent == []
    await it.store.mute(replace(mute, until=it.clock.now() + timedelta(hours=20)), it.clock.now())
    await it.work(10 * HOUR)
    assert it.sent == []
    await it.store.mute(replace(mute, until=it.clock.now()), it.clock.now())
    await it.work(10)

    assert len(it.sent) == 1


async def test_look__what_was_decided_by_old_rules_does_not_wait_for_them(it: Quietly) -> None:
    """Somebody ended the quiet while an announcement was being decided: it comes within a minute, not in the morning."""
    await it.ends(1, until=it.clock.now() + timedelta(hours=8))
    await it.work(LOOK_AT_ALL_EVERY + 5)

    assert len(it.sent) == 1


async def test_look__ends_of_one_look_wait_for_each_other(it: Quietly) -> None:
    """For half a minute at the most, should the look hang; and nobody is told of quiet."""
    await it.work(LOOK_AT_ALL_EVERY)
    until = it.clock.now() + TOGETHER
    await it.ends(1, "new", until=until)
    await it.ends(2, until=until)
    await it.work(TOGETHER.total_seconds() - 5)
    assert it.sent == []
    await it.work(15)
    (sent,) = it.sent

    assert title(sent) == "2 runs ended: 1 FAILED and 1 passed"


async def test_look__a_process_that_begins_leaves_a_look_its_time(it: Quietly) -> None:
    """Another one may be in the middle of it: what waits for the other ends of a look is not torn apart by who takes over."""
    await it.work(1)
    delivery = await it.ends(1, until=it.clock.now() + TOGETHER)
    await it.work(1)
    assert it.sent == []
    it.restart()
    await it.work(10)
    early = list(it.sent)
    await it.work(TOGETHER.total_seconds())

    assert early == []
    assert it.sent == [delivery.payload]


async def test_look__whoever_is_mentioned_is_mentioned_once(it: Quietly) -> None:
    """One message mentions all whom the messages in it would have."""
    end = await it.quiet()
    for number, who in ((1, "fake:user:U1"), (2, "fake:user:U2"), (3, "fake:user:U1")):
        delivery = await it.ends(number, until=end)
        row = it.store.outbox[delivery.key]
        assert row.delivery.ending is not None
        ending = replace(row.delivery.ending, mentions=(Mention(who, "For"),))
        row.delivery = replace(row.delivery, ending=ending)
    await it.work(9 * HOUR)
    (sent,) = it.sent

    assert [mention["who"] for mention in json.loads(sent)["mentions"]] == ["fake:user:U1", "fake:user:U2"]


async def test_look__more_than_a_list_shows_is_one_message(it: Quietly) -> None:
    """What has no entry is counted, and its new failures are named."""
    end = await it.quiet()
    for number in range(1, 31):
        await it.ends(number, f"failure {number}", until=end)
    await it.work(9 * HOUR)
    (sent,) = it.sent
    card = json.loads(sent)

    assert title(sent) == "30 runs ended while this channel was quiet: 30 FAILED"
    assert card["items_left_out"] == 10
    assert "New in the others: " in said(sent)


async def test_look__a_flood_in_one_look_is_summed_up_as_ever(it: Quietly) -> None:
    """Hundreds that ended during an outage are no list; the operator hears of it."""
    for number in range(1, MANY + 30):
        await it.ends(number, until=it.clock.now())
    await it.work(300)
    (sent,) = it.sent

    assert title(sent) == f"{MANY + 29} runs ended"
    assert len(it.told) == 1


async def test_look__offers_to_hear_of_less(it: Quietly) -> None:
    """As the post of a single run does, where a subscription made in chat notifies of every run."""
    await it.store.subscribe(a_subscription(CHANNEL), it.clock.now())
    end = await it.quiet()
    await it.ends(1, until=end)
    await it.ends(2, until=end)
    await it.work(9 * HOUR)

    assert [b["command"]["verb"] for b in json.loads(it.sent[0])["buttons"]] == ["watch"]


CALLS = (
    "held_channels",
    "channel_settings",
    "mutes",
    "held",
    "recorded",
    "hold",
    "fold",
    "release",
    "claim",
    "mark_sent",
)


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("alone", [False, True])
async def test_look__a_kill_loses_and_doubles_nothing(
    it: Quietly, call: str, *, committed: bool, alone: bool
) -> None:
    """Before and after each call: whatever is held is told once, and a mute ends once."""
    end = await it.quiet(2)
    if not alone:
        await it.mute(1, launcher="Weekly")
        await it.ends(2, until=end)
        await it.put(a_delivery(7, key="appeared:7", held_until=end))
    await it.ends(1, "lost write", until=end + timedelta(seconds=5))
    it.clock.pass_time(1.9 * HOUR)
    it.fragile.doomed = (call, committed)
    for _ in range(3):
        try:
            await it.work(HOUR)
        except Crash:
            it.restart()
    told = [payload for payload in it.sent if "number" not in payload or '"number": 1}' in payload]

    assert it.fragile.doomed is None or call in {"hold", "fold"}, "the call came"
    assert len(told) == 1
    assert len(it.sent) == (1 if alone else 2)
    assert it.chat.doubled == ()
    assert await it.store.mutes() == ()


async def test_look__two_processes_make_one_message(it: Quietly) -> None:
    """On one database, step by step beside each other."""
    end = await it.quiet(2)
    await it.mute(1)
    await it.ends(1, until=end)
    await it.ends(2, until=end)
    other = Deliverer(
        it.chat,
        it.store,
        platforms={},
        clock=it.clock,
        notify_operator=it.deliverer._notify_operator,
        pace=it.pace,
    )
    it.clock.pass_time(3 * HOUR)
    for _ in range(50):
        await it.deliverer.step()
        it.clock.pass_time(await other.step() / 2)

    assert len(it.sent) == 1


async def test_look__a_lost_channel_keeps_what_was_held(it: Quietly) -> None:
    """In the morning nobody can be reached: it waits on, and comes when the channel is back."""
    await it.watch()
    end = await it.quiet(2)
    await it.ends(1, "lost write", until=end)
    await it.ends(2, until=end)
    it.chat.next_posts(Posting.GONE)
    await it.work(4 * HOUR)

    assert len(it.sent) == 1
    assert "lost write" in said(it.sent[0])


async def test_look__what_cannot_be_summed_up_comes_one_by_one(
    it: Quietly, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault of ours in the list keeps no failure back, nor any other message of the chat."""

    def broken(*_: object, **__: object) -> None:
        raise ValueError("no card")

    monkeypatch.setattr("bot.delivery.held.endings.together", broken)
    end = await it.quiet(2)
    first, second = await it.ends(1, until=end), await it.ends(2, until=end)
    await it.put(other := a_delivery(7, key="appeared:7", channel="fake:channel:C2"))
    await it.work(3 * HOUR)

    assert sorted(it.sent) == sorted([first.payload, second.payload, other.payload])
    assert "no summary can be made" in caplog.text


@pytest.mark.parametrize("call", ["held", "digested"])
async def test_look__a_fault_in_one_channel_stops_no_other(
    it: Quietly, call: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What waits for others is posted all the same, and the log has the fault."""
    now = it.clock.now()
    await it.store.set_channel(
        ChannelSettings(channel=CHANNEL, digest=(now + timedelta(hours=1)).time()), now
    )
    await it.ends(1, until=now)

    async def broken(*_: object) -> None:
        raise ValueError("not to be read")

    monkeypatch.setattr(it.store, "held" if call == "held" else "begin_digests", broken)
    await it.put(other := a_delivery(7, key="appeared:7", channel="fake:channel:C2"))
    await it.work(10)

    assert other.payload in it.sent
    assert "not to be read" in caplog.text
