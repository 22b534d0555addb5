"""Lines that differ only in times, ids and numbers, and what only one of two windows has."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import LineKind, LinePattern, LogLine
from bot.patterns import Patterns, difference, pattern_of
from bot.severity import Severity
from tests.fakes.runs import a_line


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("took 1.5ms", "took 12.25ms"),
        ("took 1m30.5s", "took 9.2s"),
        ("2026-05-14T03:00:01.123456Z ready", "2026-05-14T03:00:02Z ready"),
        ("2026-05-14 03:00:01,123 ready", "2026-05-14 03:00:02,9 ready"),
        ("2026/05/14 03:00:01 ready", "2026/05/14 04:10:11 ready"),
        ("I0115 10:00:00.123456       1 main.go:12] up", "I0116 10:00:01.000001       7 main.go:9] up"),
        ("dial 10.0.0.1:2379 refused", "dial 10.0.12.7:42 refused"),
        ("at 0xc000123abc", "at 0xc0009f"),
        ("txn 6f1c2a9e-11aa-4bcd-9e10-aabbccddeeff", "txn 0a1c2a9e-dead-4bcd-8e10-0011ccddeeff"),
        ("leader 2c6c7b8d0d0933f7 lost", "leader dcb68c82481661be lost"),
        ("key 29dkQ1234567890abc", "key 1BdkQ1234567890abd"),
        ("delta=-5", "delta=5"),
        ("etcd0 elected", "etcd2 elected"),
        ('10.0.0.1 - "GET /cart/7 HTTP/1.1" 200 612', '10.0.0.9 - "GET /cart/8 HTTP/1.1" 200 99'),
        ('{"index":7,"ratio":0.5,"peers":[1,2]}', '{"index":12,"ratio":1.25,"peers":[4,5]}'),
        ("12,345 bytes, 3.2GiB", "9 bytes, 1GiB"),
    ],
)
def test_pattern__is_without_what_differs_each_time(one: str, other: str) -> None:
    """Times, durations, ids, addresses and numbers are what two windows never share."""
    assert pattern_of(one) == pattern_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("etcd0 died, exit code 0", "etcd0 died, exit code 137"),
        ("test command returned 0 after 3 s", "test command returned 1 after 3 s"),
        ("ended by signal 6", "ended by signal 11"),
        ('{"status":200}', '{"status":500}'),
        ('{"code": 200}', '{"code": 503}'),
        ("status=200", "status=404"),
        ('10.0.0.1 - "GET /cart/7 HTTP/1.1" 200 612', '10.0.0.9 - "GET /cart/8 HTTP/1.1" 500 612'),
        ("[GIN] 2026/05/14 - 03:00:01 | 200 |     1.2ms", "[GIN] 2026/05/14 - 03:00:02 | 500 |     9.4ms"),
        ("leader lost", "leader elected"),
        ("etcd0 lost", "client0 lost"),
        ("no leader at term 3", "new leader at term 3"),
    ],
)
def test_pattern__keeps_what_a_failure_is_told_by(one: str, other: str) -> None:
    """Exit codes, signals and a status tell a failure from a success, and words and names stay."""
    assert pattern_of(one) != pattern_of(other)


@given(st.text(st.characters(exclude_characters="#0123456789"), max_size=200))
@settings(max_examples=200)
def test_pattern__is_its_own_pattern(text: str) -> None:
    """What has no number in it stays as it is."""
    assert pattern_of(text) == text


def counted(*lines: LogLine, **bounds: int) -> tuple[LinePattern, ...]:
    """Count lines as a window does."""
    patterns = Patterns(**bounds)
    for line in lines:
        patterns.take(line.text, lambda line=line: line)  # type: ignore[misc]  # bound as it is
    return patterns.found


def test_patterns__are_counted_with_the_first_of_each() -> None:
    """The first line stands for its like, in the order in which they were seen."""
    found = counted(a_line("tick 1", "1.5"), a_line("tock", "1.6"), a_line("tick 22", "1.7"))

    assert [(p.first.text, p.first.vtime, p.count) for p in found] == [
        ("tick 1", "1.5", 2),
        ("tock", "1.6", 1),
    ]


@pytest.mark.parametrize("bounds", [{"most": 2}, {"room": 12}])
def test_patterns__are_bounded_and_say_so(bounds: dict[str, int]) -> None:
    """A window whose lines are all different does not fill the memory: what is not kept is counted."""
    patterns = Patterns(**bounds)
    for word in ("one", "two", "six", "one", "ten"):
        patterns.take(word, lambda word=word: a_line(word, "1.0"))  # type: ignore[misc]  # bound as it is

    assert [(p.pattern, p.count) for p in patterns.found] == [("one", 2), ("two", 1)]
    assert patterns.left_out == 2


def test_difference__has_the_most_telling_first() -> None:
    """Crashes and errors, then the software before the test, then what stands there most often; what is in both is none."""
    here = counted(
        *(a_line(f"retry {n}", "1.0") for n in range(3)),
        a_line("tick 5", "1.1"),
        a_line("once only", "1.2"),
        a_line("network fault partition on etcd0", "1.3", source="fault_injector", kind=LineKind.FAULT),
        a_line('{"level":"error","msg":"lost quorum"}', "1.4"),
        a_line("panic: index out of range [5]", "1.5", source="etcd1"),
        a_line("goroutine 7 [running]:", "1.5", source="etcd1"),
        a_line("main.go:12 +0x1f", "1.5", source="etcd1"),
        a_line("once too", "1.6"),
    )
    found = difference(here, counted(a_line("tick 9", "1.0"), a_line("all is well", "1.1")))

    assert [(told.pattern.first.text.split()[0], told.pattern.count, told.trace) for told in found.here] == [
        ("panic:", 1, 2),
        ('{"level":"error","msg":"lost', 1, 0),
        ("retry", 3, 0),
        ("once", 1, 0),
        ("once", 1, 0),
        ("network", 1, 0),
    ]
    assert found.here[0].severity is Severity.FATAL
    assert found.here[3].pattern.first.text == "once too"  # nearer to the moment
    assert [told.pattern.first.text for told in found.there] == ["all is well"]
    assert found.both == 1


def test_difference__a_trace_has_no_line_that_stood_apart() -> None:
    """What belongs to a trace stands behind it; a line that came later is shown by itself, however the trace ends."""
    here = counted(
        a_line("WARNING: DATA RACE", "1.0"),
        a_line("Read at 0x00c0 by goroutine 7:", "1.0"),
        a_line("tick 5", "1.1"),
        a_line("stock is below zero", "1.2"),
    )
    found = difference(here, counted(a_line("tick 9", "1.0")))

    assert [(told.pattern.first.text, told.trace) for told in found.here] == [
        ("WARNING: DATA RACE", 1),
        ("stock is below zero", 0),
    ]


def test_difference__leaves_out_the_assertion_itself() -> None:
    """That it fails here and holds there is what was asked about, and no difference between the logs."""
    fails = counted(a_line('FAIL Always "balance" at ledger.go:42', "9.0", kind=LineKind.ASSERTION),
                    a_line('HIT Sometimes "paid" at pay.go:2', "8.0", kind=LineKind.ASSERTION))  # fmt: skip
    holds = counted(a_line('HIT Always "balance" at ledger.go:42', "7.0", kind=LineKind.ASSERTION))
    found = difference(fails, holds, known="balance")

    assert [told.pattern.first.text for told in found.here] == ['HIT Sometimes "paid" at pay.go:2']
    assert (found.there, found.both) == ((), 0)


def test_difference__keeps_what_only_quotes_the_name() -> None:
    """A line that the software itself wrote is no assertion, whatever it names."""
    here = counted(a_line('{"check":"balance","left":-3}', "9.0"))

    assert [told.pattern.first.text for told in difference(here, (), known="balance").here] == [
        '{"check":"balance","left":-3}'
    ]
