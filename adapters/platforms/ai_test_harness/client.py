"""The AI Test Harness API as a `Platform`: sends what `protocol` builds and hands back what its readers make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from adapters.configuration.table import secrets_in
from adapters.platforms.ai_test_harness import launching, protocol
from adapters.platforms.ai_test_harness.decode import (
    TERMS,
    ExecutionBody,
    agent_result_of,
    agents_of,
    clusters_of,
    counts_of,
    id_of,
    readiness_of,
    run_of,
)
from adapters.platforms.ai_test_harness.decode import (
    Started as AgentStarted,
)
from adapters.platforms.ai_test_harness.failures import checks_of, failures_of, unnamed
from adapters.platforms.ai_test_harness.ids import IN_ADDRESS, is_execution
from adapters.platforms.ai_test_harness.plans import Plans
from adapters.platforms.ai_test_harness.settings import CHECK_KEY, Account
from adapters.platforms.http.caller import Caller
from adapters.platforms.http.endpoint import Endpoint
from adapters.platforms.http.ids import read_in_address
from adapters.platforms.http.lenient import read_struct
from adapters.platforms.http.limits import Limits
from adapters.platforms.http.login import Key
from adapters.platforms.http.matching import Grep
from adapters.platforms.http.sender import Sender
from adapters.platforms.http.transport import Http
from adapters.platforms.http.wire import Request
from bot.cards import Line
from bot.errors import NotAvailable, NotFound, UnexpectedAnswer
from bot.model import (
    Availability,
    Check,
    LaunchOutcome,
    LaunchRequest,
    LogExcerpt,
    LogLine,
    Results,
    Run,
    RunLogQuery,
    RunRef,
    RunStatus,
    Started,
)
from bot.platform import Platform
from bot.ports import Report
from bot.replies.failing import of_which_listed
from bot.replies.logs import no_error_given, no_logs_kept
from bot.triage import Agent, AgentRequest, AgentResult, Cluster, LauncherRow, Readiness

_MISSING = {
    RunStatus.INCOMPLETE: Availability.ABSENT,
    RunStatus.CANCELLED: Availability.ABSENT,
}


class ExecutionService:
    """One account. `http` comes from `open_http` and is closed by whoever made it."""

    narrows = frozenset({"check", "grep"})
    """What an execution's errors are read less by: one test, lines with a text."""

    def __init__(self, http: Http, own: Account, *, limits: Limits | None = None) -> None:
        secrets = tuple(secrets_in(own))
        endpoint = Endpoint(address=own.address, login=Key(own.api_key), check=CHECK_KEY, secrets=secrets)
        self._own = own
        self._caller = Caller(Sender(http, endpoint, limits or Limits()), own.requests_per_minute)
        self._plans = Plans(self._caller)

    @property
    def platform(self) -> Platform:
        """The connection with its parts."""
        return Platform(
            connection=self._own.name,
            notified_by_default=self._own.notified_by_default,
            hooked=self._own.webhook_secret is not None,
            reads=self,
            addresses=read_in_address(self._own.address, IN_ADDRESS, beside=True),
            terms=TERMS,
            launches=self,
            lists_launchers=self,
            run_logs=self,
            agents=self,
            rates_releases=self,
            clusters=self,
        )

    owns = staticmethod(is_execution)

    async def version(self) -> str:
        """Prove the key; the platform says nothing of its release."""
        await self.agents()
        return ""

    async def run(self, run_id: str) -> Run:
        """Return one execution, with its plan where the answer names one. Raises `NotFound(what="run")`."""
        run = run_of(await self._body(run_id), self._ref(run_id))
        if run.launcher_key is None:
            return run
        return replace(run, launcher=await self._plans.name(run.launcher_key))

    async def results(self, run: Run) -> Results:
        """Return the counts of an execution and what it says of its failures; it names nothing else."""
        try:
            body = await self._body(run.ref.run_id)
        except NotFound:
            return Results(ref=run.ref, availability=Availability.ABSENT)
        status = run_of(body, run.ref).status
        (counts, counted), (failures, whole) = counts_of(body), failures_of(body.failures)
        if not status.terminal or (counts is None and not failures):
            return Results(ref=run.ref, availability=_MISSING.get(status, Availability.NOT_YET))
        tests = await self._plans.tests(run.launcher_key) if unnamed(failures) else {}
        checks, named = checks_of(failures, tests)
        said = counts is not None and (counted or counts.failing)  # how many failed
        note = of_which_listed(counts.failing, len(checks), TERMS) if counts is not None and said else ""
        return Results(ref=run.ref, availability=Availability.READY, checks=checks, whole=False, counts=counts,
                       named=named and whole, note=note, uncounted=not counted)  # fmt: skip

    async def launchers(self) -> tuple[LauncherRow, ...]:
        """Return the plans."""
        return await self._plans.rows()

    form = staticmethod(launching.form)
    parameters = staticmethod(launching.parameters)
    tested = staticmethod(launching.tested)
    group = staticmethod(launching.group)
    given = staticmethod(launching.given)

    def cost(self, request: LaunchRequest, /) -> str:
        """Say what a launch costs."""
        return launching.cost(request, self._plans.totals)

    def minutes(self, request: LaunchRequest, /) -> None:
        """Tell nothing: nobody says before how long an execution takes."""
        del request

    def notes(self, request: LaunchRequest, /) -> tuple[Line, ...]:
        """Say nothing: what is sent is all there is to know."""
        del request
        return ()

    async def launch(self, request: LaunchRequest) -> LaunchOutcome:
        """Start an execution; sent once. No answer will say its plan and environment, so they come along."""
        body = ExecutionBody()

        def id_in(answer: bytes) -> str | None:
            nonlocal body
            body = read_struct(answer, ExecutionBody) or body
            return id_of(body.id)

        def build() -> Request:
            return protocol.start_request(launching.body(request))

        outcome = await self._caller.start(build, target="test plan", id_in=id_in)
        if not isinstance(outcome, Started) or outcome.run_id is None:
            return outcome
        run = run_of(body, self._ref(outcome.run_id))
        environment = dict(launching.parameters(request)).get("environment")
        known = replace(
            run,
            launcher=request.launcher,
            launcher_key=request.launcher_key,
            source=run.source or environment,
        )
        return Started(outcome.run_id, known)

    async def run_log(self, query: RunLogQuery, report: Report) -> LogExcerpt:
        """Return the errors that an execution gives, whole: it keeps no logs. Raises `NotFound`, `NotAvailable`."""
        del report
        grep = Grep(query.grep) if query.grep else None
        found = await self.results(await self.run(query.run_id))
        wanted = [check for check in found.failing if query.check in {None, check.name}]
        lines = [line for check in wanted for line in _lines(check, alone=query.check is not None)]
        if not lines:
            raise NotAvailable(no_error_given(TERMS))
        shown = [line for line in lines if grep is None or grep.finds(line.text)]
        return LogExcerpt(
            lines=tuple(shown), matched=len(shown), total=len(lines), instead=no_logs_kept(TERMS)
        )

    @property
    def usual(self) -> tuple[str, str]:
        """The agent and the task of the settings."""
        return (self._own.debug_agent, self._own.debug_task)

    async def agents(self) -> tuple[Agent, ...]:
        """Return the agents."""
        found = agents_of((await self._caller.read(protocol.agents_request())).body)
        if found is None:
            raise UnexpectedAnswer("The platform answered with something that is not a list of agents.")
        return found

    def about(self, run_id: str, /) -> Mapping[str, str]:
        """Return the parameter that names an execution to an agent."""
        return {"executionId": run_id}

    async def invoke(self, request: AgentRequest) -> LaunchOutcome:
        """Set an agent to work; sent once."""

        def id_in(answer: bytes) -> str | None:
            body = read_struct(answer, AgentStarted)
            return id_of(body.execution_id) if body is not None else None

        def build() -> Request:
            return protocol.invoke_request(request.agent, request.task, request.parameters)

        return await self._caller.start(build, target="agent", id_in=id_in)

    async def result(self, started: str) -> AgentResult:
        """Try to read an agent's task among the executions: nothing says that it is there. Raises `NotFound`."""
        answer = await self._caller.read(protocol.execution_request(started), what="run")
        found = agent_result_of(answer.body)
        if found is None:
            raise UnexpectedAnswer("The platform answered with something that is no agent's task.")
        return found

    async def readiness(self, version: str) -> Readiness:
        """Return the rating of a release. Raises `NotFound(what="version")`."""
        answer = await self._caller.read(protocol.readiness_request(version), what="version")
        found = readiness_of(answer.body, version)
        if found is None:
            raise UnexpectedAnswer("The platform answered with something that is no rating.")
        return found

    async def clusters(self, days: int) -> tuple[Cluster, ...]:
        """Return the groups of failures of the last days."""
        found = clusters_of((await self._caller.read(protocol.clusters_request(days))).body)
        if found is None:
            raise UnexpectedAnswer("The platform answered with something that is not a list of clusters.")
        return found

    def _ref(self, run_id: str) -> RunRef:
        return RunRef(self._own.name, run_id)

    async def _body(self, run_id: str) -> ExecutionBody:
        answer = await self._caller.read(protocol.execution_request(run_id), what="run")
        body = read_struct(answer.body, ExecutionBody)
        if body is None or body.status is None:
            raise UnexpectedAnswer("The platform answered with something that is not an execution.")
        return body


def _lines(check: Check, *, alone: bool) -> list[LogLine]:
    """Return the error of one failure, line by line; among others with its test's name before it."""
    error = check.first.text.splitlines() if check.first else []
    return [LogLine(text=text) for text in (*(() if alone else (check.name,) if error else ()), *error)]
