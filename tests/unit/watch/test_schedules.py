"""What is scheduled is launched once when it is due, in the name of who scheduled it; what is not is told once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.access import Denied, Policy, Role
from bot.command import Preset
from bot.errors import Unreachable
from bot.model import LaunchOutcome, LaunchRequest
from bot.quotas import Quota
from bot.state import Actor, DeliveryState, Intent, IntentKind, IntentState, Invocation, Per, Switched
from bot.watch.schedules import GRACE, key_of
from tests.fakes.scheduling import Clockwork, at
from tests.fakes.service import Launching
from tests.unit.commands.door import ALICE, CHANNEL, MALLORY, Door, command_of, told

BY = "Launched by the schedule of nightly (every day at 04:00 UTC) by Alice, due 14 May 04:00 UTC."
NOT_LAUNCHED = "nightly was due at 14 May 04:00 UTC and was not launched."
GONE = Denied("You left.", "account")
UNTOLD = Denied("Slack could not confirm your permissions.", "permissions-unknown")


async def test_due__launched_once_every_day() -> None:
    """With the parameters that were confirmed, once each day; the post names the schedule and whose it is."""
    it = Clockwork()
    await it.schedule()
    first = await it.until(at(4, 15), step=30)
    await it.until(at(3, 16), step=600)

    assert it.launched == [("basic_test", "30"), ("basic_test", "30")]
    assert len({each.key for each in it.door.service.launches}) == 2
    assert len(it.told) == 2
    assert first[0].endswith(BY)
    assert it.noted[-3:] == [("schedule", "due"), ("launch", "confirmed"), ("launch", "accepted")]
    (schedule,) = await it.door.store.schedules()
    assert (schedule.told, schedule.last_due) == (True, at(4, 15))
    intent = await it.door.store.intent(schedule.last_intent or "")
    assert intent is not None
    assert (intent.state, intent.actor, intent.channel, intent.preset) == (
        IntentState.ACCEPTED, ALICE.id, CHANNEL, "nightly",
    )  # fmt: skip
    listed = told((await it.door.say("launch schedules")).card)
    assert "Next: Sat 16 May 04:00 UTC." in listed
    assert f"Last: 15 May 04:00 UTC, launched as run {(intent.run_id or '')[:8]}." in listed


async def test_due__within_the_grace_of_a_restart() -> None:
    """A few minutes late it is launched still; a little later it is not."""
    it = Clockwork()
    await it.schedule()
    it.skip(at(4) + GRACE)
    await it.tick()
    it.skip(at(4, 15) + GRACE + timedelta(seconds=1))
    await it.tick()

    assert len(it.launched) == 1
    assert it.told[1].startswith(
        "nightly was due at 15 May 04:00 UTC and was not launched. Clew was not running"
    )


async def test_missed__told_once_and_not_made_up() -> None:
    """Of several times there is one message, and the next one is launched."""
    it = Clockwork()
    await it.schedule()
    it.skip(at(12, 16))
    it.start()
    said = await it.until(at(3.5, 17), step=600)

    assert it.launched == []
    assert len(said) == 1
    assert said[0].startswith(
        "nightly was due 3 times from 14 May 04:00 UTC to 16 May 04:00 UTC and was not launched."
    )
    assert it.buttons() == ["Launch now", "Schedules"]
    assert "Last: 16 May 04:00 UTC, not launched." in told((await it.door.say("launch schedules")).card)
    await it.until(at(4.1, 17))
    assert len(it.launched) == 1


@pytest.mark.parametrize(
    ("person", "why"),
    [
        (GONE, "Alice has left: Slack says that the account is deactivated or no member any more."),
        (replace(ALICE, guest=True), "Alice is a guest or of another organisation by now"),
        (MALLORY, "Alice has no role that allows launches any more."),
    ],
    ids=["gone", "guest", "role"],
)
async def test_due__of_somebody_who_may_not_any_more(person: object, why: str) -> None:
    """Not launched, told once, and paused; somebody else can take it over."""
    it = Clockwork()
    await it.schedule()
    it.people[ALICE.id] = person  # type: ignore[assignment]  # an actor or a refusal
    said = await it.until(at(5, 16), step=600)

    assert it.launched == []
    assert len(said) == 1
    assert said[0].startswith(f"{NOT_LAUNCHED} {why}")
    assert said[0].endswith("The schedule is paused: nothing is launched by it until somebody resumes it.")
    assert it.buttons() == ["Resume", "Remove", "Schedules"]
    (schedule,) = await it.door.store.schedules()
    assert schedule.paused.startswith(why)
    assert it.noted[-2:] == [("schedule", "denied"), ("schedule", "paused")]


async def test_due__where_launches_are_not_allowed_any_more() -> None:
    """The place is asked again too, and the role by the settings of now."""
    it = Clockwork()
    await it.schedule()
    places = {Role.LAUNCH: frozenset({"slack:channel:T1:OTHER"})}
    it.door.handler.govern(replace(it.door.policy, places=places))

    (said,) = await it.until(at(5), step=600)

    assert "Launches are not allowed in this channel any more." in said
    assert it.launched == []


async def test_due__while_clew_is_read_only() -> None:
    """Not launched and told, each time; the schedule goes on once that is over."""
    it = Clockwork()
    await it.schedule()
    entry = it.door.store.trail[-1]
    await it.door.store.switch_read_only(Switched(at=at(3), actor=ALICE.id), entry)
    said = await it.until(at(5), step=600)
    await it.door.store.switch_read_only(None, entry)
    await it.until(at(5, 15), step=600)

    assert said == [f"{NOT_LAUNCHED} Clew is read-only."]
    assert len(it.launched) == 1


async def test_due__nobody_can_tell_who_somebody_is() -> None:
    """It is asked again for some minutes, and launched when it is told; else it is missed, and goes on the next day."""
    it = Clockwork()
    await it.schedule()
    it.people[ALICE.id] = UNTOLD
    assert await it.until(at(4) + timedelta(minutes=3)) == []
    del it.people[ALICE.id]
    await it.tick(60)
    assert len(it.launched) == 1
    it.people[ALICE.id] = UNTOLD
    (said,) = await it.until(at(5, 15))

    assert said.endswith("Slack did not say whether Alice may still launch.")
    assert len(it.launched) == 1
    (schedule,) = await it.door.store.schedules()
    assert schedule.paused == ""


async def test_due__a_spent_quota() -> None:
    """Reserved like any launch; refused and told, and the schedule goes on the next day."""
    it = Clockwork()
    it.door.handler.govern(replace(it.door.policy, quotas=(Quota(per=Per.CHANNEL, runs=1),)))
    await it.schedule()
    await it.schedule('launch basic_test duration=20 at="04:30"')
    said = await it.until(at(5), step=60)
    await it.until(at(4.1, 15), step=600)

    assert it.launched == [("basic_test", "30"), ("basic_test", "30")]
    assert said[1].startswith(
        "basic_test was due at 14 May 04:30 UTC and was not launched. The answer to Alice: "
    )
    assert "The quota of 1 run a day for this channel is used up." in said[1]


async def test_due__the_same_was_launched_just_now() -> None:
    """Somebody was a minute faster: nothing is launched twice, and the channel hears why."""
    it = Clockwork()
    await it.schedule()
    it.skip(at(4) - timedelta(seconds=30))
    asked = await it.door.say("launch nightly")
    await it.door.say(command_of(asked.card, "Launch"))
    said = await it.until(at(5), step=60)

    assert len(it.launched) == 1
    assert said[0].startswith(f"{NOT_LAUNCHED} The same launch was confirmed")
    assert "button" not in said[0]


@pytest.mark.parametrize(
    ("preset", "why"),
    [
        ([Preset(name="nightly", launcher="basic_test", values={"duration": "60"})], "The preset was changed: now duration is 60, confirmed was 30."),
        ([Preset(name="nightly", launcher="big_test", values={"duration": "30"})], "The preset was changed: now launcher is big_test, confirmed was basic_test."),
        ([], "The preset “nightly” is gone from the settings."),
    ],
)  # fmt: skip
async def test_preset__changed_or_gone(preset: list[Preset], why: str) -> None:
    """Told at once, not in the night, and paused; going on needs a confirmation of what it is now."""
    it = Clockwork()
    await it.schedule()
    it.set(*preset)
    said = await it.until(at(5), step=600)

    assert it.launched == []
    (only,) = said
    assert only.startswith(f"The schedule of nightly would not launch what was confirmed any more. {why}")
    assert only.endswith("The schedule is paused: nothing is launched by it until somebody resumes it.")
    again = await it.door.say("launch nightly at=resume")
    if preset:
        await it.door.say(command_of(again.card, "Schedule"))
        await it.until(at(4.1, 15), step=600)
        assert it.launched == [(preset[0].launcher, preset[0].values["duration"])]
    else:
        assert "cannot be resumed. The preset “nightly” is gone from the settings." in told(again.card)
    assert len(await it.door.store.schedules()) == 1


async def test_preset__needs_a_second_person_by_now() -> None:
    """Nobody can be asked at such a time: not launched, told, and paused."""
    it = Clockwork()
    await it.schedule()
    it.set(Preset(name="nightly", launcher="basic_test", values={"duration": "30"}, approve=Role.ADMIN))

    (said,) = await it.until(at(5), step=600)

    assert "needs a second person's approval" in said
    assert "The schedule is paused" in said
    assert it.launched == []


async def test_preset__not_for_the_person_any_more() -> None:
    """The rules of the preset are asked again for who scheduled it."""
    it = Clockwork()
    await it.schedule()
    people = frozenset({"slack:user:T1:BO"})
    it.set(Preset(name="nightly", launcher="basic_test", values={"duration": "30"}, people=people))

    (said,) = await it.until(at(5), step=600)

    assert "The preset “nightly” is not for Alice any more." in said
    assert it.launched == []


@pytest.mark.parametrize(
    ("how", "said", "minutes"),
    [
        (Launching.REFUSED, "refused", 1),
        (Launching.LOST_REPLY, "Launched basic_test", 1),
        (Launching.LOST_REQUEST, "was sent", 12),
    ],
    ids=lambda how: how.name if isinstance(how, Launching) else "",
)
async def test_due__what_the_platform_answers(how: Launching, said: str, minutes: int) -> None:
    """The post says how it ended; what is unclear is looked for before, and never sent again."""
    it = Clockwork()
    await it.schedule()
    it.door.service.next_launch(how)
    posted = await it.until(at(4) + timedelta(minutes=minutes), step=30)

    (of_it,) = [text for text in posted if text.endswith(BY)]
    assert said in of_it
    assert "will update this message" not in of_it
    assert len(it.launched) == 1


async def test_due__a_platform_that_cannot_be_asked() -> None:
    """Looking its launcher up fails: it is tried for some minutes, and told as missed with the reason."""
    it = Clockwork()
    schedule = await it.schedule()

    async def unreachable(*_: object) -> object:
        raise Unreachable("The platform cannot be reached.")

    lists = replace(it.door.service.platform, lists_launchers=type("Lists", (), {"launchers": unreachable})())
    it.door.services = replace(it.door.services, platforms={"demo": lists})
    it.door.handler = type(it.door.handler)(it.door.services)
    (said,) = await it.until(at(5))

    assert said == f"{NOT_LAUNCHED} The platform cannot be reached."
    (after,) = await it.door.store.schedules()
    assert (after.id, after.paused) == (schedule.id, "")


async def test_connection__gone_from_the_settings() -> None:
    """Told and paused: nobody can say what it would launch."""
    it = Clockwork()
    await it.schedule("launch basic_test duration=30 at=04:00")
    services = replace(it.door.services, platforms={})
    it.schedules._services = lambda: services

    (said,) = await it.until(at(5), step=600)

    assert "The connection “demo” is no longer configured." in said
    assert it.launched == []


async def test_preset__a_value_that_is_taken_no_more() -> None:
    """What is wrong is said as it is: the preset is there."""
    it = Clockwork()
    await it.schedule()
    it.set(Preset(name="nightly", launcher="basic_test", values={"duration": "30", "durations": "1"}))

    (said,) = await it.until(at(5), step=600)

    assert "durations" in said
    assert "gone" not in said
    assert it.launched == []


async def test_paused_and_removed__nothing_is_launched() -> None:
    """What passes while it is paused is neither launched nor told when it is resumed."""
    it = Clockwork()
    await it.schedule()
    await it.door.say("launch nightly at=pause")
    assert await it.until(at(5), step=600) == []
    await it.door.say("launch nightly at=resume")
    await it.until(at(5, 15), step=60)
    assert len(it.launched) == 1
    await it.door.say("launch nightly at=off")
    await it.until(at(5, 16), step=600)

    assert len(it.launched) == 1


async def test_removed__while_it_is_being_launched() -> None:
    """What was launched is told all the same."""
    it = Clockwork()
    schedule = await it.schedule()
    it.skip(at(4))
    launch = it.door.service.launch

    async def removed(request: LaunchRequest) -> LaunchOutcome:
        await it.door.store.remove_schedule(schedule)
        return await launch(request)

    it.door.service.launch = removed  # type: ignore[method-assign]  # somebody presses Remove meanwhile
    await it.tick()
    await it.tick(10)

    assert len(it.launched) == 1
    (told_once,) = it.told
    assert told_once.endswith(BY)


async def test_taken_over__in_the_moment_it_is_due() -> None:
    """It is launched once, in the name of who took it over."""
    it = Clockwork(door=Door(policy=Policy(roles={Role.LAUNCH: frozenset({ALICE.id, MALLORY.id})})))
    await it.schedule()
    it.skip(at(4) - timedelta(seconds=5))
    asked = await it.door.say('launch nightly at="every day 04:00"', by=MALLORY)
    it.skip(at(4) + timedelta(seconds=5))
    await it.door.say(command_of(asked.card, "Schedule"), by=MALLORY)
    await it.until(at(5), step=60)

    assert len(it.launched) == 1
    (intent,) = [i for i in it.door.store.intents.values() if i.kind is IntentKind.LAUNCH]
    assert intent.actor == MALLORY.id


async def test_due__held_while_the_channel_is_quiet() -> None:
    """It is launched all the same; what is told waits for the morning."""
    it = Clockwork()
    await it.door.say("watch quiet=22:00-07:00")
    await it.schedule()
    await it.until(at(5), step=60)

    assert len(it.launched) == 1
    (row,) = it.door.store.outbox.values()
    assert (row.delivery.state, row.next_at) == (DeliveryState.HELD, at(7))


async def test_two_processes__one_launch() -> None:
    """Both see the same time come; one of them launches."""
    it = Clockwork()
    await it.schedule()
    it.skip(at(4))
    one = it.schedules
    it.start()
    await asyncio.gather(one.tick(), it.schedules.tick(), one.tick(), it.schedules.tick())
    await it.tick(10)

    assert len(it.launched) == 1
    assert len(it.told) == 1


async def _left_as_draft() -> Clockwork:
    """Let a process die between keeping what is due and confirming it."""
    it = Clockwork()
    await it.schedule()
    it.skip(at(4))
    (made,) = await it.door.store.schedules()
    key = key_of(made, at(4))
    draft = Intent(
        id=key, connection="demo", actor=ALICE.id, channel=CHANNEL, thread=None, subject="basic_test",
        request=replace(made.request.launch, key=key), state=IntentState.DRAFT, created_at=at(4), preset="nightly",
    )  # fmt: skip
    after = replace(made, done_until=at(4), last_due=at(4), last_intent=key, told=False)
    assert await it.door.store.change_schedule(made, after, at(4), draft=draft)
    it.start()
    return it


async def test_draft_left_behind__launched_by_the_next_process() -> None:
    """Nothing changed: it goes on."""
    it = await _left_as_draft()
    await it.until(at(4) + GRACE)

    assert it.launched == [("basic_test", "30")]
    assert len(it.told) == 1


async def test_draft_left_behind__of_a_schedule_that_was_paused() -> None:
    """What somebody paused does not launch, and the channel hears why."""
    it = await _left_as_draft()
    await it.door.say("launch nightly at=pause")
    await it.until(at(4) + GRACE)

    assert it.launched == []
    assert [text.partition(" The schedule")[0] for text in it.told] == [f"{NOT_LAUNCHED} Alice paused it."]
    (schedule,) = await it.door.store.schedules()
    assert schedule.paused == "Alice paused it."


async def test_draft_left_behind__of_a_preset_that_was_changed() -> None:
    """What was confirmed is not what the preset says after the restart: nothing is launched, and it is paused."""
    it = await _left_as_draft()
    it.prepare(duration="600")
    await it.until(at(4) + GRACE)

    assert it.launched == []
    assert len(it.told) == 1
    assert "now duration is 600, confirmed was 30" in it.told[0]
    (schedule,) = await it.door.store.schedules()
    assert schedule.paused


@pytest.mark.parametrize("change", ["pause", "off"])
async def test_draft_left_behind__of_a_schedule_that_is_stopped_meanwhile(change: str) -> None:
    """While the chat is asked who somebody is, the schedule is paused or removed: nothing is launched."""
    it = await _left_as_draft()
    afresh = it.afresh

    async def slowly(invocation: Invocation, actor: Actor) -> Actor | Denied:
        if not it.asked:
            await it.door.say(f"launch nightly at={change}")
        return await afresh(invocation, actor)

    it.afresh = slowly  # type: ignore[method-assign]
    it.start()
    await it.until(at(4) + GRACE)

    assert it.launched == []


async def test_due__asks_the_chat_who_somebody_is_only_then() -> None:
    """Looking every few seconds asks nothing of a chat."""
    it = Clockwork()
    await it.schedule()
    await it.until(at(4) - timedelta(seconds=1), step=60)
    assert it.asked == []
    await it.tick(1)

    assert it.asked == [ALICE.id]


def test_policy__of_the_tests() -> None:
    """Alice may launch by a role of her own: what the cases above take away is there."""
    policy: Policy = Clockwork().door.policy
    assert ALICE.id in policy.roles[Role.LAUNCH]
