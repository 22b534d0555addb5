"""Ids of executions. The reference shows `exec_…` and says nothing of their shape, so others may come."""

from __future__ import annotations

import re

from adapters.platforms.http.ids import is_opaque

IN_ADDRESS = re.compile(r"(?<![\w-])(exec_[A-Za-z0-9_-]{1,123})", re.ASCII)
"""The id of an execution in an address of its page or of the API; the pages are not documented."""
_OWN = re.compile(r"exec_[A-Za-z0-9_-]+")
_WORD = re.compile(
    r"[A-Za-z]+_.*"
)  # a prefix says what an id is of: a plan, an agent, another platform's run
_FOREIGN = re.compile(r"[0-9]+|[0-9a-f]{24}|[0-9a-f]{32}(?:-[0-9]+){1,2}")
_SHORTEST = 6


def is_execution(text: str) -> bool:
    """Whether a text can be the id of an execution: no word of a person, and no id of another platform's shape."""
    if not is_opaque(text):
        return False
    if _OWN.fullmatch(text):
        return True
    made = len(text) >= _SHORTEST and any(letter.isdigit() for letter in text)
    return made and not _WORD.fullmatch(text) and not _FOREIGN.fullmatch(text)
