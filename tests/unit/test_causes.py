"""Why a run did not get through: what is concluded from the platform's words and from logs, and how far that is said."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from bot.analysis import analysis_of, explained
from bot.cards import plain
from bot.causes import Basis, How, RunCause, cause_of, evidence_in
from bot.errors import NotAvailable, ServiceError, ServiceFailed, Unreachable
from bot.model import LineKind, LogExcerpt, LogLine, LogQuery, RunLogQuery, RunStatus, Says
from bot.ports import Report
from bot.replies import announcements, causes
from tests.fakes.loop_time import stopped_time
from tests.fakes.runs import EPOCH, MOMENT, a_build, a_line, a_run, build_results, some_results
from tests.fakes.service import FakeRunService, a_build_server, a_harness
from tests.fakes.store import MemoryStore

BROKEN = RunStatus.INCOMPLETE
SETUP = ("#9 COPY layer 9 done", "error: image registry answered 404 for config:latest", "giving up")
PANIC = ("panic: lock lost", "", "goroutine 1 [running]:", "main.settle(0x1)", "/src/ledger.go:8 +0x1d")


def build_log(*texts: str) -> tuple[LogLine, ...]:
    """Return a log of these lines."""
    return tuple(LogLine(text=text) for text in texts)


def before_the_moment(*texts: str, kind: LineKind = LineKind.OUTPUT) -> tuple[LogLine, ...]:
    """Return the last lines before `MOMENT`, all of one container."""
    return tuple(a_line(text, "398.1", kind=kind) for text in texts)


async def told(
    *,
    log: tuple[LogLine, ...] = (),
    build: tuple[LogLine, ...] | None = None,
    passing: tuple[str, ...] = (),
    cut: str | None = None,
    **changes: object,
) -> tuple[How | None, str, tuple[str, ...]]:
    """Return how a run with these logs broke, what is said of it, and the lines that are shown."""
    service = FakeRunService()
    run = a_run(1, status=BROKEN, **changes)  # type: ignore[arg-type]  # the test's own fields
    service.add_run(run, some_results(run, passing=passing) if passing else None)
    if log:
        service.set_log(run, MOMENT, *log, cut=cut)
    if build is not None:
        service.set_build_log(run, *build)
    found = await explained(await analysis_of(service.platform, MemoryStore(), run))
    shown = causes.evidence(found)
    assert found.cause is not None
    post = announcements.ended(found, EPOCH)
    assert all(
        plain(causes.details(found)) in said for said in (plain(post.text), *map(plain, post.body[:1]))
    )
    assert causes.word(found) in plain(post.title)
    assert post.excerpt == shown
    return found.cause.how, plain(causes.why(found)), shown.lines if shown else ()


async def test_cause__setup_failed() -> None:
    """Nothing was tested, no moment is known, and the build log has an error: with what stands around it."""
    how, said, lines = await told(build=build_log(*SETUP))

    assert how is How.SETUP
    assert said == f"The run did not complete: setup failed. The last error in the build log is “{SETUP[1]}”."
    assert [line.rpartition("! ")[2] for line in lines] == [*SETUP]


async def test_cause__an_error_in_the_build_log_of_a_run_that_tested_something() -> None:
    """Its setup got through, so the last error is quoted and no more concluded."""
    how, said, _ = await told(build=build_log(*SETUP), passing=("a",))

    assert how is None
    assert said.startswith("The run did not complete. The last error in the build log is ")


async def test_cause__a_word_is_no_error() -> None:
    """A line that only has a word like "failed" in it is quoted as one that mentions an error."""
    how, said, _ = await told(build=build_log("warming up", "connection failed", "trying again"))

    assert how is None
    assert said.endswith("The last line in the build log that mentions an error is “connection failed”.")


async def test_cause__a_log_without_an_error() -> None:
    """It is said in how many lines none was found, and its end is shown."""
    _, said, lines = await told(build=build_log(*(f"step {n}" for n in range(9))))

    assert said == "The run did not complete. There is no error in the last 9 lines of the build log."
    assert lines == ("step 6", "step 7", "step 8")


@pytest.mark.parametrize(
    ("log", "how", "quoted"),
    [
        (before_the_moment("balance 7", *PANIC), How.CRASHED, "panic: lock lost"),
        (
            before_the_moment("ledger was ended by signal SIGSEGV (pid 4)", kind=LineKind.CONTAINER),
            How.CRASHED,
            "ledger was ended by signal SIGSEGV (pid 4)",
        ),
        (before_the_moment("db oom", kind=LineKind.CONTAINER), How.KILLED, "db oom"),
        (
            before_the_moment("Out of memory: Killed process 7 (ledger)"),
            How.KILLED,
            "Out of memory: Killed process 7 (ledger)",
        ),
        (before_the_moment('{"level":"error","msg":"no lease","error":"late"}'), None, "no lease: late"),
        (before_the_moment('{"level":"fatal","message":"bye"}', "ERROR late"), None, "bye"),
    ],
)
async def test_cause__by_the_log_before_the_moment(
    log: tuple[LogLine, ...], how: How | None, quoted: str
) -> None:
    """The last of the worst is quoted; only what has the shape of a crash is called one."""
    found, said, lines = await told(log=log, failure_moment=MOMENT)

    stopped = how.value if how else "it stopped"
    assert found is how
    assert said.startswith(f"The run did not complete: {stopped} at 398.489 s of virtual time. ")
    assert said.endswith(f"The last error in the log before that moment is “{quoted}”.")
    assert len(lines) <= 3


@pytest.mark.parametrize("code", ["db died, exit code 137", "db died, exit code 143"])
async def test_cause__what_was_ended_from_outside_is_no_cause(code: str) -> None:
    """Faults kill containers, and the end of a run stops them."""
    how, said, _ = await told(
        log=before_the_moment("db died, exit code 137", code, kind=LineKind.CONTAINER), failure_moment=MOMENT
    )

    assert how is None
    assert said.endswith("There is no error in the last 2 lines of the log before that moment.")


@pytest.mark.parametrize("log", [(), (a_line("early", "1.0"),)])
async def test_cause__of_a_moment_without_a_log(log: tuple[LogLine, ...]) -> None:
    """A moment goes stale, or no line stands before it: then the build log tells what there is to tell."""
    how, said, _ = await told(log=log, build=build_log(*SETUP), passing=("a",), failure_moment=MOMENT)

    assert how is None
    assert said == (
        "The run did not complete: it stopped at 398.489 s of virtual time. "
        f"The last error in the build log is “{SETUP[1]}”."
    )


async def test_cause__killed_or_timed_out() -> None:
    """A platform that pins no moment says one of two, and which of them nobody knows."""
    how, said, lines = await told(build=build_log("step 1", "ERROR late"), failure_unpinned=True)

    assert how is How.STOPPED
    assert said == (
        "The run did not complete: killed or timed out. Antithesis pins no failure moment, as for runs that were killed "
        "or timed out. The last error in the build log is “ERROR late”."
    )
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("reason", "how"),
    [
        ("Setup failed: image registry answered 404", How.SETUP),
        ("The run timed out after 60 minutes", How.TIMED_OUT),
        ("killed: out of memory", How.KILLED),
        ("the hypervisor crashed", How.CRASHED),
        ("timed out during setup", None),
        ("no capacity", None),
    ],
)
async def test_cause__in_the_platforms_own_words(reason: str, how: How | None) -> None:
    """They are quoted, and stand for one way only where they name one; a log is shown beside them all the same."""
    found, said, lines = await told(
        build=build_log(*SETUP), failure_reason=reason, failure_unpinned=how is not None
    )

    expected = f": {how.value}" if how else ""
    assert found is how
    assert said.startswith(f"The run did not complete{expected}. Antithesis gives the reason “{reason}”. ")
    assert len(lines) == 3


async def test_cause__a_status_that_says_it() -> None:
    """A platform whose word for the end is "timeout" has said how."""
    how, said, _ = await told(status_text="timed_out", build=build_log("step"))

    assert how is How.TIMED_OUT
    assert "Antithesis reports it as “timed_out”." in said


async def test_cause__a_window_that_was_cut_holds_its_begin() -> None:
    """Nothing in it is known to be near the moment."""
    how, said, lines = await told(
        log=before_the_moment(*PANIC), cut="the stream broke off", failure_moment=MOMENT
    )

    assert (how, lines) == (None, ())
    assert said.endswith(
        "The log before that moment could not be read to its end, so what happened last is unknown: the stream broke off."
    )


@dataclass(kw_only=True)
class Cut(FakeRunService):
    """A platform whose build logs break off."""

    async def run_log(self, query: RunLogQuery, report: Report) -> LogExcerpt:
        """Answer with a part."""
        return replace(await super().run_log(query, report), cut="the stream broke off")


async def test_cause__a_build_log_that_was_cut() -> None:
    """What was read is said to be a part, and nothing is concluded from its last error."""
    service = Cut()
    run = service.add_run(a_run(1, status=BROKEN))
    service.set_build_log(run, *build_log(*SETUP))
    found = await explained(await analysis_of(service.platform, MemoryStore(), run))

    assert found.cause is not None
    assert found.cause.how is None
    assert plain(causes.why(found)).endswith(
        f"The last error in the part of the build log that could be read is “{SETUP[1]}”."
    )


@pytest.mark.parametrize(
    ("trouble", "late"),
    [
        (NotAvailable("There is no build log."), False),
        (ServiceFailed("It broke."), False),
        (Unreachable("Nobody answered."), True),
    ],
)
async def test_cause__a_log_that_cannot_be_read(trouble: ServiceError, late: bool) -> None:
    """It is said why; where the platform could not be asked a later try may tell."""
    service = FakeRunService()
    run = service.add_run(a_run(1, status=BROKEN))
    service.fail("run_log", trouble)
    found = await explained(await analysis_of(service.platform, MemoryStore(), run))

    assert found.cause == RunCause(trouble=str(trouble), late=late)
    assert plain(causes.why(found)) == f"The run did not complete. {trouble}"
    assert causes.evidence(found) is None


@dataclass(kw_only=True)
class Endless(FakeRunService):
    """A platform whose logs do not end."""

    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    async def logs(self, query: LogQuery, report: Report) -> LogExcerpt:
        """Wait, then answer."""
        await self.let_go.wait()
        return await super().logs(query, report)


async def test_cause__a_log_that_does_not_end() -> None:
    """After twenty seconds it is said that it was not read."""
    service = Endless()
    run = service.add_run(a_run(1, status=BROKEN, failure_moment=MOMENT))
    analysis = await analysis_of(service.platform, MemoryStore(), run)
    with stopped_time() as time:
        reading = asyncio.create_task(explained(analysis))
        await time.pass_by(19.0)
        assert not reading.done()
        await time.pass_by(2.0)
        found = await reading

    assert found.cause is not None
    assert found.cause.late
    assert plain(causes.why(found)).endswith(
        "The log before that moment could not be read within 20 seconds."
    )


async def test_cause__where_no_log_is_offered_none_is_waited_for() -> None:
    """Nothing is late then, however little time there is, so no message is said to change."""
    service = a_harness(lacks=frozenset({"lists", "moment_logs", "run_logs"}))
    found = await analysis_of(service.platform, MemoryStore(), service.add_run(a_run(1, status=BROKEN)))

    assert (await explained(found, within=0.0)).cause == RunCause()


async def test_cause__of_a_build() -> None:
    """A platform without moments has one log; its last error is quoted, and that the setup failed is not known."""
    service = a_build_server()
    run = service.add_run(a_build(7, says=Says.FAILED), build_results(7))
    service.set_build_log(run, *build_log("coverage gate: 71 % < 80 %", "command exited with 2"))
    found = await explained(await analysis_of(service.platform, MemoryStore(), run))

    assert found.cause is not None
    assert found.cause.how is None
    assert plain(causes.why(found)) == (
        "The last line in the log that mentions an error is “command exited with 2”."
    )


async def test_cause__of_a_platform_without_logs() -> None:
    """Nothing is read and nothing is said to have been."""
    service = FakeRunService(lacks=frozenset({"moment_logs", "run_logs"}))
    run = service.add_run(a_run(1, status=BROKEN, failure_moment=MOMENT))

    assert await cause_of(service.platform, run, began=False) == RunCause()


@pytest.mark.parametrize("status", [RunStatus.COMPLETED, RunStatus.CANCELLED])
async def test_explained__reads_nothing_of_a_run_that_got_through(status: RunStatus) -> None:
    """Nor of one that was cancelled."""
    service = FakeRunService()
    run = service.add_run(a_run(1, status=status))
    found = await explained(await analysis_of(service.platform, MemoryStore(), run))

    assert found.cause is None
    assert causes.why(found) == ()
    assert service.count("logs") + service.count("run_log") == 0


def test_evidence__of_a_trace_whose_last_line_says_it() -> None:
    """Of Python the begin and the last line are shown; of others the first lines."""
    python = before_the_moment(
        "Traceback (most recent call last):",
        'File "/a.py", line 3, in x',
        "move()",
        'File "/a.py", line 9, in y',
        "raise X",
        "ledger.Locked: 7",
        "next",
    )
    java = before_the_moment(
        "java.lang.IllegalStateException: no lock",
        "at a.B.c(B.java:1)",
        "at a.B.d(B.java:2)",
        "at a.B.e(B.java:3)",
    )
    rust = before_the_moment("thread 'w' (9) panicked at src/a.rs:1:1:", "balances differ", "note: run with")

    def shown(lines: tuple[LogLine, ...]) -> tuple[str, list[str]]:
        found = evidence_in(LogExcerpt(lines=lines, matched=0, total=0), Basis.MOMENT)
        assert found.key is not None
        return found.key.text, [line.text for line in found.evidence]

    assert shown(python) == ("ledger.Locked: 7", [python[0].text, python[1].text, python[5].text])
    assert shown(java) == (java[0].text, [line.text for line in java[:3]])
    assert shown(rust) == ("balances differ", [line.text for line in rust])


def test_evidence__of_mixed_sources() -> None:
    """What stands around an error is of the same container."""
    other = a_line("balance 1", "398.0", source="other")
    lines = (
        other,
        a_line("asked", "398.0"),
        other,
        a_line("ERROR late", "398.1"),
        other,
        a_line("bye", "398.2"),
        other,
    )

    found = evidence_in(LogExcerpt(lines=lines, matched=0, total=0), Basis.MOMENT)

    assert [line.text for line in found.evidence] == ["asked", "ERROR late", "bye"]
