"""Records, results and files that are written, each with one request; what may be repeated does no harm then."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus

from adapters.platforms.automated_future import decode, protocol
from adapters.platforms.automated_future.projects import Projects
from adapters.platforms.automated_future.settings import CHECK_KEY, Team
from adapters.platforms.http.answers import check_done, error_of
from adapters.platforms.http.caller import Caller
from adapters.platforms.http.wire import Answer, NotSent, Request
from bot.errors import AccessRefused, NotAvailable, RateLimited, Rejected, ServiceError, UnexpectedAnswer
from bot.model import LaunchOutcome, Refused, RunRef, RunStatus, Started
from bot.ports import Ledger
from bot.publication import LedgerRun, PublishedCheck, PublishRequest, Upload

log = logging.getLogger(__name__)

NO_PROJECT = "The settings name no project to publish into: set project (AUTOMATED_FUTURE_PROJECT)."


class Writing:
    """Writes into one team's projects, and into the ledger what was written."""

    def __init__(
        self, own: Team, caller: Caller, projects: Projects, ledger: Ledger, now: Callable[[], datetime]
    ) -> None:
        self._own, self._caller, self._projects, self._ledger, self._now = own, caller, projects, ledger, now
        self._timed = True  # whether a result's time can be said when it is written

    @property
    def most(self) -> int:
        """How many results of one run are written at most."""
        return self._own.max_results

    async def target(self) -> str:
        """Name the project that runs are published into. Raises `NotAvailable`."""
        project = self._own.project
        if project is None:
            raise NotAvailable(NO_PROJECT)
        row = next((row for row in await self._projects.all() if row.key == project), None)
        if row is None:
            raise NotAvailable(f"The key does not see the project {project} of the settings.")
        if not row.enabled:
            raise NotAvailable(f"The project {row.name} ({project}) is inactive, so it takes no runs.")
        return f"{row.name} ({project})"

    async def open_record(self, request: PublishRequest) -> LaunchOutcome:
        """Open a record for a run that is published; sent once."""
        if self._own.project is None:
            return Refused(NO_PROJECT)
        return await self.opened(
            self._own.project,
            request.label,
            request.metadata,
            origin=request.source.text,
            series=request.series,
        )

    async def opened(
        self, project: str, label: str, metadata: Mapping[str, str], *, origin: str = "", series: str = ""
    ) -> LaunchOutcome:
        """Open a record, once, and write it into the ledger as soon as its id is known."""
        outcome = await self._caller.start(
            lambda: protocol.open_request(project, label, metadata), target="project", id_in=decode.opened_id
        )
        if isinstance(outcome, Started) and outcome.run_id is not None:
            record = LedgerRun(
                ref=RunRef(self._own.name, outcome.run_id),
                project=project,
                label=label,
                series=series or label or project,
                status=RunStatus.STARTING,
                created_at=self._now(),
                origin=origin,
            )
            await self._ledger.write_run(record)
        return outcome

    async def begin(self, run_id: str) -> None:
        """Say that it is running; may be repeated."""
        await self._say(protocol.run_request(run_id, protocol.RUNNING), "run")
        await self._standing(run_id, RunStatus.IN_PROGRESS)

    async def complete(self, run_id: str) -> None:
        """Say that everything is there; may be repeated."""
        await self._say(protocol.run_request(run_id, protocol.COMPLETED), "run")
        await self._standing(run_id, RunStatus.COMPLETED)

    async def _standing(self, run_id: str, status: RunStatus) -> None:
        record = await self._ledger.written_run(RunRef(self._own.name, run_id))
        if record is not None and record.ended_at is None:
            ended = self._now() if status.terminal else None
            await self._ledger.write_run(
                LedgerRun(
                    ref=record.ref,
                    project=record.project,
                    label=record.label,
                    series=record.series,
                    status=status,
                    created_at=record.created_at,
                    ended_at=ended,
                    origin=record.origin,
                )
            )

    async def write(self, run_id: str, check: PublishedCheck) -> str | None:
        """Write a result, once; None where it may be there and nobody can tell."""
        answer = await self._tried(run_id, check)
        if answer is not None and _refuses_time(answer, check, timed=self._timed):
            self._timed = False  # it was not written, so this doubles nothing
            answer = await self._tried(run_id, check)
        if answer is None:
            return None
        if answer.good:
            return decode.written_id(answer.body)
        status = answer.status
        if status < HTTPStatus.BAD_REQUEST or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return None
        if status == HTTPStatus.REQUEST_TIMEOUT:
            return None
        raise error_of(answer, what="project or run", check=CHECK_KEY)

    async def _tried(self, run_id: str, check: PublishedCheck) -> Answer | None:
        """Send a result, and return the answer; None where it was lost. Raises where it did not leave."""
        project = self._own.project
        if project is None:
            raise NotAvailable(NO_PROJECT)
        request = protocol.write_request(project, run_id, check, timed=self._timed)
        try:
            return await self._caller.once(request)
        except (NotSent, RateLimited, AccessRefused):
            raise
        except ServiceError:
            return None

    def unsaid(self, check: PublishedCheck) -> bool:
        """Whether something is left to say of a result."""
        return bool(check.message) or (not self._timed and check.took is not None)

    async def tell(self, result_id: str, check: PublishedCheck) -> None:
        """Say the rest of a result; may be repeated."""
        await self._say(protocol.tell_request(result_id, check, timed=self._timed), "result")

    async def announce_file(self, result_id: str, name: str, size: int) -> Upload:
        """Announce a text file; nobody sees it before it is confirmed."""
        if size > protocol.LARGEST_FILE:
            raise Rejected("The file is larger than Automated Future takes.")
        answer = await self._say(protocol.announce_request(result_id, name, size), "result")
        return Upload(*decode.announced(answer.body))

    async def send_file(self, upload: Upload, content: bytes) -> None:
        """Send its bytes to the object store."""
        answer = await self._caller.once(protocol.send_request(upload.address, content))
        if not answer.good:
            raise UnexpectedAnswer(f"The object store did not take the file ({answer.status}).")

    async def keep_file(self, file_id: str) -> None:
        """Let people see it; may be repeated."""
        await self._say(protocol.keep_request(file_id), "artifact")

    async def is_kept(self, result_id: str, file_id: str) -> bool:
        """Whether people see a file of a result: those that are not confirmed are not listed."""
        answer = await self._caller.read(protocol.artifacts_request(result_id), what="result")
        return any(item.file_id == file_id for item in decode.artifacts_of(answer.body))

    async def _say(self, request: Request, what: str) -> Answer:
        answer = await self._caller.once(request)
        check_done(answer, what=what, check=CHECK_KEY)
        return answer


def _refuses_time(answer: Answer, check: PublishedCheck, *, timed: bool) -> bool:
    """Whether a result was refused only because its time is not taken when it is written."""
    said = answer.body.decode("utf-8", "replace").casefold()
    named = "execution_time" in said or "execution time" in said
    return timed and check.took is not None and answer.status == HTTPStatus.BAD_REQUEST and named
