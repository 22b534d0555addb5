"""A run against its baseline, and who wants to hear of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.diff import RunDiff, choose_baseline, compare, reason, wanted
from bot.model import Availability, Property, PropertyStatus, Results, Run, RunRef, RunStatus
from bot.state import CHANGES, EVERYTHING, Outcome, StoredResults, Subscription
from bot.verdict import Verdict, VerdictKind

START = datetime(2026, 1, 1, tzinfo=UTC)
P, F, U = PropertyStatus.PASSING, PropertyStatus.FAILING, PropertyStatus.UNKNOWN


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


def results(availability: Availability = Availability.READY, /, **statuses: PropertyStatus) -> Results:
    properties = tuple(Property(name=name, status=status) for name, status in statuses.items())
    return Results(ref=RunRef("acme", "r9"), availability=availability, properties=properties)


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ((), None),
        ((kept(7), kept(8), kept(6)), kept(8)),
        ((kept(8, status=RunStatus.INCOMPLETE), kept(7)), kept(7)),
        ((kept(8, status=RunStatus.CANCELLED),), None),
        ((kept(9), kept(10), kept(3)), kept(3)),
        ((replace(kept(8), launcher="other"), kept(5)), kept(5)),
        ((replace(kept(8), ref=RunRef("elsewhere", "r8")), kept(5)), kept(5)),
        ((replace(kept(8), created_at=None), kept(5)), kept(5)),
        ((replace(kept(8), created_at=None),), replace(kept(8), created_at=None)),
        ((replace(kept(8), created_at=day(9)),), None),
        ((replace(kept(7), created_at=day(8)), kept(8)), kept(8)),
    ],
)
def test_choose_baseline__takes_the_run_before(
    history: tuple[StoredResults, ...], expected: StoredResults | None
) -> None:
    """It is the newest completed run of the connection and launcher that was created before this one."""
    baseline = choose_baseline(run(9), history)

    assert expected == baseline


def test_choose_baseline__without_a_time_takes_the_newest_other() -> None:
    """A run whose creation time is not known is compared with the newest other run."""
    baseline = choose_baseline(replace(run(9), created_at=None), (kept(9), kept(8), kept(12)))

    assert baseline == kept(12)


@settings(max_examples=60)
@given(st.permutations([kept(n) for n in range(12)]))
def test_choose_baseline__does_not_depend_on_order(history: list[StoredResults]) -> None:
    """However the history is ordered, the same run is chosen."""
    baseline = choose_baseline(run(9), tuple(history))

    assert baseline == kept(8)


def test_compare__sorts_into_four_groups() -> None:
    """New, still failing, not seen and first pass are told apart, each with its run counts."""
    history = (
        kept(8, "old", "gone", "well"),
        kept(7, "old", "well"),
        kept(6, "old"),
        kept(5),
        kept(4, "old"),
    )

    diff = compare(results(new=F, old=F, well=P, fine=P), history[0], history)

    assert diff == RunDiff(
        baseline=history[0],
        newly_failing=("new",),
        still_failing=(("old", 4),),
        not_seen=("gone",),
        first_pass=(("well", 2),),
    )


def test_compare__without_a_baseline_calls_all_failing() -> None:
    """The first run of a series has no baseline, and the diff says so."""
    diff = compare(results(a=F, b=P), None, ())

    assert diff == RunDiff(baseline=None, newly_failing=("a",))


@pytest.mark.parametrize("availability", [a for a in Availability if a is not Availability.READY])
def test_compare__says_nothing_of_what_cannot_be_read(availability: Availability) -> None:
    """Unreadable results do not make the baseline's failures look gone."""
    diff = compare(results(availability, a=F), kept(8, "b"), (kept(8, "b"),))

    assert diff == RunDiff(baseline=kept(8, "b"))


def test_compare__takes_an_unreadable_property_as_not_seen() -> None:
    """A property whose result is unknown has neither failed nor passed."""
    diff = compare(results(a=U), kept(8, "a"), (kept(8, "a"),))

    assert diff == RunDiff(baseline=kept(8, "a"), not_seen=("a",))


def test_compare__lets_one_failure_of_a_name_count() -> None:
    """Where a name stands twice and one fails, it fails, once."""
    both = Results(
        ref=RunRef("acme", "r9"),
        availability=Availability.READY,
        properties=tuple(Property(name="a", status=status) for status in (F, P, F)),
    )

    diff = compare(both, kept(8, "a"), ())

    assert diff == RunDiff(baseline=kept(8, "a"), still_failing=(("a", 2),))


def test_compare__counts_back_from_the_baseline_only() -> None:
    """Runs after the baseline, incomplete ones and the order of the history do not change the count."""
    history = (
        kept(6, "a"), kept(10), kept(8, "a"), kept(7, status=RunStatus.INCOMPLETE), kept(5), kept(4, "a"),
    )  # fmt: skip

    diff = compare(results(a=F), kept(8, "a"), history)

    assert diff.still_failing == (("a", 3),)


NAMES = st.frozensets(st.sampled_from("abcdef"))


@settings(max_examples=80)
@given(
    st.lists(NAMES, max_size=5), st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(PropertyStatus))
)
def test_compare__puts_every_name_in_one_group(
    past: list[frozenset[str]], now: dict[str, PropertyStatus]
) -> None:
    """All that fails or failed before is in exactly one group; counts fit the history."""
    history = tuple(kept(8 - n, *failing) for n, failing in enumerate(past))
    baseline = choose_baseline(run(9), history)

    diff = compare(results(**now), baseline, history)

    groups = (
        diff.newly_failing,
        tuple(dict(diff.still_failing)),
        diff.not_seen,
        tuple(dict(diff.first_pass)),
    )
    names = [name for group in groups for name in group]
    before = baseline.failing if baseline else frozenset()
    assert sorted(names) == sorted({name for name, status in now.items() if status is F} | before)
    assert {*groups[0], *groups[1]} == {name for name, status in now.items() if status is F}
    assert all(2 <= runs <= len(past) + 1 for _, runs in diff.still_failing)
    assert all(1 <= runs <= len(past) for _, runs in diff.first_pass)


PASSED = Verdict(kind=VerdictKind.PASSED, passing=3, total=3)
FAILED = Verdict(kind=VerdictKind.FAILED, failing=1, passing=2, total=3)
A, FL, NF, INC, REC = (
    Outcome.ALL, Outcome.FAILURES, Outcome.NEW_FAILURES, Outcome.INCOMPLETE, Outcome.RECOVERY,
)  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "diff", "incomplete", "expected"),
    [
        (PASSED, RunDiff(baseline=None), False, {A}),
        (PASSED, RunDiff(baseline=kept(8)), False, {A}),
        (PASSED, RunDiff(baseline=kept(8, "a")), False, {A, REC}),
        (PASSED, RunDiff(baseline=kept(7)), True, {A, REC}),
        (PASSED, RunDiff(baseline=kept(7, "a")), True, {A, REC}),
        (PASSED, None, True, {A, REC}),
        (PASSED, None, False, {A}),
        (FAILED, RunDiff(baseline=None, newly_failing=("a",)), False, {A, FL, NF}),
        (FAILED, RunDiff(baseline=kept(8), newly_failing=("a",)), False, {A, FL, NF}),
        (FAILED, RunDiff(baseline=kept(8, "a"), still_failing=(("a", 2),)), False, {A, FL}),
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
