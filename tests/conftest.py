"""What holds for all tests."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest

from adapters.logs import QUIET
from tests.postgresql import postgresql, postgresql_server

__all__ = ["postgresql", "postgresql_server"]


@pytest.fixture(scope="session", autouse=True)
def _settings_of_tests() -> None:
    """Take the tests' own setting away once it was read: Clew would name it as a setting that it does not know."""
    os.environ.pop("CLEW_TEST_POSTGRESQL", None)


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Put logging back after a test that ran a command of Clew, which sets it up for its whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.setLevel(level)  # also where it is the same again: loggers remember what was off
    if any(handler not in handlers for handler in root.handlers):
        root.handlers[:] = handlers
        logging.captureWarnings(capture=False)
        for name in QUIET:
            logging.getLogger(name).setLevel(logging.NOTSET)
