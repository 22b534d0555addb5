"""The buttons of a launch that ended badly or not clearly."""

from __future__ import annotations

import asyncio

import pytest

from bot.cards import plain
from bot.errors import Unreachable
from bot.model import LaunchRequest
from bot.state import Actor, Intent, IntentState
from tests.fakes.runs import MOMENT, a_run, run_id
from tests.fakes.service import FakeRunService, Launching
from tests.fakes.stage import ANN, BO, READER, Stage, texts


def the_intents(stage: Stage) -> list[Intent]:
    """Return all intents, in the order they were made."""
    return list(stage.memory.intents.values())


async def a_lost_launch(how: Launching) -> Stage:
    """Return a stage with a launch of unknown outcome."""
    stage = Stage()
    stage.service.next_launch(how)
    await stage.launched()
    return stage


async def test_check__finds_it() -> None:
    """A run that is there is found at once; anybody who may read may look."""
    stage = await a_lost_launch(Launching.LOST_REPLY)
    stage.clock.pass_time(90)
    reply = await stage.say(f"check {the_intents(stage)[0].id}", by=READER)
    after = await stage.say(f"check {the_intents(stage)[0].id}", by=READER)

    assert the_intents(stage)[0].state is IntentState.ACCEPTED
    assert "did start: its run appeared 1 min after it was sent" in plain(reply.card.text)
    assert "It is run" in plain(after.card.text)
    assert len(await stage.memory.tracked("demo")) == 1


async def test_check__finds_nothing() -> None:
    """Nothing found changes nothing."""
    stage = await a_lost_launch(Launching.LOST_REQUEST)
    reply = await stage.say(f"check {the_intents(stage)[0].id}")

    assert the_intents(stage)[0].state is IntentState.POSTING
    assert (reply.private, reply.failed) == (True, False)
    assert "Clew keeps looking" in plain(reply.card.text)


async def test_check__platform_unreachable() -> None:
    """A look that fails is a failure, not an answer."""
    stage = await a_lost_launch(Launching.LOST_REQUEST)
    stage.service.fail("find_launched", Unreachable("No answer came."))
    reply = await stage.say(f"check {the_intents(stage)[0].id}")

    assert (reply.failed, reply.fault) == (True, True)


async def test_again__asks_with_a_new_key() -> None:
    """It is a new request, shown and confirmed like the first; the old one stays as it is."""
    stage = await a_lost_launch(Launching.LOST_REQUEST)
    first = the_intents(stage)[0]
    reply = await stage.say(f"again {first.id}", by=BO)
    second = the_intents(stage)[1]

    assert (second.state, second.actor, second.reason) == (IntentState.DRAFT, BO.id, f"again of {first.id}")
    assert second.id == second.request_as(LaunchRequest).key
    assert "its outcome is not known yet" in plain(reply.card.text)
    assert len(stage.service.launches) == 1
    await stage.press("Launch", by=BO)
    assert [first.id, second.id] == [request.key for request in stage.service.launches]
    assert stage.service.violations == []


async def test_again__forgets_what_was_unclear_long_ago() -> None:
    """After a day nobody is reminded of a launch without an answer."""
    stage = await a_lost_launch(Launching.LOST_REQUEST)
    stage.clock.pass_time(25 * 3600)
    reply = await stage.say("launch basic_test duration=30")
    other = await stage.say("launch Payments Nightly duration=30")

    assert "outcome is not known" not in plain(reply.card.text)
    assert "outcome is not known" not in plain(other.card.text)


async def test_again__is_for_the_launch_role() -> None:
    """A button carries no right."""
    stage = await a_lost_launch(Launching.LOST_REQUEST)
    reply = await stage.say(f"again {the_intents(stage)[0].id}", by=READER)

    assert "needs the role “launch”" in plain(reply.card.text)
    assert len(the_intents(stage)) == 1


@pytest.mark.parametrize("verb", ["check", "again"])
async def test_again__not_a_launch(verb: str) -> None:
    """A debugging session is neither looked up nor repeated."""
    stage = Stage()
    stage.service.add_run(a_run(1))
    await stage.say(f"debug {run_id(1)} moment={MOMENT.text}")
    of_session = await stage.say(f"{verb} {the_intents(stage)[0].id}")
    of_nothing = await stage.say(f"{verb} nothing")

    assert "There is no launch under that token" in plain(of_session.card.text)
    assert "under that token" in plain(of_nothing.card.text)


@pytest.mark.parametrize("verb", ["check", "again"])
async def test_again__connection_gone(verb: str) -> None:
    """A connection that left the settings can be neither asked nor launched on."""
    stage = await a_lost_launch(Launching.LOST_REQUEST)
    later = stage.restarted(service=FakeRunService(connection="other"))
    reply = await later.say(f"{verb} {the_intents(stage)[0].id}")

    assert "no longer configured" in plain(reply.card.text)


# The same launch within two minutes ------------------------------------------------------------------------


@pytest.mark.parametrize("who", [ANN, BO])
async def test_launch__the_same_after_40_seconds_is_asked_about(who: Actor) -> None:
    """Whoever it is, and before any poll has seen the first run: the card says that it was just launched."""
    stage = Stage()
    await stage.launched()
    stage.clock.pass_time(40)
    again = await stage.say("launch basic_test duration=30", by=who)
    other = await stage.say("launch basic_test duration=31", by=who)
    stage.clock.pass_time(90)
    later = await stage.say("launch basic_test duration=30", by=who)

    assert "The same launch was confirmed 40 s ago as run" in texts(again.card)
    assert "The same launch" not in texts(other.card)
    assert "The same launch" not in texts(later.card)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("duration=30", "duration=0.5h ephemeral=no"),
        ("duration=30 description=mine", "30m description=yours"),
        ("duration=30", "duration=30 recipients=ann@example.com"),
        ("duration=30 images=a:1;b:2", "antithesis.images=b:2;a:1 antithesis.duration=30"),
        ("duration=30 custom.a=1 custom.b=2", "duration=30 custom.b=2 custom.a=1"),
    ],
)
async def test_launch__the_same_in_other_words_is_asked_about(first: str, second: str) -> None:
    """What a run tests makes it the same, not what it is called, who is mailed, or the order of the words."""
    stage = Stage()
    await stage.launched(f"launch basic_test {first}")
    stage.clock.pass_time(40)
    again = await stage.say(f"launch basic_test {second}")
    other = await stage.say(f"launch basic_test {second} source=other")

    assert "The same launch was confirmed 40 s ago as run" in texts(again.card)
    assert "The same launch" not in texts(other.card)


async def test_confirm__of_two_who_press_at_the_same_time_one_is_asked_anew() -> None:
    """Neither of two questions shows the other launch, and both are answered in the same instant."""
    stage = Stage()
    questions = [await stage.say("launch basic_test duration=30", by=who) for who in (ANN, BO)]
    words = [question.card.buttons[0].command for question in questions]
    answers = await asyncio.gather(stage.say(words[0]), stage.say(words[1], by=BO))

    assert len(stage.service.launches) == 1
    assert ["This button did not start anything." in texts(a.card) for a in answers].count(True) == 1


async def test_confirm__of_two_sessions_at_one_moment_asked_for_at_the_same_time_one_is_opened() -> None:
    """The second press joins the session of the first."""
    stage = Stage()
    stage.service.add_run(a_run(1))
    words = f"debug {run_id(1)} moment={MOMENT.text}"
    questions = [await stage.say(words, by=who) for who in (ANN, BO)]
    presses = [question.card.buttons[0].command for question in questions]
    await asyncio.gather(stage.say(presses[0]), stage.say(presses[1], by=BO))

    assert len(stage.service.debugs) == 1


async def test_launch__the_same_is_not_confirmed_beforehand() -> None:
    """A script's yes was for one launch; the second needs `again=yes`."""
    stage = Stage()
    await stage.say("launch basic_test duration=30", confirmed=True)
    held = await stage.say("launch basic_test duration=30", confirmed=True)
    sent = len(stage.service.launches)
    await stage.say("launch basic_test duration=30 again=yes", confirmed=True)

    assert [button.label for button in held.card.buttons] == ["Launch", "Cancel"]
    assert (sent, len(stage.service.launches)) == (1, 2)


async def test_confirm__what_somebody_else_confirmed_meanwhile_is_asked_about_anew() -> None:
    """Two people see the same question before either answers: the second press starts nothing, and says so."""
    stage = Stage()
    first = await stage.say("launch basic_test duration=30")
    second = await stage.say("launch basic_test duration=30", by=BO)
    await stage.say(first.card.buttons[0].command)
    stage.clock.pass_time(5)
    pressed = await stage.say(second.card.buttons[0].command, by=BO)
    launches = len(stage.service.launches)
    asked = await stage.say(pressed.card.buttons[0].command, by=BO)
    await stage.say(asked.card.buttons[0].command, by=BO)

    assert "This button did not start anything." in texts(pressed.card)
    assert "The same launch was confirmed" in texts(asked.card)
    assert (launches, len(stage.service.launches)) == (1, 2)
