"""The catalogue of runs whose end a channel is told of, from all green to names of five hundred characters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

from bot.analysis import RunAnalysis
from bot.cards import Card
from bot.causes import Basis, How, RunCause
from bot.chain import Chain, Gap, Past
from bot.diff import compare
from bot.earlier import stored
from bot.marks import Mark
from bot.model import (
    Availability,
    Check,
    Code,
    Example,
    Fault,
    LogExcerpt,
    LogLine,
    Moment,
    Results,
    Rule,
    Run,
    RunRef,
    RunStatus,
    Secret,
)
from bot.replies import announcements, endings
from bot.severity import Severity
from bot.state import EVERYTHING, Mute, PropertyState, Reopened, Subscription, Why, Word
from bot.verdict import judge
from tests.fakes.runs import EPOCH, MOMENT, a_build, a_property, a_run, build_results, some_results
from tests.fakes.service import FakeRunService, a_build_server

NOW = EPOCH + timedelta(days=14, hours=1)
SHA, BEFORE = "589ac27f3b1d2c4e5f60718293a4b5c6d7e8f901", "4fe0c2a93b1d2c4e5f60718293a4b5c6d7e8f901"
REPOSITORY = "https://github.com/acme/shop"
CODE = Code(
    commit=SHA,
    commit_page=f"{REPOSITORY}/commit/{SHA}",
    branch="main",
    pull="412",
    pull_page=f"{REPOSITORY}/pull/412",
    pull_title="Retry checkout",
    author="mira.okafor",
)
MONEY, SETTLED, KEY, STOCK = (
    "Money is never created or destroyed",
    "A settled payment stays settled",
    "Idempotency key used for two payments",
    "Stock below zero",
)
WIDE = Subscription(channel="fake:channel:C1", launcher="Payments Nightly", source="main")


def ended(found: RunAnalysis, now: datetime = NOW) -> Card:
    """Return the post of a run, with the way to hear of less."""
    return announcements.ended(found, now, everything=WIDE)


def failing(name: str, place: str = "", broken: int = 281, held: int = 12_000_000, **more: object) -> Check:
    """Return a property that fails in some of its checks, at a place and a moment of its own."""
    sample = Example(text="condition: false", moment=Moment("7", f"{len(name)}.335"), location=place or None)
    return a_property(
        name, failing=True, counterexample_count=broken, example_count=held, counterexamples=(sample,), **more
    )


def of(
    run: Run,
    results: Results,
    *past: Sequence[str] | Gap,
    cause: RunCause | None = None,
    build: bool = False,
) -> RunAnalysis:
    """Analyse a run after others of its series, the oldest first, each by what failed in it or why that is not known."""
    before: list[Past] = []
    for number, fails in enumerate(past):
        if build:
            earlier = a_build(1_000 + number)
            known = (
                None
                if isinstance(fails, Gap)
                else build_results(1_000 + number, failing=tuple(fails), passing=("ok",))
            )
        else:
            start = NOW - timedelta(hours=20 * (len(past) - number) + 2)
            earlier = replace(a_run(100 + number), created_at=start, commit=BEFORE)
            known = (
                None
                if isinstance(fails, Gap)
                else some_results(earlier, failing=tuple(fails), passing=("ok",))
            )
        before.append(Past(earlier, fails if known is None else stored(earlier, known)))  # type: ignore[arg-type]
    chain = Chain(past=tuple(reversed(before)))
    service = a_build_server() if build else FakeRunService()
    readable = results.availability is Availability.READY
    return RunAnalysis(
        platform=service.platform,
        run=run,
        verdict=judge(run, results),
        results=results,
        diff=compare(results, chain) if readable else None,
        chain=chain if readable else None,
        cause=cause,
    )


def a_night(**changes: object) -> Run:
    """Return a run of the nightly series that ended nine minutes ago."""
    begun = NOW - timedelta(minutes=90)
    return a_run(
        9_043,
        created_at=begun,
        started_at=begun,
        completed_at=NOW - timedelta(minutes=9),
        requested_minutes=60.0,
        report_url=Secret("https://demo.antithesis.com/report/x?auth=v2.public.CANARY"),
        commit=SHA,
        code=CODE,
        **changes,  # type: ignore[arg-type]  # fields of a run
    )


def results(run: Run, *checks: Check, passing: int = 27) -> Results:
    """Return results in which these checks stand beside passing ones."""
    others = tuple(a_property(f"Property {n} holds") for n in range(passing))
    return Results(ref=run.ref, availability=Availability.READY, checks=(*checks, *others))


def _post(name: str) -> Card:
    return ended(POSTS[name]())


NIGHTS = ((), (STOCK,), (), (KEY,), (), (KEY,), (), ())


def green() -> RunAnalysis:
    """All is well."""
    run = a_night()
    return of(run, results(run), (), (), ())


def three_new() -> RunAnalysis:
    """Three failures that were not there yesterday."""
    run = a_night()
    checks = (
        failing(MONEY, "check/balance.go:88"),
        failing(SETTLED, "ledger/settle.go:214", 376, 17_000_000),
        failing(KEY, "api/idempotency.go:57", 2, 0, rule=Rule.UNREACHABLE),
    )
    return of(run, results(run, *checks), *NIGHTS)


def under_faults() -> RunAnalysis:
    """Return the same with the faults that were active, some of them named as nobody should."""
    found = three_new()
    windows = (
        (a_fault("partition", "shop", "cart"), a_fault("clog", "workload")),
        (),
        (
            a_fault("x" * 500, *(f"{n}{'node' * 100}" for n in range(3))),
            a_fault("<!channel> *kill* [x](https://evil.example)", "<@U1>", "`"),
            a_fault("skip"),
            a_fault("kill", *(f"n{n}" for n in range(5))),
            a_fault("stop", "cart"),
            a_fault("stop", "cart", since="97"),
        ),
    )
    moments = [check.moment for check in found.failing]
    read = {
        moment: LogExcerpt(lines=(), matched=0, total=9, faults=faults, faults_since=0.0)
        for moment, faults in zip(moments, windows, strict=True)
        if moment is not None
    }
    return replace(found, windows=read)


def a_fault(name: str, *nodes: str, since: str = "1.5") -> Fault:
    """Return a fault on some nodes."""
    return Fault(name=name, kind="network", nodes=nodes, since=since, until=None)


def forty() -> RunAnalysis:
    """Forty failures, nearly all at one place."""
    run = a_night()
    shards = tuple(
        failing(f"Shard {n:02}: replicas agree after failover", "check/more.go:12") for n in range(38)
    )
    return of(run, results(run, *shards, failing(MONEY, "check/balance.go:88"), failing(SETTLED, "ledger/settle.go:214"),
                           passing=1_460), *NIGHTS)  # fmt: skip


def still() -> RunAnalysis:
    """Nothing new, for days."""
    run = a_night()
    return of(run, results(run, failing(STOCK, "src/stock.ts:104")), (), *((STOCK,) for _ in range(9)))


def new_and_still() -> RunAnalysis:
    """One is new beside one that fails for days, and a result of the run between is not known."""
    run = a_night()
    checks = (failing(STOCK, "src/stock.ts:104"), failing(MONEY, "check/balance.go:88"))
    return of(run, results(run, *checks), (), Gap.UNREAD, (), (STOCK,), (STOCK,))


def marked() -> RunAnalysis:
    """Of what fails one is new, one is known, one was reopened, and one is owned and fails on."""
    run = a_night()
    names = (STOCK, MONEY, "Every order is paid once", "A deleted document is never found")
    found = of(run, results(run, *(failing(name, f"src/{n}.ts:104") for n, name in enumerate(names))),
               (), (), (names[3], names[2]), (names[3], names[2]))  # fmt: skip
    ann = "slack:user:T01:U0ANN"

    def state(name: str, **more: object) -> Mark:
        said = PropertyState(connection="demo", launcher_key=run.launcher, name=name)
        return Mark(state=replace(said, **more), owner="Ann <@U1>")  # type: ignore[arg-type]  # fields of a state

    why = Reopened(why=Why.PLACE, run_id=run.ref.run_id, now="src/2.ts:104")
    link = "https://jira.example.com/browse/JIRA-12"
    return replace(found, marks={
        names[1]: state(names[1], word=Word.KNOWN, ticket=link, owner=ann),
        names[2]: state(names[2], word=Word.KNOWN, ticket="JIRA-7", reopened=why),
        names[3]: state(names[3], owner=ann),
    })  # fmt: skip


def gone() -> RunAnalysis:
    """Return one in which what was new yesterday passes again."""
    run = a_night()
    return of(run, results(run, a_property(MONEY)), (), (), (MONEY,))


def first_of_its_kind() -> RunAnalysis:
    """Nobody knows what is new."""
    run = a_night()
    return of(run, results(run, failing(MONEY, "check/balance.go:88")))


def _broken(how: How, text: str, **changes: object) -> RunAnalysis:
    run = replace(a_night(**changes), report_url=None)
    lines = tuple(LogLine(text=line, at=NOW) for line in ("#9 [9/9] COPY layer 9 done", text, "giving up"))
    cause = RunCause(
        how=how, basis=Basis.RUN, key=lines[1], evidence=lines, severity=Severity.ERROR, looked_at=40
    )
    return of(run, Results(ref=run.ref, availability=Availability.ABSENT), cause=cause)


def setup_failed() -> RunAnalysis:
    """Return one that never started."""
    return _broken(
        How.SETUP, "error: image registry answered 404 for config:latest", status=RunStatus.INCOMPLETE
    )


def killed() -> RunAnalysis:
    """Return one that was ended, without a moment."""
    return _broken(How.KILLED, "error: out of memory", status=RunStatus.INCOMPLETE, failure_unpinned=True)


def crashed() -> RunAnalysis:
    """Return one that broke at a moment."""
    return _broken(How.CRASHED, "panic: lock lost", status=RunStatus.INCOMPLETE, failure_moment=MOMENT)


def environment(*checks: Check) -> RunAnalysis:
    """Its environment had a problem."""
    run = a_night()
    sample = Example(text="out of disk (exit 1)")
    ill = (
        a_property("No Antithesis errors", failing=True, health=True, counterexamples=(sample,)),
        a_property("Software was instrumented", failing=True, health=True, counterexamples=()),
    )
    return of(run, results(run, *ill, *checks), (), (STOCK,))


def environment_with_failures() -> RunAnalysis:
    """Return the same beside failures of the software."""
    return environment(failing(SETTLED, "ledger/settle.go:214"), failing(STOCK, "src/stock.ts:104"))


def many() -> RunAnalysis:
    """1,500 properties, 300 of which fail each at its own place."""
    run = a_night()
    broken = tuple(failing(f"Property {n:04} never fails", f"check/{n}.go:1") for n in range(300))
    return of(
        run, results(run, *broken, passing=1_200), *((f"Property {n:04} never fails",) for n in range(14))
    )


def long_names() -> RunAnalysis:
    """Five hundred characters wherever a name is."""
    long = "A very long name of something " * 17
    run = a_night(launcher=long[:500], source=long[::-1][:500], creator=long[:500])
    code = Code(
        commit=SHA,
        branch=long[:60],
        pull="7",
        pull_title=long[:80],
        author=long[:60],
        images=(long[:80],) * 4,
    )
    checks = tuple(failing(f"{n} {long}"[:500], f"{'dir/' * 40}file{n}.go:1") for n in range(7))
    return of(replace(run, code=code), results(run, *checks), (), ())


def scripts() -> RunAnalysis:
    """Right-to-left and wide scripts, emoji, and what chats would take for markup."""
    run = a_night(launcher="בדיקות לילה \u202eevil", source="主分支", creator="@everyone <!channel>")
    code = replace(
        CODE, author="_mira_ *okafor*", pull_title="`rm` <@U1> [x](https://evil.example)", branch="ветка"
    )
    checks = (
        failing("الأموال لا تُنشأ ولا تُفقد", "فحص/رصيد.go:88"),
        failing("残高は常に一致する。" * 5, "check/残高.go:1"),
        failing("👩‍👩‍👧 <!here> ```x``` *b* https://evil.example", "a`b.go:1"),
    )
    return of(replace(run, code=code), results(run, *checks), (), ())


def build() -> RunAnalysis:
    """Return a build of a platform without moments and times."""
    run = a_build(1_026, commit="a1b2c3d4", says=None, took=timedelta(minutes=4, seconds=47))
    names = (
        "tests/test_auth.py::test_token_refresh",
        "tests/test_payment.py::TestRefund::test_refund_twice[eur]",
    )
    found = build_results(
        1_026, failing=names, passing=tuple(f"ok {n}" for n in range(40)), excused=("flaky",)
    )
    checks = tuple(
        replace(check, counterexamples=(Example(text="AssertionError: Expected 200, got 401"),))
        if check.failing
        else check
        for check in found.checks
    )
    return of(run, replace(found, checks=checks), (), (names[1],), (), build=True)


def cancelled() -> RunAnalysis:
    """Somebody stopped it."""
    run = replace(a_night(status=RunStatus.CANCELLED), report_url=None)
    return of(run, Results(ref=run.ref, availability=Availability.ABSENT))


def unavailable() -> RunAnalysis:
    """Return one whose results are gone."""
    run = a_night()
    return of(run, Results(ref=run.ref, availability=Availability.AGED_OUT))


def everything_fails() -> RunAnalysis:
    """Workload or setup, more likely than the software."""
    run = a_night()
    return of(
        run,
        results(
            run, *(failing(f"Property {n} fails", f"check/{n}.go:1", 9, 0) for n in range(12)), passing=0
        ),
        (),
    )


POSTS: Mapping[str, Callable[[], RunAnalysis]] = MappingProxyType({
    made.__name__: made
    for made in (
        green, three_new, under_faults, forty, still, new_and_still, marked, gone, first_of_its_kind, setup_failed, killed, crashed, environment,
        environment_with_failures, many, long_names, scripts, build, cancelled, unavailable, everything_fails,
    )
})  # fmt: skip


def two() -> Card:
    """Two runs that ended in one look: one with three new failures, one green."""
    return _together(three_new, green, narrow=WIDE)


def night() -> Card:
    """Return what ended while the channel was quiet: of every kind, and of a platform without moments too."""
    kinds = (still, green, forty, setup_failed, environment, build, cancelled, unavailable, first_of_its_kind)
    return _together(*kinds, held=True)


def unmuted() -> Card:
    """Return the end of a mute, with the one run that it held back."""
    mute = Mute(channel=WIDE.channel, since=NOW - timedelta(hours=3), until=NOW, launcher="Payments Nightly")
    return _together(new_and_still, over=(mute,), held=True)


def nothing_held() -> Card:
    """Return the end of a mute that held nothing back."""
    mute = Mute(channel=WIDE.channel, since=NOW - timedelta(hours=3), until=NOW, source="main")
    return endings.together((), over=(mute,))


def crowd() -> Card:
    """Thirty runs with names of five hundred characters, each with seven failures."""
    return _together(*(long_names,) * 28, scripts, many, held=True)


def _together(*made: Callable[[], RunAnalysis], **how: Any) -> Card:
    """Announce runs together; each has an id of its own."""
    found = [renamed(one(), number) for number, one in enumerate(made)]
    return endings.together([endings.ending(one, EVERYTHING) for one in found], **how)


def renamed(found: RunAnalysis, number: int) -> RunAnalysis:
    """Return the same of another run."""
    run = found.run
    return replace(found, run=replace(run, ref=RunRef(run.ref.connection, f"{number:04x}{run.ref.run_id}")))


CARDS: Mapping[str, Callable[[], Card]] = MappingProxyType(
    {name: partial(_post, name) for name in POSTS}
    | {made.__name__: made for made in (two, night, unmuted, nothing_held, crowd)}
)
"""Every message that tells of ends of runs: the posts of single runs, and those of several."""
