"""Hostile input is read, refused in words, or shown to the letter; `python -m tests.soak fuzz` goes on for longer."""

from __future__ import annotations

import pytest

from tests import fuzzing


@pytest.mark.parametrize("name", fuzzing.TARGETS)
def test_target__holds(name: str) -> None:
    """Nothing but our own errors is raised, and what is shown stays within limits with nothing live in it."""
    fuzzing.attack(name, fuzzing.TARGETS[name].examples)
