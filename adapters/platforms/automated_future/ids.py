"""Ids of test runs and of results, told apart by how they begin."""

from __future__ import annotations

import re

from adapters.platforms.http.ids import checked, is_opaque

IN_ADDRESS = re.compile(r"(?<![\w-])((?:run|res)_[A-Za-z0-9_-]{1,124})", re.ASCII)
"""The id of a test run or a result in an address of its page or of the API; the pages are not documented."""


def is_run(text: str) -> bool:
    """Whether a text can be the id of a test run."""
    return text.startswith("run_") and is_opaque(text)


def is_result(text: str) -> bool:
    """Whether a text can be the id of a result."""
    return text.startswith("res_") and is_opaque(text)


def is_id(text: str) -> bool:
    """Whether a text can be the id of what can be looked at here."""
    return is_run(text) or is_result(text)


def run(text: str) -> str:
    """Return an id that may stand in a path. Raises `Rejected`."""
    return checked(text, "test run")


def result(text: str) -> str:
    """Return an id that may stand in a path. Raises `Rejected`."""
    return checked(text, "result")


def artifact(text: str) -> str:
    """Return an id that may stand in a path. Raises `Rejected`."""
    return checked(text, "artifact")
