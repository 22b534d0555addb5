"""What the server's language model makes of builds, and what is counted over many of them. Made up, and always the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count, pairwise
from typing import Any

from aiohttp import web

from adapters.simulator.common.answers import live, query
from adapters.simulator.common.ids import timestamp
from adapters.simulator.common.misbehave import Json
from adapters.simulator.testhide.access import refuse
from adapters.simulator.testhide.build import FAILED, Build, Job
from adapters.simulator.testhide.events import DONE, event
from adapters.simulator.testhide.part import ACCOUNT, API, Part, sent, whole
from adapters.simulator.testhide.results import failing

TOKENS = 1_000_000  # a month
A_QUESTION = 1_400  # tokens
RECENT = 10  # builds
BUILDS = 100  # that are looked at
RISKY = 0.3  # of its builds


FIXES = {
    "AssertionError": "Compare what the test expects with the change that this build tests",
    "TimeoutError": "Look at what the service waits for, or give it more time",
    "Memory": "Increase the heap or reduce parallelism",
    "Connection": "Start the service that the test talks to before the tests",
}
"""What is suggested, by a word of the message."""
NO_IDEA = "Look at the last lines of the pipeline log"


def _fix(message: str | None) -> str:
    return next((fix for word, fix in FIXES.items() if word in (message or "")), NO_IDEA)


class Model(Part):
    """One method per endpoint."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.used = 140_000
        self._sessions: set[str] = set()
        self._numbers = count(1)

    def table(self) -> list[web.RouteDef]:
        """Return the endpoints."""
        ai = API + "/ai"
        get = [
            ("/llm/status", self.status),
            ("/quota", self.quota),
            ("/summary/{build_id}", self.summary),
            ("/insights", self.insights),
            ("/emerging/latest", self.emerging),
            ("/emerging/history", self.emerged),
            ("/tests/health", self.health),
            ("/tests/{id}/health", self.one_health),
        ]
        post = [("/diagnose", self.diagnose), ("/chat", self.chat), ("/chat/stream", self.chat_stream)]
        return [
            *(web.get(ai + path, handler, allow_head=False) for path, handler in get),
            *(web.post(ai + path, handler) for path, handler in post),
        ]

    async def status(self, _request: web.Request) -> web.Response:
        """Say whether there is a model; asked without a licence too."""
        there = self.world.manners.ai
        features = ["chat", "investigation", "test_health"] if there else []
        return self.reply(
            {"provider": "simulated", "model": "sim-1", "available": there, "features": features}
        )

    async def quota(self, _request: web.Request) -> web.Response:
        """Say how much is left."""
        self._licensed()
        now = self.world.clock.now()
        resets = now.replace(
            year=now.year + now.month // 12, month=now.month % 12 + 1, day=1, hour=0, minute=0
        )
        body = {"tokens_used": self.used, "tokens_limit": TOKENS, "percent_used": self.used * 100 / TOKENS}
        return self.reply(body | {"resets_at": timestamp(resets.replace(second=0, microsecond=0))})

    async def diagnose(self, request: web.Request) -> web.Response:
        """Guess why a build failed."""
        self._licensed()
        body = await sent(request)
        build = self.build(request, body["build_id"])
        self._ask()
        failed = failing(build)[: body.get("max_tests", 20)]
        first = failed[0].message if failed else "no test failed; the command did"
        opinion = {
            "build_id": build.number,
            "root_cause": f"{first} (seen first in build {build.number})",
            "confidence": 0.87,
            "suggested_fix": _fix(first),
            "affected_tests": len(failed),
        }
        return self.reply(opinion)

    async def chat(self, request: web.Request) -> web.Response:
        """Answer a question; a session goes on."""
        self._licensed()
        body = await sent(request)
        session = body.get("session_id") or f"chat-{self.world.seed}-{next(self._numbers)}"
        if "session_id" in body and session not in self._sessions:
            raise refuse(404, "Session not found")
        self._sessions.add(session)
        said = self._said(request, body)
        sources = [f"{name}:{body[name + '_id']}" for name in ("build", "test") if name + "_id" in body]
        return self.reply({"session_id": session, "reply": said, "sources": sources})

    async def chat_stream(self, request: web.Request) -> web.StreamResponse:
        """Answer a question word by word."""
        self._licensed()
        said = self._said(request, await sent(request))

        async def words() -> AsyncIterator[bytes]:
            for word in said.split():
                yield event({"token": word + " "})
            yield DONE

        return await live(request, words(), self.world.clock)

    async def summary(self, request: web.Request) -> web.Response:
        """Sum a build up in a sentence."""
        self._licensed()
        build = self.build(request)
        said = (
            f"Build {build.number} of {build.job.name} is {build.status}; {len(failing(build))} tests failed."
        )
        return self.reply({"build_id": build.number, "summary": said})

    async def insights(self, request: web.Request) -> web.Response:
        """Sum a project up."""
        self._licensed()
        builds = self._ended(request)
        passed = sum(build.status != FAILED for build in builds)
        flaky = [
            {"test": name, "flake_rate": _flakes(self._of(job), name)}
            for name, _, job in self._rates(request)
        ]
        body: Json = {"project_id": self._project(request), "period_days": whole(request, "days") or 7}
        body |= {
            "build_pass_rate": passed / max(1, len(builds)),
            "top_flaky_tests": flaky[:5],
            "failure_patterns": [],
        }
        return self.reply(body)

    async def emerging(self, request: web.Request) -> web.Response:
        """Name the tests that fail more than they did."""
        self._licensed()
        threshold = float(query(request).get("threshold", 0.1))
        window = whole(request, "window") or RECENT
        return self.reply(
            {"emerging": [row for row, _ in self._grown(request, window) if row["delta"] >= threshold]}
        )

    async def emerged(self, request: web.Request) -> web.Response:
        """Name those that did so lately."""
        self._licensed()
        rows = [
            {"detected_at": detected, "test_id": row["test_id"], "name": row["name"], "delta": row["delta"],
             "resolved": False}
            for row, detected in self._grown(request, RECENT)
        ]  # fmt: skip
        return self.reply(rows)

    async def health(self, request: web.Request) -> web.Response:
        """List tests, the worst first."""
        self._licensed()
        rows = [
            {"test_id": job.case_ids[node_id], "name": node_id, "health_score": round(100 * (1 - rate)),
             "flake_rate": flakes, "trend": "worse", "risk": "high" if rate > RISKY else "low",
             "recommended_action": _advice(rate, flakes)}
            for node_id, rate, job in self._rates(request)
            for flakes in [_flakes(self._of(job), node_id)]
        ]  # fmt: skip
        return self.reply({"tests": rows[: whole(request, "limit") or 50]})

    async def one_health(self, request: web.Request) -> web.Response:
        """Show one test case's; its id is no result's."""
        self._licensed()
        number = self.ids.read(request.match_info["id"])
        for job in self.world.jobs.values():
            for node_id, case in job.case_ids.items():
                if case == number and request[ACCOUNT].sees(job.project):
                    return self.reply(self._one_health(job, node_id, case))
        raise refuse(404, "Test case not found")

    def _one_health(self, job: Job, node_id: str, case: int) -> Json:
        builds = self._of(job)
        failed = [build for build in builds if node_id in build.plan.failing]
        rate, flakes = _rate(builds, node_id), _flakes(builds, node_id)
        return {
            "test_id": case,
            "health_score": round(100 * (1 - rate)),
            "flake_rate": flakes,
            "failure_patterns": sorted({build.plan.failing[node_id] for build in failed}),
            "correlated_builds": [build.number for build in failed[:RECENT]],
            "recommendation": _advice(rate, flakes),
        }

    def _licensed(self) -> None:
        if not self.world.manners.ai:
            raise refuse(402, "The licence of this server does not include the AI features")

    def _ask(self) -> None:
        self.used += A_QUESTION

    def _said(self, request: web.Request, body: Json) -> str:
        self._ask()
        if "build_id" not in body:
            return f"You asked about this server, “{body['message']}”. Name a build, and I look at its tests."
        build = self.build(request, body["build_id"])
        failed = failing(build)
        found = (
            f"{len(failed)} of its tests failed, the first with {failed[0].message}"
            if failed
            else "None of its tests failed"
        )
        return f"You asked about {build.job.name} {build.number}, “{body['message']}”. {found}. {_fix(failed[0].message if failed else '')}."

    def _project(self, request: web.Request) -> int:
        number = self.ids.read(query(request)["project_id"])
        if number not in self.world.projects or not request[ACCOUNT].sees(number or 0):
            raise refuse(404, "Project not found")
        return number or 0

    def _ended(self, request: web.Request) -> list[Build]:
        project = self._project(request)
        return [build for build in self.world.builds() if build.job.project == project and build.ended][
            :BUILDS
        ]

    def _of(self, job: Job) -> list[Build]:
        return [build for build in self.world.builds() if build.job is job and build.ended][:BUILDS]

    def _rates(self, request: web.Request) -> list[tuple[str, float, Job]]:
        builds = self._ended(request)
        ran = {job.number: sum(build.job is job for build in builds) for job in self.world.jobs.values()}
        counts: dict[tuple[int, str], int] = {}
        for build in builds:
            for node_id in build.plan.failing:
                key = (build.job.number, node_id)
                counts[key] = counts.get(key, 0) + 1
        rates = [(name, times / ran[job], self.world.jobs[job]) for (job, name), times in counts.items()]
        enough = whole(request, "min_runs") or 1
        return sorted((r for r in rates if ran[r[2].number] >= enough), key=lambda r: (-r[1], r[0]))

    def _grown(self, request: web.Request, window: int) -> list[tuple[Json, str]]:
        rows = []
        for name, _, job in self._rates(request):
            builds = [build for build in self._ended(request) if build.job is job]
            recent, before = (_rate(part, name) for part in (builds[:window], builds[window:]))
            first = [build for build in builds[:window] if name in build.plan.failing]
            if first:
                row = {
                    "test_id": job.case_ids[name],
                    "name": name,
                    "baseline_rate": before,
                    "recent_rate": recent,
                }
                row |= {"delta": recent - before, "first_seen_build": first[-1].number}
                rows.append((row, timestamp(first[-1].created_at)))
        return rows


def _rate(builds: list[Build], node_id: str) -> float:
    return sum(node_id in build.plan.failing for build in builds) / max(1, len(builds))


def _flakes(builds: list[Build], node_id: str) -> float:
    """Return how often a test came out otherwise than in the build before."""
    failed = [node_id in build.plan.failing for build in builds]
    return sum(one != other for one, other in pairwise(failed)) / max(1, len(failed) - 1)


def _advice(rate: float, flakes: float) -> str:
    return "quarantine" if flakes > RISKY else "fix" if rate > RISKY else "watch"
