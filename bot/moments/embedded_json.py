"""Read JSON and JSON5 objects out of running text, each token once; numbers stay text.

A reader of our own, because the text around an object is not JSON, keys may be bare, and a 64-bit number must
never pass through a float.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_DEPTH = 64
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<mark>[{}\[\],:])
      | "(?P<double>(?>(?:[^"\\]|\\.)*))"
      | '(?P<single>(?>(?:[^'\\]|\\.)*))'
      | (?P<bare>[^\s{}\[\],:"']++)
    )""",
    re.VERBOSE | re.DOTALL,
)
_NULLS = frozenset({"null", "undefined"})


@dataclass(slots=True)
class Node:
    """An object found in a text: where it stands, its scalar values by key, and the object around it.

    Values are the text between the quotes, escapes untouched: no key that matters here has any.
    """

    start: int
    end: int = -1  # -1: broken, or not read yet
    scalars: dict[str, str] = field(default_factory=dict)
    parent: Node | None = None

    @property
    def span(self) -> tuple[int, int]:
        """Where it stands in the text."""
        return self.start, self.end

    def around(self) -> Iterator[Node]:
        """Yield the objects around it that are not broken, the nearest first."""
        node = self.parent
        while node is not None and node.end >= 0:
            yield node
            node = node.parent

    def outermost(self) -> Node:
        """Return the widest such object, itself where there is none."""
        return max((self, *self.around()), key=lambda node: node.end - node.start)


@dataclass(slots=True)
class _Level:
    """An open brace or bracket; `node` is None for a list."""

    node: Node | None
    key: str | None = None  # the key that waits for its value
    word: str | None = None  # the last scalar, a key or a value


def objects(text: str) -> tuple[Node, ...]:
    """Return every closed object of a text, inner ones first; objects deeper than `MAX_DEPTH` are left out."""
    found: list[Node] = []
    at = text.find("{")
    while at >= 0:
        end = _read(text, at, found)
        at = text.find("{", end)
    return tuple(found)


def _read(text: str, start: int, found: list[Node]) -> int:
    """Read one outermost object; return where reading stopped, at its end or where it is broken.

    A text that was cut off ends every object that is still open: what it closed before counts.
    """
    levels: list[_Level] = []
    for token in _tokens(text, start):
        if not _step(levels, token, found) or not levels:
            return token.end()
    for level in levels:
        if level.node is not None:
            level.node.end = len(text)
    return len(text)


def _tokens(text: str, at: int) -> Iterator[re.Match[str]]:
    while token := _TOKEN.match(text, at):
        yield token
        at = token.end()


def _step(levels: list[_Level], token: re.Match[str], found: list[Node]) -> bool:
    mark = token["mark"]
    if mark is None:
        return _scalar(levels[-1], token)
    if mark in "{[":
        return _open(levels, token)
    if mark in "}]":
        return _close(levels, token, found)
    return _separate(levels[-1], colon=mark == ":")


def _scalar(level: _Level, token: re.Match[str]) -> bool:
    quoted = token["double"] if token["double"] is not None else token["single"]
    bare = token["bare"]
    level.word = quoted.strip() if quoted is not None else None if bare in _NULLS else bare
    return True


def _open(levels: list[_Level], token: re.Match[str]) -> bool:
    parent = next((level.node for level in reversed(levels) if level.node is not None), None)
    node = Node(token.end() - 1, parent=parent) if token["mark"] == "{" else None
    levels.append(_Level(node))
    return len(levels) <= MAX_DEPTH


def _close(levels: list[_Level], token: re.Match[str], found: list[Node]) -> bool:
    level = levels.pop()
    if (level.node is not None) is not (token["mark"] == "}"):
        return False
    if level.node is not None:
        _keep(level)
        level.node.end = token.end()
        found.append(level.node)
    return True


def _separate(level: _Level, *, colon: bool) -> bool:
    if colon:
        level.key, level.word = level.word, None
    else:
        _keep(level)
    return True


def _keep(level: _Level) -> None:
    """Store the pair that has just ended; the last of two equal keys wins, as everywhere."""
    if level.node is not None and level.key is not None and level.word is not None:
        level.node.scalars[level.key] = level.word
    level.key, level.word = None, None
