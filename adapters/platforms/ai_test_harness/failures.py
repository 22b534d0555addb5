"""What failed in an execution. The reference shows no failure, so any shape is read, and none is dropped.

A failure is known in other executions by the name of its test alone. One that gives none, or a text that may be a
message as well, is shown and compared with nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

import msgspec

from adapters.platforms.ai_test_harness.decode import NAME, first_of
from adapters.platforms.http.lenient import NULL, exact, read
from adapters.platforms.http.text import clean, within
from bot.model import Check, CheckStatus, Example
from bot.redact import scrub

LONGEST_ERROR = 4_000
MOST = 10_000  # failures of one execution
LONGEST_DURATION = 10**12  # milliseconds

_NAMES = ("name", "testName", "title")
_REFS = ("testId", "id")
_MARK = re.compile(r" ?[:-] ?")
_MARKS = 20  # in a text, behind which a message may begin
_ERRORS = ("error", "message", "reason")


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure as far as it can be read; `text`: it is nothing but that."""

    name: str = ""
    ref: str = ""
    error: str = ""
    text: str = ""
    took: timedelta | None = None
    sure: bool = False  # the ref is that of a test, not perhaps that of the failure itself


def failures_of(raw: msgspec.Raw) -> tuple[tuple[Failure, ...], bool]:
    """Return the failures, and whether these are all."""
    items = read(raw, list[msgspec.Raw])
    if items is None:
        return (), bytes(raw) in {b"null", b""}
    return tuple(_failure(item) for item in items[:MOST]), len(items) <= MOST


def unnamed(failures: Iterable[Failure]) -> bool:
    """Whether a name of one of them may be found in its plan."""
    return any(not failure.name and (failure.ref or failure.text) for failure in failures)


def checks_of(failures: Iterable[Failure], tests: Mapping[str, str]) -> tuple[tuple[Check, ...], bool]:
    """Return failures as checks, and whether each is known by its name in other executions too.

    `tests`: the names of the plan's tests by their ids.
    """
    names = frozenset(tests.values())
    named = [_named(failure, place, tests, names) for place, failure in enumerate(failures, start=1)]
    return tuple(check for check, _ in named), all(sure for _, sure in named)


def _failure(raw: msgspec.Raw) -> Failure:
    fields = read(raw, dict[str, msgspec.Raw])
    if fields is None:
        return Failure(text=_error(exact(raw)))
    test = read(fields.get("test", NULL), dict[str, msgspec.Raw]) or {}
    of_test = first_of(test, ("id", *_REFS))
    return Failure(
        name=first_of(fields, _NAMES) or first_of(test, _NAMES) or first_of(fields, ("test",)),
        ref=first_of(fields, ("testId",)) or of_test or first_of(fields, ("id",)),
        error=_error_in(fields),
        took=_took(fields.get("durationMs", NULL)),
        sure=bool(first_of(fields, ("testId",)) or of_test),
    )


def _error_in(fields: Mapping[str, msgspec.Raw]) -> str:
    """Return the text of an error, which may stand in an object of its own."""
    for name in _ERRORS:
        raw = fields.get(name, NULL)
        text = _error(exact(raw)) or _error(_inner(raw))
        if text:
            return text
    return ""


def _inner(raw: msgspec.Raw) -> str:
    inside = read(raw, dict[str, msgspec.Raw]) or {}
    return next(filter(None, (exact(inside[name]) for name in ("message", *_ERRORS) if name in inside)), "")


def _error(text: str) -> str:
    return scrub(clean(text, LONGEST_ERROR)).text.strip()


def _took(raw: msgspec.Raw) -> timedelta | None:
    milliseconds = read(raw, float)
    if milliseconds is None or not 0 <= milliseconds <= LONGEST_DURATION:
        return None
    return timedelta(milliseconds=milliseconds)


def _named(
    failure: Failure, place: int, tests: Mapping[str, str], names: frozenset[str]
) -> tuple[Check, bool]:
    """Return one failure as a check, with the best name there is, and whether that is its test's."""
    ref, error = failure.ref or None, failure.error
    if failure.name:
        name, sure = failure.name, True
    elif failure.ref:
        name, sure = tests.get(failure.ref, failure.ref), failure.sure or failure.ref in tests
    elif failure.text:
        name, error, sure = _split(failure.text, tests, names)
    else:
        name, sure = f"failure {place}", False
    examples = (Example(text=error),) if error else ()
    check = Check(name=name, status=CheckStatus.FAILING, ref=ref, took=failure.took, counterexamples=examples)
    return check, sure


def _split(text: str, tests: Mapping[str, str], names: frozenset[str]) -> tuple[str, str, bool]:
    """Split a text into the name of a test that it begins with and what it says of that; else it is all there is."""
    line = " ".join(text.split())
    if line in tests or line in names:
        return tests.get(line, line), "", True
    for mark in reversed(list(islice(_MARK.finditer(line), _MARKS))):
        if line[: mark.start()] in names:
            return line[: mark.start()], line[mark.end() :], True
    return within(line, NAME), text if len(line) > NAME else "", False
