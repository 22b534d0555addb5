"""A platform that runs are written into, in memory: it keeps what it is told, lists nothing, judges, and loses answers.

It fills `bot.platform.Publishes`. A record that is completed keeps the counts of that moment. Whatever a real platform
would refuse, or a client must not do, is collected in `violations`.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from enum import Enum

from bot.errors import NotFound, RateLimited, Rejected, Unreachable
from bot.model import LaunchOutcome, Refused, Results, Run, Secret, Started, Unclear
from bot.platform import Platform
from bot.publication import PublishedCheck, PublishRequest, Upload
from tests.fakes.clock import ManualClock
from tests.fakes.crash import Crash
from tests.fakes.service import FakeRunService

A_SECOND = 5  # requests
SLACK = 1e-6


class Answer(Enum):
    """How the next request goes."""

    NORMAL = "done, and the answer says so"
    LOST_REPLY = "done, and the answer is lost"
    LOST_REQUEST = "not done, and nobody can tell"
    LATER = "not done, and asked to wait"
    REFUSED = "never taken"
    DIES_BEFORE = "our process dies before it leaves"
    DIES_AFTER = "our process dies after it was done"


@dataclass(slots=True)
class Record:
    """One run as it was told. `counts`: what it held when it was completed."""

    request: PublishRequest
    status: str = "Pending"
    counts: Counter[str] | None = None


@dataclass(slots=True)
class Result:
    """One result as it was told."""

    run_id: str
    check: PublishedCheck
    message: str = ""
    files: dict[str, bytes | None] = field(default_factory=dict)  # what is kept, by id
    waiting: dict[str, bytes | None] = field(default_factory=dict)


class FakeRecords:
    """One connection that takes runs. `long`: whether a result's time has to be told on its own."""

    def __init__(self, clock: ManualClock, *, connection: str = "af", most: int = 500) -> None:
        self.clock = clock
        self.connection = connection
        self.most = most
        self.records: dict[str, Record] = {}
        self.results: dict[str, Result] = {}
        self.next: deque[Answer] = deque()
        self.losing = 0  # so many answers to results are lost
        self.violations: list[str] = []
        self.sent: list[float] = []
        self._number = 0

    @property
    def platform(self) -> Platform:
        """The connection with the one part that matters here."""
        reads = FakeRunService(connection=self.connection)
        return Platform(
            connection=self.connection, notified_by_default=False, reads=_Reads(self, reads), publishes=self
        )

    def written(self, run_id: str) -> Counter[str]:
        """Return how often each check is there."""
        return Counter(r.check.name for r in self.results.values() if r.run_id == run_id)

    # bot.platform.Publishes ---------------------------------------------------------------------

    async def target(self) -> str:
        return "My Project (project_abc123)"

    async def open_record(self, request: PublishRequest) -> LaunchOutcome:
        how = self._take()
        if how in {Answer.LATER, Answer.REFUSED}:
            return Refused("not now")
        if how is Answer.LOST_REQUEST:
            return Unclear("No answer came.")
        self._judge(
            any(r.request.source == request.source for r in self.records.values()), "a record was doubled"
        )
        run_id = self._new("run")
        self.records[run_id] = Record(request)
        self._die(how)
        return Unclear("No answer came.") if how is Answer.LOST_REPLY else Started(run_id)

    async def begin(self, run_id: str) -> None:
        how = self._repeatable()
        self._open(run_id).status = "Running"
        self._done(how)

    async def write(self, run_id: str, check: PublishedCheck) -> str | None:
        how = self._take()
        if self.losing:
            self.losing, how = self.losing - 1, Answer.LOST_REPLY
        if how is Answer.REFUSED:
            raise Rejected("The name is too odd.")
        if how is Answer.LATER:
            raise RateLimited("Wait.", retry_after=1.0)
        if how is Answer.LOST_REQUEST:
            return None
        self._judge(self._open(run_id).status != "Running", "a result before the record runs")
        result_id = self._new("res")
        self.results[result_id] = Result(run_id, check)
        self._judge(self.written(run_id)[check.name] > 2, f"{check.name} was written more than twice")
        self._die(how)
        return None if how is Answer.LOST_REPLY else result_id

    def unsaid(self, check: PublishedCheck) -> bool:
        return bool(check.message)

    async def tell(self, result_id: str, check: PublishedCheck) -> None:
        how = self._repeatable()
        self._result(result_id).message = check.message
        self._done(how)

    async def announce_file(self, result_id: str, name: str, size: int) -> Upload:
        how = self._repeatable()
        self._judge(not name or size < 1, "a file without a name or content")
        file_id = self._new("art")
        self._result(result_id).waiting[file_id] = None
        self._done(how)
        return Upload(file_id, Secret(f"https://files.example/{file_id}?X-Amz-Signature=s3cr3t"))

    async def send_file(self, upload: Upload, content: bytes) -> None:
        how = self._repeatable(counts=False)
        self._of_file(upload.file_id).waiting[upload.file_id] = content
        self._done(how)

    async def keep_file(self, file_id: str) -> None:
        how = self._repeatable()
        result = self._of_file(file_id)
        if file_id in result.waiting:
            content = result.waiting.pop(file_id)
            self._judge(content is None, "a file was kept without its content")
            result.files[file_id] = content
        self._done(how)

    async def is_kept(self, result_id: str, file_id: str) -> bool:
        self._done(self._repeatable())
        return file_id in self._result(result_id).files

    async def complete(self, run_id: str) -> None:
        how = self._repeatable()
        record = self.records[run_id]
        record.status, record.counts = "Completed", record.counts or self.written(run_id)
        self._done(how)

    # Inside -------------------------------------------------------------------------------------

    def _take(self, *, counts: bool = True) -> Answer:
        how = self.next.popleft() if self.next else Answer.NORMAL
        if how is Answer.DIES_BEFORE:
            raise Crash
        if counts:
            self.sent.append(self.clock.monotonic())
            recent = [at for at in self.sent if at > self.sent[-1] - 1 + SLACK]
            self._judge(len(recent) > A_SECOND, "more than five requests in a second")
        return how

    def _repeatable(self, *, counts: bool = True) -> Answer:
        how = self._take(counts=counts)
        if how is Answer.LATER:
            raise RateLimited("Wait.", retry_after=1.0)
        if how in {Answer.LOST_REQUEST, Answer.REFUSED}:
            raise Unreachable("No answer came.")
        return how

    def _done(self, how: Answer) -> None:
        self._die(how)
        if how is Answer.LOST_REPLY:
            raise Unreachable("No answer came.")

    def _die(self, how: Answer) -> None:
        if how is Answer.DIES_AFTER:
            raise Crash

    def _open(self, run_id: str) -> Record:
        record = self.records.get(run_id)
        if record is None:
            raise NotFound("There is no such run.", what="run")
        self._judge(record.status == "Completed", "something was written after the record was complete")
        return record

    def _result(self, result_id: str) -> Result:
        result = self.results[result_id]
        self._judge(self.records[result.run_id].status == "Completed", "a result was changed after the end")
        return result

    def _of_file(self, file_id: str) -> Result:
        return next(r for r in self.results.values() if file_id in r.waiting or file_id in r.files)

    def _judge(self, wrong: bool, what: str) -> None:
        if wrong:
            self.violations.append(what)

    def _new(self, what: str) -> str:
        self._number += 1
        return f"{what}_{self._number:06d}"


@dataclass(frozen=True, slots=True)
class _Reads:
    """Only says whether it answers."""

    records: FakeRecords
    service: FakeRunService

    def owns(self, run_id: str, /) -> bool:
        return run_id.startswith("run_")

    async def version(self) -> str:
        self.records._done(self.records._repeatable())
        return "0.1.0"

    async def run(self, run_id: str) -> Run:
        raise NotFound(f"There is no {run_id}.", what="run")

    async def results(self, run: Run) -> Results:
        raise NotImplementedError
