"""What the list of runs says of each: verdict, what is new, age, and the way to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.cards import Card, plain
from bot.errors import RateLimited, ServiceFailed
from bot.model import Availability, Counts, Run, RunRef, RunStatus
from bot.recent import COMPARED
from tests.fakes.runs import EPOCH, a_property, a_run, run_id, some_results
from tests.unit.commands.door import Door, command_of, told, words_of

NAMES = ("alpha", "beta", "gamma")
PASSING = (a_property("one"), a_property("two"))
ADVICE = a_property("No build warnings", failing=True, health=True, advisory=True)


def a_series(door: Door, *failing: str, connection: str = "demo") -> list[Run]:
    """Add runs of one series, oldest first, in which the named properties fail ("alpha beta")."""
    found = []
    for number, names in enumerate(failing):
        run = door.service.add_run(a_run(number, connection=connection))
        broken = tuple(names.split())
        passing = tuple(name for name in NAMES if name not in broken)
        door.service.set_results(some_results(run, failing=broken, passing=passing))
        found.append(run)
    return found


def news(card: Card) -> list[str]:
    """Return what a list says of each run before its age."""
    return [plain(item.lines[0]).partition(" · ")[0] for item in card.items]


async def test_recent__says_what_is_new_in_each_run() -> None:
    """Against the run before it in its series; the oldest has none."""
    door = Door()
    a_series(door, "alpha", "alpha", "alpha beta", "beta", "", "gamma alpha")

    card = (await door.say("status")).card

    assert news(card) == [
        "2 newly failing",
        "1 not failing this time",
        "1 still failing and 1 not failing this time",
        "1 newly failing and 1 still failing",
        "1 still failing",
        "no earlier run of this series is known",
    ]
    assert (
        "The newest is Payments Nightly 00000000: FAILED: 2 of 3 properties fail; 2 newly failing."
        in plain(card.text)
    )


async def test_recent__says_the_same_as_the_run_itself() -> None:
    """The verdict and what fails newly and still are those of the run's own card, in whatever order one asks."""
    door = Door()
    made = a_series(door, "alpha", "alpha beta", "beta", "beta gamma")
    listed = {item.context.run: item for item in (await door.say("status")).card.items if item.context}

    for run in made:
        own = (await door.say(f"status {run.ref.run_id}")).card
        marks = [item.mark for item in own.items]
        said = plain(listed[run.ref].lines[0])
        assert listed[run.ref].mark in plain(own.text)
        for kind in ("newly failing", "still failing"):
            count = marks.count(kind)
            assert (f"{count} {kind}" in said) is bool(count)


async def test_recent__each_run_can_be_opened() -> None:
    """Its buttons name the whole run, and what fails can be asked at once."""
    door = Door()
    fine, broken = a_series(door, "", "alpha")
    card = (await door.say("status")).card

    assert [[b.label for b in item.buttons] for item in card.items] == [["Status", "Failing"], ["Status"]]
    for item, run in zip(card.items, (broken, fine), strict=True):
        opened = (await door.say(item.buttons[0].command)).card
        assert opened.context == item.context
        assert item.context is not None
        assert item.context.run == run.ref
    assert "1 property fails" in plain((await door.say(command_of(card, "Failing"))).card.text)


@pytest.mark.parametrize(
    ("changes", "listed", "own"),
    [
        ({}, "ended 2 h ago", "It ended 2 h ago."),
        ({"completed_at": None}, "created 3 h ago", "It was created 3 h ago."),
        ({"status": RunStatus.IN_PROGRESS}, "started 2 h 30 min ago", "It started 2 h 30 min ago."),
        ({"status": RunStatus.STARTING, "started_at": None}, "created 3 h ago", "It was created 3 h ago."),
    ],
)
async def test_recent__an_age_says_since_what(changes: dict[str, object], listed: str, own: str) -> None:
    """In the list and in the run's card it is told in words, and alike."""
    door = Door()
    now = door.clock.now()
    run = a_run(1, created_at=now - timedelta(hours=3), started_at=now - timedelta(hours=2, minutes=30))
    door.service.add_run(replace(run, completed_at=now - timedelta(hours=2)))
    door.service.change(run, **changes)

    assert listed in plain((await door.say("status")).card.items[0].lines[0])
    assert own in plain((await door.say("status latest")).card.text)


async def test_recent__asks_no_more_than_it_has_to() -> None:
    """Results are read once each and kept; a long list compares only its newest runs, and says so."""
    door = Door()
    a_series(door, *("alpha" for _ in range(25)))

    card = (await door.say("status count=20")).card
    asked = len(door.service.calls)
    again = (await door.say("status count=20")).card

    assert door.service.count("results") == 20
    assert asked <= 1 + 20 + COMPARED
    assert news(card)[:COMPARED] == ["1 still failing"] * COMPARED
    assert not any("failing" in said for said in news(card)[COMPARED:])
    assert f"What is new is shown for the newest {COMPARED} finished runs." in told(card)
    assert again == card


@pytest.mark.parametrize("error", [ServiceFailed("500"), RateLimited("slow down")])
async def test_recent__what_cannot_be_read_leaves_its_place_empty(error: Exception) -> None:
    """The run is listed all the same, and nothing is called new in it."""
    door = Door()
    a_series(door, "alpha", "beta")
    door.service.fail("results", error)  # type: ignore[arg-type]  # a service error

    card = (await door.say("status")).card

    assert card.items[0].mark == "finished, results unavailable"
    assert "newly failing" not in told(card)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "FAILED: 1 of 3 properties fails"),
        ({"checks": PASSING}, "passed: all 2 properties pass"),
        ({"checks": (*PASSING, ADVICE)}, "passed: all 2 properties that count pass"),
        ({"uncounted": True}, "FAILED: 1 property fails, of how many is not known"),
        ({"checks": PASSING, "uncounted": True}, "finished: 2 properties pass, of how many is not known"),
        ({"named": False}, "FAILED: 1 of 3 properties fails"),
        ({"whole": False}, "FAILED: 1 of the first 3 properties fails, the others could not be read"),
        ({"checks": (), "counts": Counts(failing=2, passing=1)}, "FAILED: 2 of 3 properties fail"),
        ({"availability": Availability.AGED_OUT}, "finished, results unavailable"),
    ],
    ids=str,
)  # fmt: skip
async def test_recent__says_of_a_run_what_its_own_card_says(changes: dict[str, object], said: str) -> None:
    """Also where its results are not whole, so that nothing is kept of them, and where some failures are in no count."""
    door = Door()
    run = a_run(1, completed_at=EPOCH)
    results = replace(some_results(run, failing=("lost write",), passing=("one", "two")), **changes)  # type: ignore[arg-type]
    door.service.add_run(run, results)

    (first,) = (await door.say("status")).card.items
    (again,) = (await door.say("status")).card.items
    own = (await door.say("status latest")).card

    assert (first.mark, again.mark) == (said, said)
    assert plain(own.text).startswith(f"Run {plain(first.title)} {said}")
    assert ("Failing" in [b.label for b in first.buttons]) is said.startswith("FAILED")


async def test_recent__of_several_connections_names_the_connection_in_its_buttons() -> None:
    """A run's id alone could be another connection's."""
    door = Door()
    door.service.add_run(a_run(1, completed_at=EPOCH))

    card = (await door.say("status")).card

    assert words_of(card, "Status") == f"status {RunRef('demo', run_id(1)).text}"
