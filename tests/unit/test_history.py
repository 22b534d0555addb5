"""What runs tell of one check: which say nothing, what is in a row, and how often quiet comes by luck."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from bot.chain import Streak
from bot.history import History, Quiet, Told, may_be_same, replaces, told
from bot.model import RunStatus
from bot.state import Came, CheckInRun, KnownCheck
from tests.fakes.runs import EPOCH, a_run

SAMPLES = 40_000
WITHIN = 0.01  # a percentage point; four standard errors of that many samples

RUNS: dict[str, CheckInRun] = {
    "F": CheckInRun(run=a_run(), came=Came.FAILED),
    "p": CheckInRun(run=a_run(), came=Came.PASSED),
    "q": CheckInRun(run=a_run(), came=Came.EXCUSED),
    "H": CheckInRun(run=a_run(), came=Came.UNHEALTHY, unhealthy=True),
    "s": CheckInRun(run=a_run(), came=Came.SKIPPED),
    "n": CheckInRun(run=a_run(), came=Came.NOTHING),
    "a": CheckInRun(run=a_run(), came=None),
    "?": CheckInRun(run=a_run(), came=None, whole=False),
    "e": CheckInRun(run=a_run(), came=Came.FAILED, unhealthy=True),
    "E": CheckInRun(run=a_run(), came=Came.PASSED, unhealthy=True),
    "i": CheckInRun(run=a_run(status=RunStatus.INCOMPLETE), came=Came.PASSED),
    "c": CheckInRun(run=a_run(status=RunStatus.CANCELLED), came=Came.FAILED),
    "u": CheckInRun(run=a_run(), came=None, read=False, whole=False),
}
TOLD = {
    "F": Told.FAILED, "p": Told.PASSED, "q": Told.FAILED, "H": Told.FAILED, "s": Told.SKIPPED, "n": Told.NO_RESULT,
    "a": Told.ABSENT, "?": Told.NOT_FAILED, "e": Told.UNHEALTHY, "E": Told.UNHEALTHY, "i": Told.INCOMPLETE,
    "c": Told.CANCELLED, "u": Told.UNREAD,
}  # fmt: skip


def course(oldest_first: str, *, more: bool = False) -> History:
    """Return a history; each letter is a run of the table above."""
    return History(tuple(RUNS[letter] for letter in reversed(oldest_first)), more=more)


@pytest.mark.parametrize("letter", sorted(RUNS))
def test_told__every_kind_of_run(letter: str) -> None:
    """Only a run of the software that has a result of the check is a failure or a pass."""
    assert told(RUNS[letter]) is TOLD[letter]
    assert told(RUNS[letter]).counts is (letter in "FpqH")


@pytest.mark.parametrize("letter", sorted(set(RUNS) - set("FpqH?")))
def test_quiet__a_run_that_says_nothing_is_no_quiet_one(letter: str) -> None:
    """However many there are: neither the quiet runs nor those before grow by one, and no chance changes."""
    plain = course("pF" * 6 + "pppp")
    among = course(letter + "pF" * 3 + letter * 2 + "pF" * 3 + letter.join("pppp") + letter)

    assert among.quiet == plain.quiet == Quiet(runs=4, failed=6, before=12)
    assert among.counting == plain.counting
    assert among.silent[TOLD[letter]] == 7


@pytest.mark.parametrize(
    ("oldest_first", "quiet"),
    [
        ("", None),
        ("pppp", None),
        ("ppF", None),
        ("Fa", None),
        ("Fp", Quiet(1, 1, 1)),
        ("FqpFpp", Quiet(2, 3, 4)),
        ("Fpq", None),
        ("Fu", None),
        ("FiEc?", None),
        ("F?p", None),
        ("F?pFpp", Quiet(2, 1, 2)),
        ("ppFpp?", None),
    ],
)
def test_quiet__since_the_last_failure(oldest_first: str, quiet: Quiet | None) -> None:
    """It is quiet from the first pass after a failure on; a failure that does not count is one."""
    assert course(oldest_first).quiet == quiet


@pytest.mark.parametrize(
    ("quiet", "percent"),
    [
        (Quiet(runs=4, failed=3, before=14), 38),
        (Quiet(runs=1, failed=3, before=14), 79),
        (Quiet(runs=20, failed=3, before=14), 1),
        (Quiet(runs=6, failed=5, before=10), 2),
        (Quiet(runs=3, failed=2, before=50), 88),
    ],
)
def test_luck__agrees_with_simulation(quiet: Quiet, percent: int) -> None:
    """Of so many stretches of runs that fail by themselves at that rate, so many are quiet to their end."""
    random = Random(f"{quiet}")
    rate = quiet.failed / quiet.before
    still = sum(all(random.random() >= rate for _ in range(quiet.runs)) for _ in range(SAMPLES))

    assert quiet.luck is not None
    assert abs(quiet.luck - still / SAMPLES) < WITHIN
    assert round(quiet.luck * 100) == percent


@pytest.mark.parametrize(
    "thin",
    [
        Quiet(runs=4, failed=3, before=9),
        Quiet(runs=4, failed=1, before=40),
        Quiet(runs=4, failed=14, before=14),
    ],
    ids=["few runs", "one failure", "it always failed"],
)
def test_luck__no_number_from_a_thin_record(thin: Quiet) -> None:
    """A rate that cannot be told gives no chance, and "never" is said of nothing."""
    assert thin.luck is None


@pytest.mark.parametrize(
    ("oldest_first", "more", "now", "longest"),
    [
        ("pFF", False, Streak(2), Streak(2)),
        ("FF", False, Streak(2), Streak(2)),
        ("FF", True, Streak(2, at_least=True), Streak(2, at_least=True)),
        ("FFFpF", True, Streak(1), Streak(3, at_least=True)),
        ("pFFFpFp", False, None, Streak(3)),
        ("pFiFeFcF", False, Streak(4), Streak(4)),
        ("pFuF", False, Streak(1, at_least=True), Streak(1, at_least=True)),
        ("pFFu", False, None, Streak(2, at_least=True)),
        ("pFaF", False, Streak(1), Streak(1)),
        ("pFi", False, Streak(1), Streak(1)),
        ("pp", False, None, None),
        ("", False, None, None),
    ],
)
def test_streaks__as_far_as_runs_are_known(
    oldest_first: str, more: bool, now: Streak | None, longest: Streak | None
) -> None:
    """Runs that are none of the software are passed over; beside one that nobody read it is "at least"."""
    history = course(oldest_first, more=more)

    assert (history.streak, history.longest) == (now, longest)


def test_counts__what_did_not_count_is_told_apart() -> None:
    """A quarantined failure is a failure, and how many of them there are can be said."""
    history = course("FqpF?u")

    assert (len(history.failures), history.excused, history.counting, history.since) == (3, 1, 4, 1)


def known(name: str, place: str = "ledger.go:42", *, days: int = 0) -> KnownCheck:
    """Return a check that was seen first so many days after the beginning."""
    at = EPOCH + timedelta(days=days)
    return KnownCheck(name=name, first_seen=at, last_seen=at, place=place)


def test_may_be_same__at_the_same_place() -> None:
    """A known place is the same or not; no place is no evidence, and a check is not its own other name."""
    check = known("new", days=5)
    others = [check, known("far", days=1), known("near", days=4), known("else", "b.go:1"), known("none", "")]

    assert [other.name for other in may_be_same(check, others)] == ["near", "far"]
    assert may_be_same(known("none", ""), others) == ()


@pytest.mark.parametrize(
    ("one", "other", "after"),
    [
        ("aaapp", "FpFaa", True),
        ("FpFaa", "aaapp", False),
        ("aapFF", "ppFaa", None),
        ("aaa", "ppp", None),
        ("ppp", "aaa", None),
    ],
    ids=["came after", "came before", "both at once", "never seen", "the other never"],
)
def test_replaces__only_where_no_run_has_both(one: str, other: str, after: bool | None) -> None:
    """Two checks of one run are two checks, wherever they stand."""
    assert replaces(course(one).runs, course(other).runs) is after


def test_replaces__a_run_without_results_proves_nothing() -> None:
    """What nobody read names neither."""
    unread = replace(RUNS["u"], run=a_run(3))

    assert replaces((RUNS["p"], unread), (unread, RUNS["p"])) is True
