"""Failures as the platform may write them: its reference shows none, so every plausible shape is served.

A failure belongs to a category, and failure clusters are made of the same categories.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from adapters.simulator.ai_test_harness.plans import PlannedTest


@dataclass(frozen=True, slots=True)
class Category:
    """Failures that have a cause in common."""

    key: str
    title: str
    root_cause: str
    error: str


CATEGORIES = (
    Category("auth", "Authentication", "JWT token expiration", "AssertionError: expected status 200, got 401"),
    Category("timing", "Timing", "Animation still running", "TimeoutError: locator('#pay') was not visible in 30000 ms"),
    Category("data", "Test data", "Fixture order is not unique", "IntegrityError: duplicate key value (order_id)=(4711)"),
    Category("ui", "User interface", "Button was renamed", "ElementNotFound: no button named “Pay now”"),
)  # fmt: skip

Shape = Callable[[PlannedTest, str], Any]
"""Writes one failure: of a test, with an error text."""

SHAPES: dict[str, Shape] = {
    "name and error": lambda test, error: {"name": test.name, "error": error, "duration": 4.2},
    "text": lambda test, error: f"{test.name}: {error}",
    "testName and message": lambda test, error: {
        "testId": test.test_id,
        "testName": test.name,
        "message": error,
        "durationMs": 4200,
    },
    "testId alone": lambda test, error: {"testId": test.test_id, "error": error},
    "title and reason": lambda test, error: {"title": test.name, "reason": error},
    "nameless": lambda _test, error: {"error": error},
    "id": lambda test, error: {"id": test.test_id, "message": error},
    "nested": lambda test, error: {
        "test": {"id": test.test_id, "name": test.name},
        "error": {"message": error},
    },
    "empty": lambda _test, _error: {},
}
"""By name; `mixed` serves them in turn."""
MIXED = "mixed"

AFFECTED: tuple[Callable[[PlannedTest], Any], ...] = (
    lambda test: test.name,
    lambda test: {"id": test.test_id, "name": test.name},
    lambda test: {"testId": test.test_id},
    lambda test: test.test_id,
    lambda test: {"testName": test.name, "failureRate": 0.4},
)
"""Shapes of a test that a cluster names."""


def category_of(test: PlannedTest) -> Category:
    """Return what a test fails of; always the same."""
    return CATEGORIES[hashlib.blake2b(test.name.encode()).digest()[0] % len(CATEGORIES)]


def failures(tests: Iterable[PlannedTest], shape: str) -> list[Any]:
    """Return a failure of each test. Raises ValueError for an unknown shape."""
    if shape != MIXED and shape not in SHAPES:
        raise ValueError(f"there is no shape {shape!r}; there are: {MIXED}, {', '.join(SHAPES)}")
    writers = list(SHAPES.values()) if shape == MIXED else [SHAPES[shape]]
    return [
        writers[number % len(writers)](test, category_of(test).error) for number, test in enumerate(tests)
    ]


def affected(tests: Iterable[PlannedTest]) -> list[Any]:
    """Return the tests of a cluster, in shapes by turns."""
    return [AFFECTED[number % len(AFFECTED)](test) for number, test in enumerate(tests)]
