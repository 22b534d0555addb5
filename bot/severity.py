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
    **dict.fromkeys(("warn", "warning", "wrn", "notice"), Severity.WARNING),
    **dict.fromkeys(("error", "err", "erro", "eror", "severe", "dpanic", "runtime error"), Severity.ERROR),
    **dict.fromkeys(("fatal", "ftl", "fata", "fatal error", "panic", "pnc", "pani"), Severity.FATAL),
    **dict.fromkeys(("critical", "crit", "alert", "emerg", "emergency"), Severity.FATAL),
}
_QUIET: Final = (
    "trace",
    "trc",
    "trac",
    "debug",
    "dbg",
    "debu",
    "fine",
    "finer",
    "finest",
    "config",
    "silly",
    "verbose",
)
_QUIET_TOO: Final = ("http", "info", "inf", "success")
_SYSLOG: Final = (Severity.FATAL, Severity.FATAL, Severity.FATAL, Severity.ERROR, Severity.WARNING)
_LEVEL_KEYS: Final = ("level", "severity", "lvl", "levelname", "log.level", "loglevel")
_CUT_LEVEL = re.compile(
    r"\{[^{]*?\"(?:level|severity|lvl|levelname|log\.level|loglevel)\": ?"
    r"(?:\"([A-Za-z]{1,12})(?:[+-]\d+)?\"|(\d{1,3})(?=[,}]))"
)
_KLOG = re.compile(r"([IWEF])\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ \S+:\d+\] ", re.ASCII)
_PRIORITY = re.compile(r"<(\d{1,3})>", re.ASCII)
_LOGFMT = re.compile(r"(?:^|\s)(?:level|lvl|severity)=\"?([A-Za-z]{3,9})(?:[+-]\d+)?\"?(?=\s|$)")
_NAMES: Final = "|".join(sorted((*_LEVELS, *_QUIET, *_QUIET_TOO), key=len, reverse=True))
_TIME = r"[\[(]?\d[\dT:.,/Z+ -]{3,40}(?:[AP]M)?[\])]?[\s|-]*"
# A level behind a time of any form, or a thread or name behind it, or at the begin as Python's own format has it.
_WORD = re.compile(
    rf"^(?:{_TIME}(?:\[[^\]]{{1,60}}\] ?|[\w.$-]{{1,60}} - |: )?)?[\[(|]?\s?({_NAMES.upper()})(?:[+-]\d+)?\s*[\])|]?(?=[:\s/\[]|$)"
)
# In small letters only in brackets.
_BRACKETED = re.compile(rf"^(?:{_TIME})?\[\s?({_NAMES})\s*\](?=[:\s]|$)", re.IGNORECASE)
_NOTHING_THERE: Final = r"(?:0(?:\.0{1,6})?\b|null\b|none\b|nil\b|false\b|<nil>|\"\"|''|\[\]|\{\})"
# How compilers, package managers, image builders and the plainest loggers begin a line, behind a step or a place.
_TOLD = re.compile(
    rf"^(?:#\d{{1,6}} (?:\d+\.\d+ )?)?(?:[^\s:]+:\d+:(?:\d+:)? )?({_NAMES}|\w{{1,40}}Warning)(?:\[\w+\])?:(?:\s|undefined)(?!{_NOTHING_THERE}$)",
    re.IGNORECASE,
)
# What journald and syslog write before a line: when, where, which unit.
_UNIT = re.compile(
    r"^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|(?:[A-Z][a-z]{2} )?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[+-]\d{4}| [A-Z]{3,4}))"
    r" [\w.-]+ [\w.@/-]+(?:\[\d+\])?: "
)
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[()][0-9A-Za-z]|[78=>])")
_EXIT = re.compile(
    r"(?:exit code|exit status|exited with(?: code| status)?|returned) (-?\d{1,10})\b|ended by signal| oom$"
)
# The same of what anybody writes: "returned 5" is no exit code there.
_ENDED = re.compile(r"(?i)\b(?:exit code|exit status|exited with(?: code| status)?):? (-?\d{1,10})\b")
_CRASHED = re.compile(r"was ended by signal (?!SIGKILL\b|SIGTERM\b|SIGINT\b|9\b|15\b|2\b)")
_OUTCOME = re.compile(r"(?:FAIL|HIT|CATALOG)(?= )")  # how an assertion's line begins that is put into words
_BAD = r"(?:errors?|fail(?:ed|ure|ures|s)?|fatal|panic(?:ked)?|crash(?:ed)?|exceptions?|abort(?:ed)?)"
_WORDS = re.compile(rf"\b{_BAD}\b", re.IGNORECASE)
# What has such a word and tells of nothing bad, or only names something: a path, a file, a name of several words.
_HARMLESS = re.compile(
    rf"\b(?:no|0|zero|without(?: any)?) {_BAD}\b|\b{_BAD}\"?\s{{0,3}}[=:]\s{{0,3}}{_NOTHING_THERE}"
    r"|(?<!\S)[^\s/]*/\S*|(?<![\w-])[\w-]+\.(?:go|rs|py|java|js|ts|c|cc|cpp)\b"
    r"|(?<![\w.:@-])[\w.]*(?:-|::|@)[\w.:@-]+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trace:
    """Lines that belong together: how they begin and go on.

    `carries`: the line behind one of these belongs to it, whatever it says. `final`: a last line, once for each
    `start`. `until`: everything up to such a line belongs to it. `message`: what it says may have
    several lines, which nothing tells from others: the trace goes on behind some. `braces`: a line that ends in a brace is followed by what belongs to it, up to the one that closes it.
    """

    start: re.Pattern[str]
    goes_on: re.Pattern[str]
    severity: Severity = Severity.FATAL
    carries: re.Pattern[str] | None = None
    final: re.Pattern[str] | None = None
    until: re.Pattern[str] | None = None
    message: bool = False
    braces: bool = False


_MOST_SOURCES: Final = 1_000
LONGEST: Final = 400  # lines that belong to one trace at most
LONGEST_MESSAGE: Final = 5  # of them
_FRAME = r"at (?:async |new )?[\w.$<>/\[\]# ]+ ?\(.*\)|at (?:async )?\S+:\d+:\d+|at <anonymous>"
_AT = re.compile(rf"^(?:{_FRAME})(?: \{{)?$")
_TYPE = re.compile(r"^(?:\w+\.)*[A-Z]\w*: ")
_NEVER = r"(?!)"
_JAVA: Final = _Trace(  # and JavaScript
    start=re.compile(
        r"Exception in thread \"|Terminating due to java\.lang\.|\[cause\]: "
        r"|(?:Uncaught |Caused by: |\[)?[A-Za-z_]?[\w.$]*(?:Exception|Error|Throwable)(?: \[\w+\])?(?::|$)"
    ),
    goes_on=re.compile(
        rf"{_FRAME}|Caused by: |Suppressed: |\.\.\. \d+ (?:more|common frames|lines matching)|\[cause\]: |\[errors\]: "
    ),
    severity=Severity.ERROR,
    message=True,
    braces=True,
)
_GO = (
    r"$|panic: |\[signal |goroutine \d+ |created by |exit status \d|\.\.\.additional frames"
    r"|\S+\.(?:go|s):\d+(?: \+0x[0-9a-f]+)?$|[^\s(]+\(.*\)$"
)
_TRACES: Final = (
    _Trace(
        start=re.compile(r"(?:panic|fatal error): "),
        goes_on=re.compile(_GO),
        message=True,
    ),  # Go
    _Trace(  # what a Go program survives
        start=re.compile(
            r"(?:\d{4}/\d\d/\d\d \d\d:\d\d:\d\d )?http: panic serving |goroutine \d+ \[[^\]]{1,80}\]:$"
        ),
        goes_on=re.compile(_GO),
        severity=Severity.ERROR,
    ),
    _Trace(  # Go's race detector
        start=re.compile(r"WARNING: DATA RACE"),
        goes_on=re.compile(_NEVER),
        until=re.compile(r"={10,}"),
        severity=Severity.ERROR,
    ),
    _Trace(  # Rust: the message stands on the next line
        start=re.compile(
            r"thread '.*' (?:\(\d+\) )?(?:panicked at |has overflowed its stack)|stack backtrace:$|fatal runtime error: "
            r"|thread caused non-unwinding panic"
        ),
        goes_on=re.compile(
            r"note: |stack backtrace:|\d+: |at \S+:\d+|(?:left|right): |fatal runtime error: |thread caused non-unwinding panic"
        ),
        carries=re.compile(r"thread '.*' (?:\(\d+\) )?panicked at .*:\d+:\d+:$"),
        message=True,
    ),
    _Trace(  # Python: what it means stands on the last line
        start=re.compile(r"Traceback \(most recent call last\):|Exception in thread [\w-]+(?: \(.*\))?:$"),
        goes_on=re.compile(
            r"$|(?:> )?File \"|[\^~ ]+$|[│└]|\[Previous line repeated|During handling of|The above exception was|Traceback \("
        ),
        carries=re.compile(r"(?:> )?File \".*\", line \d+"),
        final=re.compile(r"(?:\w+\.)*(?:[A-Z]\w*(?::.*)?|\w+: .*)"),
        severity=Severity.ERROR,
    ),
    _Trace(
        start=re.compile(r"\+ Exception Group Traceback "),
        goes_on=re.compile(r"\||\+[-+]"),
        severity=Severity.ERROR,
    ),
    _Trace(  # Python itself
        start=re.compile(r"Fatal Python error: "),
        goes_on=re.compile(
            r"$|(?:Current t|T)hread 0x|File \"|Extension modules: |<no Python frame>|Python runtime state: "
        ),
    ),
    _JAVA,
    _Trace(
        start=re.compile(r"==\d+==\s*ERROR: LeakSanitizer"),
        goes_on=re.compile(_NEVER),
        until=re.compile(r"SUMMARY: "),
    ),
    _Trace(  # sanitizers of C and C++
        start=re.compile(r"==\d+==\s*ERROR: "),
        goes_on=re.compile(_NEVER),
        until=re.compile(r"==\d+==\s*ABORTING"),
    ),
    _Trace(  # Linux, and shells that tell of it
        start=re.compile(
            r"(?:\[ *[\d.]+\] )?(?:Memory cgroup out of memory|Out of memory): Kill|Killed$|\S{1,200}: line \d+: +\d+ Killed\b"
        ),
        goes_on=re.compile(_NEVER),
        severity=Severity.ERROR,
    ),
    _Trace(  # C and C++
        start=re.compile(
            r"terminate called |Segmentation fault|(?:Aborted|Bus error|Illegal instruction)(?: \(core dumped\))?$"
            r"|\S{1,200}: line \d+: +\d+ (?:Segmentation fault|Aborted|Bus error|Illegal instruction)\b"
            r"|\*\*\* \w[\w ]+ \*\*\*|(?:free|malloc|realloc|calloc|munmap_chunk)\(\): |double free or corruption"
            r"|(?:(?:[^\s:]{1,100}: )?[^\s:]{1,200}:\d+: (?:.{0,300}: )?)?Assertion (?:[`'].*' failed|failed: )"
        ),
        goes_on=re.compile(r"what\(\):|terminate called recursively|Aborted"),
    ),
)
# What loggers write behind a line of theirs: Go's zap the stack, Rust's tracing the place and the spans.
_BEHIND: Final = {
    severity: _Trace(
        start=re.compile(_NEVER),
        goes_on=re.compile(
            r"/?[\w./@-]+\.go:\d+$|[\w./-]+(?:\.\(\*?[\w\[\].]+\))?\.[\w.\[\]]+(?:\(\.{3}\))?$"
            r"|at [\w./-]+:\d+$|in \w+::[\w:]+(?: with .{0,200})?$"
        ),
        severity=severity,
    )
    for severity in (Severity.WARNING, Severity.ERROR, Severity.FATAL)
}


_STARTS: Final = re.compile("|".join(f"(?:{trace.start.pattern})" for trace in _TRACES))


def _begun(text: str) -> _Trace | None:
    """Return the trace that a line begins; the first that fits."""
    if not _STARTS.match(text):
        return None
    return next(trace for trace in _TRACES if trace.start.match(text))


def severity_of(line: LogLine) -> Severity:
    """Return how bad one line by itself says that it is."""
    text = _plain(line)
    return _severity(line, text, _begun(text))


def _severity(line: LogLine, text: str, crash: _Trace | None) -> Severity:
    if line.kind is LineKind.ASSERTION and (outcome := _OUTCOME.match(line.text)):
        return Severity.ERROR if outcome[0] == "FAIL" else Severity.NONE
    if crash is not None:
        return crash.severity
    told = _by_format(text)
    if told is not None:
        return told
    if line.kind in {LineKind.COMMAND, LineKind.CONTAINER}:
        return Severity.ERROR if _went_wrong(text) else Severity.NONE
    mentioned = _WORDS.search(text) and _WORDS.search(_HARMLESS.sub(" ", text))
    return Severity.MENTION if mentioned or _went_wrong(text, _ENDED) else Severity.NONE


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
    traces: dict[tuple[str, str], list[int]] = {}  # the newest of each source that more may belong to
    for position, (line, mark) in enumerate(zip(lines, found, strict=True)):
        source = (line.source, line.stream)
        if not mark.begins and source in traces:
            traces[source].append(position)
            continue
        groups.append([position])
        if mark.severity >= Severity.WARNING:
            traces[source] = groups[-1]
    return [
        Incident(severity=found[group[0]].severity, positions=tuple(group), key=_key(lines, group))
        for group in groups
    ]


def _key(lines: Sequence[LogLine], group: Sequence[int]) -> int:
    texts = [_plain(lines[position]) for position in group]
    trace = _begun(texts[0])
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
    trace = _begun(_plain(line))
    return trace is not None and trace.severity is Severity.FATAL


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
    text: str
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
        elif before is not None and before.text and _AT.match(text):
            first = before  # it is what failed: a logger's own line, with the message
            trace = _Open(_JAVA, text)
            mark = Mark(trace.severity, begins=False)
        else:
            kind = _begun(text)
            mark = Mark(_severity(line, text, kind))
            kind = kind or (_BEHIND.get(mark.severity) if line.kind is LineKind.OUTPUT else None)
            if kind is not None:
                trace = _Open(kind, text)
            elif trace is not None and not trace.waits():
                trace = None
        if len(self._newest) >= _MOST_SOURCES:
            del self._newest[next(iter(self._newest))]  # the one that has been silent for longest
        self._newest[source] = _Newest(position, line, text, mark, trace, wanted)
        return mark, first


class _Open:
    """A trace whose lines are coming."""

    def __init__(self, trace: _Trace, text: str = "") -> None:
        self._trace = trace
        self.severity = trace.severity
        self._carried = trace.carries is not None and trace.carries.match(text) is not None
        self._final = trace.final
        self._left = LONGEST
        self._message = LONGEST_MESSAGE if trace.message else 0
        self._depth = 0
        self._nest(text)

    def takes(self, text: str) -> bool:
        """Whether the next line belongs to it."""
        self._left -= 1
        if self._left < 0:
            return False
        if self._trace.until is not None:
            if self._trace.until.match(text):
                self._left = 0
            return True
        taken = self._is_carried(text) or self._goes_on(text) or self._ends(text)
        return (self._depth > 0 or taken) and self._nest(text)

    def waits(self) -> bool:
        """Whether it may go on behind a line that does not belong to it, as far as anybody can tell."""
        self._message -= 1
        return self._message >= 0

    def _nest(self, text: str) -> bool:
        """Count the braces that are open behind a line."""
        if self._trace.braces:
            self._depth += text.endswith(("{", "[")) - (self._depth > 0 and text.startswith(("}", "]")))
        return True

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
        begins = self._trace.start.match(text) is not None
        if begins:
            self._final = self._trace.final
        self._message = LONGEST_MESSAGE if self._trace.message and begins else 0
        return True

    def _ends(self, text: str) -> bool:
        if self._final is None or not self._final.fullmatch(text):
            return False
        self._final = None
        return True


def _plain(line: LogLine) -> str:
    """Return a line's text without escape codes, indentation, and what journald and syslog write before it."""
    text = _ESCAPE.sub("", line.text).strip()
    return text[found.end() :] if (found := _UNIT.match(text)) else text


def _by_format(text: str) -> Severity | None:
    """Return what a logger's own level says; None where the line has none, NONE for one below a warning."""
    if text.startswith("{"):
        return _by_json(text)
    if found := _KLOG.match(text):
        return {"W": Severity.WARNING, "E": Severity.ERROR, "F": Severity.FATAL}.get(found[1], Severity.NONE)
    if found := _PRIORITY.match(text):
        return _syslog(int(found[1]) & 7)
    if found := _LOGFMT.search(text) or _WORD.match(text) or _BRACKETED.match(text) or _TOLD.match(text):
        word = found[1].lower()
        return _LEVELS.get("warning" if word.endswith("warning") else word, Severity.NONE)
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
    inner = fields.get("record")  # of loguru
    level = next(
        (fields[key] for key in _LEVEL_KEYS if key in fields),
        inner.get("level") if isinstance(inner, dict) else None,
    )
    level = level.get("name") if isinstance(level, dict) else level
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
