"""A run against its baseline, and who wants to hear of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chain import Chain, Gap, Past, Streak
from bot.diff import RunDiff, compare, reason, wanted
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
from bot.state import CHANGES, EVERYTHING, Outcome, StoredResults, Subscription
from bot.verdict import Verdict, judge

START = datetime(2026, 1, 1, tzinfo=UTC)
P, F, U = CheckStatus.PASSING, CheckStatus.FAILING, CheckStatus.UNKNOWN


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def run(number: int = 9, *, source: str | None = "main") -> Run:
    return Run(
        ref=RunRef("acme", f"r{number}"),
        status=RunStatus.COMPLETED,
        status_text="completed",
        launcher="nightly",
        source=source,
        created_at=day(number),
    )


def kept(number: int, *failing: str, status: RunStatus = RunStatus.COMPLETED) -> StoredResults:
    return StoredResults(
        ref=RunRef("acme", f"r{number}"),
        launcher="nightly",
        status=status,
        created_at=day(number),
        failing=frozenset(failing),
        passing_count=5,
    )


def results(availability: Availability = Availability.READY, /, **statuses: CheckStatus) -> Results:
    properties = tuple(Check(name=name, status=status) for name, status in statuses.items())
    return Results(ref=RunRef("acme", "r9"), availability=availability, checks=properties)


def chain(*past: StoredResults | Gap, end: Gap = Gap.FIRST) -> Chain:
    """Return a chain of runs with these results, newest first."""
    return Chain(past=tuple(Past(run(8 - n), results) for n, results in enumerate(past)), end=end)


def test_compare__sorts_into_four_groups() -> None:
    """New, still failing, not seen and first pass are told apart, each with its run counts."""
    past = (
        kept(8, "old", "gone", "well"),
        kept(7, "old", "well"),
        kept(6, "old"),
        kept(5),
        kept(4, "old"),
    )

    diff = compare(results(new=F, old=F, well=P, fine=P), chain(*past))

    assert diff == RunDiff(
        baseline=past[0],
        newly_failing=("new",),
        still_failing=(("old", Streak(4)),),
        not_seen=("gone",),
        first_pass=(("well", Streak(2)),),
    )


@pytest.mark.parametrize("gap", list(Gap))
def test_compare__without_a_baseline_calls_nothing_new(gap: Gap) -> None:
    """Where the run before is not known, the diff says why, and what fails is not compared."""
    nobody = compare(results(a=F, b=P), chain(end=gap))
    unread = compare(results(a=F, b=P), chain(gap, kept(7, "a")))

    assert nobody == unread == RunDiff(baseline=gap, not_compared=("a",))


@pytest.mark.parametrize("availability", [a for a in Availability if a is not Availability.READY])
def test_compare__says_nothing_of_what_cannot_be_read(availability: Availability) -> None:
    """Unreadable results do not make the baseline's failures look gone."""
    diff = compare(results(availability, a=F), chain(kept(8, "b")))

    assert diff == RunDiff(baseline=kept(8, "b"))


def test_compare__takes_an_unreadable_property_as_not_seen() -> None:
    """A property whose result is unknown has neither failed nor passed."""
    diff = compare(results(a=U), chain(kept(8, "a")))

    assert diff == RunDiff(baseline=kept(8, "a"), not_seen=("a",))


def test_compare__lets_one_failure_of_a_name_count() -> None:
    """Where a name stands twice and one fails, it fails, once."""
    both = Results(
        ref=RunRef("acme", "r9"),
        availability=Availability.READY,
        checks=tuple(Check(name="a", status=status) for status in (F, P, F)),
    )

    diff = compare(both, chain(kept(8, "a")))

    assert diff == RunDiff(baseline=kept(8, "a"), still_failing=(("a", Streak(2)),))


def test_compare__tells_what_became_of_what_failed_before() -> None:
    """Skipped, excused, passing and not named are four things; “not seen” is said only of a list that is whole."""
    checks = (
        Check(name="skips", status=CheckStatus.SKIPPED),
        Check(name="quarantined", status=F, excused="quarantined"),
        Check(name="passes", status=P),
    )
    whole = Results(ref=RunRef("acme", "r9"), availability=Availability.READY, checks=checks)
    named = replace(whole, whole=False, counts=Counts(passing=40, skipped=1, excused=1))
    past = chain(kept(8, "skips", "quarantined", "passes", "gone"))

    of_whole, of_named = compare(whole, past), compare(named, past)

    assert (of_whole.skipped, of_whole.excused, of_whole.not_seen) == (
        ("skips",),
        ("quarantined",),
        ("gone",),
    )
    assert (of_named.not_seen, of_named.not_failing) == ((), ("gone",))
    assert of_whole.first_pass == of_named.first_pass == (("passes", Streak(1)),)
    assert not of_whole.news


def test_compare__counts_again_what_was_excused() -> None:
    """A failure that did not count before and does now wakes people, and is not called newly failing."""
    before = replace(kept(8, "old"), excused=frozenset({"let go"}))

    diff = compare(results(old=F, **{"let go": F}), chain(before))

    assert (diff.newly_failing, diff.counts_again) == ((), ("let go",))
    assert Outcome.NEW_FAILURES in reason(FAILED, diff)


def test_reason__excused_failures_wake_nobody() -> None:
    """A run in which nothing but excused checks fails counts as no failure, and as no recovery from one."""
    check = Check(name="a", status=F, excused="quarantined")
    now = Results(
        ref=RunRef("acme", "r9"), availability=Availability.READY, checks=(check, Check(name="b", status=P))
    )

    outcomes = reason(judge(run(), now), compare(now, chain(kept(8))))

    assert outcomes == {Outcome.ALL}


@pytest.mark.parametrize("says", [None, Says.PASSED, Says.FAILED])
def test_reason__a_pass_after_a_run_that_the_platform_failed_is_a_recovery(says: Says | None) -> None:
    """Although no check failed there."""
    outcomes = reason(PASSED, RunDiff(baseline=replace(kept(8), says=says)))

    assert (Outcome.RECOVERY in outcomes) is (says is Says.FAILED)


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        (chain(kept(8, "a"), kept(7, "a"), kept(6)), Streak(3)),
        (chain(kept(8, "a"), kept(7, "a")), Streak(3)),
        (chain(kept(8, "a"), end=Gap.OTHER_TEST), Streak(2)),
        (chain(kept(8, "a"), end=Gap.DEPTH), Streak(2, at_least=True)),
        (chain(kept(8, "a"), end=Gap.LIST), Streak(2, at_least=True)),
        (chain(kept(8, "a"), Gap.UNREAD, kept(6, "a")), Streak(2, at_least=True)),
        (chain(kept(8, "a"), Gap.ABSENT, kept(6)), Streak(2, at_least=True)),
        (chain(kept(8, "a"), kept(7), Gap.UNREAD), Streak(2)),
    ],
)
def test_compare__counts_runs_in_a_row_as_far_as_they_are_known(past: Chain, expected: Streak) -> None:
    """A run that is not known, and an end that is no beginning, make a count the least that it can be."""
    failing = compare(results(a=F), past)
    passing = compare(results(a=P), past)

    assert failing.still_failing == (("a", expected),)
    assert passing.first_pass == (("a", Streak(expected.runs - 1, expected.at_least)),)


NAMES = st.frozensets(st.sampled_from("abcdef"))


@settings(max_examples=80)
@given(st.lists(NAMES, max_size=5), st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(CheckStatus)))
def test_compare__puts_every_name_in_one_group(
    past: list[frozenset[str]], now: dict[str, CheckStatus]
) -> None:
    """All that fails or failed before is in exactly one group; counts fit the history."""
    history = tuple(kept(8 - n, *failing) for n, failing in enumerate(past))

    diff = compare(results(**now), chain(*history))

    groups = (
        (*diff.newly_failing, *diff.not_compared),
        tuple(dict(diff.still_failing)),
        diff.skipped,
        diff.not_seen,
        tuple(dict(diff.first_pass)),
    )
    names = [name for group in groups for name in group]
    before = past[0] if past else frozenset()
    assert sorted(names) == sorted({name for name, status in now.items() if status is F} | before)
    assert {*groups[0], *groups[1]} == {name for name, status in now.items() if status is F}
    assert all(2 <= streak.runs <= len(past) + 1 for _, streak in diff.still_failing)
    assert all(1 <= streak.runs <= len(past) for _, streak in diff.first_pass)


PASSED = Verdict(kind=VerdictKind.PASSED, passing=3, total=3)
FAILED = Verdict(kind=VerdictKind.FAILED, failing=1, passing=2, total=3)
A, FL, NF, INC, REC = (
    Outcome.ALL, Outcome.FAILURES, Outcome.NEW_FAILURES, Outcome.INCOMPLETE, Outcome.RECOVERY,
)  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "diff", "incomplete", "expected"),
    [
        (PASSED, RunDiff(baseline=Gap.FIRST), False, {A}),
        (PASSED, RunDiff(baseline=Gap.UNREAD), False, {A, REC}),
        (PASSED, RunDiff(baseline=kept(8)), False, {A}),
        (PASSED, RunDiff(baseline=kept(8, "a")), False, {A, REC}),
        (PASSED, RunDiff(baseline=kept(7)), True, {A, REC}),
        (PASSED, RunDiff(baseline=kept(7, "a")), True, {A, REC}),
        (PASSED, None, True, {A, REC}),
        (PASSED, None, False, {A}),
        (FAILED, RunDiff(baseline=Gap.FIRST, not_compared=("a",)), False, {A, FL, NF}),
        (FAILED, RunDiff(baseline=Gap.UNREAD, not_compared=("a",)), False, {A, FL, NF}),
        (FAILED, RunDiff(baseline=kept(8), newly_failing=("a",)), False, {A, FL, NF}),
        (FAILED, RunDiff(baseline=kept(8, "a"), still_failing=(("a", Streak(2)),)), False, {A, FL}),
        (FAILED, None, False, {A, FL}),
        (Verdict(kind=VerdictKind.INCOMPLETE), None, False, {A, INC}),
        (
            Verdict(kind=VerdictKind.INCOMPLETE, failing=1, total=1),
            RunDiff(baseline=kept(8), newly_failing=("a",)),
            True,
            {A, FL, NF, INC},
        ),
        (Verdict(kind=VerdictKind.NO_RESULTS), None, True, {A, INC}),
        (Verdict(kind=VerdictKind.CANCELLED), None, True, {A}),
        (Verdict(kind=VerdictKind.RUNNING), None, False, set()),
        (Verdict(kind=VerdictKind.STARTING), None, False, set()),
        (Verdict(kind=VerdictKind.UNKNOWN, failing=1, total=1), None, False, set()),
    ],
)
def test_reason__says_what_an_end_counts_as(
    verdict: Verdict, diff: RunDiff | None, incomplete: bool, expected: set[Outcome]
) -> None:
    """Every kind of end has its outcomes; what has not ended has none."""
    outcomes = reason(verdict, diff, after_incomplete=incomplete)

    assert expected == outcomes


@pytest.mark.parametrize(
    ("subscription", "expected"),
    [
        (Subscription(channel="c"), True),
        (Subscription(channel="c", connection="acme", launcher="nightly", source="main"), True),
        (Subscription(channel="c", connection="other"), False),
        (Subscription(channel="c", launcher="Nightly"), False),
        (Subscription(channel="c", source="dev"), False),
        (Subscription(channel="c", source=""), False),
    ],
)
def test_wanted__matches_where_a_run_is_from(subscription: Subscription, expected: bool) -> None:
    """Connection, launcher and source match exactly or are not asked for."""
    result = wanted(subscription, run(), {Outcome.ALL})

    assert expected is result


def test_wanted__takes_no_source_as_the_empty_one() -> None:
    """A run without a source does not match a named one."""
    result = wanted(Subscription(channel="c", source="main"), run(source=None), {Outcome.ALL})

    assert result is False


@pytest.mark.parametrize(
    ("asked", "outcomes", "expected"),
    [
        (EVERYTHING, {A}, True),
        (EVERYTHING, set(), False),
        (CHANGES, {A}, False),
        (CHANGES, {A, FL}, False),
        (CHANGES, {A, FL, NF}, True),
        (CHANGES, {A, INC}, True),
        (CHANGES, {A, REC}, True),
        ({FL}, {A, FL}, True),
        (frozenset(), {A, FL, NF, INC, REC}, False),
    ],
)
def test_wanted__matches_outcomes(asked: set[Outcome], outcomes: set[Outcome], expected: bool) -> None:
    """One shared outcome is enough; an end that is none is wanted by nobody."""
    result = wanted(Subscription(channel="c", outcomes=frozenset(asked)), run(), outcomes)

    assert expected is result
