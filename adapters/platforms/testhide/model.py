"""The model behind a server: opinions on builds, talk, and which tests it calls flaky. What costs tokens is sent once.

Whether a server has it is a matter of its licence; what such a call answers without one is not documented.
"""

from __future__ import annotations

import math
from http import HTTPStatus

import msgspec

from adapters.platforms.http.answers import detail_of, error_of
from adapters.platforms.http.caller import Caller
from adapters.platforms.http.lenient import NULL, exact, read, read_struct, time_of
from adapters.platforms.http.text import shown
from adapters.platforms.http.wire import Answer, Request
from adapters.platforms.testhide import protocol
from adapters.platforms.testhide.decode import full_name
from adapters.platforms.testhide.jobs import Jobs
from adapters.platforms.testhide.settings import CHECK_KEY
from bot.errors import NotAvailable, ServiceError, UnexpectedAnswer
from bot.triage import Budget, Diagnosis, FlakyCheck, ModelAnswer, Question

GATED = frozenset({HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN})
BEST = 100.0  # health
PROJECTS = 5  # whose flaky tests are asked for at once
_LINES, _LINE = 60, 1_000  # of a text that the model wrote
_SOURCES, _WORD = 20, 80
_LONGEST_SESSION = 200  # characters
NOT_ALLOWED = (
    "Testhide does not offer this here: its licence may lack the AI features, or Clew's account the right."
)


class _Diagnosis(msgspec.Struct):
    root_cause: str | None = None
    confidence: float | None = None
    suggested_fix: str | None = None
    affected_tests: int | None = None


class _Reply(msgspec.Struct):
    reply: str
    session_id: msgspec.Raw = NULL
    sources: list[msgspec.Raw] = []


class _Quota(msgspec.Struct):
    percent_used: float
    resets_at: str | None = None


class _Emerging(msgspec.Struct):
    emerging: list[msgspec.Raw]


class _Health(msgspec.Struct):
    tests: list[msgspec.Raw]


class _Rates(msgspec.Struct):
    """A test that the model speaks of, in either of its lists."""

    name: str
    baseline_rate: float | None = None
    recent_rate: float | None = None
    health_score: float | None = None
    flake_rate: float | None = None
    recommended_action: str | None = None


class Model:
    """Fills `bot.platform.Diagnoses`, `bot.platform.Asks` and `bot.platform.FindsFlaky`."""

    rated_by = "project"

    def __init__(self, caller: Caller, jobs: Jobs) -> None:
        self._caller, self._jobs = caller, jobs

    async def diagnose(self, run_id: str) -> Diagnosis:
        """Return the model's opinion of why a build failed, and how much of its tokens is used."""
        found = read_struct((await self._once(protocol.diagnose_request(run_id), "run")).body, _Diagnosis)
        if found is None or not found.root_cause:
            raise UnexpectedAnswer("Testhide's model answered with something that is not a diagnosis.")
        return Diagnosis(
            cause=_text(found.root_cause),
            confidence=_within(found.confidence),
            fix=_text(found.suggested_fix or ""),
            affected=found.affected_tests if (found.affected_tests or 0) >= 0 else None,
            budget=await self._budget(),
        )

    async def ask(self, question: Question) -> ModelAnswer:
        """Return what the model answers; what the thread is about goes along in words, since ids of tests differ."""
        about = f"\n\n(About the test {question.check}.)" if question.check else ""
        request = protocol.chat_request(question.text + about, question.run_id, question.conversation)
        found = read_struct((await self._once(request, "run")).body, _Reply)
        if found is None:
            raise UnexpectedAnswer("Testhide's model answered with something that is not a reply.")
        sources = (shown(read(raw, str) or "", _WORD) for raw in found.sources[:_SOURCES])
        return ModelAnswer(
            text=_text(found.reply),
            conversation=_session(found.session_id) or question.conversation,
            sources=tuple(source.replace(":", " ", 1) for source in sources if source),
        )

    async def flaky(self, launcher_key: str) -> tuple[FlakyCheck, ...]:
        """Return the flaky tests of a job's project, of all projects for "": the server rates them by project."""
        projects = await self._jobs.projects_of(launcher_key)
        if not projects:
            raise NotAvailable(
                "Testhide does not say which project this belongs to, and rates tests by project."
            )
        found: dict[str, FlakyCheck] = {}
        for project in projects[:PROJECTS]:
            found |= await self._of_project(project)
        return tuple(found.values())

    async def _of_project(self, project: str) -> dict[str, FlakyCheck]:
        emerging = read_struct(
            (await self._once(protocol.emerging_request(project), "project")).body, _Emerging
        )
        unhealthy = protocol.health_of_tests_request(project)
        health = read_struct((await self._once(unhealthy, "project")).body, _Health)
        if emerging is None or health is None:
            raise UnexpectedAnswer("Testhide answered with something that is not a list of tests.")
        rated = {one.name: one for raw in health.tests if (one := read_struct(raw, _Rates))}
        worse = {one.name: one for raw in emerging.emerging if (one := read_struct(raw, _Rates))}
        shaky = {name for name, one in rated.items() if (one.flake_rate or 0) > 0}
        return {
            full_name(name): _check(name, worse.get(name), rated.get(name))
            for name in (*worse, *sorted(shaky))
        }

    async def _budget(self) -> Budget | None:
        try:
            found = read_struct((await self._caller.read(protocol.quota_request())).body, _Quota)
        except ServiceError:  # the opinion is there all the same
            return None
        if found is None or not math.isfinite(found.percent_used):
            return None
        return Budget(percent_used=found.percent_used, resets_at=time_of(found.resets_at))

    async def _once(self, request: Request, what: str) -> Answer:
        """Return a good answer; what a licence may lack is said in words."""
        answer = await self._caller.once(request)
        if answer.status in GATED:
            raise NotAvailable(NOT_ALLOWED, detail=detail_of(answer))
        if not answer.good:
            raise error_of(answer, what=what, check=CHECK_KEY)
        return answer


def _session(raw: msgspec.Raw) -> str:
    """Return the id of a talk as it goes back into a body, "" where there is none."""
    text = exact(raw)
    return text if text.isprintable() and len(text) <= _LONGEST_SESSION else ""


def _check(name: str, worse: _Rates | None, rated: _Rates | None) -> FlakyCheck:
    return FlakyCheck(
        name=full_name(name),
        emerging=worse is not None,
        rate=_within(worse.recent_rate if worse else rated.flake_rate if rated else None),
        rate_before=_within(worse.baseline_rate) if worse else None,
        health=_within(rated.health_score, BEST) if rated else None,
        advice=shown((rated.recommended_action if rated else None) or "", _LINE),
    )


def _within(value: float | None, most: float = 1.0) -> float | None:
    """Return a number from 0 to `most`, None for what is none."""
    return value if value is not None and 0 <= value <= most else None


def _text(text: str) -> str:
    """Return what the model wrote, line by line, without the secrets that it may repeat."""
    return "\n".join(shown(line, _LINE) for line in text.splitlines()[:_LINES])
