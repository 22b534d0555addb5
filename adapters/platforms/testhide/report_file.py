"""The report that a build's agent reads: `junittests.xml`, "Testhide Report Format v1", a dialect of JUnit's.

It says more of a failing test than the server does. What it leaves out says nothing: the plugins lose tests whose
message holds a colour code, and quarantined ones are not in it. An expected failure is a failure called "Known Issue".
It comes from a build's artifacts, or from anybody's hands: whatever its bytes are, reading takes time and memory in
proportion to their number.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from xml.parsers import expat

from adapters.platforms.http.caller import Caller
from adapters.platforms.http.limits import MIB
from adapters.platforms.http.text import shown
from adapters.platforms.testhide import protocol
from adapters.platforms.testhide.decode import full_name
from adapters.platforms.testhide.ids import id_of
from adapters.platforms.testhide.logs import LogReader
from bot.errors import UnexpectedAnswer
from bot.model import Check, CheckStatus, Example
from bot.triage import AttachedReport, ReportedCheck, ReportedFailure

LARGEST = 16 * MIB
MOST_CASES = 100_000
MOST_TEXT = 64 * 1024  # characters of what one test says
DEEPEST = 32  # elements in each other; a report has six
MOST_TAG = MIB  # bytes of one tag, its attributes included: the parser keeps it whole and reads it anew for each piece
PIECE = 64 * 1024  # bytes that are parsed at a time
AT_ONCE = 2  # attached files that are read at the same time
NAME = "junittests.xml"
VERSION = "1"
EXPECTED = "known issue"
_LINES, _LINE, _WORD = 20, 500, 120
_BAD = frozenset({"failure", "error"})
_ROOTS = frozenset({"testsuites", "testsuite"})
_ABOUT = {
    "build": "Build",
    "branch": "Branch",
    "hostname": "Host",
}  # properties of a suite that people want to see
_MOST_COUNT = 10**9


class NoReport(ValueError):
    """The file is no report; a sentence says why."""


@dataclass(slots=True)
class Case:
    """One test as the file has it; properties that repeat have their first value."""

    attributes: dict[str, str]
    bad: bool = False
    skipped: bool = False
    message: str = ""
    text: str = ""
    properties: dict[str, str] = field(default_factory=dict)

    def says(self, name: str) -> str:
        """Return an attribute, "" where there is none."""
        return self.attributes.get(name, "")


@dataclass(frozen=True, slots=True)
class ReportFile:
    """Reads the report files of one connection, and those that people attach."""

    caller: Caller
    files: LogReader
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def reported(self, run_id: str, check: str) -> ReportedCheck | None:
        """Return what a build's report file says of a failing test; None without such a file or test."""
        found = await self.files.artifacts(run_id, kind="report")
        files = [file for file in found if file.name.casefold().endswith(".xml")]
        files.sort(key=lambda file: not file.name.endswith(NAME))
        if not files or (files[0].size_bytes or 0) > LARGEST:
            return None
        answer = await self.caller.read(
            protocol.download_request(id_of(files[0].id), most=LARGEST), what="file"
        )
        case = case_of(await asyncio.to_thread(cases, answer.body), check)
        return told(case) if case else None

    async def read(self, pieces: AsyncIterator[bytes], /) -> AttachedReport:
        """Read a file from somebody's hands. Raises `UnexpectedAnswer` saying why it is no report."""
        async with self.turns:
            reader = Reader()
            with _said():
                async for piece in pieces:
                    await asyncio.to_thread(reader.feed, piece)
                return await asyncio.to_thread(reader.report)


def cases(body: bytes) -> list[Case]:
    """Return the tests that failed in a file, in its order. Raises `UnexpectedAnswer` for what is no such file."""
    reader = Reader()
    with _said("The build's report file cannot be read. "):
        reader.feed(body)
        return reader.close()


def case_of(failing: list[Case], check: str) -> Case | None:
    """Return the test of a name: by its node id, else the one whose class and name say the same."""
    by_id = [case for case in failing if full_name(case.properties.get("nodeid", "")) == check]
    if by_id:
        return by_id[-1]
    dotted = _dotted(check)
    same = [case for case in failing if "nodeid" not in case.properties and _is_end(_own_name(case), dotted)]
    return same[0] if len(same) == 1 else None


def told(case: Case) -> ReportedCheck:
    """Return what a case says, cleaned."""
    resolution = shown(case.says("test_resolution"), _WORD)
    lines = [line for line in case.text.splitlines() if line.strip()]
    return ReportedCheck(
        failure_id=shown(case.says("fail_id"), _WORD),
        resolution=resolution,
        expected=resolution.casefold() == EXPECTED,
        issue=shown(case.properties.get("jira", ""), _WORD),
        lines=tuple(shown(line, _LINE) for line in lines[-_LINES:]),
        left_out=max(0, len(lines) - _LINES),
    )


class Reader:
    """Keeps the failing tests of a file while it is parsed, and counts the others. Raises `NoReport` and what expat does."""

    def __init__(self) -> None:
        self.found: list[Case] = []
        self._case: Case | None = None
        self._inside = False  # what went wrong with it
        self._said: deque[str] = deque()  # what its failures say, in pieces: their end is kept
        self._said_size = 0
        self._cases = self._skipped = self._depth = self._size = 0
        self._stated: int | None = None
        self._about: dict[str, str] = {}
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._take

    def feed(self, body: bytes) -> None:
        """Read on."""
        for start in range(0, len(body), PIECE):
            piece = body[start : start + PIECE]
            self._size += len(piece)
            self.parser.Parse(piece, False)
            if self._size - max(0, self.parser.CurrentByteIndex) > MOST_TAG:
                raise NoReport("One of its tags is larger than any that a report has.")

    def close(self) -> list[Case]:
        """Read to the end; return the tests that failed, in the file's order."""
        if not self._size:
            raise NoReport("The file is empty.")
        self.parser.Parse(b"", True)
        return self.found

    def report(self) -> AttachedReport:
        """Read to the end; return all that the file says."""
        failed = self.close()
        names, failing, entry = _listed(failed)
        return AttachedReport(
            names=names,
            failing=failing,
            entry=entry,
            passed=self._cases - self._skipped - len(failed),
            skipped=self._skipped,
            unlisted=max(0, (self._stated or 0) - len(failed)),
            about=tuple((label, self._about[name]) for name, label in _ABOUT.items() if name in self._about),
        )

    def _refuse(self, *_: object) -> None:
        raise NoReport("It has a document type, and a report has none.")

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1 and name not in _ROOTS:
            raise NoReport(f"It is XML of another kind: it begins with <{shown(name, 40)}>.")
        if self._depth > DEEPEST:
            raise NoReport("Its elements are nested deeper than in any report.")
        if name == "testcase":
            self._begin_case(attributes)
        elif self._case is not None:
            self._begin_inside(self._case, name, attributes)
        elif name == "testsuite":
            self._begin_suite(attributes)
        elif name == "property":
            self._note(attributes)

    def _begin_case(self, attributes: dict[str, str]) -> None:
        self._cases += 1
        if self._cases > MOST_CASES:
            raise NoReport(f"It has more than the {MOST_CASES:,} tests that are read.")
        self._case = Case(attributes)
        self._said.clear()
        self._said_size = 0

    def _begin_inside(self, case: Case, name: str, attributes: dict[str, str]) -> None:
        if name in _BAD:
            case.bad = self._inside = True
            case.message = case.message or attributes.get("message", "")
        elif name == "skipped":
            case.skipped = True
        elif name == "property":
            case.properties.setdefault(attributes.get("name", ""), attributes.get("value", ""))

    def _begin_suite(self, attributes: dict[str, str]) -> None:
        """Add the totals of the outermost suites; those inside are parts of them."""
        if self._depth <= 2:  # noqa: PLR2004 - the root, or right below it
            counts = [_whole(attributes.get(name)) for name in ("failures", "errors")]
            self._stated = (self._stated or 0) + sum(counts)
        if attributes.get("hostname"):
            self._about.setdefault("hostname", shown(attributes["hostname"], _WORD))

    def _note(self, attributes: dict[str, str]) -> None:
        name, value = attributes.get("name", ""), attributes.get("value", "")
        if name == "testhide_schema_version" and value.strip() not in {"", VERSION}:
            raise NoReport(f"It is of version {shown(value, 20)} of the format; version {VERSION} is read.")
        if name in _ABOUT and value:
            self._about.setdefault(name, shown(value, _WORD))

    def _take(self, text: str) -> None:
        """Keep the end of what went wrong: pieces may be as small as a character, so they are joined once."""
        if self._case is not None and self._inside:
            self._said.append(text)
            self._said_size += len(text)
            while self._said_size - len(self._said[0]) >= MOST_TEXT:
                self._said_size -= len(self._said.popleft())

    def _end(self, name: str) -> None:
        self._depth -= 1
        if name in _BAD:
            self._inside = False
        elif name == "testcase" and self._case is not None:
            if self._case.bad:
                self._case.text = "".join(self._said)[-MOST_TEXT:]
                self.found.append(self._case)
            elif self._case.skipped:
                self._skipped += 1
            self._case = None


@contextmanager
def _said(which: str = "") -> Iterator[None]:
    """Say why a file is no report; `which`: a sentence before it."""
    try:
        yield
    except NoReport as error:
        raise UnexpectedAnswer(f"{which}{error}") from error
    except expat.ExpatError as error:
        raise UnexpectedAnswer(f"{which}It is not well-formed XML (line {error.lineno:,}).") from error
    except (ValueError, LookupError) as error:
        raise UnexpectedAnswer(f"{which}It is written in an encoding that is not known.") from error


def _listed(failed: Iterable[Case]) -> tuple[tuple[str, ...], int, Callable[[int], ReportedFailure]]:
    """Return the names of what failed, how many of them count, and what tells of one.

    Each name is there once, those first that count, then by name: files have no order. Cleaning all that a large file
    says would take a minute.
    """
    by_name: dict[str, list[Case]] = {}
    for case in failed:
        nodeid = case.properties.get("nodeid", "")
        by_name.setdefault(full_name(nodeid or _own_name(case)), []).append(case)
    order = sorted((not any(map(_counts, cases)), name) for name, cases in by_name.items())
    names = tuple(name for _, name in order)
    failing = sum(not expected for expected, _ in order)
    return names, failing, lambda position: _failure(names[position], by_name[names[position]])


def _counts(case: Case) -> bool:
    return case.says("test_resolution").strip().casefold() != EXPECTED


def _failure(name: str, failed: list[Case]) -> ReportedFailure:
    """Return one test with what it says of itself; where one of its failures counts, that one speaks."""
    order = sorted(failed, key=lambda case: not _counts(case))  # stable: else as in the file
    check = Check(
        name=name,
        status=CheckStatus.FAILING,
        excused=None if _counts(order[0]) else "the test expects to fail",
        took=_seconds(order[0].says("time")),
        counterexamples=tuple(Example(text=_message(case), location=_place(case)) for case in order),
    )
    return ReportedFailure(check=check, said=told(order[0]))


def _message(case: Case) -> str:
    """Return what went wrong on one line: the message, else the end of the output."""
    lines = [line for line in case.text.splitlines() if line.strip()]
    return shown(case.message or (lines[-1] if lines else ""), _LINE)


def _place(case: Case) -> str | None:
    file, line = case.says("file"), case.says("line")
    return shown(f"{file}:{line}" if line else file, _LINE) if file else None


def _seconds(text: str) -> timedelta | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return timedelta(seconds=seconds) if math.isfinite(seconds) and 0 <= seconds < _MOST_COUNT else None


def _whole(text: str | None) -> int:
    """Read a count, 0 where there is none that can be."""
    digits = (text or "").strip()
    return min(int(digits[:12]), _MOST_COUNT) if digits.isascii() and digits.isdigit() else 0


def _dotted(check: str) -> str:
    """Return a node id as class and name are written: "tests.test_pay.TestRefund.test_twice[eur]"."""
    path, _, rest = check.partition("::")
    return f"{path.removesuffix('.py').replace('/', '.')}.{rest.replace('::', '.')}"


def _own_name(case: Case) -> str:
    return f"{case.says('classname')}.{case.says('name')}"


def _is_end(name: str, dotted: str) -> bool:
    """Whether a name is another one's end: the plugins leave out the folder of a function."""
    return dotted == name or dotted.endswith(f".{name}")
