"""How a channel says which runs it expects, and how that is listed, proposed and ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from bot.calendar import WEEKDAYS
from bot.cards import plain
from bot.state import Cause, ChannelSettings, Coverage, Expectation, Notice, PollStep, Subscription
from bot.triage import LauncherRow
from tests.fakes.runs import EPOCH, a_build, a_run
from tests.fakes.service import FakeRunService, a_build_server, a_harness
from tests.fakes.stage import texts
from tests.unit.commands.door import CHANNEL, MALLORY, Door, command_of, told, words_of

NIGHTLY = Expectation(
    channel=CHANNEL, connection="demo", launcher="Payments Nightly", by=time(3), since=EPOCH
)


def a_door(**changes: object) -> Door:
    """Return a door behind which Payments Nightly has run."""
    door = Door(**changes)  # type: ignore[arg-type]  # the test's own fields
    door.service.add_run(a_run(1, connection=door.service.connection))
    return door


async def only(door: Door) -> Expectation:
    (expectation,) = await door.store.expectations()
    return expectation


async def recorded(door: Door, *nights: int, launcher: str = "Payments Nightly", hour: float = 2) -> None:
    """Put a run on record on each of so many nights before today, the list being whole."""
    today = EPOCH.replace(hour=0)
    runs = tuple(
        a_run(100 + n, launcher=launcher, created_at=today + timedelta(hours=hour) - n * timedelta(days=1))
        for n in nights
    )
    coverage = Coverage(datetime(2026, 1, 1, tzinfo=UTC), door.clock.now())
    await door.store.record(
        PollStep(connection="demo", now=door.clock.now(), runs=runs, coverage=coverage, baseline=True)
    )


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        ('watch expect="Payments Nightly by 03:00"', {}),
        ("watch Payments Nightly expect=03:00", {}),
        ("watch expect=Payments Nightly by 03:00", {}),
        ("watch Payments Nightly expect=by 03:00 on weekdays", {"days": WEEKDAYS}),
        ('watch Payments Nightly expect="by 3am"', {}),
        ('watch expect="Payments Nightly by 03:00 europe/berlin"', {"zone": "Europe/Berlin"}),
        ("watch expect=Payments Nightly by 03:00 zone=europe/berlin", {"zone": "Europe/Berlin"}),
        ('watch expect="Payments Nightly by 03:00 on weekdays"', {"days": WEEKDAYS}),
        ('watch expect="Payments Nightly by 03:00 weekdays"', {"days": WEEKDAYS}),
        (
            'watch expect="Payments Nightly between 22:00 and 03:00 UTC on mon,thu" source=main',
            {"begins": time(22), "days": frozenset({0, 3}), "source": "main"},
        ),
        ('watch expect="Payments Nightly"', {"by": None}),
        ('watch "Payments Nightly" expect=on', {"by": None}),
    ],
)
async def test_expect__every_way_to_say_it(words: str, changes: dict[str, object]) -> None:
    """One value holds it all, or the launcher stands where it always does."""
    door = a_door()

    reply = await door.say(words)

    assert await only(door) == replace(NIGHTLY, **changes), told(reply.card)  # type: ignore[arg-type]  # fields
    assert await door.store.subscriptions() == ()


async def test_expect__says_what_it_means() -> None:
    """By when, in which zone, from when on a start counts, and how to end it."""
    door = a_door()

    reply = await door.say('watch expect="Payments Nightly by 03:00"')

    assert plain(reply.card.title) == "Expecting"
    assert texts(reply.card).count(
        "This channel is notified when no run of Payments Nightly on demo starts by 03:00 UTC,"
        " or one takes twice its usual time."
    )  # fmt: skip
    assert "A start up to 12 h before counts." in texts(reply.card)
    again = await door.say('watch expect="Payments Nightly by 03:00"')
    assert plain(again.card.title) == "Expecting already"
    changed = await door.say('watch expect="Payments Nightly by 04:00"')
    assert plain(changed.card.title) == "Expectation changed"
    assert (await only(door)).by == time(4)


@pytest.mark.parametrize("before", ["by 23:00", "between 22:00 and 23:00"])
async def test_expect__says_that_a_deadline_is_dropped(before: str) -> None:
    """The launcher alone is another wish, and nobody is to lose the deadline unseen; one of another launcher stays."""
    door = a_door()
    await door.say('watch expect="Payments Nightly by 21:00"')
    moved = await door.say(f'watch expect="Payments Nightly {before}"')
    changed = await door.say('watch expect="Payments Nightly"')
    again = await door.say('watch expect="Payments Nightly"')

    dropped = f"That it starts {before} UTC is no longer expected."
    assert plain(changed.card.title) == "Expectation changed"
    assert texts(changed.card).count(dropped) == 1
    assert "no longer expected" not in told(moved.card) + told(again.card)
    assert "no longer expected" not in told((await door.say('watch expect="basic_test" keep=yes')).card)


async def test_expect__the_same_again_keeps_when_it_began() -> None:
    """Somebody who says it once more behind the deadline does not take the alarm away."""
    door = a_door()
    await door.say('watch expect="Payments Nightly by 03:00"')
    door.clock.pass_time(3600)
    await door.say('watch expect="Payments Nightly by 03:00"')

    assert (await only(door)).since == EPOCH


async def test_expect__a_time_that_a_day_does_not_have() -> None:
    """Clocks go forward over it once a year; what it means then is said beforehand."""
    door = a_door()

    reply = await door.say('watch expect="Payments Nightly by 02:30 Europe/Berlin"')

    assert "On 28 Mar clocks are changed and there is no 02:30: that day it is 03:30." in texts(reply.card)


async def test_expect__by_the_clock_of_the_channel() -> None:
    """What a team calls 03:00 is that of its zone, in what it says and in what is proposed."""
    door = a_door()
    await recorded(door, *range(14))
    await door.store.set_channel(ChannelSettings(channel=CHANNEL, zone="Asia/Kolkata"), EPOCH)

    card = (await door.say("watch Payments Nightly")).card
    assert "at about 07:30 on 14 of the last 14 days (Asia/Kolkata)" in texts(card)
    await door.say(command_of(card, "Expect it by 08:30 Asia/Kolkata"))

    assert await only(door) == replace(NIGHTLY, by=time(8, 30), zone="Asia/Kolkata")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ('watch expect="Payments Nigthly by 03:00"', "Did you mean “Payments Nightly”?"),
        ('watch expect="Payments Nightly by 03:00" source=mian', "Did you mean “main”?"),
        ('watch expect="Payments Nightly by 25:00"', "25:00"),
        ('watch expect="Payments Nightly by 03:00 Europe/Berln"', "Europe/Berlin"),
        ('watch expect="Payments Nightly by 03:00 on someday"', "someday"),
        ('watch expect="Payments Nightly between 03:00 and 03:00"', "the window has no length"),
        ('watch expect="by 03:00"', "Say a launcher and by when it starts"),
        ("watch expect=on", "Say a launcher and by when it starts"),
        ('watch Search expect="Payments Nightly by 03:00"', "Two launchers are named"),
        (
            'watch expect="Payments Nightly by 03:00" outcomes=failures',
            "“outcomes=” means nothing beside “expect=”",
        ),
        (
            'watch expect="Payments Nightly by 03:00" quiet=22:00-07:00',
            "“quiet=” means nothing beside “expect=”",
        ),
        ('watch expect="Payments Nightly by 03:00" connection=x', "There is no connection “x”"),
        ("watch expect=off", "This channel does not expect that"),
    ],
)
async def test_expect__bad_input_gets_a_sentence(words: str, sentence: str) -> None:
    """And nothing is kept."""
    door = a_door()

    reply = await door.say(words)

    assert sentence in told(reply.card)
    assert await door.store.expectations() == ()


async def test_expect__a_slip_is_put_right_by_its_button() -> None:
    """The deadline goes along with the launcher that was meant."""
    door = a_door()
    reply = await door.say('watch expect="Payments Nigthly by 03:00 on weekdays"')

    await door.say(reply.card.buttons[0].command)

    assert await only(door) == replace(NIGHTLY, days=WEEKDAYS)


async def test_expect__what_never_ran_if_it_is_meant() -> None:
    """A launcher that is set up tonight has no run yet."""
    door = a_door()

    await door.say('watch expect="Brand New by 03:00" keep=yes')

    assert (await only(door)).launcher == "Brand New"


@pytest.mark.parametrize(
    ("service", "sentence"),
    [
        (
            a_harness(connection="demo"),
            "demo lists no executions, so Clew cannot tell that one did not start.",
        ),
        (a_build_server(connection="demo"), "The builds of demo do not say when they started"),
    ],
    ids=["unlisted", "untimed"],
)
async def test_expect__where_nobody_can_tell(service: FakeRunService, sentence: str) -> None:
    """A platform without a list, or without times, says so; the way that works is named."""
    door = Door(service=service)
    build = a_build(7)
    await door.store.record(PollStep(connection="demo", now=EPOCH, runs=(replace(build, seen_at=EPOCH),)))

    reply = await door.say('watch expect="Regression Suite by 03:00"')

    assert sentence in told(reply.card)
    assert "“watch” notifies this channel" in told(reply.card)
    assert await door.store.expectations() == ()


async def test_expect__which_connection_has_the_launcher() -> None:
    """Of several the one that has it is meant; where none has it somebody has to say."""
    other = FakeRunService(connection="ci", rows=(LauncherRow(key="5", name="Deploy"),))
    door = a_door(others=(other,))
    await recorded(door, 1)

    await door.say('watch expect="Deploy by 03:00" keep=yes')
    unclear = await door.say('watch expect="Nowhere by 03:00" keep=yes')

    assert (await only(door)).connection == "ci"
    assert "Which connection" in told(unclear.card)


async def test_expect__needs_a_role() -> None:
    """Who may only read makes no channel noisy."""
    door = a_door()

    reply = await door.say('watch expect="Payments Nightly by 03:00"', by=MALLORY)

    assert "This needs the role “debug”" in told(reply.card)
    assert await door.store.expectations() == ()


# Listing and ending -----------------------------------------------------------------------------


async def test_watching__lists_what_is_expected_and_what_is_wrong_now() -> None:
    """Beside the subscriptions, under one count, each with the way to end it."""
    door = a_door()
    await door.say("watch")
    await door.store.expect(NIGHTLY)
    alarm = Notice(
        cause=Cause.MISSING, subject=NIGHTLY.subject, problem="Payments Nightly did not start by 03:00 UTC.",
        since=EPOCH, channel=CHANNEL,
    )  # fmt: skip
    await door.store.open_notice(alarm, None, EPOCH)

    card = (await door.say("watching")).card

    assert plain(card.title) == "This channel watches 2 things"
    assert plain(card.text) == (
        "This channel is notified of every finished run, and when no run of Payments Nightly on demo starts by"
        " 03:00 UTC, or one takes twice its usual time."
    )
    assert [plain(line) for line in card.items[1].lines] == [alarm.problem]
    await door.say(card.items[1].buttons[0].command)
    assert await door.store.expectations() == ()


async def test_watching__only_what_is_expected() -> None:
    """A channel that hears of no run is not one that watches nothing."""
    door = a_door()
    await door.store.expect(replace(NIGHTLY, from_settings=True))

    card = (await door.say("watching")).card

    assert plain(card.title) == "This channel watches 1 thing"
    assert "From the settings file" in plain(card.items[0].lines[0])
    assert card.items[0].buttons == ()


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("watch expect=off Payments Nightly", ["Search"]),
        ("unwatch Payments Nightly", ["Search"]),
        ("unwatch all", []),
        ("watch expect=off", []),
        ("watch Payments Nightly expect=off", ["Search"]),
        ("watch Payments Nightly expect=off source=x", ["Payments Nightly", "Search"]),
    ],
)
async def test_unwatch__ends_what_is_expected(words: str, left: list[str]) -> None:
    """Of that launcher, or of all; another channel keeps its own."""
    door = a_door()
    for expectation in (NIGHTLY, replace(NIGHTLY, launcher="Search"), replace(NIGHTLY, channel="c2")):
        await door.store.expect(expectation)

    await door.say(words)

    assert [e.launcher for e in await door.store.expectations(CHANNEL)] == left
    assert len(await door.store.expectations("c2")) == 1


async def test_unwatch__says_both() -> None:
    """A launcher that was watched and expected is neither any more."""
    door = a_door()
    await door.say("watch Payments Nightly")
    await door.store.expect(NIGHTLY)

    reply = await door.say("unwatch Payments Nightly")

    assert plain(reply.card.text) == (
        "This channel is no longer notified of every finished run of Payments Nightly. It is not notified of any runs"
        " now. This channel is no longer notified when no run of Payments Nightly on demo starts by 03:00 UTC, or one takes twice its"
        " usual time."
    )


async def test_unwatch__what_the_settings_expect_stays() -> None:
    """It says where it can be removed."""
    door = a_door()
    await door.store.expect(replace(NIGHTLY, from_settings=True))

    reply = await door.say("watch expect=off")

    assert "come from the settings file" in told(reply.card)
    assert len(await door.store.expectations()) == 1


# Proposals --------------------------------------------------------------------------------------

HABIT = "It has started at about 02:00 on 14 of the last 14 days (UTC). This channel can be notified when it does not."


async def test_watch__proposes_what_is_usual() -> None:
    """Never by itself: one click expects it, and it is proposed no more."""
    door = a_door()
    await recorded(door, *range(14))

    reply = await door.say("watch Payments Nightly")
    assert f"Payments Nightly has{HABIT.removeprefix('It has')}" in texts(reply.card)
    assert await door.store.expectations() == ()

    made = await door.say(command_of(reply.card, "Expect it by 03:00 UTC"))
    assert await only(door) == NIGHTLY
    assert "It has started at about 02:00 on 14 of the last 14 days." in texts(made.card)
    assert "at about" not in texts((await door.say("watching")).card)


async def test_watching__proposes_for_what_is_watched() -> None:
    """A channel that watches another launcher is not asked about this one."""
    door = a_door()
    await recorded(door, *range(14))
    await door.store.subscribe(Subscription(channel=CHANNEL, launcher="Search"), EPOCH)
    assert "at about" not in texts((await door.say("watching")).card)

    await door.store.subscribe(Subscription(channel=CHANNEL), EPOCH)
    card = (await door.say("watching")).card

    assert f"Payments Nightly {HABIT.removeprefix('It ')}" in texts(card)
    assert "watch" in words_of(card, "Expect it by 03:00 UTC")


async def test_watching__proposes_nothing_that_is_not_usual() -> None:
    """Six nights of fourteen are no habit."""
    door = a_door()
    await recorded(door, 0, 1, 3, 5, 8, 13)
    await door.store.subscribe(Subscription(channel=CHANNEL), EPOCH)

    assert "at about" not in texts((await door.say("watching")).card)
