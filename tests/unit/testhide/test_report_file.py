"""Report files as the plugins write them, with their traps, and files that are none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import cast
from xml.sax.saxutils import quoteattr

import pytest

from adapters.platforms.http.caller import Caller
from adapters.platforms.testhide import report_file
from adapters.platforms.testhide.logs import LogReader
from adapters.platforms.testhide.report_file import MOST_TAG, ReportFile, case_of, cases, told
from bot.errors import UnexpectedAnswer
from bot.triage import AttachedReport, ReportedFailure
from tests.fakes.surface import pieces_of

METHOD = "tests/test_pay.py::TestRefund::test_twice[eur]"
FUNCTION = "tests/unit/test_shop.py::test_total"


def a_case(
    name: str = "test_twice[eur]",
    *,
    classname: str = "tests.test_pay.TestRefund",
    inside: str = "",
    **more: str,
) -> str:
    written = "".join(f" {key}={quoteattr(value)}" for key, value in more.items())
    return f'<testcase classname="{classname}" name="{name}"{written}>{inside}</testcase>'


def a_file(*written: str) -> bytes:
    return f"<testsuites><testsuite name='pytest'>{''.join(written)}</testsuite></testsuites>".encode()


def properties(**values: str) -> str:
    written = "".join(f"<property name={quoteattr(k)} value={quoteattr(v)}/>" for k, v in values.items())
    return f"<properties>{written}</properties>"


FAILED = '<failure message="Expected 200, got 401">line one\n\nline two</failure>'


def test_cases__failures_and_errors_alone() -> None:
    """Passed and skipped tests are in the file, and say nothing of a failure."""
    found = cases(
        a_file(
            a_case("a"),
            a_case("b", inside='<skipped type="pytest.skip" message="no"/>'),
            a_case("c", inside=FAILED),
            a_case("d", inside="<error message='setup'>trace</error>"),
        )
    )

    assert [(case.says("name"), case.text) for case in found] == [
        ("c", "line one\n\nline two"),
        ("d", "trace"),
    ]


def test_told__what_a_person_should_read() -> None:
    """Resolution, failure id, issue, and the lines of the traceback without the empty ones."""
    inside = FAILED + properties(nodeid=METHOD, jira="AUTH-421", attachment="a.png")
    [case] = cases(a_file(a_case(fail_id="52db73c4", test_resolution="Need to reopen", inside=inside)))

    said = told(case)

    assert (said.failure_id, said.resolution, said.issue) == ("52db73c4", "Need to reopen", "AUTH-421")
    assert (said.lines, said.left_out, said.expected) == (("line one", "line two"), 0, False)


def test_told__an_expected_failure_and_an_empty_failure_id() -> None:
    """Called "Known Issue", it is what the test expects; errors in a setup have no id."""
    [case] = cases(a_file(a_case(fail_id="", test_resolution="Known Issue", inside="<error/>")))

    said = told(case)

    assert (said.expected, said.failure_id, said.lines) == (True, "", ())


def test_told__the_end_of_a_long_traceback_and_no_secret() -> None:
    """How many lines stand before it is said; a key in the output is masked."""
    text = "\n".join(f"line {n}" for n in range(100)) + "\nAuthorization: Bearer th_live_0123456789abcdef"
    [case] = cases(a_file(a_case(inside=f"<failure>{text}</failure>")))

    said = told(case)

    assert (len(said.lines), said.left_out, said.lines[0]) == (20, 81, "line 81")
    assert "th_live_0123456789abcdef" not in said.lines[-1]


@pytest.mark.parametrize(
    ("written", "check", "found"),
    [
        ([a_case(inside=FAILED + properties(nodeid=METHOD))], METHOD, True),
        ([a_case(inside=FAILED + properties(nodeid=METHOD))], FUNCTION, False),
        ([a_case(inside=FAILED)], METHOD, True),
        ([a_case("test_total", classname="test_shop", inside=FAILED)], FUNCTION, True),
        ([a_case("test_total", classname="other_shop", inside=FAILED)], FUNCTION, False),
        ([a_case("test_total", classname="op", inside=FAILED)], FUNCTION, False),
        ([a_case("test_total", classname="test_shop", inside=FAILED)] * 2, FUNCTION, False),
        (
            [a_case("test_total", classname="test_shop", inside=FAILED + properties(nodeid="x"))],
            FUNCTION,
            False,
        ),
        ([a_case(inside=FAILED + properties(nodeid=METHOD[:-1] + "x]"))], METHOD, False),
    ],
)
def test_case_of__by_its_node_id_else_by_class_and_name(written: list[str], check: str, found: bool) -> None:
    """The folder is missing from a function's class; two that could be meant are none."""
    assert (case_of(cases(a_file(*written)), check) is not None) is found


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><testsuites>&b;</testsuites>'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<testsuites><testsuite>",
        b"<?xml version='1.0' encoding='nothing'?><testsuites/>",
        b"<testsuites><testcase><failure>\x00</failure></testcase></testsuites>",
        BOMB,
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x"><testsuites/>',
    ],
)
def test_cases__what_is_no_report_is_said_to_be_none(body: bytes) -> None:
    """Also with a document type, which entities need."""
    with pytest.raises(UnexpectedAnswer, match="report file"):
        cases(body)


def test_cases__not_more_than_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file without end is refused as a whole: nobody knows what else is in it."""
    monkeypatch.setattr(report_file, "MOST_CASES", 3)

    assert len(cases(a_file(*[a_case(inside=FAILED)] * 3))) == 3
    with pytest.raises(UnexpectedAnswer):
        cases(a_file(*[a_case(inside=FAILED)] * 4))


def test_cases__of_one_failure_the_end_is_kept() -> None:
    """A megabyte of output in one test."""
    [case] = cases(a_file(a_case(inside=f"<failure>{'x' * 1_000_000}the end</failure>")))

    assert len(case.text) <= report_file.MOST_TEXT
    assert case.text.endswith("the end")


def test_cases__of_output_in_many_small_pieces_the_same_end_is_kept() -> None:
    """An element between any two characters: copying what came before for each would take minutes."""
    letters = [chr(ord("a") + n % 26) for n in range(100_000)]
    [case] = cases(
        a_file(a_case(inside=f"<failure>{'<b/>'.join(letters)}</failure>"), a_case("other", inside=FAILED))
    )[:1]

    assert case.text == "".join(letters)[-report_file.MOST_TEXT :]


# Attached by somebody ---------------------------------------------------------------------------------------


async def read(content: bytes, size: int = 100) -> AttachedReport:
    """Read a file in pieces, as it comes from a chat; no server is asked anything."""
    nobody = cast("Caller", None)
    return await ReportFile(nobody, cast("LogReader", None)).read(pieces_of(content, size))


def told_of(found: AttachedReport) -> list[ReportedFailure]:
    """Return all that a file tells of what failed."""
    return [found.entry(position) for position in range(len(found.names))]


async def test_read__counts_and_names_what_the_file_has() -> None:
    """Those that count first, then by name; where, how long, and what it says of itself."""
    inside = FAILED + properties(nodeid=METHOD)
    about = "<properties><property name='testhide_schema_version' value='1'/><property name='build' value='1026'/></properties>"
    body = a_file(
        about,
        a_case("passed"),
        a_case("skipped", inside="<skipped/>"),
        a_case("known", test_resolution="Known Issue", inside="<failure message='as ever'/>"),
        a_case("z", classname="test_shop", inside="<error>setup\n\nValueError: no</error>"),
        a_case(time="1.250", file="tests/test_pay.py", line="41", inside=inside),
    )
    found = await read(body)

    assert (found.failing, found.expected, found.passed, found.skipped) == (2, 1, 1, 1)
    assert list(found.names) == [
        "test_shop.z",
        METHOD,
        "tests.test_pay.TestRefund.known",
    ]
    second, first, known = (failure.check for failure in told_of(found))
    assert first.first is not None
    assert (first.first.text, first.first.location) == ("Expected 200, got 401", "tests/test_pay.py:41")
    assert first.took == timedelta(seconds=1.25)
    assert second.first is not None
    assert second.first.text == "ValueError: no"
    assert known.excused == "the test expects to fail"
    assert found.about == (("Build", "1026"),)


async def test_read__one_test_that_failed_twice_is_one() -> None:
    """Where one of its failures counts, it counts, and that one speaks."""
    twice = [
        a_case(test_resolution="Known Issue", inside="<failure message='known'/>"),
        a_case(test_resolution="Unresolved", inside="<failure message='real'/>"),
    ]
    (failure,) = told_of(await read(a_file(*twice)))

    assert failure.check.failing
    assert [example.text for example in failure.check.counterexamples] == ["real", "known"]


@pytest.mark.parametrize(
    ("suites", "unlisted"),
    [
        ("<testsuites><testsuite failures='2' errors='1'>{0}</testsuite></testsuites>", 2),
        ("<testsuite failures='1' errors='0'>{0}</testsuite>", 0),
        (
            "<testsuites><testsuite failures='1'><testsuite failures='1'>{0}</testsuite></testsuite></testsuites>",
            0,
        ),
        ("<testsuites failures='9'><testsuite>{0}</testsuite></testsuites>", 0),
        ("<testsuites><testsuite failures='-1' errors='many'>{0}</testsuite></testsuites>", 0),
        ("<testsuites><testsuite failures='1e9'>{0}</testsuite></testsuites>", 0),
    ],
)
async def test_read__totals_that_know_more_than_the_list(suites: str, unlisted: int) -> None:
    """Only what the suites themselves count, the outermost once; nonsense counts nothing."""
    found = await read(suites.format(a_case(inside=FAILED)).encode())

    assert found.unlisted == unlisted


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "The file is empty."),
        (b"\x89PNG\r\n\x1a\n", r"not well-formed XML \(line 1\)"),
        (b"{}", "not well-formed XML"),
        (b"<testsuites>\n<testsuite>", r"not well-formed XML \(line 2\)"),
        (b"<html><body/></html>", "XML of another kind: it begins with <html>"),
        (b"<testsuites/><testsuites/>", "not well-formed"),
        (b"<?xml version='1.0' encoding='nothing'?><testsuites/>", "encoding"),
        (BOMB, "document type"),
        (b"<testsuites>" + b"<a>" * 1_000, "nested deeper"),
        (b"<testsuites><testcase name='" + b"x" * 2 * MOST_TAG + b"'/></testsuites>", "tags is larger"),
        (
            b"<testsuites><testcase " + b" ".join(b'a%d=""' % n for n in range(250_000)) + b"/>",
            "tags is larger",
        ),
        (b"<" + b"x" * 2 * MOST_TAG + b"/>", "tags is larger"),
        (b"<testsuites><!--" + b"x" * 2 * MOST_TAG, "tags is larger"),
        (
            b"<testsuites><testsuite><properties><property name='testhide_schema_version' value='2'/>",
            "version 2 of the format; version 1 is read",
        ),
    ],
    ids=range(14),
)
async def test_read__what_is_no_report_is_said_to_be_none(body: bytes, why: str) -> None:
    """By what is in it, whatever it is called; hostile ones end before they cost much."""
    with pytest.raises(UnexpectedAnswer, match=why):
        await read(body, size=1 << 16)


async def test_read__in_any_pieces_the_same() -> None:
    """A chat cuts it anywhere, in the middle of a sign too."""
    body = a_file(a_case("ü" * 40, inside=FAILED), a_case("b", inside="<error>ö</error>"))

    whole, *others = [await read(body, size) for size in (1 << 20, 7, 1)]

    for other in others:
        assert replace(other, entry=whole.entry) == whole
        assert told_of(other) == told_of(whole)


async def test_read__ten_thousand_tests() -> None:
    """All of them are counted, and each name is there once."""
    body = a_file(*(a_case(f"test_{n}", inside=FAILED if n % 2 else "") for n in range(10_000)))
    found = await read(body, 1 << 16)

    assert (found.failing, found.passed, len({*found.names})) == (5_000, 5_000, 5_000)


async def test_read__a_name_without_end_and_numbers_that_are_none() -> None:
    """Two long names stay two, and no duration is invented."""
    long = [a_case("x" * 50_000 + end, time=time, inside=FAILED) for end, time in (("a", "nan"), ("b", "-1"))]
    found = await read(a_file(*long), 1 << 16)

    assert len({*found.names}) == 2
    assert all(len(failure.check.name) < 5_000 and failure.check.took is None for failure in told_of(found))


async def test_read__only_a_few_at_a_time() -> None:
    """A third one waits for its turn, and gets it when one is given up."""
    files = ReportFile(cast("Caller", None), cast("LogReader", None))
    begun: list[int] = []

    async def slow(number: int) -> AsyncIterator[bytes]:
        begun.append(number)
        await asyncio.Event().wait()
        yield b""

    tasks = [asyncio.create_task(files.read(slow(n))) for n in range(2)]
    while len(begun) < 2:  # noqa: ASYNC110 - they begin as the loop comes to them
        await asyncio.sleep(0)
    third = asyncio.create_task(files.read(pieces_of(b"<testsuites/>")))
    await asyncio.sleep(0)
    assert not third.done()
    tasks[0].cancel()

    assert (await third).names == ()
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
