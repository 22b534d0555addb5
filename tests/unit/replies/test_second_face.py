"""Cards of a platform with another face: tests and builds, no times, no moments, quarantine, and a word of its own."""

from __future__ import annotations

from dataclasses import replace

from bot.cards import Tone, plain
from bot.model import Check, CheckStatus, Counts, Run, Says
from bot.state import Outcome
from tests.fakes.runs import a_build, build_results
from tests.fakes.service import FakeRunService, a_build_server
from tests.fakes.watching import Watching, a_subscription
from tests.unit.commands.door import Door, told

FAILS = "tests/test_auth.py::test_token_refresh"


def a_door(*builds: Run) -> Door:
    """Return a door to a server with a list, and these builds."""
    door = Door(service=a_build_server())
    for build in builds:
        door.service.add_run(build)
    return door


async def test_status__of_a_failed_build() -> None:
    """Its nouns, its counts and its baseline; nothing of moments or properties."""
    before, build = a_build(1024), a_build(1026, says=Says.FAILED, commit="a1b2c3d4e5f6")
    door = a_door(before, build)
    door.service.set_results(build_results(1024, passing=(FAILS, "b")))
    door.service.set_results(
        build_results(1026, failing=(FAILS,), passing=("b",), skipped=("c",), excused=("q", "r"))
    )
    card = (await door.say("status 1026")).card
    facts = {fact.label: plain(fact.value) for fact in card.facts}

    assert plain(card.title) == "FAILED: Regression Suite 1026"
    assert facts["Build"] == "1026"
    assert facts["Tests"] == "1 failing, 2 quarantined, 1 passing, 1 skipped (1 newly failing)"
    assert (facts["Branch"], facts["Commit"]) == ("main", "a1b2c3d4")
    assert facts["Compared with"].startswith("1024")
    assert [(item.mark, plain(item.title)) for item in card.items] == [
        ("newly failing", "test_token_refresh"),
        ("quarantined", "2 tests, not counted"),
    ]
    assert not [word for word in ("propert", "moment", "launcher") if word in told(card).casefold()]


async def test_status__failed_although_no_test_failed() -> None:
    """Never green, and it says who calls it failed."""
    build = a_build(1031, says=Says.FAILED)
    door = a_door(build)
    door.service.set_results(build_results(1031, passing=("a", "b")))
    card = (await door.say("status 1031")).card

    assert plain(card.title) == "incomplete: Regression Suite 1031"
    assert card.tone is Tone.BAD
    assert "Testhide calls this build failed, and no test of it failed." in told(card)


async def test_status__passed_with_quarantined_tests() -> None:
    """A pass with a but is a warning, and skipped tests do not spoil it."""
    build, plainly = a_build(7, says=Says.PASSED), a_build(8, says=Says.PASSED)
    door = a_door(build, plainly)
    door.service.set_results(build_results(7, passing=("a",), excused=("q",), skipped=("s",)))
    door.service.set_results(build_results(8, passing=("a",), skipped=("s",)))
    card, good = (await door.say("status 7")).card, (await door.say("status 8")).card

    assert (card.tone, good.tone) == (Tone.WARNING, Tone.GOOD)
    assert "passed: 1 of 3 tests pass, 1 skipped, 1 quarantined" in told(card)


async def test_failing__shows_tests() -> None:
    """A test has its file and its message; no moment is missed, and its buttons are those that the platform has the parts for."""
    build = a_build(1009)
    door = a_door(build)
    results = build_results(1009, failing=(FAILS,), excused=("q",))
    door.service.set_results(results)
    card = (await door.say("failing 1009")).card
    one = (await door.say("failing 1009 property=1")).card

    assert plain(card.title) == "1 failing test in Regression Suite 1009"
    assert [plain(line) for line in card.items[0].lines] == ["tests/test_auth.py"]
    assert [b.text for b in card.items[0].buttons] == ["Classify 1", "Quarantine 1", "History 1", "Mark 1"]
    assert [b.text for b in one.buttons] == ["Classify 1", "Quarantine 1", "History 1", "Mark 1", "Hand over"]
    assert card.footer == ()
    assert plain(card.items[1].title) == "1 test that fails and is not counted: use “failing quarantined=yes”"
    assert {fact.label for fact in one.facts} == {"State", "Where"}


async def test_status__counts_without_names() -> None:
    """Where the platform only counts, the card has the counts, and nothing is called new."""
    build = a_build(5)
    door = a_door(build)
    check = Check(name="a", status=CheckStatus.FAILING)
    counts = Counts(failing=3, passing=42)
    door.service.set_results(replace(build_results(5), checks=(check,), whole=False, counts=counts))
    card = (await door.say("status 5")).card

    assert "3 of 45 tests fail" in told(card)
    assert "nothing: not all results of this build could be read" in told(card)


async def test_progress__of_tests_that_are_done() -> None:
    """A platform that counts what is done gives a bar."""
    from bot.model import RunStatus

    door = a_door(a_build(6, status=RunStatus.IN_PROGRESS, status_text="running", done=(12, 45)))
    card = (await door.say("status 6")).card

    assert card.progress is not None
    assert (card.progress.text, round(card.progress.fraction or 0, 2)) == ("12 of 45 tests done", 0.27)


async def test_watch__a_failed_build_without_a_failing_test_wakes_as_incomplete() -> None:
    """And quarantined failures wake nobody."""
    it = Watching(service=a_build_server())
    it.service.add_run(a_build(1), build_results(1, passing=("a",)))
    await it.begin(a_subscription(outcomes=frozenset({Outcome.INCOMPLETE, Outcome.FAILURES})))
    it.service.add_run(a_build(2, says=Says.FAILED), build_results(2, passing=("a",)))
    it.service.add_run(a_build(3, says=Says.PASSED), build_results(3, passing=("a",), excused=("q",)))
    await it.tick()

    assert [row.key.split(":")[1] for row in it.told] == ["2"]
    assert "Testhide calls this build failed, and no test of it failed." in it.told[0].payload


def test_build_server__offers_no_moments() -> None:
    """The face is what it says."""
    platform = a_build_server().platform

    assert (platform.moment_logs, platform.debugs, platform.reports, platform.finds_launched) == (None,) * 4
    assert isinstance(platform.reads, FakeRunService)
