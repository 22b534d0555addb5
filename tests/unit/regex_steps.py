"""Counts the steps that a backtracking engine takes for a pattern and a text, from the tree that `re` itself parses.

`re` shows no count of its own, and time says little on a busy machine. This engine tries in the order in which `re`
does, without its shortcuts, so what is linear here is linear there. Groups, references and assertions are followed as far
as the patterns of this project use them; anything else raises.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import re._constants as c  # type: ignore[import-not-found]  # what re itself is made of; no stubs
import re._parser as parser  # type: ignore[import-not-found]  # as above
from collections.abc import Callable, Iterator
from typing import Any

_WORD = re.compile(r"\w")
_SPACE = re.compile(r"\s")
_KINDS: dict[Any, Callable[[str], bool]] = {
    c.CATEGORY_DIGIT: str.isdecimal,
    c.CATEGORY_NOT_DIGIT: lambda sign: not sign.isdecimal(),
    c.CATEGORY_SPACE: lambda sign: bool(_SPACE.match(sign)),
    c.CATEGORY_NOT_SPACE: lambda sign: not _SPACE.match(sign),
    c.CATEGORY_WORD: lambda sign: bool(_WORD.match(sign)),
    c.CATEGORY_NOT_WORD: lambda sign: not _WORD.match(sign),
}
_REPEATS = {c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT}
_ONE = (c.LITERAL, c.NOT_LITERAL, c.ANY, c.IN)


class _TooMany(Exception):
    """More steps than are worth counting."""


class Engine:
    """One pattern over one text; `steps` counts every look at a character or place."""

    def __init__(self, pattern: re.Pattern[Any], text: str) -> None:
        source = pattern.pattern
        self._tree = parser.parse(
            source if isinstance(source, str) else source.decode("latin-1"), pattern.flags & ~re.UNICODE
        )
        self._text, self._flags = text, pattern.flags
        self._limit = 0
        self._groups: dict[int | None, str] = {}
        self.steps = 0

    def search_all(self, limit: int) -> int:
        """Do what `sub` does: match from every place that no match has passed yet; return the steps it took.

        More than `limit` are not taken: it then returns the next number.
        """
        self._limit = limit
        with contextlib.suppress(_TooMany):
            self._search_all()
        return self.steps

    def first_end(self, at: int) -> int | None:
        """Return where a match that starts at a place ends; None where there is none."""
        self._limit = 1_000_000
        return next(self._sequence(list(self._tree), 0, at), None)

    def _step(self) -> None:
        self.steps += 1
        if self.steps > self._limit:
            raise _TooMany

    def _search_all(self) -> None:
        at = 0
        while at <= len(self._text):
            self._step()
            end = next(self._sequence(list(self._tree), 0, at), None)
            at = at + 1 if end is None or end == at else end

    def _sequence(self, nodes: list[Any], number: int, at: int) -> Iterator[int]:
        if number == len(nodes):
            yield at
            return
        for end in self._node(nodes[number], at):
            yield from self._sequence(nodes, number + 1, end)

    def _node(self, node: Any, at: int) -> Iterator[int]:
        self._step()
        kind, value = node
        if kind in _ONE:
            if at < len(self._text) and self._fits(node, self._text[at]):
                yield at + 1
        elif kind in _REPEATS:
            yield from self._repeat(kind, value, at)
        elif kind in {c.SUBPATTERN, c.GROUPREF}:
            yield from self._group(kind, value, at)
        elif kind in {c.BRANCH, c.ATOMIC_GROUP}:
            yield from self._choice(kind, value, at)
        else:
            yield from self._assertion(kind, value, at)

    def _group(self, kind: Any, value: Any, at: int) -> Iterator[int]:
        if kind is c.GROUPREF:
            if self._text.startswith(self._groups.get(value, "\x00"), at):
                yield at + len(self._groups[value])
            return
        for end in self._sequence(list(value[3]), 0, at):
            self._groups[value[0]] = self._text[at:end]
            yield end

    def _choice(self, kind: Any, value: Any, at: int) -> Iterator[int]:
        if kind is c.ATOMIC_GROUP:
            yield from self._first(list(value), at)
            return
        for branch in value[1]:
            yield from self._sequence(list(branch), 0, at)

    def _first(self, nodes: list[Any], at: int) -> Iterator[int]:
        end = next(self._sequence(nodes, 0, at), None)
        if end is not None:
            yield end

    def _assertion(self, kind: Any, value: Any, at: int) -> Iterator[int]:
        if kind is c.AT:
            if self._stands(value, at):
                yield at
            return
        if kind not in {c.ASSERT, c.ASSERT_NOT}:
            raise NotImplementedError(kind)
        direction, nodes = value
        start = at if direction > 0 else at - nodes.getwidth()[0]
        found = start >= 0 and next(self._sequence(list(nodes), 0, start), None) is not None
        if found == (kind is c.ASSERT):
            yield at

    def _repeat(self, kind: Any, value: Any, at: int) -> Iterator[int]:
        low, high, nodes = value
        most = len(self._text) + 1 if high is c.MAXREPEAT else int(high)
        ends = [at]
        if kind is c.MIN_REPEAT:
            yield from self._lazy(nodes, low, most, at)
            return
        if kind is c.MAX_REPEAT and not (len(nodes) == 1 and nodes[0][0] in _ONE):
            yield from self._greedy(nodes, low, most, at)
            return
        while len(ends) <= most:  # nothing inside can be taken back: possessive, or one character at a time
            end = next(self._sequence(list(nodes), 0, ends[-1]), None)
            if end is None or end == ends[-1]:
                break
            ends.append(end)
        lowest = len(ends) - 1 if kind is c.POSSESSIVE_REPEAT else low
        for count in range(len(ends) - 1, max(low, lowest) - 1, -1):
            self._step()
            yield ends[count]

    def _greedy(self, nodes: Any, low: int, most: int, at: int) -> Iterator[int]:
        if most:
            for end in self._sequence(list(nodes), 0, at):
                if end != at:
                    yield from self._greedy(nodes, max(0, low - 1), most - 1, end)
        if not low:
            yield at

    def _lazy(self, nodes: Any, low: int, most: int, at: int) -> Iterator[int]:
        if not low:
            yield at
        if most:
            for end in self._sequence(list(nodes), 0, at):
                if end != at:
                    yield from self._lazy(nodes, max(0, low - 1), most - 1, end)

    def _fits(self, node: Any, sign: str) -> bool:
        kind, value = node
        if kind is c.ANY:
            return bool(self._flags & re.DOTALL) or sign != "\n"
        if kind is c.IN:
            negated = value[0][0] is c.NEGATE
            return negated != any(self._in(part, sign) for part in value[negated:])
        return self._same(value, sign) == (kind is c.LITERAL)

    def _in(self, part: Any, sign: str) -> bool:
        kind, value = part
        if kind is c.RANGE:
            return any(value[0] <= ord(form) <= value[1] for form in self._cases(sign))
        return self._same(value, sign) if kind is c.LITERAL else _KINDS[value](sign)

    def _same(self, code: int, sign: str) -> bool:
        return any(code == ord(form) for form in self._cases(sign))

    def _cases(self, sign: str) -> set[str]:
        if not self._flags & re.IGNORECASE:
            return {sign}
        return {sign} | {form for form in (sign.lower(), sign.upper()) if len(form) == 1}

    def _stands(self, where: Any, at: int) -> bool:
        if where in {c.AT_BEGINNING, c.AT_BEGINNING_STRING}:
            lines = where is c.AT_BEGINNING and self._flags & re.MULTILINE
            return at == 0 or bool(lines and self._text[at - 1] == "\n")
        if where in {c.AT_END, c.AT_END_STRING}:
            return at == len(self._text) or (
                where is c.AT_END and at == len(self._text) - 1 and self._text[at] == "\n"
            )
        inside = [0 <= n < len(self._text) and bool(_WORD.match(self._text[n])) for n in (at - 1, at)]
        return (inside[0] != inside[1]) == (where is c.AT_BOUNDARY)


def units(pattern: re.Pattern[Any]) -> list[str]:
    """Return short texts made of what a pattern looks for: what a hostile text would be made of."""
    source = pattern.pattern
    tree = parser.parse(
        source if isinstance(source, str) else source.decode("latin-1"), pattern.flags & ~re.UNICODE
    )
    words = sorted(set(_words(list(tree))), key=lambda word: (len(word), word))[-10:]
    start = "".join(_start(list(tree)))
    return list(dict.fromkeys([*words, start, *(start + word for word in words)]))


def _inside(kind: Any, value: Any) -> list[list[Any]]:
    """Return the sequences that a node is made of, none for a single character."""
    if kind in _REPEATS:
        return [list(value[2])]
    if kind is c.BRANCH:
        return [list(branch) for branch in value[1]]
    if kind is c.SUBPATTERN:
        return [list(value[3])]
    if kind in {c.ASSERT, c.ASSERT_NOT}:
        return [list(value[1])]
    return [list(value)] if kind is c.ATOMIC_GROUP else []


def _start(nodes: list[Any]) -> Iterator[str]:
    """Yield one text that the pattern would take, as short as it goes."""
    for kind, value in nodes:
        if kind in _ONE:
            yield _sign(kind, value)
        elif kind not in {c.ASSERT, c.ASSERT_NOT} and (inside := _inside(kind, value)):
            times = max(1, value[0]) if kind in _REPEATS else 1
            yield from list(_start(inside[0])) * times


def _sign(kind: Any, value: Any) -> str:
    if kind is c.LITERAL:
        return chr(value)
    return _member(value) if kind is c.IN else "a"


def _member(parts: list[Any]) -> str:
    kind, value = parts[0]
    if kind is c.LITERAL:
        return chr(value)
    if kind is c.RANGE:
        return chr(value[0])
    return "a" if kind is c.NEGATE or value in {c.CATEGORY_WORD, c.CATEGORY_NOT_SPACE} else " "


def _words(nodes: list[Any]) -> Iterator[str]:
    """Yield the literal pieces of a pattern, and a member of each of its classes."""
    for literal, run in itertools.groupby(nodes, key=lambda node: node[0] is c.LITERAL):
        if literal:
            yield "".join(chr(value) for _, value in run)
            continue
        for kind, value in run:
            if kind is c.IN:
                yield from (_member([part]) for part in value if part[0] is not c.NEGATE)
                yield _member(value)
            for inside in _inside(kind, value):
                yield from _words(inside)
