"""Slips of the hand are understood, other words are not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.wordlike import nearest

VERBS = ("launch", "status", "failing", "logs", "debug", "watch", "unwatch", "watching", "help")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("stauts", "status"), ("lgos", "logs"), ("log", "logs"), ("faling", "failing"), ("fail", "failing"),
        ("LAUNCH", "launch"), ("lunch", "launch"), ("hlep", "help"), ("wtach", "watch"), ("unw", "unwatch"),
        (" debg ", "debug"), ("logs", "logs"), ("watchin", "watching"),
        ("st", "status"),
    ],
)  # fmt: skip
def test_nearest__understands_slips(typed: str, meant: str) -> None:
    """Swapped, missing and extra letters, other case and beginnings find their word."""
    result = nearest(typed, VERBS)

    assert meant == result


@pytest.mark.parametrize("typed", ["", " ", "x", "s", "deploy", "frobnicate", "9043254f", "s" * 1_000_000])
def test_nearest__does_not_guess_wildly(typed: str) -> None:
    """Nothing like a verb, nothing at all and floods give no suggestion."""
    result = nearest(typed, VERBS)

    assert result is None


@pytest.mark.parametrize(
    ("candidates", "expected"), [((), None), (("Payments Nightly", "Core"), "Payments Nightly")]
)
def test_nearest__gives_back_the_candidates_spelling(
    candidates: tuple[str, ...], expected: str | None
) -> None:
    """The answer is spelled as the candidate is; no candidates, no answer."""
    result = nearest("payment nightly", candidates)

    assert expected == result


def test_nearest__needs_a_beginning_to_be_unique() -> None:
    """A short beginning of several candidates stands for none."""
    result = nearest("te", ("tenants-nightly", "tests-of-the-core"))

    assert result is None


def test_nearest__of_very_many_only_a_beginning_counts() -> None:
    """To compare a hundred thousand names letter by letter would keep everybody waiting."""
    many = [f"test number {n:06}" for n in range(100_000)]

    assert nearest("test numbr 000077", many[:1_000]) == "test number 000077"
    assert nearest("test numbr 000077", many) is None
    assert nearest("test number 0999", many[:99_901]) == "test number 099900"


@settings(max_examples=50)
@given(st.text(max_size=20), st.lists(st.text(max_size=20), max_size=6))
def test_nearest__answers_with_a_candidate_or_none(word: str, candidates: list[str]) -> None:
    """Whatever is typed, the answer is one of the candidates."""
    result = nearest(word, candidates)

    assert result is None or result in candidates
