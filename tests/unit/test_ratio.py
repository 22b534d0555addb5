"""How often a property failed of all its checks, and what is read from that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Rule
from bot.ratio import ENOUGH, Ratio, read
from bot.replies.ratio import in_words
from tests.fakes.runs import a_property

COUNTS = st.none() | st.integers(0, 10**30)


@pytest.mark.parametrize(
    ("rule", "broken", "held", "said"),
    [
        (Rule.ALWAYS, 281, 12_000_000, "fails in 281 of 12M checks (rare: likely a real bug)"),
        (None, 281, 12_000_000, "fails in 281 of 12M checks (rare: likely a real bug)"),
        (Rule.ALWAYS, 5, 95, "fails in 5 of 100 checks (rare: likely a real bug)"),
        (Rule.ALWAYS, 20, 80, "fails in 20 of 100 checks"),
        (Rule.ALWAYS, 50, 50, "fails in 50 of 100 checks (about half: likely configuration or timing)"),
        (Rule.ALWAYS, 90, 10, "fails in 90 of 100 checks (mostly: likely workload or setup)"),
        (Rule.ALWAYS, 2_300, 0, "fails in all 2.3k checks (always: likely workload or setup)"),
        (Rule.ALWAYS, 1, 0, "fails in its only check"),
        (Rule.ALWAYS, 3, 0, "fails in all 3 checks"),
        (Rule.SOMETIMES, 376, 0, "never true in 376 checks (always: likely workload or setup)"),
        (Rule.SOMETIMES, 376, 2, "376 counterexamples, 2 examples (mostly: likely workload or setup)"),
        (Rule.UNREACHABLE, 376, 0, "reached 376 times, must never be"),
        (Rule.UNREACHABLE, 0, 0, "reached, must never be"),
        (None, 3, 0, "3 counterexamples, 0 examples"),
        (Rule.ALWAYS, 3, None, "3 counterexamples, examples not counted"),
        (Rule.ALWAYS, None, 3, "counterexamples not counted"),
        (Rule.REACHABLE, 0, 0, "0 counterexamples, 0 examples"),
    ],
)
def test_words__say_how_often_and_hint(
    rule: Rule | None, broken: int | None, held: int | None, said: str
) -> None:
    """Each rule in its own words; what was not counted, or hardly checked, hints at nothing."""
    check = a_property("x", failing=True, rule=rule, counterexample_count=broken, example_count=held)

    assert in_words(check) == said
    assert in_words(check, trusted=False) == said.partition(" (")[0]


@given(st.sampled_from([*Rule, None]), COUNTS, COUNTS)
def test_read__any_counts(rule: Rule | None, broken: int | None, held: int | None) -> None:
    """Whatever is served gives words, and a hint only of enough checks."""
    check = a_property("x", failing=True, rule=rule, counterexample_count=broken, example_count=held)

    found = read(check)

    assert in_words(check)
    if found is not None:
        assert (broken or 0) + (held or 0) >= ENOUGH
        assert rule is not Rule.UNREACHABLE
        assert (found is Ratio.ALL) == (held == 0)
