"""How people schedule launches, see how they stand, and pause, resume and remove them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.access import Policy, Role
from bot.cards import plain
from bot.command import Preset
from bot.handler import Handler
from bot.quotas import Quota
from bot.replies.scheduling import MOST
from bot.state import Actor, ChannelSettings, IntentState, Per, Schedule, ScheduleRequest
from bot.triage import LauncherRow
from tests.fakes.scheduling import Clockwork
from tests.fakes.service import a_build_server
from tests.fakes.stage import texts
from tests.unit.commands.door import ALICE, CHANNEL, MALLORY, Door, command_of, told

BO = Actor(id="slack:user:T1:BO", principals=frozenset({"slack:user:T1:BO"}), name="Bo")
ROLES = {Role.READ: frozenset({MALLORY.id}), Role.LAUNCH: frozenset({ALICE.id, BO.id})}


def a_clockwork(**changes: object) -> Clockwork:
    """Return a door at which Alice and Bo may launch a preset and a launcher."""
    return Clockwork(door=Door(policy=Policy(roles=ROLES), **changes))  # type: ignore[arg-type]  # the test's own fields


async def only(it: Clockwork) -> Schedule:
    (schedule,) = await it.door.store.schedules()
    return schedule


@pytest.mark.parametrize(
    ("words", "times", "zone"),
    [
        ('launch nightly at="weekdays 02:00"', "0 2 * * 1-5", "UTC"),
        ("launch nightly at=weekdays 02:00", "0 2 * * 1-5", "UTC"),
        ('launch at="Mon,Thu 03:30 Europe/Berlin" preset=nightly', "30 3 * * 1,4", "Europe/Berlin"),
        ('launch basic_test duration=30 at="0 2 * * 1-5"', "0 2 * * 1-5", "UTC"),
        ("launch basic_test duration=30 at=1st of the month 04:00", "0 4 1 * *", "UTC"),
    ],
)
async def test_schedule__every_way_to_say_it(words: str, times: str, zone: str) -> None:
    """It is confirmed like a launch, and nothing is launched by that."""
    it = a_clockwork()

    schedule = await it.schedule(words)

    request = schedule.request
    assert (request.times, request.zone, request.launch.launcher) == (times, zone, "basic_test")
    assert dict(request.launch.values) == {"duration": "30"}
    assert it.launched == []
    assert (schedule.actor, schedule.channel, schedule.principals) == (ALICE.id, CHANNEL, ALICE.principals)


async def test_confirmation__says_when_how_often_and_at_what_cost() -> None:
    """In words, with the next three times and their zone, the cost of each and the quotas that each takes."""
    it = a_clockwork()
    it.door.handler.govern(replace(it.door.policy, quotas=(Quota(per=Per.CHANNEL, runs=5, minutes=120),)))

    card = (await it.door.say('launch nightly at="every day 02:30 Europe/Berlin"')).card

    facts = {fact.label: plain(fact.value) for fact in card.facts}
    assert plain(card.text).startswith(
        "Schedule nightly every day at 02:30 Europe/Berlin, for 30 minutes of test time each time?"
        " Nothing has been scheduled yet."
    )
    assert facts["When"] == "every day at 02:30 Europe/Berlin"
    assert facts["Next"] == (
        "Fri 15 May 02:30 Europe/Berlin; Sat 16 May 02:30 Europe/Berlin; Sun 17 May 02:30 Europe/Berlin"
    )
    assert facts["Cost"] == "30 minutes of test time each time"
    assert facts["Quota, each time"] == "1 of 5 runs and 30 of 120 minutes a day for this channel (UTC)"
    assert facts["Preset"] == "nightly"
    assert "On 25 Oct there is 02:30 twice: it launches at the first." in texts(card)
    assert "On 28 Mar clocks are changed and there is no 02:30: that day it is 03:30." in texts(card)
    keys = [value for value in facts.values() if re.fullmatch("[0-9a-f]{32}", value)]
    assert keys == []  # each launch has one of its own


async def test_confirmation__a_quota_that_never_has_room() -> None:
    """What could not be launched on any day is refused now; a quota that is spent today says nothing of tomorrow."""
    it = a_clockwork()
    it.door.handler.govern(replace(it.door.policy, quotas=(Quota(per=Per.CHANNEL, minutes=20),)))
    refused = await it.door.say("launch nightly at=02:00")
    assert "more than the quota of 20 minutes a day for this channel" in told(refused.card)
    it.door.handler.govern(replace(it.door.policy, quotas=(Quota(per=Per.CHANNEL, runs=1),)))
    asked = await it.door.say("launch nightly")
    await it.door.say(command_of(asked.card, "Launch"))

    await it.schedule("launch nightly at=02:00")


async def test_schedule__by_the_clock_of_the_channel() -> None:
    """A zone that is named goes before it."""
    it = a_clockwork()
    await it.door.store.set_channel(
        ChannelSettings(channel=CHANNEL, zone="Europe/Berlin"), it.door.clock.now()
    )
    schedule = await it.schedule()
    other = await it.schedule("launch nightly at=04:00 UTC")

    assert (schedule.request.zone, other.request.zone) == ("Europe/Berlin", "UTC")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ('launch nightly at="0 2 31 2 *"', "no day of the next eight years is like that"),
        ('launch nightly at="* * * * *"', "that is 60 times an hour, and at most one is possible"),
        ('launch nightly at="0 0 2 * * *"', "There are 6; none is for seconds or years."),
        ("launch nightly at=02:00 Mars/Olympus", "there is none of that name"),
        ("launch nigthly at=off", "This channel has no schedule of “nigthly”."),
        ("launch nightly at=sometime", "it must be days and one time, or the five fields of cron"),
        ("launch schedule=abc at=off", "There is no schedule “abc” in this channel any more."),
        ("launch schedule=abc at=02:00", "it must be days and one time, or the five fields of cron"),
    ],
)
async def test_schedule__bad_input(words: str, said: str) -> None:
    """A sentence says what is wrong, and nothing is kept."""
    it = a_clockwork()

    reply = await it.door.say(words)

    assert said in told(reply.card)
    assert await it.door.store.schedules() == ()
    assert it.door.store.intents == {}


async def test_schedule__what_is_missing_is_asked_for_with_the_times() -> None:
    """The form keeps when it was to be."""
    it = a_clockwork()

    reply = await it.door.say('launch at="weekdays 02:00"')

    assert reply.card.form is not None
    fields = {field.name: field.value for field in reply.card.form.fields}
    assert fields["at"] == "weekdays 02:00"
    assert "Use launch LAUNCHER duration=MINUTES, for example launch basic_test duration=1h30m." in told(
        reply.card
    )
    sent = await it.door.say("launch", values={**fields, "launcher": "basic_test", "duration": "30"})
    assert plain(sent.card.title) == "Schedule basic_test?"


async def test_schedule__the_same_twice() -> None:
    """Said once more it is there already; somebody else takes it over by confirming it."""
    it = a_clockwork()
    first = await it.schedule()
    again = await it.door.say('launch nightly at="every day 04:00"')
    assert "You have scheduled nightly every day at 04:00 UTC in this channel already." in told(again.card)

    asked = await it.door.say('launch nightly at="every day 04:00"', by=BO)
    assert "Alice scheduled this. Once you confirm, it launches in your name." in told(asked.card)
    await it.door.say(command_of(asked.card, "Schedule"), by=BO)

    taken = await only(it)
    assert (taken.actor, taken.id != first.id) == (BO.id, True)


async def test_schedule__too_many() -> None:
    """A channel has at most so many, at the proposal and at the confirmation."""
    it = a_clockwork()
    for hour in range(MOST - 1):
        await it.schedule(f"launch nightly at={hour:02}:00")
    one = await it.door.say("launch nightly at=22:30")
    two = await it.door.say("launch nightly at=23:30")
    await it.door.say(command_of(one.card, "Schedule"))
    late = await it.door.say(command_of(two.card, "Schedule"))
    third = await it.door.say("launch nightly at=21:30")

    for refused in (late, third):
        assert f"This channel has {MOST} schedules already, and that is the most." in told(refused.card)
    assert len(await it.door.store.schedules()) == MOST


async def test_confirm__only_by_who_asked_and_once() -> None:
    """As for a launch; a second press hears that it was confirmed."""
    it = a_clockwork()
    asked = await it.door.say("launch nightly at=04:00")
    stranger = await it.door.say(command_of(asked.card, "Schedule"), by=BO)
    assert "Only the requester can confirm or cancel this schedule." in told(stranger.card)
    await it.door.say(command_of(asked.card, "Schedule"))
    again = await it.door.say(command_of(asked.card, "Schedule"))

    assert "It has already been confirmed. “launch schedules” shows how it stands." in told(again.card)
    await only(it)
    assert [(e.action, e.decision) for e in it.door.store.trail if e.action == "schedule"] == [
        ("schedule", "denied"), ("schedule", "confirmed"),
    ]  # fmt: skip


async def test_confirm__too_late_and_cancelled() -> None:
    """Nothing is scheduled, and the words say so."""
    it = a_clockwork()
    asked = await it.door.say("launch nightly at=04:00")
    it.door.clock.pass_time(301)
    late = await it.door.say(command_of(asked.card, "Schedule"))
    assert "This schedule was not confirmed within 5 minutes, so nothing was scheduled." in told(late.card)
    asked = await it.door.say("launch nightly at=04:00")
    cancelled = await it.door.say(command_of(asked.card, "Cancel"))

    assert "The schedule was cancelled. Nothing was scheduled." in told(cancelled.card)
    assert await it.door.store.schedules() == ()


async def test_list__how_each_stands() -> None:
    """Whoever may launch sees what, when, by whom and what is wrong; whoever may read sees it in what the channel watches."""
    it = a_clockwork()
    await it.schedule()
    await it.schedule('launch basic_test duration=45 at="1st of the month 04:00 Europe/Berlin"', by=BO)
    await it.door.say("launch basic_test at=pause")

    listed = await it.door.say("launch schedules")

    assert plain(listed.card.title) == "2 schedules"
    assert texts(listed.card).count("nightly every day at 04:00 UTC")
    said = told(listed.card)
    assert "Next: Thu 14 May 04:00 UTC." in said
    assert "By Alice, connection demo." in said
    assert "basic_test on the 1st of the month at 04:00 Europe/Berlin" in said
    assert "Paused: Alice paused it." in said
    read = told((await it.door.say("watching", by=MALLORY)).card)
    assert (
        "Clew launches nightly on demo every day at 04:00 UTC, scheduled by Alice; next Thu 14 May 04:00 UTC."
        in read
    )
    assert "Europe/Berlin, scheduled by Bo; paused: Alice paused it." in read
    refused = await it.door.say(command_of(listed.card, "Remove 1"), by=MALLORY)
    assert "This needs the role “launch”" in told(refused.card)
    assert len(await it.door.store.schedules()) == 2


async def test_list__none() -> None:
    """It says how to make one."""
    assert "Nothing is launched in this channel at times." in told(
        (await Door().say("launch schedules")).card
    )


async def test_list__only_some() -> None:
    """It is not said that there are none where none is called so, and the next page is of the same ones."""
    it = a_clockwork()
    for minute in range(11):
        await it.schedule(f"launch nightly at=04:{minute:02}")
    await it.schedule("launch basic_test duration=45 at=05:00")

    narrowed = await it.door.say("launch nightly schedules")
    assert plain(narrowed.card.title) == "11 schedules"
    assert narrowed.card.pages is not None
    rest = narrowed.card.pages.after(10)
    assert rest is not None
    following = await it.door.say(rest)
    assert plain(following.card.title).startswith("11 schedules")
    assert "This channel has no schedule of “weekly”." in told(
        (await it.door.say("launch weekly schedules")).card
    )
    assert "There is no schedule “abc”" in told((await it.door.say("launch schedule=abc schedules")).card)


async def test_change__only_what_is_not_so_already() -> None:
    """A schedule that is paused is not offered to be paused, nor one that is on to be resumed."""
    it = a_clockwork()
    await it.schedule()
    await it.schedule("launch nightly at=05:00")
    assert "All schedules that could be meant are on." in told((await it.door.say("launch at=resume")).card)
    asked = await it.door.say("launch nightly at=pause")
    await it.door.say(command_of(asked.card, "Pause 1"))

    rest = await it.door.say("launch nightly at=pause")
    assert "nightly is not launched every day at 05:00 UTC any more" in told(rest.card)
    assert "All schedules that could be meant are paused already." in told(
        (await it.door.say("launch at=pause")).card
    )


async def test_change__by_whoever_may_launch_here() -> None:
    """Somebody else's schedule is paused and removed too, and the trail says by whom."""
    it = a_clockwork()
    await it.schedule()
    paused = await it.door.say("launch nightly at=pause", by=BO)
    assert "Alice had scheduled it." in told(paused.card)
    assert (await only(it)).paused == "Bo paused it."
    assert "is paused already" in told((await it.door.say("launch nightly at=pause")).card)
    resumed = await it.door.say(command_of(paused.card, "Resume"))
    assert "nightly is launched every day at 04:00 UTC again." in told(resumed.card)
    assert "is not paused" in told((await it.door.say("launch at=resume")).card)
    await it.door.say("launch nightly at=off", by=BO)

    assert await it.door.store.schedules() == ()
    said = [(e.actor, e.decision) for e in it.door.store.trail if e.action == "schedule"]
    assert said == [(ALICE.id, "confirmed"), (BO.id, "paused"), (ALICE.id, "resumed"), (BO.id, "removed")]


async def test_resume__somebody_elses_is_confirmed_anew() -> None:
    """From then on it launches in the name of who resumed it."""
    it = a_clockwork()
    await it.schedule()
    await it.door.say("launch nightly at=pause")
    asked = await it.door.say("launch nightly at=resume", by=BO)
    assert (await only(it)).paused != ""
    await it.door.say(command_of(asked.card, "Schedule"), by=BO)

    schedule = await only(it)
    assert (schedule.actor, schedule.paused) == (BO.id, "")


async def test_change__which_of_several() -> None:
    """It asks, and the button names exactly one, whatever was added meanwhile."""
    it = a_clockwork()
    first = await it.schedule()
    await it.schedule("launch nightly at=05:00")
    asked = await it.door.say("launch nightly at=off")
    assert "2 schedules could be meant. Which one?" in told(asked.card)
    await it.schedule("launch nightly at=03:30")
    await it.door.say(command_of(asked.card, "Remove 1"))

    assert first.id not in {s.id for s in await it.door.store.schedules()}
    assert len(await it.door.store.schedules()) == 2
    again = await it.door.say(command_of(asked.card, "Remove 1"))
    assert "in this channel any more" in told(again.card)


async def test_list__a_preset_that_says_something_else_now() -> None:
    """What it would launch now stands beside what was confirmed."""
    it = a_clockwork()
    await it.schedule()
    it.prepare(duration="60", source="main")

    listed = told((await it.door.say("launch schedules")).card)

    assert (
        "The preset was changed: now duration is 60, confirmed was 30; source is main, confirmed was not given."
        in listed
    )


async def test_schedule__values_beside_a_preset_stay() -> None:
    """They are given again each time, also where the preset has changed since and it is confirmed anew."""
    it = a_clockwork()
    schedule = await it.schedule('launch nightly source=release at="04:00"')
    assert dict(schedule.request.given) == {"source": "release"}
    it.prepare(duration="60")
    await it.door.say("launch at=pause")
    asked = await it.door.say("launch at=resume")
    await it.door.say(command_of(asked.card, "Schedule"))

    assert dict((await only(it)).request.launch.values) == {"duration": "60", "source": "release"}


async def test_schedule__only_where_runs_are_launched() -> None:
    """A preset for others, and one with a fixed value, are refused as for a launch."""
    it = a_clockwork()
    it.set(
        Preset(name="nightly", launcher="basic_test", values={"duration": "30"}, people=frozenset({BO.id}))
    )
    refused = await it.door.say("launch nightly at=04:00")
    assert "not for you" in told(refused.card)
    it.set(Preset(name="nightly", launcher="basic_test", values={"duration": "30"}, free=frozenset()))
    refused = await it.door.say("launch nightly duration=60 at=04:00")
    assert "duration" in told(refused.card)
    it.set(Preset(name="nightly", launcher="basic_test", values={"duration": "30"}, approve=Role.ADMIN))
    refused = await it.door.say("launch nightly at=04:00")

    assert "needs a second person's approval, and nobody can be asked at such a time." in told(refused.card)
    assert it.door.store.intents == {}


async def test_schedule__on_a_platform_that_lists_its_launchers() -> None:
    """The job is looked up when it is scheduled, and is the same one by its key; nothing differs by that."""
    launcher = LauncherRow(key="57", name="Regression Suite")
    service = a_build_server(rows=(launcher,))
    door = Door(service=service, policy=Policy(roles=ROLES))
    services = replace(
        door.services,
        presets={"nightly": Preset(name="nightly", launcher=launcher.name, values={"duration": "30"})},
    )
    door.services, door.handler = services, Handler(services)
    asked = await door.say("launch nightly at=04:00")
    await door.say(command_of(asked.card, "Schedule"))

    (schedule,) = await door.store.schedules()
    assert schedule.request.launch.launcher_key == launcher.key
    assert "The preset was changed" not in told((await door.say("launch schedules")).card)


async def test_ask__with_yes() -> None:
    """A script that says yes beforehand has scheduled it; its data say when."""
    it = a_clockwork()
    act = replace(it.door.invocation('launch nightly at="weekdays 02:00 Europe/Berlin"'), confirmed=True)

    async def silent(_: str) -> None: ...

    reply = await it.door.handler.handle(act, silent)

    assert plain(reply.card.title) == "Scheduled: nightly"
    schedule = await only(it)
    intent = await it.door.store.intent(schedule.id)
    assert intent is not None
    assert intent.state is IntentState.ACCEPTED
    assert isinstance(intent.request, ScheduleRequest)
