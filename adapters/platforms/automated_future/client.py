"""Automated Future as a `Platform`: what was written stands for what cannot be read."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from adapters.configuration.table import secrets_in
from adapters.platforms.automated_future import ids, launching, protocol
from adapters.platforms.automated_future.decode import version_of
from adapters.platforms.automated_future.logs import LogReader
from adapters.platforms.automated_future.projects import Projects
from adapters.platforms.automated_future.records import Records
from adapters.platforms.automated_future.settings import CHECK_KEY, Team
from adapters.platforms.automated_future.writing import Writing
from adapters.platforms.http.caller import Caller
from adapters.platforms.http.endpoint import Endpoint
from adapters.platforms.http.ids import read_in_address
from adapters.platforms.http.limits import Limits
from adapters.platforms.http.login import Key
from adapters.platforms.http.sender import Sender
from adapters.platforms.http.transport import Http
from bot.errors import NotAvailable, ServiceError, UserError
from bot.model import LaunchOutcome, LaunchRequest, LogExcerpt, Refused, Results, Run, RunLogQuery, Started
from bot.platform import Platform
from bot.ports import Ledger, Report
from bot.terms import Noun, Terms
from bot.triage import LauncherRow

log = logging.getLogger(__name__)

TERMS = Terms(
    platform="Automated Future",
    run=Noun("test run", "test runs"),
    check=Noun("test", "tests"),
    launcher=Noun("project", "projects"),
    excused="known to fail",
    run_id="res_def456",
    stop="complete",
    stopping="completing",
)


class ReportService:
    """One team. `http` comes from `open_http` and is closed by whoever made it; `now` is the clock's.

    `spool` is the folder that files go to, `ledger` what was written there.
    """

    def __init__(
        self,
        http: Http,
        own: Team,
        *,
        spool: Path,
        ledger: Ledger,
        now: Callable[[], datetime],
        limits: Limits | None = None,
    ) -> None:
        bounds = limits or Limits()
        secrets = tuple(secrets_in(own))
        endpoint = Endpoint(
            address=own.address, login=Key(own.api_key, scheme=""), check=CHECK_KEY, secrets=secrets
        )
        self._own = own
        self._caller = Caller(Sender(http, endpoint, bounds), own.requests_per_minute)
        self._projects = Projects(self._caller)
        self._records = Records(own.name, self._caller, self._projects, ledger, now)
        self._writing = Writing(own, self._caller, self._projects, ledger, now)
        self._logs = LogReader(own.name, self._caller, self._records, bounds, spool)

    @property
    def platform(self) -> Platform:
        """The connection with its parts."""
        return Platform(
            connection=self._own.name,
            notified_by_default=self._own.notified_by_default,
            runs_nothing=True,
            sources=False,
            reads=self,
            addresses=read_in_address(self._own.address, ids.IN_ADDRESS, beside=True),
            terms=TERMS,
            launches=self,
            lists_launchers=self,
            run_logs=self,
            cancels=self,
            files=self._logs,
            guides=self,
            publishes=self._writing,
        )

    owns = staticmethod(ids.is_id)

    async def version(self) -> str:
        """Return the platform's release; the key is proved by a page of projects."""
        await self._caller.read(protocol.projects_request(None, 1))
        return version_of((await self._caller.read(protocol.status_request())).body)

    async def run(self, run_id: str) -> Run:
        """Return a run as far as it is known, or a result by itself."""
        return await self._records.run(run_id)

    async def results(self, run: Run) -> Results:
        """Return what is known of a run's results."""
        return await self._records.results(run)

    async def launchers(self) -> tuple[LauncherRow, ...]:
        """Return the projects."""
        return await self._projects.all()

    form = staticmethod(launching.form)
    parameters = staticmethod(launching.parameters)
    tested = staticmethod(launching.tested)
    group = staticmethod(launching.group)
    given = staticmethod(launching.given)
    cost = staticmethod(launching.cost)
    minutes = staticmethod(launching.minutes)
    notes = staticmethod(launching.notes)

    async def launch(self, request: LaunchRequest) -> LaunchOutcome:
        """Open a record to report into; sent once."""
        if request.launcher_key is None:
            return Refused(f"The project “{request.launcher[:60]}” was not looked up, so nothing was sent.")
        try:
            sent = dict(launching.parameters(request))
        except UserError as error:
            return Refused(error.problem)
        label = sent.pop("label", "")
        outcome = await self._writing.opened(request.launcher_key, label, sent)
        if isinstance(outcome, Started) and outcome.run_id is not None:
            await self._begin(outcome.run_id)
            return Started(outcome.run_id, await self._records.opened(outcome.run_id, request.launcher))
        return outcome

    async def _begin(self, run_id: str) -> None:
        """Say that the record is running; it can be reported into all the same where that fails."""
        try:
            await self._writing.begin(run_id)
        except ServiceError as error:
            log.warning("the record %s is open, but could not be set to running: %s", run_id, error)

    def lines(self, request: LaunchRequest, run_id: str) -> tuple[str, ...]:
        """Return lines for a shell that report into a record."""
        return launching.lines(self._own.address, request.launcher_key or "PROJECT_ID", run_id)

    def unable(self, run_id: str, /) -> str:
        """Say that a result is no run that could be completed."""
        return "This is a single result; only a test run can be completed." if ids.is_result(run_id) else ""

    async def cancel(self, run_id: str) -> None:
        """Complete a run: nothing goes on there that could be stopped."""
        if why := self.unable(run_id):
            raise NotAvailable(why)
        await self._writing.complete(run_id)

    narrows: frozenset[str] = frozenset({"check", "grep", "artifact", "file"})

    async def run_log(self, query: RunLogQuery, report: Report) -> LogExcerpt:
        """Return the end of the newest log of a failing result, or of the file that is named."""
        return await self._logs.log(query, report)
