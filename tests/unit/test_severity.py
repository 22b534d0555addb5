"""How bad log lines are and which belong together, for what the loggers and runtimes of this field write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.platforms.http.text import one_line
from bot.model import LineKind, LogLine
from bot.severity import ErrorLines, Severity, marks, severity_of

NONE, MENTION, WARNING, ERROR, FATAL = Severity


def lines(block: str, source: str = "app", kind: LineKind = LineKind.OUTPUT) -> list[LogLine]:
    """Return a block of text as log lines, each as people are shown it."""
    return [LogLine(text=text.strip(), source=source, kind=kind) for text in block.strip("\n").split("\n")]


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        # JSON loggers: zap, zerolog, logrus, slog, pino, winston, journald
        ('{"level":"warn","ts":1.5,"caller":"a.go:93","msg":"slow","error":"timeout"}', WARNING),
        ('{"level":"dpanic","msg":"impossible"}', ERROR),
        ('{"level":"fatal","error":"no lock","message":"gone"}', FATAL),
        ('{"time":"2026-05-14T03:01:27Z","level":"ERROR+2","msg":"text"}', ERROR),
        ('{"time":"2026-05-14T03:01:27Z","level":"INFO","msg":"the error was handled"}', NONE),
        ('{"level":50,"time":1,"msg":"failed"}', ERROR),
        ('{"level":60,"time":1,"msg":"bye"}', FATAL),
        ('{"level":50,"msg":"logger","level":30,"msg":"caller"}', NONE),  # of two the last one counts
        ('{"level":"error"}', ERROR),
        ('{"PRIORITY":"3","MESSAGE":"disk"}', ERROR),
        ('{"error":null,"msg":"fine"}', NONE),
        ('{"level":true,"msg":"fine"}', NONE),
        ('{"level":"error","msg":"a long… (cut, the line has 9,999 bytes)', ERROR),
        ('{"msg":"a long… (9,999 more characters)', NONE),
        ('{"level":"error","msg":', NONE),  # no JSON: only words are left, and "error" is one
        # logfmt, klog, syslog, a level behind a time, Python's own format
        ('time="2026-05-14" level=error msg="x" error="y"', ERROR),
        ("time=2026-05-14T03:01:27Z level=WARN msg=late", WARNING),
        ("E0514 03:01:27.123456       1 file.go:42] no lease", ERROR),
        ("I0514 03:01:27.123456       1 file.go:42] an error is expected here", NONE),
        ("F0514 03:01:27.123456       1 file.go:42] gone", FATAL),
        ("<3>unit: bad", ERROR),
        ("<30>unit: no failure at all", NONE),
        ("2026-05-14T03:01:27.1Z ERROR store: lost key=7", ERROR),
        ("\x1b[2m2026-05-14T03:01:27Z\x1b[0m \x1b[31mERROR\x1b[0m store\x1b[2m:\x1b[0m lost", ERROR),
        ("2026-05-14 03:01:27,123 ERROR [main] com.Foo - lost", ERROR),
        ("[2026-05-14 03:01:27] [WARN] late", WARNING),
        ("ERROR:root:lost", ERROR),
        ("INFO:root:errors were counted", NONE),
        # what crashes look like
        ("panic: runtime error: index out of range [5] with length 3", FATAL),
        ("fatal error: all goroutines are asleep - deadlock!", FATAL),
        ("thread 'main' panicked at 'lost', src/main.rs:4:5", FATAL),
        ("java.lang.IllegalStateException: no lock", ERROR),
        ("ledger: ledger.c:12: settle: Assertion `sum == 0' failed.", FATAL),
        ("==17==ERROR: AddressSanitizer: heap-use-after-free", FATAL),
        # words, and what only looks like them
        ("connection failed", MENTION),
        ("GET /errors/list?failed=1 200", NONE),
        ("no errors found, errors=0, failed: none", NONE),
        ("compiled error.go and panic.rs", NONE),
        ("balance 100", NONE),
    ],
)  # fmt: skip
def test_severity__of_one_line(text: str, severity: Severity) -> None:
    """The shape of a crash decides, then the format; a word alone is a mention."""
    expected = MENTION if text.endswith('"msg":') else severity

    assert severity_of(LogLine(text=text)) is expected


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("db stopped, exit code 137", ERROR),
        ("db stopped, exit code 0", NONE),
        ("settle.sh returned 1 after 3 s", ERROR),
        ("settle.sh returned 0 after 3 s", NONE),
        ("ledger was ended by signal SIGSEGV (pid 4)", ERROR),
    ],
)
def test_severity__of_containers_and_commands(text: str, severity: Severity) -> None:
    """A code that is not zero and a signal stand out."""
    assert severity_of(LogLine(text=text, kind=LineKind.CONTAINER)) is severity


TRACES = {
    "go": ("""
panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
main.(*Ledger).settle(0xc000012345)
/src/ledger.go:8 +0x1d
created by main.main in goroutine 1
exit status 2
> listening again
""", FATAL),
    "rust": ("""
thread 'worker' (9803) panicked at src/a.rs:1:135:
balances differ
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
> listening again
""", FATAL),
    "python": ("""
Traceback (most recent call last):
File "/app/ledger.py", line 3, in settle
move(account)
~~~~^^^^^^^^^
File "/app/ledger.py", line 9, in move
raise Locked("7")
ledger.Locked: 7

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
File "<string>", line 1, in <module>
ledger.Broken: second
> listening again
""", ERROR),
    "java": ("""
java.lang.IllegalStateException: no lock
at com.foo.Bar.run(Bar.java:17)
Caused by: java.io.IOException: gone
at com.foo.Baz.<init>(Baz.java:1)
... 12 more
> 2026-05-14 03:01:28,000 INFO [main] com.Foo - listening again
""", ERROR),
    "node": ("""
TypeError: Cannot read properties of undefined (reading 'x')
at Object.<anonymous> (/app/a.js:3:9)
at async /app/b.mjs:1:2
at node:internal/main/run_main_module:23:47
> listening again
""", ERROR),
    "race": ("""
WARNING: DATA RACE
Read at 0x00c by goroutine 7:
main.settle()
==================
> listening again
""", ERROR),
    "c++": ("""
terminate called after throwing an instance of 'std::runtime_error'
what():  lock lost
Aborted (core dumped)
> listening again
""", FATAL),
    "sanitizer": ("""
==17==ERROR: AddressSanitizer: heap-use-after-free on address 0x602
#0 0x4f in settle ledger.c:12
any text
==17==ABORTING
> listening again
""", FATAL),
}  # fmt: skip


@pytest.mark.parametrize("family", TRACES)
@pytest.mark.parametrize("mixed", [False, True])
def test_marks__a_trace_is_one(family: str, mixed: bool) -> None:
    """Its lines have its severity and only the first begins; what another source says between is no part of it."""
    block, severity = TRACES[family]
    own = lines(block.replace("\n> ", "\n"))
    other = LogLine(text="balance 100", source="other")
    given = [part for line in own for part in (line, other)] if mixed else own

    found = marks(given)
    of_own = found[:: 2 if mixed else 1]

    *trace, after = of_own
    assert [mark.severity for mark in trace] == [severity] * len(trace)
    assert [mark.begins for mark in trace] == [True] + [False] * (len(trace) - 1)
    assert after.severity is NONE
    assert not mixed or {mark.severity for mark in found[1::2]} == {NONE}


SAMPLES = Path(__file__).parents[1] / "samples" / "logs"
_MARKS = {".": NONE, "?": MENTION, "w": WARNING, "E": ERROR, "F": FATAL, "v": WARNING, "e": ERROR, "f": FATAL}


def _samples() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield what real tools wrote: the name of each sample, and its lines with what is to be said of them."""
    for file in sorted(SAMPLES.glob("*.txt")):
        for sample in re.split(r"^=== ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            name, *listed = sample.removesuffix("\n").split("\n")
            yield name, [(line[0], line[2:]) for line in listed]


@pytest.mark.parametrize(
    ("name", "sample"), [*_samples()], ids=lambda value: value if isinstance(value, str) else ""
)
def test_marks__of_what_real_tools_write(name: str, sample: list[tuple[str, str]]) -> None:
    """Levels, traces and what belongs to them, line by line, as people are shown the lines."""
    found = marks([LogLine(text=one_line(text), source=name) for _, text in sample])

    assert [(mark.severity, mark.begins) for mark in found] == [
        (_MARKS[mark], mark not in {"v", "e", "f"}) for mark, _ in sample
    ]


@pytest.mark.parametrize(
    "text",
    [
        "GET /api/errors?type=fatal 200",
        """"POST /v1/crash-reports HTTP/1.1" 204""",
        """{"msg":"done","error":null,"errors":[]}""",
        "errors=0 warnings=0",
        "3 passed, 0 failed in 2.1s",
        "Tests: 0 failed, 12 passed, 12 total",
        "--- PASS: TestErrorHandling (0.00s)",
        "test errors::tests::fails_on_empty ... ok",
        "test result: ok. 14 passed; 0 failed; 0 ignored",
        "listening on error-service:8080",
        "container error-handler-1 started",
        "user crash@example.com logged in",
        "--fail-fast",
        "error: null",
        "fatal: false",
        "err=<nil> error=<nil>",
        "exception=None",
        "downloading error-prone-2.3.jar",
        """connection-errors{code="0"} 0""",
        "http_errors_total 0",
        "Restart=on-failure",
        "Killed 3 stale sessions",
        "failover complete",
        "info: the error was handled",
        "http:undefinedGET /list failed",  # winston's format.cli()
    ],
)
def test_severity__of_what_only_looks_like_an_error(text: str) -> None:
    """Paths, names of several words, counts of nothing, levels below a warning."""
    assert severity_of(LogLine(text=text)) is NONE


def test_marks__the_line_before_the_frames_is_what_failed() -> None:
    """A logger's own line has the message; the frames behind it belong to it, however it was written."""
    found = marks(lines("INFO [main] could not settle\nat com.foo.Bar.run(Bar.java:17)\nnext"))

    assert [(mark.severity, mark.begins) for mark in found] == [(ERROR, True), (ERROR, False), (NONE, True)]


def test_marks__a_trace_without_an_end_is_bounded() -> None:
    """A race report that is never closed does not take the rest of the log."""
    found = marks(lines("WARNING: DATA RACE\n" + "balance 100\n" * 1_000))

    assert found[-1].severity is NONE


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ('FAIL Always "no errors" at a.go:1', ERROR),
        ('HIT Sometimes "an error was returned" at a.go:1', NONE),
        ('CATALOG Unreachable "panic" at a.go:1', NONE),
        ("an assertion in words of its own: failed", MENTION),
    ],
)
def test_severity__of_an_assertion_is_its_outcome(text: str, severity: Severity) -> None:
    """What a person called it says nothing about whether it failed."""
    assert severity_of(LogLine(text=text, kind=LineKind.ASSERTION)) is severity


SPOKEN = (
    "INFO fine",
    "connection failed",
    "ERROR lost",
    "panic: gone",
    "goroutine 1 [running]:",
    "main.go:12 +0x1f",
    "lost the lease",
    "at com.foo.Bar(Bar.java:1)",
    "Traceback (most recent call last):",
    'File "a.py", line 1',
    "ValueError: x",
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(SPOKEN), st.sampled_from(["a", "b"]), st.booleans()), max_size=30),
    st.integers(0, 12),
)
def test_error_lines__are_those_that_marks_finds(spoken: list[tuple[str, str, bool]], most: int) -> None:
    """Lines taken one by one, with room for a few, give what reading all of them at once gives."""
    block = [
        LogLine(text=f"{text}", vtime=str(n), source=source) for n, (text, source, _) in enumerate(spoken)
    ]
    found = [
        (line, mark.severity)
        for line, mark, (_, _, wanted) in zip(block, marks(block), spoken, strict=True)
        if wanted
    ]
    told = [line for line, severity in found if severity >= ERROR]
    mentioned = [line for line, severity in found if severity is MENTION]
    errors = ErrorLines(most)
    for line, (_, _, wanted) in zip(block, spoken, strict=True):
        errors.take(line, wanted=wanted)

    newest = told[max(0, len(told) - most) :]
    newest += mentioned[max(0, len(mentioned) - (most - len(newest))) :]
    assert (errors.told, errors.mentions) == (len(told), len(mentioned))
    assert sorted(newest, key=block.index) == list(errors.kept)


def test_error_lines__of_many_sources_stay_small() -> None:
    """A log whose every line is of a source of its own does not grow what is kept."""
    errors = ErrorLines(2)
    for n in range(5_000):
        errors.take(LogLine(text="ERROR x", source=f"s{n}"))

    assert [line.source for line in errors.kept] == ["s4998", "s4999"]
    assert len(errors._sources._newest) == 1_000
