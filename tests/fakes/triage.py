"""What a platform in memory offers for working on failures: it keeps what it is told, judges it and can misbehave."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.errors import NotAvailable, NotFound, ServiceError, UnexpectedAnswer
from bot.model import LaunchOutcome, LaunchRequest, Refused
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
    ModelAnswer,
    Quarantined,
    QuarantineRequest,
    Question,
    Readiness,
    ReportedCheck,
    RerunRequest,
    RerunScope,
)

if TYPE_CHECKING:
    from tests.fakes.service import FakeRunService

A_DIAGNOSIS = Diagnosis(
    cause="OOM in test worker", confidence=0.87, fix="Increase the heap or reduce parallelism", affected=14
)


@dataclass(kw_only=True)
class FakeTriage:
    """The parts for failures of one platform. `refused`: the parts of a classification that it does not take."""

    service: FakeRunService
    scopes: frozenset[RerunScope] = frozenset(RerunScope)
    kinds: tuple[str, ...] = ("product_bug", "infra", "flaky", "test_bug", "no_defect")
    reasons: tuple[str, ...] = ("flaky", "infra", "wip")
    usual: tuple[str, str] = ("", "")
    diagnosis: Diagnosis = A_DIAGNOSIS
    says: str = "agent-01 has 8 GB of memory, the other nodes 16 GB."
    sources: tuple[str, ...] = ("build 1026",)
    shaky: tuple[FlakyCheck, ...] = ()
    rated_by: str = ""
    there: tuple[Agent, ...] = ()
    rated: dict[str, Readiness] = field(default_factory=dict)  # by version
    groups: tuple[Cluster, ...] = ()
    results: dict[str, AgentResult] = field(
        default_factory=dict
    )  # of agents' tasks, by the id of their start
    refused: frozenset[str] = frozenset()
    reruns: list[RerunRequest] = field(default_factory=list)
    diagnosed: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    classified: list[Classification] = field(default_factory=list)
    changes: list[QuarantineRequest] = field(default_factory=list)
    invoked: list[AgentRequest] = field(default_factory=list)
    files: dict[bytes, AttachedReport] = field(default_factory=dict)  # what report files say, by their bytes
    lines: dict[str, tuple[str, ...]] = field(default_factory=dict)  # branches by the launcher's key
    most_branches: int = 100  # of one list
    asked: list[tuple[str, str]] = field(default_factory=list)  # for branches: of what, and how they begin
    windows: list[int] = field(default_factory=list)  # days that clusters were asked for
    looked: list[str] = field(default_factory=list)  # launchers that flaky checks were asked for
    held: dict[str, list[Quarantined]] = field(default_factory=lambda: defaultdict(list))
    _talks: int = 0
    _faults: dict[str, deque[ServiceError]] = field(default_factory=lambda: defaultdict(deque))

    def fail(self, method: str, error: ServiceError) -> None:
        """Let the next call of a method raise this error."""
        assert callable(getattr(self, method, None)), f"there is no method {method}"
        self._faults[method].append(error)

    def quarantines(self, launcher_key: str, *checks: str, since: datetime | None = None) -> None:
        """Put checks into the quarantine of a launcher."""
        old = self.service.now - timedelta(days=42)
        self.held[launcher_key] += [Quarantined(check=c, reason="flaky", since=since or old) for c in checks]

    async def rerun(self, request: RerunRequest) -> LaunchOutcome:
        """Start a run like it, the way `next_launch` of the platform says."""
        run = await self.service.run(request.run_id)
        self.judge(not run.status.terminal, "a rerun of a run that goes on")
        self.judge(request.scope not in self.scopes, f"a rerun of {request.scope}")
        self.reruns.append(request)
        return self.service.start_like(run, f"rerun {len(self.reruns)}")

    async def diagnose(self, run_id: str) -> Diagnosis:
        """Return the opinion that the test gave it."""
        self._enter("diagnose")
        await self.service.run(run_id)
        self.diagnosed.append(run_id)
        return self.diagnosis

    async def ask(self, question: Question) -> ModelAnswer:
        """Answer, in a talk of its own or in the one that the question names."""
        self._enter("ask")
        known = {f"talk-{number}" for number in range(1, self._talks + 1)} | {None}
        self.judge(question.conversation not in known, "a talk that was never begun")
        self.judge(not question.text.strip(), "an empty question")
        self.questions.append(question)
        if question.conversation is None:
            self._talks += 1
        talk = question.conversation or f"talk-{self._talks}"
        return ModelAnswer(text=self.says, conversation=talk, sources=self.sources)

    async def classify(self, wanted: Classification) -> Classified:
        """Keep what it takes of it."""
        self._enter("classify")
        results = await self.service.results(await self.service.run(wanted.run_id))
        known = {check.ref for check in results.checks if check.name == wanted.check}
        self.judge(wanted.ref not in known, f"a result that is none of {wanted.check}: {wanted.ref}")
        self.judge(bool(wanted.kind) and wanted.kind not in self.kinds, f"not a kind: {wanted.kind}")
        self.judge(
            bool(wanted.defect_key) != bool(wanted.defect_url), "a defect lacks its key or its address"
        )
        parts = {"kind": wanted.kind, "defect": wanted.defect_key, "note": wanted.note}
        taken = tuple(name for name, value in parts.items() if value and name not in self.refused)
        if not taken:
            raise NotAvailable("Nothing of it was taken.")
        self.classified.append(wanted)
        whole = all(name in taken for name, value in parts.items() if value)
        return Classified(taken=taken, refused="" if whole else "this token may not do that")

    async def quarantined(self, launcher_key: str) -> tuple[Quarantined, ...]:
        """Return what is quarantined there."""
        self._enter("quarantined")
        return tuple(self.held[launcher_key])

    async def quarantine(self, request: QuarantineRequest) -> LaunchOutcome:
        """Put a check in or take it out."""
        held = self.held[request.launcher_key]
        there = [entry for entry in held if entry.check == request.check]
        self.judge(request.remove and not there, f"not quarantined: {request.check}")
        self.judge(
            not request.remove and request.reason not in self.reasons, f"not a reason: {request.reason}"
        )
        outcome = self.service.take_only()
        if isinstance(outcome, Refused):
            return outcome
        self.changes.append(request)
        if request.remove:
            self.held[request.launcher_key] = [entry for entry in held if entry not in there]
        else:
            self.quarantines(request.launcher_key, request.check, since=self.service.now)
        return outcome

    async def reported(self, run_id: str, check: str) -> ReportedCheck | None:
        """Know of no file of a run."""
        del run_id, check
        return None

    async def read(self, pieces: AsyncIterator[bytes], /) -> AttachedReport:
        """Return what the test says that a file of these bytes says."""
        content = b"".join([piece async for piece in pieces])
        if content not in self.files:
            raise UnexpectedAnswer("It is not one of the files of this test.")
        return self.files[content]

    async def branches(self, launcher_key: str, beginning: str) -> Branches:
        """Return the branches that the test gave it."""
        self.asked.append((launcher_key, beginning))
        self._enter("branches")
        own = self.lines.get(launcher_key, ()) if launcher_key else sum(self.lines.values(), ())
        found = [name for name in own if name.startswith(beginning)]
        return Branches(names=tuple(found[: self.most_branches]), whole=len(found) < self.most_branches)

    async def flaky(self, launcher_key: str) -> tuple[FlakyCheck, ...]:
        """Return the checks that the test gave it."""
        self._enter("flaky")
        self.looked.append(launcher_key)
        return self.shaky

    async def readiness(self, version: str) -> Readiness:
        """Return the rating that the test gave it."""
        self._enter("readiness")
        self.judge(not version.strip(), "a rating of no version")
        if version not in self.rated:
            raise NotFound("The platform has no such version (404).", what="version")
        return self.rated[version]

    async def clusters(self, days: int) -> tuple[Cluster, ...]:
        """Return the groups that the test gave it."""
        self._enter("clusters")
        self.judge(days < 1, f"clusters of {days} days")
        self.windows.append(days)
        return self.groups

    async def agents(self) -> tuple[Agent, ...]:
        """Return the agents that there are."""
        self._enter("agents")
        return self.there

    def about(self, run_id: str, /) -> Mapping[str, str]:
        """Return the parameter that names a run."""
        return {"executionId": run_id}

    async def result(self, started: str) -> AgentResult:
        """Return the result that the test gave it."""
        self._enter("result")
        if started not in self.results:
            raise NotFound("The platform has no such execution (404).", what="run")
        return self.results[started]

    async def invoke(self, request: AgentRequest) -> LaunchOutcome:
        """Set one to work, the way `next_launch` of the platform says."""
        self.judge(request.agent not in {agent.id for agent in self.there}, f"no agent: {request.agent}")
        self.invoked.append(request)
        run = self.service.new_run(LaunchRequest(launcher="agent", key=request.task))
        return self.service.take(f"agent {len(self.invoked)}", run, hidden=True)

    def judge(self, wrong: bool, what: str) -> None:
        """Note what a real platform would never be sent."""
        if wrong:
            self.service.violations.append(what)

    def _enter(self, method: str) -> None:
        if self._faults[method]:
            raise self._faults[method].popleft()
