"""What is said of a property, and when it is news again: the rules, without any store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot import marks
from bot.model import Check, CheckStatus, Example, Rule, RunStatus
from bot.people import People
from bot.ratio import Ratio
from bot.state import Came, CheckInRun, PropertyState, Reopened, Why, Word
from tests.fakes.runs import EPOCH, a_build, a_run

ANN, ANN_THERE, BEN = "slack:user:T01:U0ANN", "discord:user:76", "discord:user:77"
PEOPLE = People([{ANN, ANN_THERE}])
NOW = EPOCH + timedelta(days=1)
NOBODY = PropertyState(connection="demo", launcher_key="nightly", name="x", version=4)
RUN = a_run(100)


def failing(*places: str, broken: int | None = None, held: int | None = None) -> Check:
    """Return a property that fails at these places ("a.go:1", "a.go:1 Post"), in so many of its checks."""
    examples = tuple(
        Example(text="boom", location=location or None, function=function)
        for location, _, function in (place.partition(" ") for place in places)
    )
    return Check(name="x", status=CheckStatus.FAILING, counterexamples=examples, rule=Rule.ALWAYS,
                 counterexample_count=broken, example_count=held)  # fmt: skip


def known(check: Check | None = None) -> PropertyState:
    """Return a property that is a known issue since its run 50."""
    then = a_run(50).created_at
    return marks.said(
        NOBODY,
        Word.KNOWN,
        by=ANN,
        now=NOW,
        ticket="JIRA-12",
        checks=[check] if check else [],
        counts_from=then,
    )


def course(letters: str, newest: int = 99) -> tuple[CheckInRun, ...]:
    """Return runs, oldest first in the letters; i: did not get through, u: not read, e: broken environment, w: names failures only."""
    runs = []
    for number, letter in enumerate(reversed(letters)):
        status = RunStatus.INCOMPLETE if letter == "i" else RunStatus.COMPLETED
        came = Came(letter) if letter in "pfs" else None
        runs.append(CheckInRun(run=a_run(newest - number, status=status), came=came, read=letter != "u",
                               whole=letter != "w", unhealthy=letter == "e"))  # fmt: skip
    return tuple(runs)


def test_owned__the_first_wins() -> None:
    """Whoever owns it keeps it; asking again changes nothing, another person gets nothing."""
    first = marks.owned(NOBODY, ANN, NOW, PEOPLE)

    assert first is not None
    assert (first.owner, first.owned_at, first.version) == (ANN, NOW, 4)
    assert marks.owned(first, ANN, NOW + timedelta(1), PEOPLE) == first
    assert marks.owned(first, ANN_THERE, NOW + timedelta(1), PEOPLE) == first
    assert marks.owned(first, BEN, NOW, PEOPLE) is None


def test_said__takes_the_place_of_what_was_said() -> None:
    """A word replaces the one before with all that it knew; owner and ticket stay, what reopened it is over."""
    before = replace(known(failing("a.go:1")), owner=BEN,
                     reopened=Reopened(why=Why.PLACE, run_id="r"))  # fmt: skip

    after = marks.said(
        before, Word.SNOOZED, by=BEN, now=NOW, runs=3, checks=[failing("b.go:2", broken=1, held=99)]
    )

    assert (after.word, after.owner, after.ticket, after.runs) == (Word.SNOOZED, BEN, "JIRA-12", 3)
    assert (after.places, after.ratio, after.reopened) == (("b.go:2",), Ratio.RARE, None)
    assert after.silent
    assert marks.cleared(after) == NOBODY


@pytest.mark.parametrize(
    ("then", "now", "place"),
    [
        (failing("ledger.go:42"), failing("other.rs:12"), "other.rs:12"),
        (failing("ledger.go:42"), failing("ledger.go:43"), "ledger.go:43"),
        (failing("a.go:1"), failing("a.go:1", "b.go:2"), "b.go:2"),  # there too: that was not known
        (failing("a.go:1", "b.go:2"), failing("b.go:2"), None),  # one of them
        (failing("a.go:1 Post"), failing("a.go:9 Post"), None),  # somebody wrote lines above it
        (failing("a.go:1 Post"), failing("a.go:9 Get"), "a.go:9"),
        (failing("a.go:1 Post"), failing("b.go:1 Post"), "b.go:1"),
        (failing("a.go:1"), failing(""), None),  # it does not say where
        (failing(""), failing("a.go:1"), None),  # nobody knows where it was
        (None, failing("a.go:1"), None),
        (failing(*map(str, range(60))), failing("61"), None),  # more places than are kept
    ],
)
def test_changed__another_place(then: Check | None, now: Check, place: str | None) -> None:
    """A place where it was not seen failing reopens it; a place that is not known on either side does not."""
    why = marks.changed(known(then), now, RUN)

    assert (why and (why.why, why.now)) == (place and (Why.PLACE, place))


@pytest.mark.parametrize(
    ("then", "now", "share"),
    [
        ((1, 99), (50, 50), Ratio.HALF),
        ((1, 99), (100, 0), Ratio.ALL),
        ((1, 99), (2, 98), None),
        ((1, 99), (20, 80), None),  # hints at nothing
        ((1, 99), (3, 3), None),  # hardly checked
        ((20, 80), (1, 99), None),
        ((None, None), (1, 99), None),
    ],
)
def test_changed__another_class_of_ratio(
    then: tuple[int | None, int | None], now: tuple[int, int], share: Ratio | None
) -> None:
    """Only from one class that was read to another that is read."""
    state = known(failing(broken=then[0], held=then[1]))

    why = marks.changed(state, failing(broken=now[0], held=now[1]), RUN)

    assert (why and (why.why, why.now)) == (share and (Why.RATIO, share))


def test_changed__an_earlier_run_tells_nothing() -> None:
    """A run that was there already when the word was said says nothing of what came after."""
    state = known(failing("a.go:1"))

    assert marks.changed(state, failing("b.go:2"), a_run(50)) is None
    assert marks.came_back(replace(state, runs=1), a_run(50), course("pppppp", newest=49)) is None


@pytest.mark.parametrize(
    ("letters", "passes"),
    [
        ("ppppp", "5"),
        ("fpppppp", "6"),
        ("pppp", None),  # too few
        ("fppfpp", None),  # not in a row
        ("ppieepspp", "5"),  # what says nothing of it is passed over
        ("pppuppp", None),  # it may have failed where nobody read it
        ("", None),
    ],
)
def test_came_back__after_passes_in_a_row(letters: str, passes: str | None) -> None:
    """Five runs in which it is known to have passed; an unknown one ends the row."""
    why = marks.came_back(known(), RUN, course(letters))

    assert (why and (why.why, why.now, why.run_id)) == (passes and (Why.PASSED, passes, RUN.ref.run_id))


def test_came_back__where_only_failures_are_named() -> None:
    """That it did not fail is known of such runs, and more is not said."""
    why = marks.came_back(known(), RUN, course("ppwwp"))

    assert why == Reopened(why=Why.QUIET, run_id=RUN.ref.run_id, now="5")
    assert marks.came_back(known(), RUN, course("fwwwwwwwwwf" + 5 * "w")) is None


def test_came_back__what_fails_seldom_passes_often() -> None:
    """Passes that luck alone brings are no change: 3 failures in 14 runs make 5 quiet ones likely, and 13 unlikely."""
    seldom = "fppppfppppppf"

    assert marks.came_back(known(), RUN, course(seldom + 5 * "p")) is None
    assert marks.came_back(known(), RUN, course(seldom + 13 * "p")) is not None


def test_came_back__only_runs_since() -> None:
    """What passed before the word was said was known then."""
    assert marks.came_back(known(), RUN, course("ppppppp", newest=50)) is None


@pytest.mark.parametrize(
    ("letters", "is_over"), [("fff", True), ("ff", False), ("fieeuf", False), ("fieeufs", True), ("", False)]
)
def test_came_back__the_runs_of_a_snooze(letters: str, is_over: bool) -> None:
    """They are runs whose results tell something; others make no snooze shorter."""
    state = replace(known(), word=Word.SNOOZED, runs=3)

    why = marks.came_back(state, RUN, course(letters))

    assert (why.why if why else None) == (Why.SNOOZED_RUNS if is_over else None)


def test_came_back__a_snooze_ends_though_no_run_tells_anything() -> None:
    """Of a series whose runs never get through it does not go on for ever."""
    state = replace(known(), word=Word.SNOOZED, runs=3, counts_from=None)

    assert marks.came_back(state, a_run(1000), course("i" * marks.LONGEST, newest=999)) is not None


def test_came_back__runs_without_a_time() -> None:
    """They are in the order in which they were first listed."""
    seen = [replace(a_build(n), created_at=None, seen_at=EPOCH + timedelta(minutes=n)) for n in range(10)]
    state = replace(known(), counts_from=seen[2].seen_at)
    runs = tuple(CheckInRun(run=run, came=Came.PASSED) for run in reversed(seen))

    assert marks.came_back(state, seen[8], runs) == Reopened(
        why=Why.PASSED, run_id=seen[8].ref.run_id, now="5"
    )
    assert marks.came_back(state, seen[7], runs) is None


def test_over__only_then() -> None:
    """A snooze until a time is over from that time on, whatever the run says."""
    state = replace(known(), word=Word.SNOOZED, until=NOW)

    assert marks.over(state, RUN, NOW - timedelta(seconds=1)) is None
    assert marks.over(state, RUN, NOW) == Reopened(why=Why.SNOOZED_UNTIL, run_id=RUN.ref.run_id)
    assert marks.over(known(), RUN, NOW) is None
