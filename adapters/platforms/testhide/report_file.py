"""The report that a build's agent reads: `junittests.xml`, "Testhide Report Format v1", a dialect of JUnit's.

It says more of a failing test than the server does. What it leaves out says nothing: the plugins lose tests whose
message holds a colour code, and quarantined ones are not in it. An expected failure is a failure called "Known Issue".
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from xml.parsers import expat

from adapters.platforms.http.caller import Caller
from adapters.platforms.http.limits import MIB
from adapters.platforms.http.text import shown
from adapters.platforms.testhide import protocol
from adapters.platforms.testhide.decode import full_name
from adapters.platforms.testhide.ids import id_of
from adapters.platforms.testhide.logs import LogReader
from bot.errors import UnexpectedAnswer
from bot.triage import ReportedCheck

LARGEST = 16 * MIB
MOST_CASES = 100_000
MOST_TEXT = 64 * 1024  # characters of what one test says
NAME = "junittests.xml"
EXPECTED = "known issue"
_LINES, _LINE, _WORD = 20, 500, 120
_BAD = frozenset({"failure", "error"})


@dataclass(slots=True)
class Case:
    """One test as the file has it; properties that repeat have their first value."""

    attributes: dict[str, str]
    bad: bool = False
    text: str = ""
    properties: dict[str, str] = field(default_factory=dict)

    def says(self, name: str) -> str:
        """Return an attribute, "" where there is none."""
        return self.attributes.get(name, "")


@dataclass(frozen=True, slots=True)
class ReportFile:
    """Reads the report files of one connection."""

    caller: Caller
    files: LogReader

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


def cases(body: bytes) -> list[Case]:
    """Return the tests that failed in a file, in its order. Raises `UnexpectedAnswer` for what is no such file."""
    reader = _Reader()
    try:
        reader.parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise UnexpectedAnswer("The build's report file is not one that can be read.") from error
    return reader.found


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


class _Reader:
    """Keeps the failing tests of a file while it is parsed."""

    def __init__(self) -> None:
        self.found: list[Case] = []
        self._case: Case | None = None
        self._inside = False  # what went wrong with it
        self._cases = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._take

    def _refuse(self, *_: object) -> None:
        raise ValueError("a report has no document type")

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "testcase":
            self._cases += 1
            if self._cases > MOST_CASES:
                raise ValueError("more tests than are read")
            self._case = Case(attributes)
        elif self._case is not None and name in _BAD:
            self._case.bad = self._inside = True
        elif self._case is not None and name == "property":
            self._case.properties.setdefault(attributes.get("name", ""), attributes.get("value", ""))

    def _take(self, text: str) -> None:
        if self._case is not None and self._inside:
            self._case.text = (self._case.text + text)[-MOST_TEXT:]

    def _end(self, name: str) -> None:
        if name in _BAD:
            self._inside = False
        elif name == "testcase" and self._case is not None:
            if self._case.bad:
                self.found.append(self._case)
            self._case = None


def _dotted(check: str) -> str:
    """Return a node id as class and name are written: "tests.test_pay.TestRefund.test_twice[eur]"."""
    path, _, rest = check.partition("::")
    return f"{path.removesuffix('.py').replace('/', '.')}.{rest.replace('::', '.')}"


def _own_name(case: Case) -> str:
    return f"{case.says('classname')}.{case.says('name')}"


def _is_end(name: str, dotted: str) -> bool:
    """Whether a name is another one's end: the plugins leave out the folder of a function."""
    return dotted == name or dotted.endswith(f".{name}")
