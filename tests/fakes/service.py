"""A test platform in memory: it keeps runs, takes launches, judges what it is asked and can misbehave.

It fills the parts of `bot.platform.Platform` and passes the same suite as the real client (tests/contract). A test sets up
the world (`add_run`, `change`, `set_log`), programs faults (`fail`, `next_launch`, `lag`) and reads what was
asked (`calls`, `launches`). Whatever a real platform would never be sent is collected in `violations`.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TypeVar

from adapters.platforms.antithesis import launching
from adapters.platforms.http.matching import Grep
from bot.cards import Link
from bot.errors import ListCut, NotAvailable, NotFound, ServiceError, ServiceFailed
from bot.model import (
    Availability,
    Check,
    DebugRequest,
    Fault,
    Instance,
    Instances,
    LaunchOutcome,
    LaunchRequest,
    LogExcerpt,
    LogLine,
    LogQuery,
    Moment,
    Refused,
    Results,
    Run,
    RunLogQuery,
    RunQuery,
    RunRef,
    RunStatus,
    Secret,
    Started,
    Unclear,
)
from bot.patterns import Patterns
from bot.platform import Platform
from bot.ports import Report
from bot.severity import ErrorLines
from bot.terms import Noun, Terms
from bot.triage import LauncherRow
from tests.fakes.runs import EPOCH, run_id
from tests.fakes.triage import FakeTriage

KEY = launching.KEY
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_VTIME = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_HASH = re.compile(r"-?[0-9]{1,19}")


PROPERTIES = Terms(
    platform="Antithesis",
    check=Noun("property", "properties"),
    run_id="9043254f65c9c65d63fe043a0abfc7fc-53-1",
)


class Launching(Enum):
    """How the platform takes the next launch; each starts a run unless it says otherwise."""

    NORMAL = "started, with the run's id"
    NO_ID = "started, the answer does not say which run"
    LOST_REPLY = "started, and the answer is lost"
    LOST_REQUEST = "not started, and nobody can tell"
    REFUSED = "not started, and the answer says so"


LOST = frozenset({Launching.LOST_REPLY, Launching.LOST_REQUEST})
TRIAGE = frozenset(
    {
        "reruns",
        "diagnoses",
        "asks",
        "classifies",
        "quarantines",
        "finds_flaky",
        "report_files",
        "lists_branches",
    }
)
RATINGS = frozenset({"agents", "rates_releases", "clusters"})
T = TypeVar("T")


def there(part: T | None) -> T:
    """Return a part of a platform that a test counts on."""
    assert part is not None, "the platform does not offer this"
    return part


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was made: the method's name and its main argument."""

    method: str
    argument: object = None


_ASSIGNED = re.compile(r"[0-9a-f]{32}-[0-9]{1,4}-[0-9]{1,4}")


@dataclass(slots=True)
class _Log:
    lines: tuple[LogLine, ...]
    faults: tuple[Fault, ...] = ()
    cut: str | None = None


@dataclass(kw_only=True)
class FakeRunService:
    """A stateful platform, all its parts in one. `spool`: where log windows are written as files; None: without files."""

    connection: str = "demo"
    lacks: frozenset[str] = frozenset()  # names of parts that it does not offer
    also: frozenset[str] = frozenset()  # names of parts for working on failures that it offers
    triage: FakeTriage = field(init=False)
    notified_by_default: bool = True
    terms: Terms = PROPERTIES
    release: str = "64.0"
    page_size: int = 50
    ids: re.Pattern[str] = _ASSIGNED  # the shape of its ids
    thin: bool = (
        False  # only the answer to a launch says of which launcher and source a run is, and no run has times
    )
    narrows: frozenset[str] = frozenset()  # what it reads less of a run's log by
    list_pages: int = 1_000_000  # after so many pages lists repeat themselves
    rows: tuple[LauncherRow, ...] = ()  # the launchers that it lists; without any it lists none
    spool: Path | None = None
    now: datetime = EPOCH + timedelta(days=1)
    calls: list[Call] = field(default_factory=list)
    launches: list[LaunchRequest] = field(default_factory=list)
    debugs: list[DebugRequest] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    unstoppable: dict[str, str] = field(default_factory=dict)  # why, by run
    violations: list[str] = field(default_factory=list)
    unnamed: dict[str, tuple[Check, ...]] = field(default_factory=dict)  # by run: what its results leave out
    _runs: dict[str, Run] = field(default_factory=dict)
    _results: dict[str, Results] = field(default_factory=dict)
    _logs: dict[tuple[str, str], _Log] = field(default_factory=dict)
    _events: dict[str, Instances] = field(default_factory=dict)
    _build_logs: dict[str, tuple[LogLine, ...]] = field(default_factory=dict)
    _reports: dict[str, Secret] = field(default_factory=dict)
    _keys: dict[str, str] = field(default_factory=dict)
    _hidden: dict[str, int] = field(default_factory=dict)
    _faults: dict[str, deque[ServiceError]] = field(default_factory=lambda: defaultdict(deque))
    _faults_at: dict[str, int] = field(default_factory=dict)
    _launching: deque[Launching] = field(default_factory=deque)
    _lag: int = 0
    _next_id: int = 0xF000

    def __post_init__(self) -> None:
        self.triage = FakeTriage(service=self)

    # Setting up the world -------------------------------------------------------------------------

    def add_run(self, run: Run, results: Results | None = None) -> Run:
        """Put a run into the world; results None: none are readable yet."""
        assert run.ref.connection == self.connection, "a run belongs to its connection"
        self._runs[run.ref.run_id] = run
        if results:
            self.set_results(results)
        return run

    def change(self, run: Run, **changes: object) -> Run:
        """Change fields of a run; a new status brings its text along."""
        status = changes.get("status")
        if isinstance(status, RunStatus):
            changes = {"status_text": status.value, **changes}
        changed = replace(self._runs[run.ref.run_id], **changes)  # type: ignore[arg-type]  # the caller's fields
        self._runs[run.ref.run_id] = changed
        return changed

    def finish(self, run: Run, results: Results | None = None, *, minutes: float = 45.0) -> Run:
        """Let a run complete, with its results if they are given."""
        if results:
            self.set_results(results)
        ended = (run.created_at or self.now) + timedelta(minutes=minutes)
        return self.change(run, status=RunStatus.COMPLETED, completed_at=ended)

    def remove(self, run: Run) -> None:
        """Forget a run, as a platform does with very old ones."""
        del self._runs[run.ref.run_id]

    def set_results(self, results: Results) -> None:
        """Say what a run's properties are, or why there are none."""
        self._results[results.ref.run_id] = results

    def set_log(
        self,
        run: Run,
        moment: Moment,
        *lines: LogLine,
        faults: tuple[Fault, ...] = (),
        cut: str | None = None,
    ) -> None:
        """Say what the log up to a moment holds; other moments of the run are not known."""
        self._logs[run.ref.run_id, moment.input_hash] = _Log(lines, faults, cut)

    def set_events(self, run: Run, *found: Instance, cut: str | None = None) -> None:
        """Say which events hold the name of any property; a search gives as many as are asked for."""
        self._events[run.ref.run_id] = Instances(found=found, cut=cut)

    def set_build_log(self, run: Run, *lines: LogLine) -> None:
        """Say what a run's build log holds."""
        self._build_logs[run.ref.run_id] = lines

    def set_report(self, run: Run, url: str | None) -> None:
        """Give a run a signed report link, or take it away."""
        self._reports.pop(run.ref.run_id, None)
        if url:
            self._reports[run.ref.run_id] = Secret(url)
        self.change(run, report_url=Secret(url) if url else None)

    # Misbehaving ----------------------------------------------------------------------------------

    def fail(self, method: str, error: ServiceError, *, times: int = 1) -> None:
        """Let the next calls of a method raise this error."""
        assert callable(getattr(self, method, None)), f"there is no method {method}"
        self._faults[method].extend([error] * times)

    def works(self) -> None:
        """Let nothing fail any more."""
        self._faults.clear()

    def fail_at(self, method: str, call: int) -> None:
        """Let the so manieth next call of a method fail, and those before it not."""
        self._faults_at[method] = call

    def next_launch(self, *how: Launching) -> None:
        """Say how the next launches and debugging sessions go, one after the other."""
        self._launching.extend(how)

    def lag(self, listings: int) -> None:
        """Hide runs launched from now on from that many listings."""
        self._lag = listings

    def count(self, method: str) -> int:
        """Return how often a method was called."""
        return sum(call.method == method for call in self.calls)

    # The parts of bot.platform.Platform -------------------------------------------------------------------------

    @property
    def platform(self) -> Platform:
        """The platform with the parts that it offers."""
        return Platform(
            connection=self.connection,
            notified_by_default=self.notified_by_default,
            reads=self,
            terms=self.terms,
            lists=self._offered("lists"),
            launches=self._offered("launches"),
            finds_launched=self._offered("finds_launched"),
            moment_logs=self._offered("moment_logs"),
            run_logs=self._offered("run_logs"),
            instances=self._offered("instances"),
            elsewhere=self._offered("elsewhere"),
            debugs=self._offered("debugs"),
            cancels=self._offered("cancels"),
            reports=self._offered("reports"),
            lists_launchers=self._offered("lists_launchers") if self.rows else None,
            reads_checks=self._offered("reads_checks"),
            reruns=self._also("reruns"),
            diagnoses=self._also("diagnoses"),
            asks=self._also("asks"),
            agents=self._also("agents"),
            classifies=self._also("classifies"),
            quarantines=self._also("quarantines"),
            report_files=self._also("report_files"),
            lists_branches=self._also("lists_branches"),
            finds_flaky=self._also("finds_flaky"),
            rates_releases=self._also("rates_releases"),
            clusters=self._also("clusters"),
        )

    def _also(self, part: str) -> FakeTriage | None:
        return self.triage if part in self.also and part not in self.lacks else None

    def _offered(self, part: str) -> FakeRunService | None:
        return None if part in self.lacks else self

    def owns(self, run_id: str, /) -> bool:
        """Whether a text has the shape of its ids."""
        return self.ids.fullmatch(run_id) is not None

    async def version(self) -> str:
        """Return the release."""
        self._enter("version")
        return self.release

    async def runs(self, query: RunQuery) -> AsyncIterator[tuple[Run, ...]]:
        """Yield pages of runs, newest first; each page is one call of "runs". A list knows no failure moment."""
        start = 0
        while True:
            self._enter("runs", query)
            fitting = [
                replace(run, failure_moment=None, failure_unpinned=False)
                for run in self._listed()
                if _fits(run, query)
            ]
            yield tuple(fitting[start : start + self.page_size])
            start += self.page_size
            if start >= len(fitting):
                return
            if start == self.list_pages * self.page_size:
                raise ListCut("The list repeats itself.")

    async def run(self, run_id: str) -> Run:
        """Return one run."""
        self._enter("run", run_id)
        run = self._known(run_id)
        return replace(run, launcher="", launcher_key=None, source=None) if self.thin else run

    async def results(self, run: Run) -> Results:
        """Return what `set_results` said; without it nothing yet, or absent for a run that did not complete."""
        self._enter("results", run.ref.run_id)
        current = self._runs.get(run.ref.run_id, run)
        results = self._results.get(run.ref.run_id)
        if results is None or not current.status.terminal:
            absent = current.status in {RunStatus.INCOMPLETE, RunStatus.CANCELLED}
            return Results(ref=run.ref, availability=Availability.ABSENT if absent else Availability.NOT_YET)
        return results

    async def launchers(self) -> tuple[LauncherRow, ...]:
        """Return the launchers that it lists."""
        self._enter("launchers")
        return self.rows

    async def checks(self, run: Run, names: Collection[str]) -> tuple[Check, ...]:
        """Return those of the checks of a run, also of those that its results do not name (`unnamed`)."""
        self._enter("checks", tuple(names))
        known = (*self._results[run.ref.run_id].checks, *self.unnamed.get(run.ref.run_id, ()))
        return tuple(check for check in known if check.name in names)

    async def logs(self, query: LogQuery, report: Report) -> LogExcerpt:
        """Return the lines of the window; the report is told once."""
        self._enter("logs", query)
        self._known(query.run_id)
        log = self._logs.get((query.run_id, query.moment.input_hash))
        if log is None:
            raise NotFound("There is no such moment in this run.", what="moment")
        await report("reading the log")
        end = query.moment.seconds
        window = [line for line in log.lines if end - query.window <= float(line.vtime or end) <= end]
        matched = [line for line in window if _matches(line, query)]
        errors = ErrorLines(query.lines)
        for line in window:
            errors.take(line, wanted=_matches(line, query))
        patterns = Patterns()
        for line in matched if query.patterns else ():
            patterns.take(line.text, partial(replace, line))
        path, size = self._write(query.run_id, window) if query.file else (None, 0)
        return LogExcerpt(
            lines=errors.kept if query.errors else tuple(matched[max(0, len(matched) - query.lines) :]),
            matched=errors.told + errors.mentions if query.errors else len(matched),
            total=len(window),
            mentions=errors.mentions if query.errors else 0,
            patterns=patterns.found,
            patterns_left_out=patterns.left_out,
            faults=log.faults,
            taken_down=tuple(fault for fault in log.faults if fault.instant),
            faults_since=0.0,
            path=path,
            size=size,
            cut=log.cut,
        )

    async def instances(self, run_id: str, name: str, most: int, report: Report) -> Instances:
        """Return what `set_events` said of those whose text holds the name."""
        self._enter("instances", name)
        self._judge(not name.strip(), "a search for every event")
        self._known(run_id)
        await report("looking for events")
        if run_id not in self._events:
            raise NotAvailable("No events of this run can be looked for.")
        known = self._events[run_id]
        fitting = tuple(each for each in known.found if name.casefold() in each.line.text.casefold())
        return replace(known, found=fitting[:most], more=len(fitting) > most)

    def page(self, run: Run, moment: Moment, /) -> Link | None:
        """Return a page for a run that has a session."""
        address = f"https://demo.antithesis.com/search?search={run.session_id}-{moment.vtime}"
        return Link("Logs Explorer", address) if run.session_id else None

    def commands(self, run: Run, moment: Moment, /) -> tuple[str, ...]:
        """Return lines of a command line."""
        return (f"snouty runs logs {run.ref.run_id} {moment.input_hash} {moment.vtime}",)

    async def run_log(self, query: RunLogQuery, report: Report) -> LogExcerpt:
        """Return the last lines of a run's log, of those that hold the text where it reads less by that."""
        del report
        run_id, lines = query.run_id, query.lines
        self._enter("run_log", run_id)
        self._known(run_id)
        if run_id not in self._build_logs:
            raise NotAvailable("This run has no build log.")
        grep = query.grep if "grep" in self.narrows else None
        found = tuple(
            line for line in self._build_logs[run_id] if grep is None or Grep(grep).finds(line.text)
        )
        return LogExcerpt(lines=found[-lines:], matched=len(found), total=len(found))

    form = staticmethod(launching.form)
    parameters = staticmethod(launching.parameters)
    tested = staticmethod(launching.tested)
    group = staticmethod(launching.group)
    given = staticmethod(launching.given)
    cost = staticmethod(launching.cost)
    minutes = staticmethod(launching.minutes)
    notes = staticmethod(launching.notes)

    async def launch(self, request: LaunchRequest) -> LaunchOutcome:
        """Start a run, the way `next_launch` says."""
        self._judge(not request.launcher.strip(), "a launch without a launcher")
        self._judge(request.key in self._keys, f"a second launch with the key {request.key}")
        self._judge(not _plain_text(self.parameters(request)), "a parameter with control characters")
        self.calls.append(Call("launch", request))
        self.launches.append(request)
        return self.take(request.key, self.new_run(request))

    async def debug(self, request: DebugRequest) -> LaunchOutcome:
        """Open a session, the way `next_launch` says; it becomes a run that is not listed."""
        both = bool(request.run_id) == bool(request.session_id)
        self._judge(both, "a debugging session needs exactly one of run id and session id")
        self._judge_moment(request.moment)
        self.calls.append(Call("debug", request))
        self.debugs.append(request)
        run = self.new_run(LaunchRequest(launcher="debugging", key=request.description))
        self._hidden[run.ref.run_id] = 1 << 30
        return self.take(request.description, run)

    async def find_launched(self, key: str, launcher: str, since: datetime) -> Run | None:
        """Look for the key among listed runs."""
        self._enter("find_launched", key)
        found = self._keys.get(key)
        fitting = (
            run
            for run in self._listed()
            if run.ref.run_id == found and run.launcher == launcher and (run.created_at or since) >= since
        )
        return next(fitting, None)

    def unable(self, run_id: str, /) -> str:
        """Say what a test set."""
        return self.unstoppable.get(run_id, "")

    async def cancel(self, run_id: str) -> None:
        """Mark a run cancelled; it ends when the test says so."""
        self._enter("cancel", run_id)
        self._judge(bool(self.unable(run_id)), f"cancel of a run that cannot be stopped: {run_id}")
        if self._known(run_id).status.terminal:
            raise NotAvailable("The run has already finished.")
        self.cancelled.append(run_id)

    async def report_link(self, run_id: str) -> Secret | None:
        """Return the link that `set_report` gave."""
        self._enter("report_link", run_id)
        self._known(run_id)
        return self._reports.get(run_id)

    async def find_run(self, *, report_url: str | None = None, session_id: str | None = None) -> Run | None:
        """Compare links up to their query or fragment, or session ids, over listed runs."""
        self._enter("find_run", report_url or session_id)
        wanted = _stem(report_url or "")
        for run in self._listed():
            link = self._reports.get(run.ref.run_id)
            if link and _same_report(_stem(link.reveal()), wanted):
                return run
            if session_id and run.session_id == session_id:
                return run
        return None

    # Inside ---------------------------------------------------------------------------------------

    def _enter(self, method: str, argument: object = None) -> None:
        self.calls.append(Call(method, argument))
        if isinstance(argument, LogQuery):
            self._judge_moment(argument.moment)
            self._judge(argument.window < 0 or argument.lines < 0, f"a negative size: {argument}")
        if method in {"run", "run_log", "cancel", "report_link"}:
            self._judge(not _ID.fullmatch(str(argument)), f"{method} of an id that is none: {argument!r}")
        left = self._faults_at.pop(method, 0)
        if left > 1:
            self._faults_at[method] = left - 1
        if left == 1:
            raise ServiceFailed("broken")
        if self._faults[method]:
            raise self._faults[method].popleft()

    def _judge(self, wrong: bool, what: str) -> None:
        if wrong:
            self.violations.append(what)

    def _judge_moment(self, moment: Moment) -> None:
        self._judge(not _HASH.fullmatch(moment.input_hash), f"not an input hash: {moment.input_hash!r}")
        self._judge(not _VTIME.fullmatch(moment.vtime), f"not a virtual time: {moment.vtime!r}")
        self._judge(moment == Moment("0", "0"), "the placeholder moment was used as a moment")

    def _known(self, run_id: str) -> Run:
        if run_id not in self._runs:
            raise NotFound(f"There is no run {run_id}.", what="run")
        return self._runs[run_id]

    def _listed(self) -> list[Run]:
        shown = [run for run in self._runs.values() if not self._hidden.get(run.ref.run_id)]
        self._hidden = {key: count - 1 for key, count in self._hidden.items() if count > 1}
        return sorted(shown, key=_place)[::-1]

    def new_run(self, request: LaunchRequest) -> Run:
        """Return the run that a launch becomes."""
        self._next_id += 1
        sent = dict(self.parameters(request)) if request.launcher != "debugging" else {}
        named = (
            f"exec_{self._next_id:06x}"
            if self.thin
            else run_id(self._next_id, self.release.replace(".", "-"))
        )
        return Run(
            ref=RunRef(self.connection, named),
            status=RunStatus.STARTING,
            status_text="starting",
            launcher=request.launcher,
            launcher_key=request.launcher_key,
            created_at=None if self.thin else self.now,
            description=sent.get("antithesis.description"),
            source=sent.get("antithesis.source"),
            test_name=sent.get("antithesis.test_name"),
            ephemeral=sent.get("antithesis.is_ephemeral") == "true",
            requested_minutes=float(sent.get("antithesis.duration", "0")) or None,
            release=self.release,
        )

    def start_like(self, run: Run, key: str) -> LaunchOutcome:
        """Start a run like another, the way `next_launch` says."""
        numbers = [int(name) for name in self._runs if name.isdecimal()]
        ref = RunRef(self.connection, str(max(numbers) + 1) if numbers else run_id(self._next_id + 1))
        self._next_id += 1
        new = Run(
            ref=ref,
            status=RunStatus.STARTING,
            status_text="queued",
            launcher=run.launcher,
            launcher_key=run.launcher_key,
            created_at=self.now if run.created_at else None,
            source=run.source,
        )
        return self.take(key, new)

    def take_only(self) -> LaunchOutcome:
        """Take what becomes no run, the way `next_launch` says."""
        how = self._launching.popleft() if self._launching else Launching.NORMAL
        if how is Launching.REFUSED:
            return Refused("That is not allowed here.")
        return Unclear("No answer came.") if how in LOST else Started(None)

    def take(self, key: str, run: Run, *, hidden: bool = False) -> LaunchOutcome:
        """Take what becomes a run, the way `next_launch` says; `hidden`: no list and no look ever shows it."""
        how = self._launching.popleft() if self._launching else Launching.NORMAL
        if how is Launching.REFUSED:
            return Refused("There is no such launcher.")
        if how is Launching.LOST_REQUEST:
            return Unclear("No answer came.")
        if hidden:
            return Unclear("No answer came.") if how is Launching.LOST_REPLY else Started(run.ref.run_id)
        self._keys[key] = run.ref.run_id
        self._runs[run.ref.run_id] = run
        if self._lag:
            self._hidden.setdefault(run.ref.run_id, self._lag)
        if how is Launching.LOST_REPLY:
            return Unclear("No answer came.")
        if how is Launching.NO_ID:
            return Started(None)
        return Started(run.ref.run_id, run if self.thin else None)

    def _write(self, name: str, window: list[LogLine]) -> tuple[str | None, int]:
        if self.spool is None:
            return None, 0
        path = (
            self.spool / f"{name}-{len(self.calls)}.ndjson"
        )  # each its own: the one before may be on its way
        path.write_text("".join(json.dumps({"output_text": line.text}) + "\n" for line in window))
        return str(path), path.stat().st_size


BUILDS = Terms(
    platform="Testhide",
    run=Noun("build", "builds"),
    check=Noun("test", "tests"),
    launcher=Noun("job", "jobs"),
    source=Noun("branch", "branches"),
    excused="quarantined",
    run_id="1024",
)


def a_build_server(**changes: object) -> FakeRunService:
    """Return the platform's second face: builds and tests, without moments, reports and a way to find a launch."""
    lacks = frozenset({"moment_logs", "instances", "elsewhere", "debugs", "reports", "finds_launched"})
    given = {"terms": BUILDS, "ids": re.compile(r"[0-9]{1,9}"), "lacks": lacks, "also": TRIAGE, **changes}
    return FakeRunService(**given)  # type: ignore[arg-type]  # the test's own


EXECUTIONS = Terms(
    platform="AI Test Harness",
    run=Noun("execution", "executions"),
    check=Noun("test", "tests"),
    launcher=Noun("test plan", "test plans"),
    source=Noun("environment", "environments"),
    run_id="exec_xyz789",
)


def a_harness(**changes: object) -> FakeRunService:
    """Return the platform's third face: it lists no runs, and says once of which launcher one is."""
    lacks = frozenset(
        {"lists", "moment_logs", "instances", "elsewhere", "debugs", "reports", "finds_launched", "cancels"}
    )
    ids = re.compile(r"exec_[0-9a-z]{1,20}")
    given = {"terms": EXECUTIONS, "ids": ids, "lacks": lacks, "also": RATINGS, "thin": True, **changes}
    return FakeRunService(**given)  # type: ignore[arg-type]  # the test's own


def _fits(run: Run, query: RunQuery) -> bool:
    created = run.created_at or EPOCH
    return (
        query.status in {None, run.status}
        and query.launcher in {None, run.launcher}
        and (query.created_after is None or created >= query.created_after)
        and (query.created_before is None or created < query.created_before)
    )


def _place(run: Run) -> tuple[datetime, int, str]:
    """Return a run's place in the list: by its creation, else by its number; runs without either keep their order."""
    number = run.ref.run_id if run.ref.run_id.isdecimal() else ""
    return (run.created_at or EPOCH, int(number or 0), "" if run.created_at is None else run.ref.run_id)


def _matches(line: LogLine, query: LogQuery) -> bool:
    return (not query.grep or Grep(query.grep).finds(line.text)) and query.source in {None, line.source}


def _plain_text(pairs: tuple[tuple[str, str], ...]) -> bool:
    return all(name.isprintable() and value.replace("\n", " ").isprintable() for name, value in pairs)


def _same_report(whole: str, pasted: str) -> bool:
    """Whether a link is the same, or was cut behind its report's id."""
    report = re.match(r"https://[^/]+/report/[^/]+", pasted)
    cut = pasted.rstrip("/")
    return (
        report is not None
        and whole.startswith(cut)
        and (whole == cut or f"{whole}/".startswith(f"{report[0]}/"))
    )


def _stem(url: str) -> str:
    return url.partition("#")[0].partition("?")[0]
