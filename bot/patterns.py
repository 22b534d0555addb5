"""Lines of a log that differ only in times, ids and numbers, counted as one; and two windows beside each other.

Two windows never have the same lines: the time, an id or a number in them differs. What is the same here is the
line without those. Exit codes, signals and a status stay, since they are what a failure is told by.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.model import LineKind, LinePattern, LogLine
from bot.severity import Severity, marks

MOST: Final = 20_000  # patterns of one window that are kept
ROOM: Final = 8_000_000  # characters of them: a window of very long lines that are all different is not kept
_KEPT = (
    r"(?<!(?:code|atus)[ =:]\d)(?<!(?:code|atus)\":\d)(?<!(?:code|atus): \d)(?<!(?:code|atus)\": \d)"
    r"(?<!signal \d)(?<!returned \d)(?<![\"|] \d)"  # the last: a status in an access log
)
# Each begins with a set of characters, which `re` looks for fast: every line of a window goes through both.
_NUMBER = re.compile(
    rf"[0-9](?<![0-9][0-9]){_KEPT}\w*+"  # a number with its unit, or what of a name or an id comes from its first digit on
    r"(?>(?:[.:,_+-](?:[0-9]\w*|[a-fA-F]{2,}\b))*)"  # a fraction, a date and its time, a UUID, an IP address and its port
)
_BEFORE = re.compile(
    r"[-a-fA-F](?<!\w\w)(?<!\w-)[a-fA-F]*+#"
)  # the sign of a number, the letters that an id in hex begins with
_OF_THE_TEST: Final = frozenset(
    {LineKind.FAULT, LineKind.COMMAND, LineKind.SDK, LineKind.OTHER}
)  # differs by chance


def pattern_of(text: str) -> str:
    """Return a line without what differs from one time to the next: times, ids, numbers, hex and addresses."""
    return _BEFORE.sub("#", _NUMBER.sub("#", text))


class Patterns:
    """Counts the lines of a window by their pattern, as they come.

    `most`: how many patterns are kept at most, `room`: how many characters of them. `left_out`: lines beyond that.
    """

    def __init__(self, most: int = MOST, room: int = ROOM) -> None:
        self._most, self._room = most, room
        self._count: dict[str, int] = {}
        self._first: list[tuple[LogLine, int]] = []
        self._taken = 0
        self.left_out = 0

    def take(self, text: str, line: Callable[[], LogLine]) -> None:
        """Take the next line by its text; `line` makes it readable, and is asked only for the first of a pattern."""
        self._taken += 1
        pattern = pattern_of(text)
        if pattern in self._count:
            self._count[pattern] += 1
            return
        self._room -= 2 * len(text)
        if len(self._first) == self._most or self._room < 0:
            self.left_out += 1
            return
        self._count[pattern] = 1
        self._first.append((line(), self._taken))

    @property
    def found(self) -> tuple[LinePattern, ...]:
        """The patterns in the order in which they were first seen."""
        counted = zip(self._count.items(), self._first, strict=True)
        return tuple(
            LinePattern(pattern=p, count=n, first=line, place=place) for (p, n), (line, place) in counted
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """A pattern that only one of two windows has. `trace`: how many lines of its stack trace follow it."""

    pattern: LinePattern
    severity: Severity
    trace: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What only one of two windows has, the most telling first, and how many patterns are in both."""

    here: tuple[Telling, ...]
    there: tuple[Telling, ...]
    both: int


def difference(
    here: Sequence[LinePattern], there: Sequence[LinePattern], *, known: str | None = None
) -> Difference:
    """Compare two windows that were read whole. `known`: an assertion whose outcome differs by nature is no news."""
    here, there = _without(here, known), _without(there, known)
    theirs, ours = {p.pattern for p in there}, {p.pattern for p in here}
    return Difference(
        here=_telling([p for p in here if p.pattern not in theirs]),
        there=_telling([p for p in there if p.pattern not in ours]),
        both=len(ours & theirs),
    )


def _without(patterns: Sequence[LinePattern], known: str | None) -> Sequence[LinePattern]:
    if known is None:
        return patterns
    return [p for p in patterns if p.first.kind is not LineKind.ASSERTION or f'"{known}"' not in p.first.text]


def _telling(patterns: Sequence[LinePattern]) -> tuple[Telling, ...]:
    """Put crashes and errors first, then what the software wrote before what the test did, then what stands there most often.

    Of two alike the one nearer to the moment is first.
    """
    found = [told for run in _runs(patterns) for told in _joined(run)]
    return tuple(found[n] for n in sorted(range(len(found)), key=lambda n: (*_weight(found[n]), -n)))


def _runs(patterns: Sequence[LinePattern]) -> Iterator[list[LinePattern]]:
    """Yield those whose first lines stood one behind the other: what had lines between it is no stack trace."""
    run: list[LinePattern] = []
    for pattern in patterns:
        if run and pattern.place != run[-1].place + 1:
            yield run
            run = []
        run.append(pattern)
    if run:
        yield run


def _joined(run: Sequence[LinePattern]) -> list[Telling]:
    """Count the lines of a stack trace with its first one."""
    found: list[Telling] = []
    begun: dict[tuple[str, str], int] = {}  # by source and stream: where the newest line stands that begins
    for pattern, mark in zip(run, marks(p.first for p in run), strict=True):
        source = (pattern.first.source, pattern.first.stream)
        if mark.begins or source not in begun:
            begun[source] = len(found)
            found.append(Telling(pattern=pattern, severity=mark.severity))
        else:
            begin = found[begun[source]]
            found[begun[source]] = replace(begin, trace=begin.trace + 1)
    return found


def _weight(told: Telling) -> tuple[int, bool, int]:
    return -told.severity, told.pattern.first.kind in _OF_THE_TEST, -told.pattern.count
