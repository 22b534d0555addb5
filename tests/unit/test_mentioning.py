"""Whom the post about an ended run mentions."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.mentioning import fits_everything, fitting, matches, unused
from bot.state import MentionRule, Outcome
from tests.fakes.runs import EPOCH, a_run

RULE = MentionRule(channel="slack:channel:T01:C01", who="slack:user:T01:U01")
FAILED = frozenset({Outcome.ALL, Outcome.FAILURES})
NEWLY = FAILED | {Outcome.NEW_FAILURES}
BROKEN = frozenset({Outcome.ALL, Outcome.INCOMPLETE})
PASSED = frozenset({Outcome.ALL, Outcome.RECOVERY})


def fits(rule: MentionRule, outcomes: frozenset[Outcome], new: set[str], failing: set[str]) -> bool:
    return bool(fitting([rule], a_run(), outcomes, failing=failing | new, new=new))


@pytest.mark.parametrize(
    ("changes", "outcomes", "fitted"),
    [
        ({}, NEWLY, True),
        ({}, BROKEN, True),
        ({}, FAILED, False),
        ({}, PASSED, False),
        ({"outcomes": {Outcome.ALL}}, PASSED, True),
        ({"outcomes": {Outcome.INCOMPLETE}}, NEWLY, False),
        ({"launcher": "another"}, NEWLY, False),
        ({"connection": "another"}, NEWLY, False),
        ({"source": "another"}, NEWLY, False),
        ({"pattern": "ledger*", "outcomes": {Outcome.NEW_FAILURES}}, NEWLY, True),
        ({"pattern": "cart*", "outcomes": {Outcome.NEW_FAILURES}}, NEWLY, False),
        ({"pattern": "cart*", "outcomes": {Outcome.FAILURES}}, NEWLY, True),
        ({"pattern": "queue*", "outcomes": {Outcome.FAILURES}}, NEWLY, False),
    ],
)
def test_fitting__by_what_the_run_ended_as(
    changes: dict[str, object], outcomes: frozenset[Outcome], *, fitted: bool
) -> None:
    """By default new failures and incomplete runs; a pattern wants a new failure of its name, unless it says any."""
    rule = replace(RULE, **changes)  # type: ignore[arg-type]  # each names its own field

    assert fits(rule, outcomes, {"Ledger  balances"}, {"cart total"}) is fitted


@pytest.mark.parametrize(
    ("pattern", "name", "fitted"),
    [
        ("ledger*", "LEDGER: balances", True),
        ("ledger", "ledger: balances", False),
        ("*balances", "ledger: balances ", True),
        ("led*bal*ces", "ledger: balances", True),
        ("led*bal*ledger", "ledger: balances", False),
        ("aa*aa", "aaa", False),
        ("a*b*b", "ab", False),
        ("*a*a*", "xa", False),
        ("no  write\tlost", "no write lost", True),
        ("*[a-z]?*", "x[a-z]?y", True),
        ("*[a-z]?*", "xay", False),
        ("<@U01>*", "<@U01> is called", True),
        ("*", "", True),
    ],
)
def test_matches__only_the_star_is_special(pattern: str, name: str, *, fitted: bool) -> None:
    """Case and spacing do not count; brackets, question marks and what looks like a mention are plain text."""
    assert matches(pattern, name) is fitted


@given(st.text("ab*", max_size=6), st.text("ab", max_size=8))
def test_matches__as_the_standard_library(pattern: str, name: str) -> None:
    """An independent matcher says the same."""
    assert matches(pattern, name) == bool(re.match(fnmatch.translate(pattern), name))


@pytest.mark.parametrize(
    ("pattern", "names", "everything"),
    [
        ("*", (), True),
        ("* **", (), True),
        ("*e*", ("ledger", "cache"), True),
        ("*e*", ("ledger", "cart"), False),
        ("ledger*", ("ledger",), False),
        ("ledger*", (), False),
    ],
)
def test_fits_everything__says_nothing(pattern: str, names: tuple[str, ...], *, everything: bool) -> None:
    """One known name that fits is no sign of a slip."""
    assert fits_everything(pattern, names) is everything


def test_unused__after_thirty_days() -> None:
    """From when it was made, or last fitted; one of which neither is known is not blamed."""
    month = timedelta(days=30)
    made = replace(RULE, since=EPOCH)
    fitted = replace(made, matched_at=EPOCH + timedelta(days=20))

    assert unused(made, EPOCH + month)
    assert not unused(made, EPOCH + month - timedelta(seconds=1))
    assert not unused(fitted, EPOCH + month)
    assert unused(fitted, EPOCH + month + timedelta(days=20))
    assert not unused(RULE, EPOCH + month)
