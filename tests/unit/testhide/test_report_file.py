"""Report files as the plugins write them, with their traps, and files that are none."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

import pytest

from adapters.platforms.testhide import report_file
from adapters.platforms.testhide.report_file import case_of, cases, told
from bot.errors import UnexpectedAnswer

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
