"""How bad a line of output is, and which lines belong together: crashes, stack traces, levels that loggers write.

What crashes look like decides, then the level that a logger's format gives; words come last and are only a mention.
Lines are taken as people are shown them: on one line each, without indentation and escape codes.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from bot.model import LineKind, LogLine


class Severity(IntEnum):
    """How bad a line says that it is."""

    NONE = 0
    MENTION = 1  # it has a word like "error" in it, and nothing else says that it is one
    WARNING = 2
    ERROR = 3
    FATAL = 4  # the end of a program


@dataclass(frozen=True, slots=True)
class Mark:
    """How bad a line is; `begins`: it is the first of those that belong together, as a stack trace does."""

    severity: Severity
    begins: bool = True


NOTHING: Final = Mark(Severity.NONE)

_LEVELS: Final = {
    **dict.fromkeys(("warn", "warning", "notice"), Severity.WARNING),
    **dict.fromkeys(("error", "err", "eror", "severe", "dpanic"), Severity.ERROR),
    **dict.fromkeys(
        ("fatal", "fatal error", "critical", "crit", "panic", "alert", "emerg", "emergency"), Severity.FATAL
    ),
}
_SYSLOG: Final = (Severity.FATAL, Severity.FATAL, Severity.FATAL, Severity.ERROR, Severity.WARNING)
_LEVEL_KEYS: Final = ("level", "severity", "lvl", "levelname", "log.level", "loglevel")
_CUT_LEVEL = re.compile(
    r"\{[^{]*?\"(?:level|severity|lvl|levelname|log\.level|loglevel)\": ?"
    r"(?:\"([A-Za-z]{1,12})(?:[+-]\d+)?\"|(\d{1,3})(?=[,}]))"
)
_KLOG = re.compile(r"([IWEF])\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ \S+:\d+\] ", re.ASCII)
_PRIORITY = re.compile(r"<(\d{1,3})>", re.ASCII)
_LOGFMT = re.compile(r"(?:^|\s)(?:level|lvl|severity)=\"?([A-Za-z]{3,9})(?:[+-]\d+)?\"?(?=\s|$)")
# A level behind a time of any form, in brackets or not, or at the begin as Python's own format has it.
_WORD = re.compile(
    r"(?:[\[(]?\d[\dT:.,/Z+ -]{5,40}[\])]?\s*)?[\[(]?"
    r"(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|SEVERE|FATAL|CRITICAL|PANIC|ALERT|EMERG)(?:[+-]\d+)?[\])]?(?=[:\s]|$)"
)
# How compilers, package managers and image builders begin a line, behind a step or a place in the source.
_TOLD = re.compile(
    r"^(?:#\d{1,6} (?:\d+\.\d+ )?)?(?:[^\s:]+:\d+:(?:\d+:)? )?(fatal|fatal error|error|warning)(?:\[\w+\])?: ",
    re.IGNORECASE,
)
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[()][0-9A-Za-z]|[78=>])")
_EXIT = re.compile(
    r"(?:exit code|exit status|exited with(?: code| status)?|returned) (-?\d{1,10})\b|ended by signal| oom$"
)
# The same of what anybody writes: "returned 5" is no exit code there.
_ENDED = re.compile(r"(?i)\b(?:exit code|exit status|exited with(?: code| status)?):? (-?\d{1,10})\b")
_CRASHED = re.compile(r"was ended by signal (?!SIGKILL\b|SIGTERM\b|SIGINT\b|9\b|15\b|2\b)")
_OUTCOME = re.compile(r"(?:FAIL|HIT|CATALOG)(?= )")  # how an assertion's line begins that is put into words
_WORDS = re.compile(
    r"(?i)\b(?:errors?|fail(?:ed|ure|ures|s)?|fatal|panic(?:ked)?|crash(?:ed)?|exception|abort(?:ed)?)\b"
)
# What has such a word and tells of nothing bad, or only names something.
_HARMLESS = re.compile(
    r"(?i)\b(?:no|0|zero|without(?: any)?) (?:errors?|failures?|exceptions?)\b"
    r"|\b(?:errors?|failed|failures?|exception)\"?\s{0,3}[=:]\s{0,3}(?:0\b|null\b|none\b|nil\b|false\b|\"\"|'')"
    r"|(?<!\S)[^\s/]*/\S*|(?<![\w-])[\w-]+\.(?:go|rs|py|java|js|ts|c|cc|cpp)\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trace:
    """Lines that belong together: how they begin and go on.

    `carries`: the line behind one of these belongs to it, whatever it says. `final`: a last line, once for each
    `start`. `until`: everything up to such a line belongs to it.
    """

    start: re.Pattern[str]
    goes_on: re.Pattern[str]
    severity: Severity = Severity.FATAL
    carries: re.Pattern[str] | None = None
    final: re.Pattern[str] | None = None
    until: re.Pattern[str] | None = None


_MOST_SOURCES: Final = 1_000
LONGEST: Final = 400  # lines that belong to one trace at most
_FRAME = r"at (?:async |new )?[\w.$<>/\[\]# ]+ ?\(.*\)|at (?:async )?\S+:\d+(?::\d+)?|at <anonymous>"
_AT = re.compile(rf"^(?:{_FRAME})$")
_TYPE = re.compile(r"^(?:\w+\.)*[A-Z]\w*: ")
_JAVA: Final = _Trace(  # and JavaScript
    start=re.compile(r"Exception in thread \"|(?:Uncaught |Caused by: )?[A-Za-z_][\w.$]*(?:Exception|Error|Throwable)(?::|$)"),
    goes_on=re.compile(rf"{_FRAME}|Caused by: |Suppressed: |\.\.\. \d+ (?:more|common frames)"),
    severity=Severity.ERROR,
)  # fmt: skip
_TRACES: Final = (
    _Trace(  # Go
        start=re.compile(r"(?:panic|fatal error): "),
        goes_on=re.compile(
            r"$|panic: |\[signal |goroutine \d+ |created by |exit status \d|\.\.\.additional frames"
            r"|\S+\.(?:go|s):\d+(?: \+0x[0-9a-f]+)?$|[^\s(]+\(.*\)$"
        ),
    ),
    _Trace(  # Go's race detector
        start=re.compile(r"WARNING: DATA RACE"), goes_on=re.compile(r"(?!)"), until=re.compile(r"={10,}"), severity=Severity.ERROR
    ),
    _Trace(  # Rust: the message stands on the next line
        start=re.compile(r"thread '.*' (?:\(\d+\) )?panicked at "),
        goes_on=re.compile(r"note: |stack backtrace:|\d+: |at \S+:\d+"),
        carries=re.compile(r"thread '.*' (?:\(\d+\) )?panicked at .*:\d+:\d+:$"),
    ),
    _Trace(  # Python: what it means stands on the last line
        start=re.compile(r"Traceback \(most recent call last\):"),
        goes_on=re.compile(r"$|File \"|[\^~ ]+$|\[Previous line repeated|During handling of|The above exception was|Traceback \("),
        carries=re.compile(r"File \".*\", line \d+"),
        final=re.compile(r"(?:\w+\.)*(?:[A-Z]\w*(?::.*)?|\w+: .*)"),
        severity=Severity.ERROR,
    ),
    _JAVA,
    _Trace(  # sanitizers of C and C++
        start=re.compile(r"==\d+==\s*ERROR: "), goes_on=re.compile(r"(?!)"), until=re.compile(r"==\d+==\s*ABORTING")
    ),
    _Trace(  # Linux
        start=re.compile(r"(?:\[ *[\d.]+\] )?(?:Memory cgroup out of memory|Out of memory): Kill"),
        goes_on=re.compile(r"(?!)"),
        severity=Severity.ERROR,
    ),
    _Trace(  # C and C++
        start=re.compile(r"terminate called |Segmentation fault|\*\*\* \w[\w ]+ \*\*\*|(?:.{0,300}: )?Assertion [`'].*' failed"),
        goes_on=re.compile(r"what\(\):|terminate called recursively|Aborted"),
    ),
)  # fmt: skip


def severity_of(line: LogLine) -> Severity:
    """Return how bad one line by itself says that it is."""
    if line.kind is LineKind.ASSERTION and (outcome := _OUTCOME.match(line.text)):
        return Severity.ERROR if outcome[0] == "FAIL" else Severity.NONE
    text = _plain(line)
    crash = next((trace for trace in _TRACES if trace.start.match(text)), None)
    if crash is not None:
        return crash.severity
    told = _by_format(text)
    if told is not None:
        return told
    if line.kind in {LineKind.COMMAND, LineKind.CONTAINER}:
        return Severity.ERROR if _went_wrong(text) else Severity.NONE
    if _WORDS.search(_HARMLESS.sub(" ", text)) or _went_wrong(text, _ENDED):
        return Severity.MENTION
    return Severity.NONE


def marks(lines: Iterable[LogLine]) -> list[Mark]:
    """Return the mark of each line; those of one trace have its severity, and only the first of them begins.

    The lines of several sources may be mixed: what belongs together is of one source and stream.
    """
    found: list[Mark] = []
    sources = _Sources()
    for position, line in enumerate(lines):
        mark, before = sources.take(position, line)
        if before is not None:
            found[before.position] = Mark(max(before.mark.severity, mark.severity))
        found.append(mark)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Lines that tell of one thing: a stack trace, or a line by itself. `positions`: of all its lines, in order.

    `key`: the position of the line that says what happened, which is not the first one in every language.
    """

    severity: Severity
    positions: tuple[int, ...]
    key: int


def incidents(lines: Sequence[LogLine]) -> list[Incident]:
    """Return all lines of a log as incidents, by their first lines; the lines of several sources may be mixed."""
    found = marks(lines)
    groups: list[list[int]] = []
    newest: dict[tuple[str, str], list[int]] = {}
    for position, (line, mark) in enumerate(zip(lines, found, strict=True)):
        source = (line.source, line.stream)
        if mark.begins or source not in newest:
            newest[source] = []
            groups.append(newest[source])
        newest[source].append(position)
    return [
        Incident(severity=found[group[0]].severity, positions=tuple(group), key=_key(lines, group))
        for group in groups
    ]


def _key(lines: Sequence[LogLine], group: Sequence[int]) -> int:
    texts = [_plain(lines[position]) for position in group]
    trace = next((trace for trace in _TRACES if trace.start.match(texts[0])), None)
    if trace is not None and trace.final is not None:
        return next(
            (
                n
                for n, text in zip(reversed(group), reversed(texts), strict=True)
                if trace.final.fullmatch(text)
            ),
            group[-1],
        )
    carried = (
        trace is not None and trace.carries is not None and trace.carries.match(texts[0]) and len(group) > 1
    )
    return group[1] if carried else group[0]


def is_crash(line: LogLine) -> bool:
    """Whether a line by itself says that a program crashed: a panic, a failed assertion of C, a signal."""
    if line.kind is LineKind.CONTAINER:
        return _CRASHED.search(line.text) is not None
    text = _plain(line)
    return any(trace.severity is Severity.FATAL and trace.start.match(text) for trace in _TRACES)


class ErrorLines:
    """Picks from the lines of a log, as they come, those that tell of errors.

    `most`: how many are kept, the newest; those that only mention an error have what room the others leave.
    `told`: how many lines are errors, crashes and traces; `mentions`: how many have only a word like "error".
    """

    def __init__(self, most: int) -> None:
        self._told: deque[tuple[int, LogLine]] = deque(maxlen=most)
        self._mentioned: deque[tuple[int, LogLine]] = deque(maxlen=most)
        self._most = most
        self._sources = _Sources()
        self._position = 0
        self.told = self.mentions = 0

    def take(self, line: LogLine, *, wanted: bool = True) -> None:
        """Take the next line; one that is not wanted is kept out, and still says where a trace begins and ends."""
        self._position += 1
        mark, before = self._sources.take(self._position, line, wanted=wanted)
        if before is not None and before.wanted and before.mark.severity < Severity.ERROR:
            self._promote(before)
        if not wanted:
            return
        if mark.severity >= Severity.ERROR:
            self.told += 1
            self._told.append((self._position, line))
        elif mark.severity is Severity.MENTION:
            self.mentions += 1
            self._mentioned.append((self._position, line))

    @property
    def kept(self) -> tuple[LogLine, ...]:
        """The lines that are kept, in their order."""
        room = self._most - len(self._told)
        mentioned = list(self._mentioned)[len(self._mentioned) - min(room, len(self._mentioned)) :]
        return tuple(line for _, line in sorted([*self._told, *mentioned], key=lambda pair: pair[0]))

    def _promote(self, before: _Newest) -> None:
        """Take a line for an error whose trace came only now."""
        if before.mark.severity is Severity.MENTION:
            self.mentions -= 1
            if (before.position, before.line) in self._mentioned:
                self._mentioned.remove((before.position, before.line))
        self.told += 1
        later = [pair for pair in self._told if pair[0] > before.position]
        if len(later) < self._most:
            earlier = [pair for pair in self._told if pair[0] < before.position]
            self._told = deque([*earlier, (before.position, before.line), *later], maxlen=self._most)


@dataclass(frozen=True, slots=True)
class _Newest:
    """The newest line of a source, and the trace that is open behind it."""

    position: int
    line: LogLine
    mark: Mark
    trace: _Open | None
    wanted: bool


class _Sources:
    """What is open in each source of a log whose lines come mixed."""

    def __init__(self) -> None:
        self._newest: dict[tuple[str, str], _Newest] = {}

    def take(self, position: int, line: LogLine, *, wanted: bool = True) -> tuple[Mark, _Newest | None]:
        """Return a line's mark, and the line before it where that is now known to begin its trace."""
        source, text = (line.source, line.stream), _plain(line)
        before = self._newest.pop(source, None)
        first = None
        trace = before.trace if before is not None else None
        if trace is not None and trace.takes(text):
            mark = Mark(trace.severity, begins=False)
        elif before is not None and _AT.match(text):
            first = before  # it is what failed: a logger's own line, with the message
            trace = _Open(_JAVA)
            mark = Mark(trace.severity, begins=False)
        else:
            trace = next((_Open(kind, text) for kind in _TRACES if kind.start.match(text)), None)
            mark = Mark(severity_of(line))
        if len(self._newest) >= _MOST_SOURCES:
            del self._newest[next(iter(self._newest))]  # the one that has been silent for longest
        self._newest[source] = _Newest(position, line, mark, trace, wanted)
        return mark, first


class _Open:
    """A trace whose lines are coming."""

    def __init__(self, trace: _Trace, text: str = "") -> None:
        self._trace = trace
        self.severity = trace.severity
        self._carried = trace.carries is not None and trace.carries.match(text) is not None
        self._final = trace.final
        self._left = LONGEST

    def takes(self, text: str) -> bool:
        """Whether the next line belongs to it."""
        self._left -= 1
        if self._left < 0:
            return False
        if self._trace.until is not None:
            if self._trace.until.match(text):
                self._left = 0
            return True
        return self._is_carried(text) or self._goes_on(text) or self._ends(text)

    def _is_carried(self, text: str) -> bool:
        """Whether it belongs to the line before it, whatever it says."""
        carries, carried = self._trace.carries, self._carried
        self._carried = carries is not None and carries.match(text) is not None
        if carried and not self._carried and _TYPE.match(text):
            self._final = None  # a frame without its source: this is what it came to
        return carried and not self._carried

    def _goes_on(self, text: str) -> bool:
        if not self._trace.goes_on.match(text):
            return False
        if self._trace.start.match(text):
            self._final = self._trace.final
        return True

    def _ends(self, text: str) -> bool:
        if self._final is None or not self._final.fullmatch(text):
            return False
        self._final = None
        return True


def _plain(line: LogLine) -> str:
    """Return a line's text without escape codes and indentation."""
    return _ESCAPE.sub("", line.text).strip()


def _by_format(text: str) -> Severity | None:
    """Return what a logger's own level says; None where the line has none, NONE for one below a warning."""
    if text.startswith("{"):
        return _by_json(text)
    if found := _KLOG.match(text):
        return {"W": Severity.WARNING, "E": Severity.ERROR, "F": Severity.FATAL}.get(found[1], Severity.NONE)
    if found := _PRIORITY.match(text):
        return _syslog(int(found[1]) & 7)
    if found := _LOGFMT.search(text) or _WORD.match(text) or _TOLD.match(text):
        return _LEVELS.get(found[1].lower(), Severity.NONE)
    return None


def _by_json(text: str) -> Severity | None:
    """Read the level of a JSON line; of a name that stands twice the last one counts, as parsers have it."""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        found = _CUT_LEVEL.match(text) if "… (" in text[-80:] else None  # a long line: its end is not shown
        return _level(int(found[2]) if found[2] else found[1]) if found else None
    if not isinstance(fields, dict):
        return None
    level = next((fields[key] for key in _LEVEL_KEYS if key in fields), None)
    if isinstance(level, str | int) and not isinstance(level, bool):
        return _level(level)
    priority = fields.get("PRIORITY")  # of journald
    return (
        _syslog(int(priority)) if isinstance(priority, str) and priority in "01234567" and priority else None
    )


def _level(level: str | int) -> Severity:
    """Read a level's name, or a number of pino and bunyan: 40 is a warning, 50 an error, 60 the end."""
    if isinstance(level, str):
        return _LEVELS.get(re.split(r"[+-]", level, maxsplit=1)[0].strip().lower(), Severity.NONE)
    steps = ((60, Severity.FATAL), (50, Severity.ERROR), (40, Severity.WARNING))
    return next((severity for least, severity in steps if level >= least), Severity.NONE)


def _syslog(priority: int) -> Severity:
    return _SYSLOG[priority] if priority < len(_SYSLOG) else Severity.NONE


def _went_wrong(text: str, how: re.Pattern[str] = _EXIT) -> bool:
    found = how.search(text)
    return found is not None and (found[1] is None or int(found[1]) != 0)
