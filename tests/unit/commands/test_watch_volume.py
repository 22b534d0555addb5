"""What `watch` says of a server whose builds no channel is notified of by itself: whose they are, and how many."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.cards import plain
from bot.state import CHANGES, Coverage, PollStep
from bot.triage import LauncherRow
from tests.fakes.runs import a_build
from tests.fakes.service import a_build_server
from tests.fakes.stage import CHANNEL, Stage, texts

JOB = LauncherRow(key="55", name="Regression Suite")


def _stage(*more: str) -> Stage:
    names = ("demo", *more)
    first, *others = (
        a_build_server(connection=name, notified_by_default=False, rows=(JOB,)) for name in names
    )
    return Stage(service=first, others=tuple(others), known=())


async def _looked(stage: Stage, builds: int, *, days: float, main: int = 0) -> None:
    """Let the first look be so long ago, and so many builds be listed since then."""
    now = stage.clock.now()
    first = now - timedelta(days=days)
    await stage.memory.record(
        PollStep(connection="demo", now=first, watermark=first, coverage=Coverage(first, first))
    )
    old = tuple(replace(a_build(n), seen_at=first - timedelta(microseconds=n)) for n in range(900, 950))
    await stage.memory.record(PollStep(connection="demo", now=first, runs=old, baseline=True))
    new = tuple(
        replace(a_build(n, source="main" if n < main else "feature"), seen_at=now - timedelta(minutes=n))
        for n in range(builds)
    )
    await stage.memory.record(PollStep(connection="demo", now=now, runs=new, coverage=Coverage(first, now)))


async def test_watch__the_only_connection_is_meant() -> None:
    """A subscription that names none would never be notified of anything."""
    stage = _stage()
    await stage.say("watch Regression Suite keep=yes")

    assert [s.connection for s in await stage.memory.subscriptions(CHANNEL)] == ["demo"]


async def test_watch__a_launcher_says_which_connection_is_meant() -> None:
    """The one that alone has it, where its runs are in no subscription that names none; else it would be silence."""
    builds = a_build_server(connection="qa", notified_by_default=False, rows=(JOB,))
    stage = Stage(others=(builds,), known=())
    await stage.say("watch Regression Suite keep=yes")
    await stage.say("watch keep=yes")
    listed = texts((await stage.say("watching")).card)
    found = {(s.launcher, s.connection) for s in await stage.memory.subscriptions(CHANNEL)}

    assert found == {("Regression Suite", "qa"), (None, None)}
    assert "Runs of qa are only among them where that connection is named." in listed
    assert "every finished run (except those of qa)" in listed
    assert "every finished run of Regression Suite on qa" in listed
    assert "of Regression Suite on qa (except" not in listed
    left = texts((await stage.say("unwatch Regression Suite")).card)
    assert "It is still notified of every finished run (except those of qa)." in left
    assert [s.launcher for s in await stage.memory.subscriptions(CHANNEL)] == [None]


async def test_watch__of_several_that_have_a_launcher_it_asks_which() -> None:
    """None of them is meant without being named."""
    others = [a_build_server(connection=n, notified_by_default=False, rows=(JOB,)) for n in ("qa", "ci")]
    reply = await Stage(others=tuple(others), known=()).say("watch Regression Suite keep=yes")

    assert [b.command.values["connection"] for b in reply.card.buttons if b.command] == ["qa", "ci"]


async def test_watch__of_several_it_asks_which() -> None:
    """Each is offered, and nothing is watched yet."""
    stage = _stage("qa")
    reply = await stage.say("watch keep=yes")

    assert "Which connection should this channel be notified of?" in texts(reply.card)
    assert [b.command.values["connection"] for b in reply.card.buttons if b.command] == ["demo", "qa"]
    assert not await stage.memory.subscriptions(CHANNEL)


async def test_watch__says_how_much_that_is() -> None:
    """The builds of the last days, not those that were there at the first look; fewer are proposed."""
    stage = _stage()
    await _looked(stage, 30, days=9, main=25)
    reply = await stage.say("watch keep=yes")

    assert "In the last 7 days that was 30 builds." in plain(reply.card.text)
    assert reply.card.buttons[0].label == "Only changes of main"
    await stage.say(reply.card.buttons[0].command)
    assert [(s.source, s.outcomes) for s in await stage.memory.subscriptions(CHANNEL) if s.source] == [
        ("main", CHANGES)
    ]


async def test_watch__of_some_outcomes_says_from_how_many_they_are_chosen() -> None:
    """How many of them a channel would have been notified of is not known."""
    stage = _stage()
    await _looked(stage, 30, days=9, main=25)
    reply = await stage.say("watch outcomes=changes keep=yes")

    assert "In the last 7 days there were 30 builds, whatever came of them." in plain(reply.card.text)


async def test_watch__counts_since_the_first_look() -> None:
    """Of what was before nobody knows when it was."""
    stage = _stage()
    await _looked(stage, 3, days=2)
    reply = await stage.say("watch keep=yes")

    assert "In the 2 d since Clew first looked, that was 3 builds." in plain(reply.card.text)


async def test_watch__says_nothing_it_does_not_know() -> None:
    """Without a record no number is given."""
    reply = await _stage().say("watch keep=yes")

    assert "that was" not in plain(reply.card.text)


async def test_watch__of_a_launcher_that_no_platform_lists() -> None:
    """A slip in a job's name would be silence for ever, although no run has to be looked through to know that."""
    stage = _stage()
    slip = texts((await stage.say("watch Regresion Suite")).card)
    case = texts((await stage.say("watch regression suite")).card)
    meant = texts((await stage.say("watch Regression Suite (55)")).card)

    assert "None of the jobs is called “Regresion Suite”. Nothing is watched yet." in slip
    assert "Did you mean “Regression Suite”?" in slip
    assert "None of the jobs is called “regression suite”." in case
    assert "This channel is notified of every finished run of Regression Suite (55) on demo." in meant
    assert [s.launcher for s in await stage.memory.subscriptions(CHANNEL)] == ["Regression Suite (55)"]
