"""Runs, checks, moments and logs, in the field's own terms; every value is frozen.

Field semantics follow the tenant API's own description; what only one platform has is optional here.
All times are aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

NOTHING: Mapping[str, str] = MappingProxyType({})


class Secret:
    """A text that must never be printed: its repr, str and format are masked, `reveal` gives it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text itself, for the one place that has to send it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)


class RunStatus(StrEnum):
    """How far a run is; `completed` only means that it finished, never that it passed.

    Each adapter maps its platform's words; `UNKNOWN` stands for a word that no document names, and has not ended.
    """

    STARTING = "starting"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    INCOMPLETE = "incomplete"
    UNKNOWN = "unknown"

    @property
    def terminal(self) -> bool:
        """Whether the run has ended; `UNKNOWN` has not."""
        return self in {RunStatus.COMPLETED, RunStatus.CANCELLED, RunStatus.INCOMPLETE}


class Says(StrEnum):
    """What a platform itself says of a run that finished, where it does: its word makes a verdict worse, never better."""

    PASSED = "passed"
    FAILED = "failed"


class VerdictKind(StrEnum):
    """How a run stands. Only `PASSED` is good news."""

    PASSED = "passed"
    FAILED = "failed"
    INCOMPLETE = (
        "incomplete"  # it did not get through: setup, crash, timeout, kill, or failed without a failing check
    )
    CANCELLED = "cancelled"
    STARTING = "starting"
    RUNNING = "running"
    ENVIRONMENT = (
        "environment problem"  # it finished, and a health check failed: nothing else of it can be relied on
    )
    NO_RESULTS = "no results"  # it finished, and what its checks say cannot be told
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, order=True)
class RunRef:
    """A run's address: the connection (one tenant, say) and the run's id there."""

    connection: str
    run_id: str

    @property
    def text(self) -> str:
        """Write it so that a command says it: "prod/9043254f65c9c65d63fe043a0abfc7fc-53-1"."""
        return f"{self.connection}/{self.run_id}"


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in a run's multiverse; both parts are the exact text as served or pasted, never a float.

    `input_hash`: decimal text of a signed 64-bit integer. `vtime`: virtual seconds as decimal text.
    """

    input_hash: str
    vtime: str

    @property
    def placeholder(self) -> bool:
        """Whether this is 0/0, which stands for "no pinned moment"."""
        return self.input_hash == "0" and self.exact == 0

    @property
    def seconds(self) -> float:
        """The virtual time rounded to a float: for spans that people read, never to tell moments apart."""
        return float(self.vtime)

    @property
    def exact(self) -> Decimal:
        """The virtual time as the number that the text says, for comparing: moments differ in digits that a float drops."""
        return Decimal(self.vtime)

    @property
    def text(self) -> str:
        """Write it so that a command says it: "-9067336385060865277,45.334635781589895"."""
        return f"{self.input_hash},{self.vtime}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What is known of the code that a run tested, as whoever launched it says; "" where that is not said.

    The pages lead to the host that is named with them; None where they do not.
    """

    commit: str = ""
    commit_page: str | None = None
    branch: str = ""
    pull: str = ""  # the number of a pull request
    pull_page: str | None = None
    pull_title: str = ""
    author: str = ""
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One test run. `parameters` hold only what may be shown; secrets were left out by the adapter.

    `withheld`: the names of what it was given and nobody gets to see as it is: left out, masked or cut.

    `created_at`: a platform gives it for all of its runs, read alone and in a list, or for none: then runs are in
    the order in which they were first listed, `seen_at`. `launcher_key`: the launcher's id, where its name does not
    tell it apart; `launcher_name`: its own name, where `launcher` is what this run alone is called. `took`: the duration that the platform serves, `duration` one that it serves without a unit. `done`: how many checks are done, of how many.
    `single`: one result, which is shown as a run of its own. `brief`: a row of a list that says less than the run read alone, or otherwise. `interrupted`: it was ended from
    outside, and the platform does not say that anybody wanted it. `ahead`: how many wait before it.
    """

    ref: RunRef
    status: RunStatus
    status_text: str
    launcher: str
    launcher_key: str | None = None
    launcher_name: str | None = None
    says: Says | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    seen_at: datetime | None = None  # when Clew first listed it; known of runs on record alone
    took: timedelta | None = None
    duration: str = ""
    done: tuple[int, int] | None = None
    creator: str | None = None
    description: str | None = None
    source: str | None = None
    commit: str | None = None
    code: Code | None = None
    test_name: str | None = None
    ephemeral: bool = False
    requested_minutes: float | None = None
    parameters: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    withheld: tuple[str, ...] = ()
    session_id: str | None = None
    failure_moment: Moment | None = None  # never the 0/0 placeholder
    failure_unpinned: bool = False  # the platform answered with the 0/0 placeholder
    failure_reason: str | None = None  # the platform's own words for why it did not get through
    report_url: Secret | None = None  # opens the report to whoever holds it
    report_elsewhere: str | None = None  # the host of a report link that is not the tenant's and not shown
    node: str | None = None  # the machine that it runs on
    page_url: str | None = None  # the same run behind the platform's login
    release: str | None = None  # the platform release it ran on, "62.14"
    single: bool = False
    unread: bool = False  # its entry in a list is too large to be read: nothing but its id is known
    brief: bool = False
    interrupted: bool = False
    ahead: int | None = None

    @classmethod
    def of_id(cls, ref: RunRef) -> Run:
        """Return a run that was started and of which nothing but its id is known yet."""
        return cls(ref=ref, status=RunStatus.STARTING, status_text=RunStatus.STARTING.value, launcher="")

    @property
    def ordered_by(self) -> datetime | None:
        """When it was created, or first listed where the platform does not say: what runs are ordered by."""
        return self.created_at or self.seen_at

    @property
    def progress(self) -> str:
        """How many checks are done, of how many, as kept: "12/45", "" where that is not said."""
        return f"{self.done[0]}/{self.done[1]}" if self.done is not None else ""

    def is_of(self, launcher: str) -> bool:
        """Whether a name is its launcher's, with the key behind it or without: which is shown can change."""
        mark = f" ({self.launcher_key})" if self.launcher_key else ""
        names = {self.launcher, self.launcher.removesuffix(mark), self.launcher + mark, self.launcher_name}
        return launcher in names

    @property
    def series(self) -> tuple[str, str, str]:
        """Launcher, source and test name: runs that share them are compared with each other."""
        return (self.launcher_key or self.launcher, self.source or "", self.test_name or "")


class CheckStatus(StrEnum):
    """What came of one check in one run; `UNKNOWN`: it has no result."""

    PASSING = "Passing"
    FAILING = "Failing"
    SKIPPED = "Skipped"
    UNKNOWN = "Unknown"


class Rule(StrEnum):
    """When a property fails: it breaks once, never holds, or is never or ever reached."""

    ALWAYS = "always"
    SOMETIMES = "sometimes"
    REACHABLE = "reachable"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One sample of a property: an event with its moment, or a value without one."""

    text: str  # what a person should read of it, on one line
    moment: Moment | None = None
    location: str | None = None  # "file.go:42", where the assertion stands
    function: str = ""  # the one that it stands in, "" where the platform does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The result of one property, or one test, in one run.

    `excused`: why its failure does not count ("quarantined"), None where it does. `health`: it is about the setup and
    the platform, not about the software that is tested; which ones are is the platform's to know. `advisory`: such a
    check whose failure leaves the other results as reliable as they are. `rule`: when it fails, None where
    the platform does not say. `ref`: the platform's id of this
    result. Counts of a property are totals over all histories; its examples are a sample. Never decide by
    `is_group`: on real tenants the users' own assertions carry it.
    """

    name: str
    status: CheckStatus
    excused: str | None = None
    health: bool = False
    advisory: bool = False
    rule: Rule | None = None
    ref: str | None = None
    took: timedelta | None = None
    is_event: bool = False
    is_group: bool = False
    group: str | None = None
    description: str | None = None
    example_count: int | None = None
    counterexample_count: int | None = None
    examples: tuple[Example, ...] = ()
    counterexamples: tuple[Example, ...] = ()

    @property
    def failing(self) -> bool:
        """Whether it failed and that counts; counterexamples alone do not say so."""
        return self.status is CheckStatus.FAILING and self.excused is None

    @property
    def first(self) -> Example | None:
        """The counterexample that stands for all: the earliest by virtual time, else the first without a moment."""
        timed = [(e.moment.exact, position, e) for position, e in enumerate(self.counterexamples) if e.moment]
        return min(timed)[2] if timed else next(iter(self.counterexamples), None)

    @property
    def held(self) -> tuple[Moment, ...]:
        """The moments of its examples: where it held, as far as the sample goes."""
        return tuple(example.moment for example in self.examples if example.moment is not None)

    @property
    def moment(self) -> Moment | None:
        """The moment of the earliest counterexample that has one, else none."""
        return self.first.moment if self.first else None


class Availability(StrEnum):
    """Whether a run's checks can be read."""

    READY = "ready"
    NOT_YET = "not yet"  # not terminal, or the platform is still writing them
    ABSENT = "absent"  # the run ended without any
    AGED_OUT = "aged out"  # too old: only the report has them


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many checks of a run there are of each kind.

    `excused` failed and do not count; `health` failed and are about the environment: neither is in `failing`.
    """

    failing: int = 0
    passing: int = 0
    skipped: int = 0
    excused: int = 0
    unknown: int = 0
    health: int = 0

    @property
    def all(self) -> int:
        """How many checks there are."""
        return self.failing + self.passing + self.skipped + self.excused + self.unknown + self.health

    def at_least(self, other: Counts) -> Counts:
        """Return the larger number of each kind."""
        return Counts(
            failing=max(self.failing, other.failing),
            passing=max(self.passing, other.passing),
            skipped=max(self.skipped, other.skipped),
            excused=max(self.excused, other.excused),
            unknown=max(self.unknown, other.unknown),
            health=max(self.health, other.health),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What is known of a run's checks, every page read, or the reason why there is nothing.

    `whole`: `checks` are all of them; False: only some were named, or a list could not be read to its end.
    `counts`: how many there are of each kind, where the platform says so; without them nothing is known of the
    checks that were not named. `asked`: those that were asked for by name; one that is not in `checks` is not there.
    `excused_now`: what excuses is a list as it is now, and no part of the results. `note`: how far the platform lets
    them be known, as a full sentence. `named`: every check has a name that it has in other runs too. `uncounted`: the
    platform does not say how many there are of some kind, so `counts` are what is known of them.
    """

    ref: RunRef
    availability: Availability
    checks: tuple[Check, ...] = ()
    whole: bool = True
    counts: Counts | None = None
    asked: frozenset[str] = frozenset()
    excused_now: bool = False
    note: str = ""
    named: bool = True
    uncounted: bool = False

    @property
    def failing(self) -> tuple[Check, ...]:
        """The checks of the software whose failure counts, in the platform's order."""
        return tuple(check for check in self._failed if check.failing and not check.health)

    @property
    def unhealthy(self) -> tuple[Check, ...]:
        """The failing checks that are about the environment: with any, what else fails may not be the software's."""
        return tuple(check for check in self._failed if check.failing and check.health and not check.advisory)

    @property
    def advisories(self) -> tuple[Check, ...]:
        """The failing checks of the environment that change nothing about the others; they are in no count."""
        return tuple(check for check in self._failed if check.failing and check.health and check.advisory)

    @property
    def excused(self) -> tuple[Check, ...]:
        """The checks that failed, and that does not count."""
        return tuple(check for check in self._failed if check.excused is not None)

    @property
    def total(self) -> Counts:
        """How many there are of each kind, as far as that is known: what was named counts also where no count has it."""
        named = Counts(
            failing=len(self.failing),
            excused=len(self.excused),
            passing=self._named(CheckStatus.PASSING),
            skipped=self._named(CheckStatus.SKIPPED),
            unknown=self._named(CheckStatus.UNKNOWN),
            health=len(self.unhealthy),
        )
        return named if self.counts is None else self.counts.at_least(named)

    @property
    def partial(self) -> bool:
        """Whether there are checks of which nothing is known, not even how many."""
        return self.uncounted or (not self.whole and self.counts is None)

    @property
    def comparable(self) -> bool:
        """Whether all that failed is named: else nobody can tell what is new, here and in later runs."""
        failed = len(self.failing) + len(self.excused)
        return self.named and not self.partial and self.total.failing + self.total.excused <= failed

    @property
    def _failed(self) -> list[Check]:
        """All that failed, so that what else matters is asked of these few alone: a run can have thousands of checks."""
        failing = CheckStatus.FAILING
        return [check for check in self.checks if check.status is failing]

    def _named(self, status: CheckStatus) -> int:
        return sum(check.status is status for check in self.checks)


class LineKind(StrEnum):
    """What a log event is."""

    OUTPUT = "output"
    ASSERTION = "assertion"
    FAULT = "fault"
    CONTAINER = "container"
    COMMAND = "command"
    SDK = "sdk"
    OTHER = "other"
    STUB = "stub"  # a line over the cap, left out


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One log event before a moment, or one line of a build log (then without virtual time)."""

    text: str
    vtime: str | None = None  # virtual seconds, exact text
    source: str = ""  # container, else the source's name
    stream: str = ""  # out, error, info
    kind: LineKind = LineKind.OUTPUT
    at: datetime | None = None  # wall clock; build logs only


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault with an effect at a moment, as the fault injector reported it."""

    name: str  # partition, clog, pause, throttle, kill, stop, skip
    kind: str  # network, node, clock
    nodes: tuple[str, ...]
    since: str  # virtual seconds, exact text
    until: (
        float | None
    )  # virtual seconds; None: no controlled end; of a kill, when the container started again
    detail: str = ""

    @property
    def instant(self) -> bool:
        """Whether it happened at one time, with an effect afterwards, and was no window."""
        return self.name in {"kill", "stop"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePattern:
    """Lines that differ only in times, ids and numbers: what they have in common, the first of them, and how many.

    `place`: where the first one stands in the window, counted from 1.
    """

    pattern: str
    first: LogLine
    count: int
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """What to read before a moment. `window` in virtual seconds; `lines` is how many to show."""

    run_id: str
    moment: Moment
    window: float = 10.0
    grep: str | None = None  # a text, case-sensitive, or a pattern of RE2 in slashes: /…/, /…/i for any case
    source: str | None = None  # a container or source name
    errors: bool = False  # only error lines with what belongs to them, and lines that mention an error
    patterns: bool = False  # count the lines that pass grep and source by their pattern, to compare windows
    lines: int = 20
    file: bool = True  # the whole window as a file too


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLogQuery:
    """What to read of a run's own log, of its end where nothing narrows it: `lines` is how many to show."""

    run_id: str
    lines: int = 20
    grep: str | None = None  # a text, case-sensitive, or a pattern of RE2 in slashes: /…/, /…/i for any case
    check: str | None = None  # the lines of one check, by its name
    artifact: str | None = None  # this file of the run instead, by its name
    file: bool = False  # the whole log as a file


@dataclass(frozen=True, slots=True, kw_only=True)
class LogExcerpt:
    """The last lines of a window, newest last, and where the whole window was written.

    `matched` counts the lines that passed grep, source and errors; `total` all lines of the window.
    `cut` says in a few words why the window is not whole ("the stream broke off"), else None; then nothing is
    known of what came after `cut_at`, and `faults` are those with an effect there, not at the moment.
    """

    lines: tuple[LogLine, ...]
    matched: int
    total: int
    mentions: int = 0  # of `matched`, where errors are asked for: those that only mention one
    faults: tuple[Fault, ...] = ()  # with an effect at the moment, of those that began since `faults_since`
    faults_since: float | None = None  # virtual seconds; 0: from the run's begin; None: faults not followed
    faults_left_out: bool = False  # more may have been active than are listed
    taken_down: tuple[
        Fault, ...
    ] = ()  # the newest kills and stops since `faults_since`, felt at the moment or not
    path: str | None = None  # NDJSON as served; the chat adapter deletes it after sending
    size: int = 0  # bytes in that file
    patterns: tuple[LinePattern, ...] = ()  # where asked for, in the order in which they were first seen
    patterns_left_out: int = 0  # lines that are of other patterns: there were too many
    cut: str | None = None
    cut_at: str | None = None  # virtual time that reading got to, exact text
    instead: str = ""  # what these lines are where there is no log, as a full sentence
    file_trouble: str | None = None  # why the file holds less than the window, in a few words
    artifact: str = ""  # the name of the file that the lines are of, where they are of one
    kept_until: datetime | None = None  # when the platform removes the file that the lines are of


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One event that holds a property's name. `holds`: whether it held there or failed; None: neither."""

    line: LogLine
    moment: Moment | None = None
    holds: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instances:
    """A sample of the events that hold a property's name, in no order: what is not in it may be there all the same.

    `more`: there are more than were asked for. `cut`: why the answer was not read to its end, in a few words.
    """

    found: tuple[Instance, ...]
    more: bool = False
    cut: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """Which runs to list, newest first. None and empty mean "any"."""

    status: RunStatus | None = None
    launcher: str | None = None
    launcher_key: str | None = None  # of the same launcher, where it is known
    created_after: datetime | None = None
    created_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Repository:
    """Where an image is from: its registry, in lower case with its port, and the path there; both say all that they mean."""

    registry: str
    path: str = ""

    def within(self, other: Repository) -> bool:
        """Whether it is the other one or below it, by whole parts of the path."""
        same = self.registry == other.registry
        return same and (not other.path or f"{self.path}/".startswith(f"{other.path}/"))

    def __str__(self) -> str:
        return f"{self.registry}/{self.path}" if self.path else self.registry


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchRequest:
    """A test run to start. `values`: as they were given, by the names of the platform's form.

    `key` is the correlation key: unique for one intent, sent along, found again in the run list where the platform
    shows it. `launcher_key`: the launcher's id where the platform lists its launchers; then it was looked up.
    """

    launcher: str
    key: str
    launcher_key: str | None = None
    values: Mapping[str, str] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """With which runs a run is compared: those of its `series`; with one that is ephemeral no later one is."""

    series: tuple[str, str, str]  # as `Run.series`
    ephemeral: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DebugRequest:
    """A multiverse debugging session to open; exactly one of `run_id` and `session_id` is set."""

    moment: Moment
    run_id: str | None = None
    session_id: str | None = None
    description: str = ""  # holds the correlation key, so that it can be found again
    property_name: str | None = None  # what failed there; kept for the thread, not sent
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """The platform took it; `run_id` is None where it did not say which run it became.

    `run`: what is known of it from the launch, where the platform will not say it of the run later.
    """

    run_id: str | None
    run: Run | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The platform certainly did not start it; `reason` is a sentence for the person."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """It may or may not have been started; never repeat it by code."""

    reason: str


LaunchOutcome = Started | Refused | Unclear
