"""A test platform as the core sees it: a record of small parts. A part that is None is not offered.

So nothing can be declared and not done, and a verb that uses a part has to look first whether it is there. Adapters
fill these protocols and inherit nothing. Adding a part: its protocol, a field of `Platform`, a row in
`bot.replies.parts`, and the verb that needs it.

Every method raises `bot.errors.ServiceError` in one of its kinds, and no other error. Reads may be repeated by the
adapter; everything else (`launch`, `rerun`, `cancel`, `diagnose` …) is sent once and never repeated.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from bot.cards import Field, Line, Link
from bot.model import (
    NOTHING,
    Check,
    DebugRequest,
    Group,
    Instances,
    LaunchOutcome,
    LaunchRequest,
    LogExcerpt,
    LogQuery,
    Moment,
    Results,
    Run,
    RunLogQuery,
    RunQuery,
    Secret,
)
from bot.ports import Report
from bot.publication import PublishedCheck, PublishRequest, Upload
from bot.terms import PLAIN, Terms
from bot.triage import (
    Agent,
    AgentRequest,
    AgentResult,
    AttachedReport,
    Branches,
    Classification,
    Classified,
    Cluster,
    Diagnosis,
    FlakyCheck,
    LauncherRow,
    ModelAnswer,
    PastResult,
    Quarantined,
    QuarantineRequest,
    Question,
    Readiness,
    ReportedCheck,
    RerunRequest,
    RerunScope,
    RunFile,
)

T_co = TypeVar("T_co", covariant=True)


class Reads(Protocol):
    """Read what is known by its id: the one part that every platform has."""

    def owns(self, run_id: str, /) -> bool:
        """Whether a text can be the whole id of a run here, by its shape; only such a one is asked for. No I/O."""

    async def version(self) -> str:
        """Return the platform's release ("60.0"), "" where it does not say; proves reachability and key."""

    async def run(self, run_id: str) -> Run:
        """Return one run with its failure moment. Raises `NotFound(what="run")`."""

    async def results(self, run: Run) -> Results:
        """Read a run's checks; never raises `NotFound`, the availability says why not.

        A list that repeats itself or does not end gives its first checks, each once, and is not `whole`.
        """


class ReadsChecks(Protocol):
    """Look for single checks of a run whose checks are too many to be read."""

    async def checks(self, run: Run, names: Collection[str]) -> tuple[Check, ...]:
        """Return those of these checks that the run has; a request each, so ask for few."""


class Lists(Protocol):
    """List runs."""

    def runs(self, query: RunQuery) -> AsyncIterator[tuple[Run, ...]]:
        """Yield pages of runs, newest first, each run once; stop iterating to stop reading.

        An entry that is too large by itself is given as a run that is `unread`. Raises `ListCut` after the last
        page that could be read of a list that repeats itself or does not end.
        """


class Launches(Protocol):
    """Start test runs. What a launch takes, how it is checked and what it costs is known without I/O."""

    def form(self, launcher: str, given: Mapping[str, str] = NOTHING, /) -> tuple[Field, ...]:
        """Return what a launch takes, each field filled in with what is given under any of its names.

        Raises `UserError` for a name that a launch does not take, or that is there twice.
        """

    def parameters(self, request: LaunchRequest, /) -> tuple[tuple[str, str], ...]:
        """Return the exact names and values that `launch` would send, in order.

        Raises `UserError` naming the value that is wrong, `Rejected` where the platform would not take it.
        """

    def tested(self, request: LaunchRequest, /) -> Mapping[str, str]:
        """Return what a launch tests, by the names that are sent: equal for two that differ only in name, mail or order.

        Raises as `parameters` does.
        """

    def group(self, request: LaunchRequest, /) -> Group | None:
        """Return with which runs the run of a launch will be compared; None where that cannot be told before."""

    def given(self, run: Run, /) -> Mapping[str, str]:
        """Return what a launch like a run would be given, as far as the run says, by the names of the form."""

    def cost(self, request: LaunchRequest, /) -> str:
        """Say what a launch costs, to stand behind "for": "30 minutes of test time"."""

    def minutes(self, request: LaunchRequest, /) -> int | None:
        """Return how many minutes of test time a launch asks for, begun ones too; None where nobody knows that before."""

    def notes(self, request: LaunchRequest, /) -> tuple[Line, ...]:
        """Say what a person should know before confirming."""

    async def launch(self, request: LaunchRequest) -> LaunchOutcome:
        """Start a test run; sent once. Never raises for what the platform answers."""


class FindsLaunched(Protocol):
    """Find out after a lost answer whether a launch became a run."""

    async def find_launched(self, key: str, launcher: str, since: datetime) -> Run | None:
        """Look for the run that carries a correlation key among the runs created since then."""


class OffersLaunched(Protocol):
    """Say which runs a launch may have become, where nothing in a run proves it: people decide."""

    def fits(self, request: LaunchRequest, run: Run, /) -> bool:
        """Whether a run is of what a launch asked for, as far as the platform tells."""


class MomentLogs(Protocol):
    """Read the log before a moment."""

    async def logs(self, query: LogQuery, report: Report) -> LogExcerpt:
        """Read the window before a moment. Raises `NotFound(what="run" | "moment")`, `NotAvailable`."""


class RunLogs(Protocol):
    """Read the log of a run as a whole."""

    @property
    def narrows(self) -> frozenset[str]:
        """The names of the fields of a query, beside `lines`, that it reads less by; the others change nothing."""

    async def run_log(self, query: RunLogQuery, report: Report) -> LogExcerpt:
        """Return the last lines of a run's log; none is legal. Raises `NotFound`, `NotAvailable`."""


class Files(Protocol):
    """List the files that are kept of a run; `RunLogs` shows one by its name."""

    @property
    def of_checks(self) -> bool:
        """Whether each file belongs to one check; else a run's checks are no way to ask for some of them."""

    async def files(self, run_id: str, check: str | None) -> tuple[RunFile, ...]:
        """Return the files of a run, or of one of its checks, the newest first. Raises `NotFound`, `NotAvailable`."""


class FindsInstances(Protocol):
    """Look for events of a run by the name of a property."""

    async def instances(self, run_id: str, name: str, most: int, report: Report) -> Instances:
        """Return at most so many, never in an order that says anything. Raises `NotFound(what="run")`, `NotAvailable`."""


class Elsewhere(Protocol):
    """Say where a moment is looked at outside of the chat; without I/O, and never with a key or a signed link."""

    def page(self, run: Run, moment: Moment, /) -> Link | None:
        """Return a page behind the platform's login with the log there; None where the run does not tell enough."""

    def commands(self, run: Run, moment: Moment, /) -> tuple[str, ...]:
        """Return lines for a shell, of the platform's own command line."""


class Debugs(Protocol):
    """Open debugging sessions at a moment."""

    async def debug(self, request: DebugRequest) -> LaunchOutcome:
        """Open a debugging session; sent once. Never raises for what the platform answers."""


class Cancels(Protocol):
    """Stop runs."""

    def unable(self, run_id: str, /) -> str:
        """Say why a run cannot be stopped, as far as its id tells, "" where nothing is against it; no I/O."""

    async def cancel(self, run_id: str) -> None:
        """Ask for a run to be stopped; asynchronous on the platform. Sent once.

        Raises `NotAvailable` where it had ended already, or cannot be stopped.
        """


class Reruns(Protocol):
    """Start a run again as it was."""

    @property
    def scopes(self) -> frozenset[RerunScope]:
        """Which parts of a run can be run again by themselves."""

    async def rerun(self, request: RerunRequest) -> LaunchOutcome:
        """Start it again; sent once. Never raises for what the platform answers."""


class ListsLaunchers(Protocol):
    """List the launchers, also those that have no run yet."""

    async def launchers(self) -> tuple[LauncherRow, ...]:
        """Return them; two may have the same name, their keys tell them apart."""


class ListsBranches(Protocol):
    """List the branches that runs can be started with."""

    async def branches(self, launcher_key: str, beginning: str) -> Branches:
        """Return those of a launcher, or of all for "", that begin with a text; none where nobody tells them."""


class Diagnoses(Protocol):
    """Have the platform's model say why a run failed."""

    async def diagnose(self, run_id: str) -> Diagnosis:
        """Return its opinion; costs tokens, so it is sent once. Raises `NotFound(what="run")`, `NotAvailable`."""


class Asks(Protocol):
    """Talk with the platform's model."""

    async def ask(self, question: Question) -> ModelAnswer:
        """Return what it answers; costs tokens, so it is sent once. Raises `NotAvailable`."""


class Agents(Protocol):
    """Set the platform's agents to work."""

    @property
    def usual(self) -> tuple[str, str]:
        """The agent and the task that the settings name for `debug`, "" where they name none."""

    def about(self, run_id: str, /) -> Mapping[str, str]:
        """Return the parameters that tell an agent which run its task is about."""

    async def agents(self) -> tuple[Agent, ...]:
        """Return the agents there are."""

    async def invoke(self, request: AgentRequest) -> LaunchOutcome:
        """Set one to work; sent once. Never raises for what the platform answers."""

    async def result(self, started: str) -> AgentResult:
        """Try to read what came of a task, by the id that its start gave. Raises `NotFound` where it is not handed back."""


class Classifies(Protocol):
    """Keep what people say of a failing result: its kind, a defect, a note."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that a failure can be of, in the platform's words."""

    async def classify(self, wanted: Classification) -> Classified:
        """Keep it. Raises `ServiceError` where nothing of it was taken."""


class Quarantines(Protocol):
    """Keep the failures of single checks from counting."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why a check can be quarantined, in the platform's words."""

    async def quarantined(self, launcher_key: str) -> tuple[Quarantined, ...]:
        """Return what is quarantined at a launcher."""

    async def quarantine(self, request: QuarantineRequest) -> LaunchOutcome:
        """Put one in or take it out; sent once. Never raises for what the platform answers."""


class Histories(Protocol):
    """Say what came of a check in earlier runs."""

    async def history(self, ref: str) -> tuple[PastResult, ...]:
        """Return them by the platform's id of one result, the newest first."""


class ReportFiles(Protocol):
    """Read the report files that runs leave behind, among what is kept of a run or attached by somebody."""

    async def reported(self, run_id: str, check: str) -> ReportedCheck | None:
        """Return what the file of a run says of a failing check by its name; None without such a file or check."""

    async def read(self, pieces: AsyncIterator[bytes], /) -> AttachedReport:
        """Read a file that somebody attached, from its bytes. Raises `UnexpectedAnswer` saying why it is no report."""


class FindsFlaky(Protocol):
    """Say which checks are flaky."""

    @property
    def rated_by(self) -> str:
        """What checks are rated by where that is more than a launcher: "project"; "" for a launcher."""

    async def flaky(self, launcher_key: str) -> tuple[FlakyCheck, ...]:
        """Return them, those that got worse first; "" for all launchers. Raises `NotAvailable`."""


class RatesReleases(Protocol):
    """Rate a release."""

    async def readiness(self, version: str) -> Readiness:
        """Return the platform's rating. Raises `NotFound(what="version")`."""


class Clusters(Protocol):
    """Group failures by their cause."""

    async def clusters(self, days: int) -> tuple[Cluster, ...]:
        """Return the groups of the last days."""


class Guides(Protocol):
    """Say how to go on with a run that was started, where the platform does nothing by itself."""

    def lines(self, request: LaunchRequest, run_id: str, /) -> tuple[str, ...]:
        """Return lines for a shell, without any key; no I/O."""


class Publishes(Protocol):
    """Write runs of other platforms into this one, with one request for each step.

    What says that it may be repeated does no harm then. The ids that come back are kept before the next step.
    """

    @property
    def most(self) -> int:
        """How many results of one run are written at most."""

    async def target(self) -> str:
        """Say what runs are written into: "My Project (project_abc123)". Raises `NotAvailable` where that takes none."""

    async def open_record(self, request: PublishRequest) -> LaunchOutcome:
        """Open a record; sent once. Never raises for what the platform answers."""

    async def begin(self, run_id: str) -> None:
        """Say that it is running; may be repeated."""

    async def write(self, run_id: str, check: PublishedCheck) -> str | None:
        """Write a result, sent once; return its id, None where it may be there and nobody can tell.

        Raises `Rejected` where it is never taken, another `ServiceError` where it certainly was not taken now.
        """

    def unsaid(self, check: PublishedCheck) -> bool:
        """Whether `tell` has to say more of a check than writing its result said."""

    async def tell(self, result_id: str, check: PublishedCheck) -> None:
        """Say the rest of a result; may be repeated."""

    async def announce_file(self, result_id: str, name: str, size: int) -> Upload:
        """Announce a text file of `size` bytes; nobody sees it before it is kept, so this may be repeated."""

    async def send_file(self, upload: Upload, content: bytes) -> None:
        """Send its bytes; may be repeated."""

    async def keep_file(self, file_id: str) -> None:
        """Let people see it; may be repeated."""

    async def is_kept(self, result_id: str, file_id: str) -> bool:
        """Whether people see a file of a result."""

    async def complete(self, run_id: str) -> None:
        """Say that everything is there; may be repeated."""


class Reports(Protocol):
    """Hand out signed links to triage reports."""

    async def report_link(self, run_id: str) -> Secret | None:
        """Return a fresh signed report link, checked to lead to the platform; None where there is none."""

    async def find_run(self, *, report_url: str | None = None, session_id: str | None = None) -> Run | None:
        """Find the run that a pasted report link or session id belongs to, among recent runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """One connection to a test platform, with the parts that it offers.

    `connection`: its name, the first half of every `RunRef` that it returns. `notified_by_default`: whether a channel
    that asks for runs without naming a connection is notified of its runs. `runs_nothing`: a launch there makes a record
    to report into, so doing it once more runs nothing again. `hooked`: its webhooks are taken, and may name runs that
    others started. `sources`: its runs are of a source, as a branch or an environment. `addresses`: reads the id of the run that a web address of the platform names; None for any other.
    """

    connection: str
    notified_by_default: bool = True
    hooked: bool = False
    sources: bool = True
    reads: Reads
    terms: Terms = PLAIN
    addresses: Callable[[str], str | None] | None = None
    reads_checks: ReadsChecks | None = None
    lists: Lists | None = None
    launches: Launches | None = None
    runs_nothing: bool = False
    finds_launched: FindsLaunched | None = None
    offers_launched: OffersLaunched | None = None
    moment_logs: MomentLogs | None = None
    run_logs: RunLogs | None = None
    instances: FindsInstances | None = None
    elsewhere: Elsewhere | None = None
    debugs: Debugs | None = None
    cancels: Cancels | None = None
    reports: Reports | None = None
    reruns: Reruns | None = None
    lists_launchers: ListsLaunchers | None = None
    lists_branches: ListsBranches | None = None
    diagnoses: Diagnoses | None = None
    asks: Asks | None = None
    agents: Agents | None = None
    classifies: Classifies | None = None
    quarantines: Quarantines | None = None
    histories: Histories | None = None
    report_files: ReportFiles | None = None
    finds_flaky: FindsFlaky | None = None
    rates_releases: RatesReleases | None = None
    clusters: Clusters | None = None
    files: Files | None = None
    guides: Guides | None = None
    publishes: Publishes | None = None


def listed(platform: Platform, query: RunQuery) -> AsyncIterator[tuple[Run, ...]]:
    """Yield pages of runs, newest first, as `Lists.runs` does; none where the platform has no list."""
    return platform.lists.runs(query) if platform.lists is not None else _nothing()


async def newest_runs(platform: Platform, query: RunQuery, pages: int = 1) -> list[Run]:
    """Return the runs of the newest pages, of so many at most."""
    found: list[Run] = []
    async for page in listed(platform, query):
        found += page
        pages -= 1
        if not pages:
            break
    return found


def terms_of(platform: Platform | None) -> Terms:
    """Return a platform's nouns, plain ones where its connection is no longer configured."""
    return platform.terms if platform is not None else PLAIN


def has_moments(platform: Platform) -> bool:
    """Whether a failure there has a moment that can be looked at."""
    return platform.moment_logs is not None or platform.debugs is not None


def can_stop(platform: Platform, run_id: str) -> bool:
    """Whether a run that goes on can be stopped, as far as its id tells."""
    return platform.cancels is not None and not platform.cancels.unable(run_id)


async def _nothing() -> AsyncIterator[tuple[Run, ...]]:
    for page in tuple[tuple[Run, ...], ...]():
        yield page


@dataclass(frozen=True, slots=True)
class Need(Generic[T_co]):
    """A part that a verb can need: where it stands in the record, None where a platform does not offer it."""

    of: Callable[[Platform], T_co | None]


LAUNCHES = Need(lambda platform: platform.launches)
MOMENT_LOGS = Need(lambda platform: platform.moment_logs)
INSTANCES = Need(lambda platform: platform.instances)
RUN_LOGS = Need(lambda platform: platform.run_logs)
DEBUGS = Need(lambda platform: platform.debugs)
REPORTS = Need(lambda platform: platform.reports)
CANCELS = Need(lambda platform: platform.cancels)
LAUNCHES_AGAIN = Need(lambda platform: None if platform.runs_nothing else platform.launches)
RERUNS = Need(lambda platform: platform.reruns)
DIAGNOSES = Need(lambda platform: platform.diagnoses)
ASKS = Need(lambda platform: platform.asks)
AGENTS = Need(lambda platform: platform.agents)
CLASSIFIES = Need(lambda platform: platform.classifies)
QUARANTINES = Need(lambda platform: platform.quarantines)
REPORT_FILES = Need(lambda platform: platform.report_files)
FINDS_FLAKY = Need(lambda platform: platform.finds_flaky)
RATES_RELEASES = Need(lambda platform: platform.rates_releases)
CLUSTERS = Need(lambda platform: platform.clusters)
PUBLISHES = Need(lambda platform: platform.publishes)
