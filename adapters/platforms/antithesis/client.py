"""The Antithesis tenant API as a `Platform`: sends what `protocol` builds and hands back what it reads."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path

from adapters.configuration.table import secrets_in
from adapters.platforms.antithesis import launching, protocol
from adapters.platforms.antithesis.ids import (
    checked_moment,
    checked_run_id,
    is_assigned_id,
    is_run_id,
    older_than,
)
from adapters.platforms.antithesis.links import checked_report, commands, explorer_url, same_report
from adapters.platforms.antithesis.logs import LogReader
from adapters.platforms.antithesis.parameters import EVENT_DESCRIPTION
from adapters.platforms.antithesis.settings import CHECK_KEY, Tenant
from adapters.platforms.http.answers import check_done
from adapters.platforms.http.caller import Caller
from adapters.platforms.http.endpoint import Endpoint
from adapters.platforms.http.limits import Limits
from adapters.platforms.http.login import Key
from adapters.platforms.http.paging import Listed, shrinking, walk
from adapters.platforms.http.sender import Sender
from adapters.platforms.http.transport import Http
from adapters.platforms.http.wire import Request
from bot.cards import Link
from bot.errors import (
    ListCut,
    NotAvailable,
    NotFound,
    Rejected,
    ServiceError,
)
from bot.model import (
    Availability,
    Check,
    DebugRequest,
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
    RunStatus,
    Secret,
)
from bot.platform import Platform
from bot.ports import Report
from bot.terms import Noun, Terms

TERMS = Terms(
    platform="Antithesis",
    check=Noun("property", "properties"),
    run_id="9043254f65c9c65d63fe043a0abfc7fc-53-1",
)


class AntithesisService:
    """One tenant. `http` comes from `open_http` and is closed by whoever made it; `now` is the clock's.

    `spool` is the folder that windows of logs are written to. Up to `limits.reads` reads and
    `limits.streams` log streams go on at once, further calls wait.
    """

    def __init__(
        self,
        http: Http,
        tenant: Tenant,
        *,
        spool: Path,
        now: Callable[[], datetime],
        limits: Limits | None = None,
    ) -> None:
        bounds = limits or Limits()
        self._tenant, self._limits, self._now = tenant, bounds, now
        secrets = tuple(secrets_in(tenant))
        endpoint = Endpoint(
            address=tenant.address, login=Key(tenant.api_key), check=CHECK_KEY, secrets=secrets
        )
        self._caller = Caller(Sender(http, endpoint, bounds))
        self._reader = protocol.Reader(tenant.name, tenant.home, tenant.address)
        self._logs = LogReader(self._caller, bounds, spool)

    @property
    def platform(self) -> Platform:
        """The connection with its parts."""
        return Platform(
            connection=self._tenant.name,
            notified_by_default=self._tenant.notified_by_default,
            reads=self,
            terms=TERMS,
            lists=self,
            launches=self,
            finds_launched=self,
            moment_logs=self,
            run_logs=self,
            instances=self,
            elsewhere=self,
            debugs=self,
            cancels=self,
            reports=self,
        )

    owns = staticmethod(is_assigned_id)

    async def version(self) -> str:
        """Return the tenant's release, "" where it is too old to say."""
        try:
            return self._reader.version(await self._caller.read(protocol.version_request()))
        except NotFound:
            return ""

    async def runs(self, query: RunQuery) -> AsyncGenerator[tuple[Run, ...], None]:
        """Yield pages of runs, newest first."""

        async def read(after: str | None, size: int) -> Listed[Run]:
            return self._reader.runs(await self._caller.read(protocol.runs_request(query, after, size)))

        page = shrinking(read, self._reader.unread_run, protocol.PAGE)
        async with aclosing(walk(page, lambda run: run.ref, most=self._limits.pages)) as pages:
            async for runs in pages:
                yield runs

    async def run(self, run_id: str) -> Run:
        """Return one run."""
        return self._reader.run(await self._caller.read(protocol.run_request(run_id), what="run"))

    async def results(self, run: Run) -> Results:
        """Read all pages of a run's properties, or find out why there are none."""
        try:
            found = await self._properties(run)
        except NotFound:
            return Results(ref=run.ref, availability=await self._absence(run, empty=False))
        if not found.checks and found.whole:
            return Results(ref=run.ref, availability=await self._absence(run, empty=True))
        return found

    async def _properties(self, run: Run) -> Results:
        found: list[Check] = []
        lost = 0

        async def read(after: str | None, size: int) -> Listed[Check]:
            request = protocol.properties_request(run.ref.run_id, after, size)
            return self._reader.properties(await self._caller.read(request, what="run"))

        shrunk = shrinking(read, self._reader.unread_property, protocol.PAGE)

        async def page(after: str | None) -> Listed[Check]:
            nonlocal lost
            listed = await shrunk(after)
            lost += listed.lost
            return listed

        cut = False
        try:
            async with aclosing(walk(page, _same, most=self._limits.pages)) as pages:
                async for properties in pages:
                    found += properties
        except ListCut:
            cut = True
        return Results(
            ref=run.ref, availability=Availability.READY, checks=tuple(found), whole=not cut and not lost
        )

    async def _absence(self, run: Run, *, empty: bool) -> Availability:
        """Look at the run itself: a 404 alone does not tell "not yet" from "too old" and "no such run"."""
        try:
            current = await self.run(run.ref.run_id)
        except NotFound:
            return Availability.AGED_OUT
        return protocol.absence(current, self._now(), empty=empty)

    async def logs(self, query: LogQuery, report: Report) -> LogExcerpt:
        """Read the window before a moment, to the last line that is not later than it."""
        if query.moment.placeholder:
            raise NotAvailable("This run has no pinned failure moment, so there is no log before it.")
        try:
            return await self._logs.log(query, report)
        except NotFound:
            raise await self._no_log(query.run_id) from None
        except Rejected as error:
            if "moment" not in error.detail.lower():  # older releases answer 400 where newer ones answer 404
                raise
            raise await self._no_log(query.run_id) from None

    async def _no_log(self, run_id: str) -> ServiceError:
        run = await self.run(run_id)
        if run.status in {RunStatus.STARTING, RunStatus.CANCELLED}:
            return NotAvailable(f"This run is {_words(run)} and has no log.")
        return NotFound(
            "The run has no such moment. Moments go stale: list the failing properties again for a fresh one.",
            what="moment",
        )

    async def instances(self, run_id: str, name: str, most: int, report: Report) -> Instances:
        """Look for the events of a run that hold a property's name; without a number the platform gives 50."""
        try:
            found = await self._logs.events(run_id, name, most, report)
        except NotFound:
            run = await self.run(run_id)
            raise NotAvailable(f"No events of this run can be looked for ({_words(run)}).") from None
        limited = not older_than(run_id, protocol.EVENTS_LIMIT_SINCE)
        return found if limited or len(found.found) < protocol.EVENTS_AT_MOST else replace(found, more=True)

    def page(self, run: Run, moment: Moment, /) -> Link | None:
        """Return the Logs Explorer at a moment of the run's session."""
        if run.session_id is None or not is_run_id(run.session_id):
            return None
        home, at = self._tenant.home, checked_moment(moment)
        return Link("Logs Explorer", explorer_url(home, run.session_id, at))

    def commands(self, run: Run, moment: Moment, /) -> tuple[str, ...]:
        """Return what the platform's command line shows the moment with."""
        return commands(checked_run_id(run.ref.run_id), checked_moment(moment))

    narrows: frozenset[str] = frozenset()

    async def run_log(self, query: RunLogQuery, report: Report) -> LogExcerpt:
        """Return the last lines of a build log."""
        run_id = checked_run_id(query.run_id)
        if older_than(run_id, protocol.BUILD_LOGS_SINCE):
            raise NotAvailable(f"Runs before release {protocol.BUILD_LOGS_SINCE} have no build log.")
        try:
            return await self._logs.build_log(run_id, query.lines, report)
        except NotFound:
            run = await self.run(run_id)
            raise NotAvailable(f"There is no build log for this run ({_words(run)}).") from None

    form = staticmethod(launching.form)
    parameters = staticmethod(launching.parameters)
    tested = staticmethod(launching.tested)
    group = staticmethod(launching.group)
    given = staticmethod(launching.given)
    cost = staticmethod(launching.cost)
    minutes = staticmethod(launching.minutes)
    notes = staticmethod(launching.notes)

    async def launch(self, request: LaunchRequest) -> LaunchOutcome:
        """Start a test run; sent once."""
        return await self._launch(lambda: protocol.launch_request(request), target="launcher")

    async def debug(self, request: DebugRequest) -> LaunchOutcome:
        """Open a debugging session; sent once."""
        return await self._launch(lambda: protocol.debug_request(request), target="run or moment")

    async def _launch(self, build: Callable[[], Request], *, target: str) -> LaunchOutcome:
        return await self._caller.start(build, target=target, id_in=protocol.launched_id)

    async def find_launched(self, key: str, launcher: str, since: datetime) -> Run | None:
        """Look for the key in our own parameter, or in the description that debugging sessions carry it in."""
        query = RunQuery(launcher=launcher or None, created_after=since)
        return await self._search(query, lambda run: _carries(run, key))

    def unable(self, run_id: str, /) -> str:
        """Say that a run is too old to be stopped; an id that says no release is left to the platform."""
        old = older_than(run_id, protocol.CANCEL_SINCE)
        return f"Antithesis can stop runs from release {protocol.CANCEL_SINCE} on." if old else ""

    async def cancel(self, run_id: str) -> None:
        """Ask for a run to be stopped; sent once."""
        if why := self.unable(checked_run_id(run_id)):
            raise NotAvailable(why)
        answer = await self._caller.once(protocol.cancel_request(run_id))
        if answer.status in {HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND}:
            raise await self._not_stopped(run_id, conflict=answer.status == HTTPStatus.CONFLICT)
        check_done(answer, what="run", check=CHECK_KEY)

    async def _not_stopped(self, run_id: str, *, conflict: bool) -> NotAvailable:
        """Say why a run was not stopped, by what it is now; that it was not is certain, whether that can be read or not.

        Raises `NotFound` where there is no such run.
        """
        try:
            run = await self.run(run_id)
        except ServiceError as error:
            if isinstance(error, NotFound) and not conflict:
                raise
            told = "has already ended" if conflict else "cannot be stopped, or does not exist"
            return NotAvailable(f"The platform says that the run {told}.")
        if conflict and run.status.terminal:
            return NotAvailable(f"The run has already ended ({_words(run)}), so there is nothing to stop.")
        return NotAvailable(f"The platform cannot stop this run ({_words(run)}).")

    async def report_link(self, run_id: str) -> Secret | None:
        """Return the signed link as it is served now."""
        return (await self.run(run_id)).report_url

    async def find_run(self, *, report_url: str | None = None, session_id: str | None = None) -> Run | None:
        """Look through the newest thousand runs; the part of a link before its signature stays the same."""
        link = checked_report(report_url, self._tenant.home, self._tenant.address)
        session = session_id if session_id and is_run_id(session_id) else None
        if link is None and session is None:
            return None
        wanted = link.reveal() if link else None
        return await self._search(RunQuery(), lambda run: _is_meant(run, wanted, session))

    async def _search(self, query: RunQuery, fits: Callable[[Run], bool]) -> Run | None:
        """Return the first run that fits among the newest pages."""
        left = self._limits.search_pages
        async with aclosing(self.runs(query)) as pages:
            async for page in pages:
                found = next((run for run in page if fits(run)), None)
                left -= 1
                if found is not None or not left:
                    return found
        return None


def _same(listed: Check) -> Hashable:
    """Return what makes two listed properties one; their samples may differ from one reading to the next."""
    return listed.name, listed.group, listed.status


def _carries(run: Run, key: str) -> bool:
    texts = (run.parameters.get(EVENT_DESCRIPTION), run.description)
    return run.parameters.get(launching.KEY) == key or any(key in text for text in texts if text)


def _is_meant(run: Run, wanted: str | None, session: str | None) -> bool:
    if wanted and run.report_url and same_report(run.report_url.reveal(), wanted):
        return True
    return session is not None and run.session_id == session


def _words(run: Run) -> str:
    return run.status_text.replace("_", " ")
