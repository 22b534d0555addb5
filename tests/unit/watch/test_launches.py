"""Finding out what became of launches without an answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.cards import plain
from bot.each import each
from bot.errors import RateLimited, ServiceError, Unreachable
from bot.model import RunRef
from bot.state import Delivery, Intent, IntentState
from bot.watch.launches import LOOKS
from tests.fakes.chat import FakeChat
from tests.fakes.runs import MOMENT, a_run, run_id
from tests.fakes.service import FakeRunService, Launching
from tests.fakes.stage import CHANNEL, Stage


def the_intent(stage: Stage) -> Intent:
    """Return the last intent."""
    return list(stage.memory.intents.values())[-1]


async def a_lost_launch(how: Launching) -> Stage:
    """Return a stage with a launch of unknown outcome."""
    stage = Stage()
    stage.service.next_launch(how)
    await stage.launched()
    return stage


def rows(stage: Stage) -> list[Delivery]:
    """Return what the outbox holds."""
    return [row.delivery for row in stage.memory.outbox.values()]


def told(stage: Stage) -> list[str]:
    """Return what the outbox holds, as business keys without the intent."""
    return [row.key.partition(":")[0] for row in rows(stage)]


async def test_tick__finds_a_launch_whose_answer_was_lost() -> None:
    """L1: found by its key at the first look, followed, and never sent again."""
    stage = await a_lost_launch(Launching.LOST_REPLY)
    await stage.pass_time(5)
    intent = the_intent(stage)

    assert intent.state is IntentState.ACCEPTED
    assert [RunRef("demo", intent.run_id or "")] == [t.ref for t in await stage.memory.tracked("demo")]
    assert len(stage.service.launches) == 1
    assert told(stage) == [], "the live card says it"
    assert stage.memory.trail[-1].decision == "accepted"


async def test_tick__finds_a_launch_accepted_without_an_id() -> None:
    """L4: a null id is looked up the same way."""
    stage = await a_lost_launch(Launching.NO_ID)
    await stage.pass_time(5)

    assert the_intent(stage).state is IntentState.ACCEPTED


async def test_tick__looks_up_on_schedule() -> None:
    """Looks go out at 5, 15, 30, 60, 120, 300 and 600 s, not at every tick."""
    stage = await a_lost_launch(Launching.LOST_REQUEST)
    sent = the_intent(stage).posted_at
    assert sent is not None
    looks: list[timedelta] = []
    while stage.clock.now() < sent + timedelta(seconds=640):
        before = stage.service.count("find_launched")
        await stage.pass_time(5)
        if stage.service.count("find_launched") > before:
            looks.append(stage.clock.now() - sent)

    assert looks == list(LOOKS)


@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
async def test_tick__looks_although_the_clock_was_set(jump: float) -> None:
    """The schedule hangs on the time that really passed since sending, not on the wall clock's."""
    stage = await a_lost_launch(Launching.LOST_REQUEST)
    await stage.pass_time(5)
    stage.clock.jump(jump)
    await stage.pass_time(50)
    after_a_minute = stage.service.count("find_launched")
    await stage.pass_time(560)

    assert after_a_minute == 3
    assert the_intent(stage).state is IntentState.UNKNOWN


async def test_tick__list_lags() -> None:
    """L2: the run is listed late and found by a later look."""
    stage = Stage()
    stage.service.lag(5)
    stage.service.next_launch(Launching.LOST_REPLY)
    await stage.launched()
    await stage.pass_time(240)

    assert the_intent(stage).state is IntentState.POSTING
    await stage.pass_time(90)
    assert the_intent(stage).state is IntentState.ACCEPTED
    assert len(stage.service.launches) == 1


async def test_tick__gives_up_at_ten_minutes() -> None:
    """L3: unknown at 10 min, told once with both buttons, and never sent again."""
    stage = await a_lost_launch(Launching.LOST_REQUEST)
    await stage.pass_time(595)
    assert the_intent(stage).state is IntentState.POSTING
    await stage.pass_time(300)
    payload = rows(stage)[0].payload

    assert the_intent(stage).state is IntentState.UNKNOWN
    assert told(stage) == ["unknown"]
    assert "Check again" in payload
    assert "Launch again" in payload
    assert rows(stage)[0].thread == "m1", "beside the live card"
    assert "unconfirmed" in stage.shown(stage.messages[0])  # type: ignore[arg-type]  # it was shown
    assert len(stage.service.launches) == 1
    assert stage.memory.trail[-1].decision == "unknown"


async def test_tick__reports_a_late_appearance() -> None:
    """L3: a run that appears hours later is reported, once, and followed."""
    stage = Stage()
    stage.service.lag(100)
    stage.service.next_launch(Launching.LOST_REPLY)
    await stage.launched()
    await stage.pass_time(3 * 3600, step=30)
    intent = the_intent(stage)

    assert intent.state is IntentState.ACCEPTED
    assert told(stage) == ["unknown", "appeared"]
    assert len(await stage.memory.tracked("demo")) == 1
    assert len(stage.service.launches) == 1


async def test_tick__late_appearance_is_reported_although_the_process_died() -> None:
    """The report is written before the state, under a key: dying in between repeats nothing."""
    stage = await a_lost_launch(Launching.LOST_REPLY)
    lost = replace(the_intent(stage), state=IntentState.UNKNOWN)
    stage.memory.intents[lost.id] = lost
    stage.clock.pass_time(1000)

    later = stage.restarted()
    original = stage.memory.advance
    stage.memory.advance = _fails  # type: ignore[method-assign]  # the database goes away
    await later.launches.tick()
    stage.memory.advance = original  # type: ignore[method-assign]  # and comes back
    await later.restarted().launches.tick()

    assert the_intent(stage).state is IntentState.ACCEPTED
    assert sorted(told(stage)) == ["appeared", "unknown"]


async def _fails(*_: object, **__: object) -> bool:
    raise ServiceError("gone")


async def test_tick__stops_looking_after_a_day() -> None:
    """An unknown launch is looked for once a minute for a day, then no more."""
    stage = await a_lost_launch(Launching.LOST_REQUEST)
    await stage.pass_time(700)
    before = stage.service.count("find_launched")
    await stage.pass_time(600)
    assert stage.service.count("find_launched") - before == 10
    stage.clock.pass_time(24 * 3600)
    before = stage.service.count("find_launched")
    await stage.pass_time(600)
    await stage.restarted().launches.tick()

    assert before == stage.service.count("find_launched")
    assert the_intent(stage).state is IntentState.UNKNOWN


async def test_tick__looks_at_once_after_a_restart() -> None:
    """L6: `posting` left over is looked up, however long the process was away."""
    stage = await a_lost_launch(Launching.LOST_REPLY)
    stage.clock.pass_time(3 * 24 * 3600)
    await stage.restarted().launches.tick()

    assert the_intent(stage).state is IntentState.ACCEPTED
    assert len(stage.service.launches) == 1


async def test_tick__gives_up_at_once_after_a_long_absence() -> None:
    """What was sent days ago and is not there is unknown at the first look."""
    stage = await a_lost_launch(Launching.LOST_REQUEST)
    stage.clock.pass_time(3 * 24 * 3600)
    await stage.restarted().launches.tick()

    assert the_intent(stage).state is IntentState.UNKNOWN
    assert told(stage) == ["unknown"]


async def test_tick__lets_go_of_what_was_never_sent() -> None:
    """L6: `confirmed` left over from a crash expires, is told, and is not sent."""
    stage = Stage()
    await stage.say("launch basic_test duration=30")
    left = replace(the_intent(stage), state=IntentState.CONFIRMED)
    stage.memory.intents[left.id] = left
    later = stage.restarted()
    await later.launches.tick()
    assert the_intent(stage).state is IntentState.CONFIRMED, "it may be on its way"
    await later.launches.tick()
    await later.launches.tick()

    assert the_intent(stage).state is IntentState.EXPIRED
    assert told(stage) == ["withdrawn"]
    assert stage.service.launches == []


@pytest.mark.parametrize("error", [Unreachable("no"), RateLimited("slow", retry_after=5)])
async def test_tick__look_fails(error: ServiceError) -> None:
    """A look that fails is no look that found nothing: the next one finds it."""
    stage = await a_lost_launch(Launching.LOST_REPLY)
    stage.service.fail("find_launched", error)
    await stage.pass_time(10)
    assert the_intent(stage).state is IntentState.POSTING
    await stage.pass_time(10)

    assert the_intent(stage).state is IntentState.ACCEPTED


async def test_tick__connection_gone() -> None:
    """Without its connection a launch becomes unknown, and is told; nothing else stops."""
    stage = await a_lost_launch(Launching.LOST_REPLY)
    later = stage.restarted(service=FakeRunService(connection="other"))
    await later.pass_time(620)

    assert the_intent(stage).state is IntentState.UNKNOWN


async def test_tick__debug_left_over() -> None:
    """L10: a session without an answer is unknown after the deadline, and is not looked up."""
    stage = Stage()
    stage.service.add_run(a_run(1))
    await stage.say(f"debug {run_id(1)} moment={MOMENT.text}")
    now = stage.clock.now()
    left = replace(the_intent(stage), state=IntentState.POSTING, posted_at=now)
    stage.memory.intents[left.id] = left
    await stage.pass_time(85)
    assert the_intent(stage).state is IntentState.POSTING
    await stage.pass_time(5)

    assert the_intent(stage).state is IntentState.UNKNOWN
    assert stage.service.count("find_launched") == 0
    assert stage.service.debugs == []


async def test_tick__tells_beside_its_own_card() -> None:
    """With several launches under way, each is told beside its own card."""
    stage = await a_lost_launch(Launching.LOST_REQUEST)
    stage.service.next_launch(Launching.LOST_REQUEST)
    await stage.launched("launch Payments Nightly duration=30")
    await stage.pass_time(700)

    assert [row.thread for row in rows(stage)] == ["m1", "m2"]


async def test_tick__chat_is_off() -> None:
    """A launch from a chat that is not on is settled all the same; there is nobody to tell."""
    stage = await a_lost_launch(Launching.LOST_REQUEST)
    later = stage.restarted(chat=FakeChat(clock=stage.clock, name="other"))
    await later.pass_time(620)

    assert the_intent(stage).state is IntentState.UNKNOWN
    assert told(stage) == []


async def test_tick__tells_in_the_thread_it_was_asked_in() -> None:
    """Without a live card, the thread of the request is the place."""
    stage = Stage()
    await stage.say("launch basic_test duration=30")
    left = replace(the_intent(stage), state=IntentState.CONFIRMED, thread="m1")
    stage.memory.intents[left.id] = left
    later = stage.restarted()
    await later.launches.tick()
    await later.launches.tick()

    assert [(r.channel, r.thread) for r in rows(stage)] == [(CHANNEL, "m1")]


async def test_tick__settled_elsewhere_meanwhile() -> None:
    """Whoever comes second changes nothing and tells nobody."""
    stage = await a_lost_launch(Launching.LOST_REQUEST)
    stage.clock.pass_time(700)
    later = stage.restarted()
    stale = the_intent(stage)
    done = replace(stale, state=IntentState.ACCEPTED, run_id=run_id(9))
    stage.memory.intents[stale.id] = done
    await later.launches._give_up(stale, "late")
    await later.launches._withdraw(replace(stale, state=IntentState.CONFIRMED))

    assert done == the_intent(stage)
    assert told(stage) == []


async def test_each__logs_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    """One failure is logged with what was being done; the rest is done."""
    seen: list[int] = []

    async def work(number: int) -> None:
        if number == 1:
            raise ValueError(number)
        seen.append(number)

    await each(range(4), work, what="counting")

    assert [0, 2, 3] == seen
    assert "counting failed" in caplog.text


@pytest.mark.parametrize("how", [Launching.LOST_REPLY, Launching.LOST_REQUEST, Launching.NO_ID])
async def test_tick__where_nothing_can_be_looked_up_it_is_unknown_at_once(how: Launching) -> None:
    """After 90 s, when an answer would have come, the person is told that nobody but the platform's pages can say."""
    stage = Stage(service=FakeRunService(lacks=frozenset({"finds_launched"})))
    stage.service.next_launch(how)
    await stage.launched()
    await stage.pass_time(85)
    early = (the_intent(stage).state, told(stage))
    await stage.pass_time(10)
    late = the_intent(stage)
    await stage.pass_time(3600)
    reply = await stage.say(f"check {late.id}")

    assert early == (IntentState.POSTING, [])
    assert late.state is IntentState.UNKNOWN
    assert told(stage) == ["unknown"]
    assert "cannot be searched for a launch" in rows(stage)[0].payload
    assert "Check again" not in rows(stage)[0].payload
    assert "keeps looking" not in rows(stage)[0].payload + plain(reply.card.text)
    assert stage.service.count("find_launched") == 0
    assert len(stage.service.launches) == 1
