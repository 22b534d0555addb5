"""What holds for all tests."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def _settings_of_tests() -> None:
    """Take the tests' own setting away once it was read: Clew would name it as a setting that it does not know."""
    os.environ.pop("CLEW_TEST_POSTGRESQL", None)
