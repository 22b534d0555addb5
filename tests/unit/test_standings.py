"""What fails and nobody takes care of, and what failed until lately: of the channel's own runs, never more than is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import standings
from bot.model import Run, RunStatus
from bot.standings import Standings, standings_of
from bot.state import Subscription, Word
from tests.fakes.runs import some_results
from tests.fakes.watching import CHANNEL, Watching

ALL = ("a", "b", "c")
ANY = (Subscription(channel=CHANNEL),)


async def ran(watching: Watching, *each: Sequence[str], **changes: object) -> Run:
    """Let runs end one after the other, an hour apart, each with what fails in it; return the last one."""
    run = None
    for failing in each:
        watching.clock.pass_time(3600)
        run = watching.starts(1000 + len(watching.service._runs), **changes)
        watching.service.finish(
            run,
            some_results(run, failing=tuple(failing), passing=tuple(n for n in ALL if n not in failing)),
            minutes=0,
        )
        await watching.tick(1)
    assert run is not None
    return run


async def begun(*each: Sequence[str], **changes: object) -> Watching:
    watching = Watching()
    await watching.begin()
    if each:
        await ran(watching, *each, **changes)
    return watching


async def stand(watching: Watching, *subscriptions: Subscription, told: tuple[str, ...] = ()) -> Standings:
    names = [("demo", "Payments Nightly", name) for name in told]
    return await standings_of(
        watching.store, subscriptions or ANY, {"demo": True}, watching.clock.now(), told=names
    )


async def say(watching: Watching, name: str, **said: object) -> None:
    state = await watching.store.property_state("demo", "Payments Nightly", name)
    assert await watching.store.save_property_state(replace(state, **said))  # type: ignore[arg-type]  # the test's own


async def test_standings__are_what_fails_now_and_what_failed_lately() -> None:
    """Each with what the runs of its series tell of it."""
    watching = await begun(["a", "b"], ["a"], ["a"])

    found = await stand(watching)

    assert [("a", 3)] == [(s.name, len(s.history.failures)) for s in found.unowned]
    assert [("b", 2)] == [(s.name, s.history.since) for s in found.quiet]
    assert not found.unread


async def test_standings__leave_alone_what_somebody_takes_care_of() -> None:
    """Owned, snoozed, known: these are counted; what is told elsewhere is not."""
    watching = await begun(["a", "b", "c"])
    await say(watching, "a", owner="slack:T1:U1")
    await say(watching, "b", word=Word.KNOWN)

    assert (["c"], 2) == (names(await stand(watching)), (await stand(watching)).cared_for)
    assert ([], 2) == (
        names(await stand(watching, told=("c",))),
        (await stand(watching, told=("c",))).cared_for,
    )


async def test_standings__a_snooze_that_is_over_is_no_care() -> None:
    """Also where no run has ended since, by which it would have been reopened."""
    watching = await begun(["a"])
    await say(watching, "a", word=Word.SNOOZED, until=watching.clock.now() + timedelta(hours=1))
    assert ([], 1) == (names(await stand(watching)), (await stand(watching)).cared_for)

    watching.clock.pass_time(3600)

    assert ["a"] == names(await stand(watching))


def names(found: Standings) -> list[str]:
    return [s.name for s in found.unowned]


async def test_standings__are_of_what_is_watched() -> None:
    """Another launcher, another source, another connection say nothing here."""
    watching = await begun(["a"])
    await ran(watching, ["b"], launcher="Other", source="main")
    await ran(watching, ["c"], source="wild")

    main = await stand(watching, Subscription(channel=CHANNEL, launcher="Payments Nightly", source="main"))
    elsewhere = await stand(watching, Subscription(channel=CHANNEL, connection="other"))

    assert ["a"] == names(main)
    assert Standings() == elsewhere


async def test_standings__pass_over_what_tells_nothing() -> None:
    """After a run that did not get through the one before it still counts; with none before, nothing is known."""
    watching = await begun(["a"])
    broken = watching.starts(900)
    watching.service.change(broken, status=RunStatus.INCOMPLETE)
    await watching.tick(1)
    assert ["a"] == names(await stand(watching))

    alone = watching.starts(901, launcher="Alone")
    watching.service.change(alone, status=RunStatus.INCOMPLETE)
    await watching.tick(1)

    assert ["Alone"] == [run.launcher for run in (await stand(watching)).unread]


async def test_standings__do_not_take_what_cannot_be_read_for_a_pass() -> None:
    """A run without readable results says nothing of what failed before it."""
    watching = await begun(["a"])
    watching.clock.pass_time(60)
    run = watching.starts(902)
    watching.service.finish(run, minutes=0)
    await watching.tick(1)

    found = await stand(watching)

    assert ([], [], 1) == (names(found), [s.name for s in found.quiet], len(found.unread))


async def test_standings__forget_what_is_long_over() -> None:
    """A failure of last week is spoken of no more, nor a series that has no runs any more."""
    watching = await begun(["a"], [])
    assert ["a"] == [s.name for s in (await stand(watching)).quiet]

    watching.clock.pass_time(standings.QUIET_FOR.total_seconds())
    assert not (await stand(watching)).quiet

    watching.clock.pass_time(
        (standings.SERIES_FOR - standings.QUIET_FOR + timedelta(hours=1)).total_seconds()
    )
    await ran(watching, ["b"], launcher="Other")
    assert {"Other"} == {s.run.launcher for s in (await stand(watching)).unowned}


async def test_standings__count_what_is_not_told_one_by_one() -> None:
    """Of hundreds the first few have names and all are counted."""
    many = [f"p{n:03}" for n in range(standings.MOST + 7)]
    watching = await begun(many)
    assert (standings.MOST, 7) == (
        (await stand(watching)).unowned.__len__(),
        (await stand(watching)).more_unowned,
    )

    await ran(watching, [])
    found = await stand(watching)

    assert (0, standings.MOST, 7) == (found.more_unowned, len(found.quiet), found.maybe_quiet)


async def test_standings__tell_what_is_new_first() -> None:
    """What fails since the newest run alone stands before what failed first; in a series' first run nothing is new."""
    watching = await begun(["a"], ["a", "b"])
    await ran(watching, ["c"], launcher="Other")

    found = await stand(watching)

    assert [("b", True), ("c", False), ("a", False)] == [(s.name, s.new) for s in found.unowned]


async def test_standings__count_what_is_new_where_there_is_much() -> None:
    """Among more failures than are told one by one, the new one is."""
    many = tuple(f"old {n}" for n in range(standings.MOST + 2))
    watching = await begun(many, (*many, "young"))

    found = await stand(watching)

    assert (found.unowned[0].name, found.unowned[0].new, found.more_unowned) == ("young", True, 3)


async def test_standings__say_that_more_runs_count_than_were_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A launcher whose newest run stands behind many others may fail unseen."""
    watching = await begun(["a"], ["a"])
    assert not (await stand(watching)).cut
    monkeypatch.setattr(standings, "RECENT", 2)

    assert (await stand(watching)).cut == ("demo",)
    watching.clock.pass_time(standings.SERIES_FOR.total_seconds())
    assert not (await stand(watching)).cut  # older ones have ended as series


async def test_owned__tell_where_a_check_fails() -> None:
    """Of several series the one in which it fails now; what fails stands first; what nobody ran has none."""
    watching = await begun(["a"])
    await ran(watching, [], source="other")
    for name in ("b", "a"):
        await say(watching, name, owner="slack:T1:U1")
    states = await watching.store.property_states("demo")
    alone = replace(states[0], launcher_key="nobody's", name="x")

    found = await standings.owned_standings(
        watching.store, [alone, *sorted(states, key=lambda s: s.name, reverse=True)], watching.clock.now()
    )

    assert [("a", True), ("x", False), ("b", False)] == [(o.state.name, o.fails) for o in found]
    assert found[0].standing is not None
    assert found[0].standing.run.source != "other"
    assert found[1].standing is None
