"""Which lines of a log are looked for: those that hold a text, or match a regular expression that stands in slashes.

RE2 goes through a line in time proportional to its length, whatever the pattern, and in bounded memory
(https://github.com/google/re2/wiki/Syntax).
"""

from __future__ import annotations

import re
from typing import Protocol

import re2  # type: ignore[import-untyped]  # it brings no types

from bot.replies import logs as replies

_SLASHED = re.compile(
    r"/(?P<pattern>(?:[^/\\]|\\.)+)/(?P<any_case>i?)", re.DOTALL
)  # a path has a slash inside
# A pattern without anything optional in it, and what stands in every line that it matches.
_FIXED = re.compile(r"\^?(?:[A-Za-z0-9_,:;=#@!~ -]|\.[*+]?)+\$?")
_LITERAL = re.compile(r"[A-Za-z0-9_,:;=#@!~-]+")
_MEMORY = 1 << 20  # bytes that one pattern may take


class _Pattern(Protocol):
    """What is used of the library's patterns."""

    def search(self, text: bytes, /) -> object | None:
        """Return where it matches."""


class Grep:
    """A text, or a pattern in slashes, "/…/" or "/…/i" for any case. Raises `UserError` for one that is none.

    `literals`: texts of which every line that is found holds one; empty: none are known.
    """

    def __init__(self, said: str) -> None:
        slashed = _SLASHED.fullmatch(said)
        self._text = said
        self._bytes = said.encode("utf-8", "replace")
        self._pattern = _compiled(slashed["pattern"], any_case=bool(slashed["any_case"])) if slashed else None
        self.literals = _literals(slashed) if slashed else (said,)

    def finds(self, line: str) -> bool:
        """Whether a line is looked for."""
        if self._pattern is None:
            return self._text in line
        return self._pattern.search(line.encode("utf-8", "replace")) is not None

    def finds_raw(self, line: bytes) -> bool:
        """Whether the bytes of a line are looked for."""
        return self._bytes in line if self._pattern is None else self._pattern.search(line) is not None


def _compiled(pattern: str, *, any_case: bool) -> _Pattern:
    options = re2.Options()
    options.log_errors = False  # it would write to stderr
    options.case_sensitive = not any_case
    options.max_mem = _MEMORY
    try:
        found: _Pattern = re2.compile(pattern.encode("utf-8", "replace"), options)
    except re2.error as error:
        raise replies.bad_pattern(error.args[0].decode("utf-8", "replace")) from None
    re2.purge()  # it would keep the last hundred with all their memory
    return found


def _literals(slashed: re.Match[str]) -> tuple[str, ...]:
    """Return the longest text of each alternative; none where one has none, or any case fits."""
    branches = slashed["pattern"].split("|")
    if slashed["any_case"] or not all(map(_FIXED.fullmatch, branches)):
        return ()
    found = tuple(max(_LITERAL.findall(branch), key=len, default="") for branch in branches)
    return found if all(found) else ()
