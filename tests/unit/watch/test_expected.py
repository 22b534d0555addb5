"""What a channel is notified of when something does not happen: once when it begins, and once when it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from bot.errors import NotFound
from bot.model import LaunchRequest, Run, RunStatus
from bot.state import (
    Cause,
    ChannelSettings,
    Intent,
    IntentState,
    Mute,
    Notice,
    Schedule,
    ScheduleRequest,
    Subscription,
)
from tests.fakes.expecting import KEY, NIGHTLY, Night, at
from tests.fakes.runs import a_build, a_run
from tests.fakes.service import FakeRunService, a_build_server, a_harness
from tests.fakes.watching import CHANNEL, Watching

GOING = RunStatus.IN_PROGRESS
OTHER, THIRD = "fake:channel:C2", "fake:channel:C3"
MISSED = "Payments Nightly did not start by 16 May 03:00 UTC."


def starts(night: Night, when: datetime, number: int = 1, **changes: object) -> Run:
    """Let a run be created at a time; it goes on."""
    fields: dict[str, object] = {"status": GOING, "created_at": when, "started_at": when, **changes}
    return night.it.service.add_run(a_run(number, **fields))  # type: ignore[arg-type]  # the test's own fields


def ends(night: Night, run: Run, when: datetime) -> None:
    """Let a run end at a time."""
    night.it.service.change(run, status=RunStatus.COMPLETED, status_text="completed", completed_at=when)


# A start ----------------------------------------------------------------------------------------


async def test_missing__told_once_and_over_once() -> None:
    """Two minutes behind the deadline, with the way on; when it starts after all, how late."""
    night = Night()
    await night.begin()

    assert await night.until(at(3)) == []
    assert await night.until(at(3.2), step=60) == [MISSED]
    assert night.buttons() == ["Launch", "Recent runs", "Stop expecting"]
    (notice,) = await night.it.store.notices()
    assert (notice.cause, notice.channel, notice.problem, notice.since) == (
        Cause.MISSING, CHANNEL, MISSED, at(3),
    )  # fmt: skip
    starts(night, at(3.2))
    assert await night.until(at(12)) == ["Payments Nightly: it started at 16 May 03:12 UTC, 12 min late."]
    assert await night.it.store.notices() == ()


async def test_missing__noted_once_however_often_it_is_looked(caplog: pytest.LogCaptureFixture) -> None:
    """What is open stays open: it is neither judged nor written anew at each look."""
    night = Night()
    await night.begin()
    await night.until(at(4), step=60)

    assert caplog.messages.count(MISSED) == 1


async def test_missing__never_came_and_the_next_one_is_there() -> None:
    """Read only when a run of the next night has begun: it is over before anybody was told, and is told so alone."""
    night = Night()
    await night.begin()
    await night.until(at(2.9))
    night.out = True
    assert [s for s in await night.until(at(15.6)) if "did not start" in s] == []
    starts(night, at(15.5))
    night.out = False

    said = [s for s in await night.until(at(16)) if s.startswith("Payments Nightly")]
    assert said == [
        "Payments Nightly: it started at 16 May 15:30 UTC. The run that was due 16 May 03:00 UTC never came."
    ]
    assert await night.it.store.notices() == ()


async def test_missing__nothing_where_it_starts_in_time() -> None:
    """The rule of the house: silence, night after night."""
    night = Night()
    await night.begin()
    for number, day in enumerate((16, 17)):
        await night.until(at(2, day))
        starts(night, at(2, day), number)
        assert await night.until(at(12, day)) == []


async def test_missing__night_after_night() -> None:
    """Each night is news, with how many there were; when it starts again it is over once."""
    night = Night()
    await night.begin()
    first = await night.until(at(4, 16))
    second = await night.until(at(4, 17))
    starts(night, at(1.5, 18))
    over = await night.until(at(12, 18))

    assert (first, second) == (
        [MISSED], ["Payments Nightly did not start by 17 May 03:00 UTC. That is the 2nd time in a row."],
    )  # fmt: skip
    assert over == [
        "Payments Nightly: it started at 18 May 01:30 UTC. The run that was due 17 May 03:00 UTC never came."
    ]
    assert await night.it.store.notices() == ()


async def test_missing__another_source_is_no_start() -> None:
    """Somebody's branch is not the nightly run; a source that is not asked for counts whatever it is."""
    night = Night()
    await night.begin(replace(NIGHTLY, source="main"), replace(NIGHTLY, channel="fake:channel:C2"))
    starts(night, at(2), source="wip")

    assert await night.until(at(4), step=300) == [MISSED.replace("Nightly did", "Nightly from main did")]


async def test_missing__listed_late_is_said_so() -> None:
    """It was in time, and only the list did not show it: the channel must not think otherwise."""
    night = Night()
    await night.begin()
    await night.until(at(3.1))
    starts(night, at(2.9))

    assert await night.until(at(4)) == [
        "Payments Nightly: it started at 16 May 02:54 UTC, in time. The platform listed it later."
    ]


async def test_missing__not_while_the_platform_cannot_be_reached() -> None:
    """What cannot be read is not known; what is read then is said as it was."""
    night = Night()
    await night.begin()
    await night.until(at(2.9))
    night.out = True
    assert await night.until(at(3.5)) == []
    night.out = False
    starts(night, at(3.2))

    (late,) = await night.until(at(5))
    assert late == "Payments Nightly: it started at 16 May 03:12 UTC, 12 min late."
    assert "Clew could not read the list in between" in night.it.told[-1].payload


async def test_missing__not_while_the_platform_cannot_be_reached_and_it_never_came() -> None:
    """Then it is said as soon as the list is read."""
    night = Night()
    await night.begin()
    night.out = True
    await night.until(at(3.5), step=300)
    night.out = False

    assert (await night.until(at(4)))[-1] == MISSED


@pytest.mark.parametrize(("hour", "said"), [
    (2, []), (3.2, ["Payments Nightly: it started at 16 May 03:12 UTC, 12 min late."]), (None, [MISSED]),
])  # fmt: skip
async def test_missing__clew_was_down_over_the_deadline(hour: float | None, said: list[str]) -> None:
    """It says what the list tells, once: in time is no news."""
    night = Night()
    await night.begin()
    await night.until(at(1))
    if hour is not None:
        ends(night, starts(night, at(hour)), at(hour + 0.5))
    await night.down_until(at(5))
    await night.tick(0)

    assert [text for text in night.said if "Nightly did not" in text or "it started" in text] == said
    night.restart()
    assert [text for text in await night.until(at(6)) if "started" in text] == []


async def test_missing__a_run_from_before_still_went_on() -> None:
    """The one before is in the way: no alarm, also not when it has ended; the next night counts again."""
    night = Night()
    await night.begin()
    long = starts(night, at(14, 15))
    assert await night.until(at(4), step=300) == []
    ends(night, long, at(4))
    over = [text for text in await night.until(at(14), step=300) if "did not start" in text]
    assert over == []
    assert any("17 May 03:00" in text for text in await night.until(at(4, 17)))


async def test_missing__a_run_from_before_had_ended_while_clew_was_down() -> None:
    """Clew sees only later that it ended; when it did says the platform."""
    night = Night()
    await night.begin()
    early = starts(night, at(14, 15))
    await night.until(at(14.5, 15))
    ends(night, early, at(15, 15))
    await night.down_until(at(5))
    await night.tick(0)

    assert MISSED in night.said


async def test_missing__not_known_where_the_list_was_cut() -> None:
    """Said once as that, and no alarm is left open: it may have been among what nobody can read."""
    night = Night(it=Watching(service=FakeRunService(page_size=2, list_pages=1)))
    await night.begin()
    await night.until(at(1))
    night.it.clock.pass_time(2.5 * 3600)
    for number in range(2, 12):
        ends(night, starts(night, at(3.3), number, launcher="other"), at(3.4))
    said = [text for text in await night.until(at(9), step=300) if "Nightly" in text]

    assert len(said) == 1
    assert said[0].startswith("Payments Nightly: it is not known whether a run started by 16 May 03:00 UTC.")
    assert await night.it.store.notices() == ()


async def test_missing__launched_here_and_not_listed_yet() -> None:
    """Whoever launched it from a chat a minute before knows that it was started."""
    night = Night()
    await night.begin()
    await night.until(at(2.9))
    request = LaunchRequest(launcher="Payments Nightly", key="k")
    await night.it.store.draft(
        Intent(
            id="i1", connection="demo", actor="fake:user:U1", channel=CHANNEL, thread=None, request=request,
            subject=request.launcher, state=IntentState.ACCEPTED, created_at=at(2.9), posted_at=at(2.9), run_id="r9",
        )
    )  # fmt: skip

    assert await night.until(at(4)) == []


async def test_missing__ends_with_what_was_expected() -> None:
    """Nobody hears that something is over which nobody expects any more; and no alarm of it is left."""
    night = Night()
    await night.begin()
    await night.until(at(3.1), step=300)
    await night.it.store.stop_expecting(NIGHTLY)

    assert await night.until(at(4), step=300) == []
    assert await night.it.store.notices() == ()


async def test_missing__a_deadline_that_was_moved_counts_from_then_on() -> None:
    """The alarm of the old one is gone, and the old deadline is not judged by the new rule."""
    night = Night()
    await night.begin()
    await night.until(at(3.1), step=300)
    await night.it.store.expect(replace(NIGHTLY, by=time(2), since=at(3.1)))

    assert await night.until(at(20)) == []
    assert await night.it.store.notices() == ()


async def test_missing__a_new_alarm_in_the_place_of_one_that_counts_no_more() -> None:
    """Clew was down from the change until the new deadline had passed: the alarm that is left is the new one."""
    night = Night()
    await night.begin()
    await night.until(at(3.1), step=300)
    await night.it.store.expect(replace(NIGHTLY, by=time(2), since=at(3.1)))
    await night.down_until(at(2.2, 17))
    while len(night.said) == 1:
        await night.tick()

    assert night.said[1:] == ["Payments Nightly did not start by 17 May 02:00 UTC."]
    assert [notice.since for notice in await night.it.store.notices()] == [at(2, 17)]


@pytest.mark.parametrize("service", [a_harness(), a_build_server()], ids=["unlisted", "untimed"])
async def test_missing__no_alarm_where_nobody_can_tell(service: FakeRunService) -> None:
    """Settings may expect what a platform cannot tell: it must not be an alarm every day."""
    night = Night(it=Watching(service=service))
    if service.rows or "lists" not in service.lacks:
        service.add_run(a_build(7, launcher="Payments Nightly"))
    await night.begin()

    assert await night.until(at(6)) == []


async def test_missing__nobody_starts_the_second_alarm() -> None:
    """Two processes on one database tell it once, and that it is over once."""
    night, other = Night(), Night()
    other.it.store, other.it.service, other.it.clock = night.it.store, night.it.service, night.it.clock
    other.restart()
    await night.begin()
    await night.until(at(3))
    for _ in range(4):
        await night.tick()
        await other.tick(0)
    starts(night, at(3.1))
    for _ in range(4):
        await night.tick()
        await other.tick(0)

    assert [text for text in night.said if "Nightly did not" in text or "it started" in text] == [
        MISSED, "Payments Nightly: it started at 16 May 03:06 UTC, 6 min late.",
    ]  # fmt: skip


async def test_missing__waits_while_its_channel_is_quiet() -> None:
    """An alarm in the night of a team that sleeps is there in the morning; so is one of what is muted."""
    night = Night()
    quiet = ChannelSettings(channel=CHANNEL, quiet_from=time(22), quiet_to=time(8))
    await night.begin(NIGHTLY, replace(NIGHTLY, channel=OTHER), replace(NIGHTLY, channel=THIRD))
    await night.it.store.set_channel(quiet, at(12, 15))
    for channel, launcher in ((OTHER, "Payments Nightly"), (THIRD, "another")):
        until = at(9)
        mute = Mute(channel=channel, until=until, since=at(12, 15), launcher=launcher, connection="demo")
        await night.it.store.mute(mute, at(12, 15))
    await night.until(at(3.2))

    held = {c: [h.due for h in await night.it.store.held(c)] for c in (CHANNEL, OTHER, THIRD)}
    assert held == {CHANNEL: [at(8)], OTHER: [at(9)], THIRD: []}
    assert len(night.said) == 3


# How long a run takes ---------------------------------------------------------------------------


def history(night: Night, number: int, *, minutes: float = 40) -> None:
    """Let so many runs have taken so long on the days before."""
    for n in range(number):
        begun = at(2, 14) - timedelta(days=n)
        run = a_run(
            100 + n, created_at=begun, started_at=begun, completed_at=begun + timedelta(minutes=minutes)
        )
        night.it.service.add_run(run)


EVERY_LENGTH = replace(NIGHTLY, by=None)


async def test_long__twice_its_usual_time() -> None:
    """Told once with what can be done, by its own median; over when it has ended."""
    night = Night()
    history(night, 5)
    await night.begin(EVERY_LENGTH)
    run = starts(night, at(13, 15))

    assert await night.until(at(14.3, 15)) == []
    (told,) = await night.until(at(16, 15), step=60)
    assert told == "Payments Nightly 00000000 has been running for 1 h 20 min; usually it takes 40 min."
    assert night.buttons() == ["Status", "Stop"]
    assert "the last 5 runs like it" in night.it.told[-1].payload
    ends(night, run, at(16, 15))
    assert await night.until(at(18, 15)) == ["Payments Nightly 00000000 has ended after 3 h."]
    assert await night.it.store.notices() == ()


@pytest.mark.parametrize(("runs", "changes"), [
    (4, {}), (5, {"requested_minutes": 600.0}), (5, {"source": "wip"}),
], ids=["too few", "asked to take longer", "another series"])  # fmt: skip
async def test_long__nothing_where_no_time_is_usual(runs: int, changes: dict[str, object]) -> None:
    """Four runs say nothing, nor do others than its own."""
    night = Night()
    history(night, runs)
    await night.begin(EVERY_LENGTH)
    starts(night, at(13, 15), 1, **changes)

    assert await night.until(at(20, 15), step=300) == []


async def test_long__not_while_the_platform_cannot_be_reached() -> None:
    """It may have ended meanwhile; and where it did, nothing is said of its length."""
    night = Night()
    history(night, 5)
    await night.begin(EVERY_LENGTH)
    run = starts(night, at(13, 15))
    await night.until(at(13.5, 15))
    night.out = True
    assert await night.until(at(14.4, 15)) == []
    ends(night, run, at(13.7, 15))
    night.out = False

    assert await night.until(at(15, 15)) == []


async def test_long__not_where_nobody_can_say_that_it_goes_on() -> None:
    """The list lags, or shows a run that was taken away: it is looked at once more before anything is said."""
    night = Night()
    history(night, 5)
    await night.begin(EVERY_LENGTH)
    starts(night, at(13, 15))
    await night.until(at(13.5, 15))
    night.it.service.fail("run", NotFound("There is no such run.", what="run"), times=99)

    assert await night.until(at(15, 15)) == []


async def test_long__a_queue_is_no_run() -> None:
    """The time in which it waits does not count."""
    night = Night()
    history(night, 5)
    await night.begin(EVERY_LENGTH)
    starts(night, at(13, 15), status=RunStatus.STARTING, started_at=None)

    assert await night.until(at(20, 15), step=300) == []


# A connection -----------------------------------------------------------------------------------


async def test_unread__after_an_hour_and_when_it_is_over() -> None:
    """Whoever expects something of it learns that silence means nothing now."""
    night = Night()
    await night.begin()
    await night.until(at(13, 15))
    night.out = True
    assert await night.until(at(13.9, 15)) == []
    (told,) = await night.until(at(15, 15), step=60)
    night.out = False
    (over,) = await night.until(at(16, 15))

    assert told.startswith("Clew could not read runs from demo for 1 h: The platform cannot be reached.")
    assert "nothing is lost" in told
    assert over.startswith("Clew reads runs from demo again. ")
    assert await night.it.store.notices() == ()


async def test_unread__says_no_secret_that_the_platform_repeats() -> None:
    """The reason is the platform's, and goes into a channel and the database."""
    night = Night(problem=f"It answered: no such key {KEY}.")
    await night.begin()
    await night.until(at(13, 15))
    night.out = True
    (told,) = await night.until(at(15, 15))
    (notice,) = await night.it.store.notices()

    assert "It answered: no such key" in told
    assert KEY not in told + night.it.told[-1].payload + notice.problem


async def test_unread__survives_a_restart_in_the_hour() -> None:
    """What the operator's post noted counts: a program that is restarted every half hour must not be silent for ever."""
    night = Night()
    await night.begin()
    await night.until(at(13, 15))
    night.out = True
    poll = Notice(cause=Cause.POLL, subject="demo", problem="It cannot be watched.", since=at(13.1, 15))
    await night.it.store.open_notice(poll, None, at(13.1, 15))
    await night.until(at(13.5, 15))
    night.restart()
    told = await night.until(at(14.2, 15))

    assert len(told) == 1
    night.restart()
    assert await night.until(at(15.5, 15)) == []


@pytest.mark.parametrize(("watched_too", "channels"), [(True, ["fake:channel:C7"]), (False, [])])
async def test_unread__who_watches_it_where_there_is_no_operator(
    watched_too: bool, channels: list[str]
) -> None:
    """Nobody expects anything; then those that watch it hear of it, unless an operator does."""
    night = Night(watched_too=watched_too)
    await night.it.store.subscribe(Subscription(channel="fake:channel:C7"), at(12, 15))
    await night.it.store.subscribe(Subscription(channel="fake:channel:C8", connection="other"), at(12, 15))
    await night.it.tick(0)
    night.out = True
    await night.until(at(15, 15), step=300)

    assert [delivery.channel for delivery in night.it.told] == channels


# Beside a schedule of the same channel -------------------------------------------------------------


async def scheduled(night: Night, **changes: object) -> Schedule:
    """Keep a schedule of what the channel expects, and what became of it so far."""
    launch = LaunchRequest(launcher="Payments Nightly", key="", values={"duration": "30"})
    made = Schedule(
        id="s" * 32, channel=CHANNEL, connection="demo", actor="fake:user:U1", principals=frozenset(),
        request=ScheduleRequest(launch=launch, times="0 2 * * *", zone="UTC"), made_at=at(12, 15), done_until=at(12, 15),
    )  # fmt: skip
    draft = Intent(
        id=made.id, connection="demo", actor=made.actor, channel=CHANNEL, thread=None, request=made.request,
        subject="Payments Nightly", state=IntentState.DRAFT, created_at=at(12, 15),
    )  # fmt: skip
    await night.it.store.draft(draft)
    await night.it.store.schedule(made, at(12, 15))
    after = replace(made, **changes)  # type: ignore[arg-type]  # the test's own fields
    await night.it.store.change_schedule(made, after, at(12, 15))
    return replace(after, version=1)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"done_until": at(2), "last_due": at(2), "last": "It was refused."}, 0),  # the channel heard that
        ({"done_until": at(2), "last_due": at(2, 15), "last": "It was refused."}, 1),  # of another night
        ({"paused": "Bo paused it."}, 1),
        ({}, 0),  # it is due, and has still to tell
    ],
    ids=["told", "another night", "paused", "due"],
)
async def test_missing__beside_a_schedule(changes: dict[str, object], told: int) -> None:
    """A launch that the channel's schedule did not make is told by the schedule alone; the alarm stays open."""
    night = Night()
    await night.begin()
    await scheduled(night, **changes)

    assert len(await night.until(at(4))) == told
    assert len(await night.it.store.notices()) == (1 if changes else 0)


async def test_missing__told_by_the_schedule_and_started_after_all() -> None:
    """What is over is told, whoever told of its beginning."""
    night = Night()
    await night.begin()
    await scheduled(night, done_until=at(2), last_due=at(2), last="It was refused.")
    await night.until(at(3.2))
    run = a_run(1, status=RunStatus.IN_PROGRESS, created_at=at(3.5), started_at=at(3.5))
    night.it.service.add_run(run)

    assert await night.until(at(4)) == ["Payments Nightly: it started at 16 May 03:30 UTC, 30 min late."]


@pytest.mark.parametrize(
    ("accepted", "told"), [(True, 1), (False, 0)], ids=["accepted and never seen", "refused"]
)
async def test_missing__beside_a_schedule_that_launched(*, accepted: bool, told: int) -> None:
    """A launch that was taken and never became a run is news; one that was refused was told."""
    night = Night()
    await night.begin()
    schedule = await scheduled(night, done_until=at(2), last_due=at(2), last_intent="i" * 32)
    state = IntentState.ACCEPTED if accepted else IntentState.REJECTED
    await night.it.store.draft(
        Intent(
            id="i" * 32, connection="demo", actor=schedule.actor, channel=CHANNEL, thread=None,
            request=schedule.request.launch, subject="Payments Nightly", state=state, created_at=at(2),
        )
    )  # fmt: skip

    assert len(await night.until(at(4))) == told
