"""The Testhide API as a `Platform`: sends what `protocol` builds and hands back what its readers make of the answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path

import msgspec

from adapters.configuration.table import secrets_in
from adapters.platforms.http.answers import check_done, error_of
from adapters.platforms.http.caller import Caller
from adapters.platforms.http.endpoint import Endpoint
from adapters.platforms.http.ids import read_in_address
from adapters.platforms.http.lenient import read_struct, time_of
from adapters.platforms.http.limits import Limits
from adapters.platforms.http.login import Key, Login, Session, Ticket
from adapters.platforms.http.sender import Sender
from adapters.platforms.http.text import shown
from adapters.platforms.http.transport import Http
from adapters.platforms.testhide import launching, protocol
from adapters.platforms.testhide.branches import BranchLists
from adapters.platforms.testhide.builds import Builds
from adapters.platforms.testhide.decode import build_in, history_of
from adapters.platforms.testhide.ids import IN_ADDRESS, is_id
from adapters.platforms.testhide.jobs import Jobs
from adapters.platforms.testhide.logs import LogReader
from adapters.platforms.testhide.model import Model
from adapters.platforms.testhide.quarantine import Quarantine
from adapters.platforms.testhide.report_file import ReportFile
from adapters.platforms.testhide.reruns import Reruns
from adapters.platforms.testhide.results import ResultReader
from adapters.platforms.testhide.settings import CHECK_KEY, Server
from adapters.platforms.testhide.triage import Triage
from bot.cards import Line
from bot.errors import NotAvailable, ServiceError, UnexpectedAnswer
from bot.model import (
    LaunchOutcome,
    LaunchRequest,
    LogExcerpt,
    Results,
    Run,
    RunLogQuery,
    RunQuery,
    RunStatus,
    Secret,
)
from bot.platform import Platform
from bot.ports import Report
from bot.replies.launching import waiting
from bot.terms import Noun, Terms
from bot.triage import LauncherRow, PastResult

TERMS = Terms(
    platform="Testhide",
    run=Noun("build", "builds"),
    check=Noun("test", "tests"),
    launcher=Noun("job", "jobs"),
    source=Noun("branch", "branches"),
    excused="quarantined",
    run_id="1024",
)


class _Health(msgspec.Struct):
    version: str | None = None


class _Ticket(msgspec.Struct):
    token: str
    expires_at: str | None = None


class BuildService:
    """One server. `http` comes from `open_http` and is closed by whoever made it; `now` is the clock's.

    `spool` is the folder that files go to.
    """

    def __init__(
        self,
        http: Http,
        own: Server,
        *,
        spool: Path,
        now: Callable[[], datetime],
        limits: Limits | None = None,
    ) -> None:
        bounds = limits or Limits()
        secrets = tuple(secrets_in(own))
        endpoint = Endpoint(
            address=own.address, login=self._login(own, now), check=CHECK_KEY, secrets=secrets
        )
        self._own, self._sender = own, Sender(http, endpoint, bounds)
        self.caller = Caller(self._sender, own.requests_per_minute)
        self.jobs = Jobs(self.caller, own.projects, TERMS)
        self._branches = BranchLists(self.caller, self.jobs)
        self.builds = Builds(own.name, self.caller, self.jobs)
        self.quarantine = Quarantine(self.caller)
        self._results = ResultReader(self.caller, self.quarantine, TERMS, now)
        self._logs = LogReader(self.caller, bounds, spool)
        self._report_files = ReportFile(self.caller, self._logs)
        self._reruns = Reruns(self.caller)
        self._model = Model(self.caller, self.jobs)
        self._triage = Triage(self.caller, self.quarantine)

    def _login(self, own: Server, now: Callable[[], datetime]) -> Login:
        if own.api_key is not None:
            return Key(own.api_key)
        return Session(self._log_in, own.password or Secret(""), now)

    async def _log_in(self) -> Ticket:
        own = self._own
        password = own.password.reveal() if own.password else ""
        answer = await self._sender.fetch(protocol.login_request(own.username or "", password))
        if not answer.good:
            raise error_of(answer, check="Check the username and the password.")
        found = read_struct(answer.body, _Ticket)
        if found is None or not found.token:
            raise UnexpectedAnswer("Testhide answered the login with something that is not a session.")
        return Ticket(Secret(found.token), time_of(found.expires_at))

    @property
    def platform(self) -> Platform:
        """The connection with its parts."""
        return Platform(
            connection=self._own.name,
            notified_by_default=self._own.notified_by_default,
            reads=self,
            addresses=read_in_address(self._own.address, IN_ADDRESS),
            reads_checks=self._results,
            terms=TERMS,
            lists=self,
            launches=self,
            offers_launched=self,
            lists_launchers=self,
            lists_branches=self._branches,
            run_logs=self,
            files=self._logs,
            cancels=self,
            histories=self,
            report_files=self._report_files,
            reruns=self._reruns,
            diagnoses=self._model,
            asks=self._model,
            classifies=self._triage,
            quarantines=self._triage,
            finds_flaky=self._model,
        )

    owns = staticmethod(is_id)

    async def version(self) -> str:
        """Return the server's release, "" where it does not say; the token is proved first."""
        await self.caller.read(protocol.me_request())
        body = read_struct((await self.caller.read(protocol.health_request())).body, _Health)
        return shown(body.version, 60) if body and body.version else ""

    async def run(self, run_id: str) -> Run:
        """Return one build, a waiting one with how many wait before it."""
        run = await self.builds.one(run_id)
        if run.status is not RunStatus.STARTING:
            return run
        try:
            return replace(run, ahead=await self.builds.ahead(run_id))
        except ServiceError:  # the build is known, its place is not
            return run

    async def results(self, run: Run) -> Results:
        """Return the counts of a build's tests and the names of those that failed."""
        return await self._results.of(run if run.status.terminal else await self.builds.one(run.ref.run_id))

    async def runs(self, query: RunQuery) -> AsyncGenerator[tuple[Run, ...], None]:
        """Yield pages of builds, newest first."""
        async with aclosing(self.builds.pages(query)) as pages:
            async for page in pages:
                yield page

    async def launchers(self) -> tuple[LauncherRow, ...]:
        """Return the jobs."""
        return await self.jobs.rows()

    form = staticmethod(launching.form)
    parameters = staticmethod(launching.parameters)
    tested = staticmethod(launching.tested)
    group = staticmethod(launching.group)
    given = staticmethod(launching.given)
    fits = staticmethod(launching.fits)

    def cost(self, request: LaunchRequest, /) -> str:
        """Say what a launch costs."""
        del request
        return "one build"

    def minutes(self, request: LaunchRequest, /) -> None:
        """Tell nothing: nobody says before how long a build takes."""
        del request

    def notes(self, request: LaunchRequest, /) -> tuple[Line, ...]:
        """Say how many builds wait before it, as the list of builds said last."""
        del request
        return (waiting(self.builds.waiting, TERMS),) if self.builds.waiting else ()

    async def launch(self, request: LaunchRequest) -> LaunchOutcome:
        """Start a build; sent once."""
        return await self.caller.start(
            lambda: protocol.start_request(launching.body(request)), target="job", id_in=build_in
        )

    narrows: frozenset[str] = frozenset({"grep", "check", "artifact", "file"})

    async def run_log(self, query: RunLogQuery, report: Report) -> LogExcerpt:
        """Return the end of the pipeline's log, or a file of the build."""
        if query.artifact:
            return await self._logs.artifact(query, report)
        return await self._logs.log(await self.builds.one(query.run_id), query, report)

    async def history(self, ref: str) -> tuple[PastResult, ...]:
        """Return what came of a test in earlier builds."""
        return history_of((await self.caller.read(protocol.history_request(ref), what="test")).body)

    def unable(self, _run_id: str, /) -> str:
        """Say nothing: any build that waits or runs can be stopped."""
        return ""

    async def cancel(self, run_id: str) -> None:
        """Stop a build that waits or runs; sent once."""
        answer = await self.caller.once(protocol.stop_request(run_id))
        if answer.status == HTTPStatus.CONFLICT:
            raise NotAvailable("The build has already ended, so there is nothing to stop.")
        check_done(answer, what="run", check=CHECK_KEY)
