"""A verdict is computed from status and properties; only what was read and passed is good."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.earlier import stored
from bot.model import (
    Availability,
    Check,
    CheckStatus,
    Counts,
    Results,
    Run,
    RunRef,
    RunStatus,
    Says,
    VerdictKind,
)
from bot.replies.runs import verdict_words
from bot.state import StoredResults
from bot.verdict import Verdict, judge, judge_stored
from tests.fakes.service import PROPERTIES

REF = RunRef("acme", "r1")
P, F, U = CheckStatus.PASSING, CheckStatus.FAILING, CheckStatus.UNKNOWN


def run(status: RunStatus) -> Run:
    return Run(ref=REF, status=status, status_text=status.value, launcher="nightly")


def results(*statuses: CheckStatus, availability: Availability = Availability.READY) -> Results:
    properties = tuple(Check(name=f"p{n}", status=status) for n, status in enumerate(statuses))
    return Results(ref=REF, availability=availability, checks=properties)


@pytest.mark.parametrize(
    ("status", "statuses", "expected"),
    [
        (RunStatus.COMPLETED, (P, P), Verdict(kind=VerdictKind.PASSED, passing=2, total=2)),
        (RunStatus.COMPLETED, (P, F), Verdict(kind=VerdictKind.FAILED, failing=1, passing=1, total=2)),
        (RunStatus.COMPLETED, (F, U), Verdict(kind=VerdictKind.FAILED, failing=1, total=2)),
        (RunStatus.COMPLETED, (P, U), Verdict(kind=VerdictKind.NO_RESULTS, passing=1, total=2)),
        (RunStatus.COMPLETED, (), Verdict(kind=VerdictKind.NO_RESULTS)),
        (RunStatus.INCOMPLETE, (P, F), Verdict(kind=VerdictKind.INCOMPLETE, failing=1, passing=1, total=2)),
        (RunStatus.INCOMPLETE, (P,), Verdict(kind=VerdictKind.INCOMPLETE, passing=1, total=1)),
        (RunStatus.CANCELLED, (P,), Verdict(kind=VerdictKind.CANCELLED, passing=1, total=1)),
        (RunStatus.STARTING, (), Verdict(kind=VerdictKind.STARTING)),
        (RunStatus.IN_PROGRESS, (P,), Verdict(kind=VerdictKind.RUNNING, passing=1, total=1)),
        (RunStatus.UNKNOWN, (P,), Verdict(kind=VerdictKind.UNKNOWN, passing=1, total=1)),
    ],
)
def test_judge__combines_status_and_properties(
    status: RunStatus, statuses: tuple[CheckStatus, ...], expected: Verdict
) -> None:
    """Each status with readable properties gives its verdict and counts."""
    verdict = judge(run(status), results(*statuses))

    assert expected == verdict


@pytest.mark.parametrize(
    ("statuses", "kind", "words"),
    [
        (
            (P,) * 5,
            VerdictKind.NO_RESULTS,
            "finished, results unavailable: nothing fails in the first 5 properties",
        ),
        ((P, F), VerdictKind.FAILED, "FAILED: 1 of the first 2 properties fails"),
        ((F,) * 5, VerdictKind.FAILED, "FAILED: 5 of the first 5 properties fail"),
        (
            (P,),
            VerdictKind.NO_RESULTS,
            "finished, results unavailable: nothing fails in the first property",
        ),
    ],
)
def test_judge__never_passes_by_a_list_that_was_cut(
    statuses: tuple[CheckStatus, ...], kind: VerdictKind, words: str
) -> None:
    """What fails in it fails; that nothing does, or that all does, is said of the part that was read."""
    verdict = judge(run(RunStatus.COMPLETED), replace(results(*statuses), whole=False))

    assert kind is verdict.kind
    assert f"{words}, the others could not be read" == verdict_words(verdict, PROPERTIES)
    assert not verdict.suspects_setup


K, T = VerdictKind, Says


@pytest.mark.parametrize(
    ("says", "counts", "kind", "contradicts"),
    [
        (None, Counts(passing=3), K.PASSED, None),
        (T.PASSED, Counts(passing=3), K.PASSED, None),
        (T.FAILED, Counts(passing=412), K.INCOMPLETE, T.FAILED),
        (T.FAILED, Counts(passing=398, excused=7), K.INCOMPLETE, T.FAILED),
        (T.FAILED, Counts(skipped=3), K.INCOMPLETE, T.FAILED),
        (T.FAILED, Counts(), K.INCOMPLETE, T.FAILED),
        (T.FAILED, Counts(failing=2, passing=10), K.FAILED, None),
        (T.PASSED, Counts(failing=2, passing=10), K.FAILED, T.PASSED),
        (None, Counts(failing=2, passing=10), K.FAILED, None),
        (T.PASSED, Counts(passing=10, skipped=2), K.PASSED, None),
        (T.PASSED, Counts(passing=10, excused=7), K.PASSED, None),
        (T.PASSED, Counts(passing=10, unknown=1), K.NO_RESULTS, None),
        (T.PASSED, Counts(skipped=5), K.NO_RESULTS, None),
        (T.PASSED, Counts(excused=5), K.NO_RESULTS, None),
        (T.PASSED, Counts(), K.NO_RESULTS, None),
    ],
)
def test_judge__the_platforms_word_makes_it_worse_and_never_better(
    says: Says | None, counts: Counts, kind: VerdictKind, contradicts: Says | None
) -> None:
    """A run that the platform calls failed is never green; one that it calls passed is only if its checks are."""
    ended = replace(run(RunStatus.COMPLETED), says=says)
    read = Results(ref=REF, availability=Availability.READY, whole=False, counts=counts)

    verdict = judge(ended, read)

    assert (verdict.kind, verdict.contradicts, verdict.total) == (kind, contradicts, counts.all)
    assert verdict.good is (kind is K.PASSED and not counts.excused)


@pytest.mark.parametrize("says", [None, *Says])
@pytest.mark.parametrize("status", [status for status in RunStatus if status is not RunStatus.COMPLETED])
def test_judge__the_status_comes_before_the_platforms_word(status: RunStatus, says: Says | None) -> None:
    """A run that has not finished, or was cancelled, is judged by that alone."""
    verdict = judge(replace(run(status), says=says), results(P))

    assert verdict == judge(run(status), results(P))


@pytest.mark.parametrize(
    ("statuses", "counts", "failing"),
    [
        ((F, P), Counts(passing=412), 1),
        ((F,), Counts(failing=3, passing=5), 3),
        ((F, F), Counts(failing=2), 2),
    ],
)
def test_judge__of_two_views_that_disagree_the_worse_counts(
    statuses: tuple[CheckStatus, ...], counts: Counts, failing: int
) -> None:
    """A failing check that is named counts, and one that is only counted does; then nothing is called new."""
    read = replace(results(*statuses), whole=False, counts=counts)

    verdict = judge(run(RunStatus.COMPLETED), read)

    assert (verdict.kind, verdict.failing) == (VerdictKind.FAILED, failing)
    assert read.comparable is (failing == statuses.count(F))


@pytest.mark.parametrize("availability", [a for a in Availability if a is not Availability.READY])
@pytest.mark.parametrize("status", RunStatus)
def test_judge__counts_nothing_that_cannot_be_read(availability: Availability, status: RunStatus) -> None:
    """Unreadable results count as none at all, and a completed run has no results then."""
    verdict = judge(run(status), results(P, F, availability=availability))

    assert verdict == judge(run(status), None)
    assert (verdict.kind is VerdictKind.NO_RESULTS) is (status is RunStatus.COMPLETED)


@settings(max_examples=80)
@given(
    st.sampled_from(RunStatus),
    st.lists(st.sampled_from(CheckStatus), max_size=6),
    st.sampled_from(Availability),
)
def test_judge__is_good_only_when_all_passed(
    status: RunStatus, statuses: list[CheckStatus], availability: Availability
) -> None:
    """Passed means: completed, read, at least one property, and every one of them passing."""
    verdict = judge(run(status), results(*statuses, availability=availability))

    all_passed = P in statuses and set(statuses) <= {P, CheckStatus.SKIPPED}
    good = status is RunStatus.COMPLETED and availability is Availability.READY and all_passed
    assert good is (verdict.kind is VerdictKind.PASSED)


@pytest.mark.parametrize(
    ("status", "failing", "passing", "expected"),
    [
        (RunStatus.COMPLETED, {"a"}, 3, Verdict(kind=VerdictKind.FAILED, failing=1, passing=3, total=4)),
        (RunStatus.COMPLETED, set(), 3, Verdict(kind=VerdictKind.PASSED, passing=3, total=3)),
        (RunStatus.COMPLETED, set(), 0, Verdict(kind=VerdictKind.NO_RESULTS)),
        (RunStatus.INCOMPLETE, set(), 3, Verdict(kind=VerdictKind.INCOMPLETE, passing=3, total=3)),
    ],
)
def test_judge_stored__agrees_with_what_was_kept(
    status: RunStatus, failing: set[str], passing: int, expected: Verdict
) -> None:
    """Stored counts give the same verdicts."""
    kept = StoredResults(
        ref=REF,
        launcher="nightly",
        status=status,
        created_at=None,
        failing=frozenset(failing),
        passing_count=passing,
    )

    verdict = judge_stored(status, kept)

    assert expected == verdict


@settings(max_examples=60)
@given(st.sampled_from(RunStatus), st.lists(st.sampled_from(CheckStatus), max_size=6))
def test_judge_stored__agrees_with_the_results_that_were_read(
    status: RunStatus, statuses: list[CheckStatus]
) -> None:
    """A list of runs never shows another verdict than the run's own card; a property of no known result counts."""
    ended, read = run(status), results(*statuses)

    kept = stored(ended, read) if read.checks else None

    assert judge(ended, read) == judge_stored(ended.status, kept)


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (Verdict(kind=VerdictKind.PASSED, passing=4, total=4), "passed: all 4 properties pass"),
        (
            Verdict(kind=VerdictKind.FAILED, failing=1, passing=2, total=4),
            "FAILED: 1 of 4 properties fails",
        ),
        (
            Verdict(kind=VerdictKind.NO_RESULTS, passing=3, total=4),
            "finished, results unavailable: 1 of 4 properties without a result",
        ),
        (
            Verdict(kind=VerdictKind.INCOMPLETE, passing=3, total=4),
            "incomplete: 1 of 4 properties without a result",
        ),
        (Verdict(kind=VerdictKind.INCOMPLETE, passing=4, total=4), "incomplete: all 4 properties pass"),
    ],
)
def test_verdict_words__never_call_all_passing_what_is_not(verdict: Verdict, said: str) -> None:
    """“All pass” is said only where every property was read as passing."""
    assert said == verdict_words(verdict, PROPERTIES)


@pytest.mark.parametrize("status", RunStatus)
def test_judge_stored__knows_nothing_of_an_unknown_run(status: RunStatus) -> None:
    """A run of which nothing was kept is never good."""
    verdict = judge_stored(status, None)

    assert verdict == judge(run(status), None)
    assert verdict.kind is not VerdictKind.PASSED


@pytest.mark.parametrize(
    ("failing", "total", "suspect"),
    [(4, 4, True), (4, 5, True), (3, 4, False), (3, 3, False), (0, 10, False), (0, 0, False)],
)
def test_suspects_setup__when_nearly_all_fails(failing: int, total: int, suspect: bool) -> None:
    """Four of five failing points at the setup; few properties or few failures do not."""
    verdict = Verdict(kind=VerdictKind.FAILED, failing=failing, passing=total - failing, total=total)

    assert suspect is verdict.suspects_setup
