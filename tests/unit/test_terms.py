"""Sentences that are written with the plain nouns, in those of a platform."""

from __future__ import annotations

import pytest

from bot.terms import Noun, Terms, worded


@pytest.mark.parametrize(
    ("noun", "said", "expected"),
    [
        (Noun("test run", "test runs"), "start a test run", "start a test run"),
        (Noun("test run", "test runs"), "recent runs, or one run", "recent test runs, or one test run"),
        (Noun("execution", "executions"), "start a run again", "start an execution again"),
        (Noun("execution", "executions"), "start a test run", "start a test execution"),
        (Noun("execution", "executions"), "A run can be an id", "An execution can be an id"),
        (Noun("build", "builds"), "A run can be an id", "A build can be an id"),
    ],
)
def test_worded__reads_as_english(noun: Noun, said: str, expected: str) -> None:
    """The article fits the noun, and "test" is not said twice."""
    assert worded(said, Terms(run=noun)) == expected
