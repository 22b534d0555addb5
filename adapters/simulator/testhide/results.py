"""Tests and quarantine: what failed, what became of it before, and what people say of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from aiohttp import web

from adapters.simulator.common.answers import query
from adapters.simulator.common.ids import timestamp
from adapters.simulator.common.misbehave import Json
from adapters.simulator.testhide.access import refuse
from adapters.simulator.testhide.build import FAILED, PASSED, Build, Job, Result, count
from adapters.simulator.testhide.part import ACCOUNT, API, Part, sent, whole
from adapters.simulator.testhide.world import Entry


class Results(Part):
    """One method per endpoint."""

    def table(self) -> list[web.RouteDef]:
        """Return the endpoints."""
        one, quarantine = API + "/tests/{test_id}", API + "/quarantine"
        return [
            web.get(API + "/report/{build_id}", self.report, allow_head=False),
            web.get(API + "/tests", self.listed, allow_head=False),
            web.get(one + "/history", self.history, allow_head=False),
            web.post(one + "/classification", self.classify),
            web.post(one + "/defect", self.defect),
            web.post(one + "/resolution", self.resolution),
            web.post(one + "/known-issue", self.known_issue),
            web.get(quarantine, self.quarantined, allow_head=False),
            web.post(quarantine, self.quarantine),
            web.post(quarantine + "/bulk", self.bulk),
            web.get(quarantine + "/stats", self.stats, allow_head=False),
            web.get(quarantine + "/nodeids", self.node_ids, allow_head=False),
        ]

    async def report(self, request: web.Request) -> web.Response:
        """Sum up a build's results, quarantined ones too."""
        build = self.build(request)
        results = build.results(self.world.settle())
        suites: dict[str, Counter[str]] = {}
        for result in results:
            suites.setdefault(result.suite, Counter())[result.status] += 1
        rows = [{"name": name, "passed": n[PASSED], "failed": n[FAILED]} for name, n in suites.items()]
        body: Json = {"build_id": build.number, "total": len(results)} | count(results)
        body |= {"duration_s": build.took or 0, "suites": rows}
        return self.reply(body | build.plan.views.get("report", {}))

    async def listed(self, request: web.Request) -> web.Response:
        """List results of a build."""
        asked = query(request)
        build = self.build(request, asked["build_id"])
        found = [
            result
            for result in build.results(self.world.settle())
            if asked.get("status") in {None, result.status}
            and asked.get("suite") in {None, result.suite}
            and asked.get("search", "") in result.node_id
        ]
        rows = [_row(result) for result in self.page(request, found, 50)]
        return self.reply({"total": len(found), "results": rows})

    async def history(self, request: web.Request) -> web.Response:
        """Show what became of a test in the builds of its job, newest first."""
        build, wanted = self.result(request)
        now = self.world.clock.now()
        limit = whole(request, "limit") or 20
        found: list[Json] = []
        for other in self.builds(request):
            if len(found) < limit and other.job is build.job:
                statuses = [r.status for r in other.results(now) if r.node_id == wanted.node_id]
                found += [{"build_id": other.number, "status": status} for status in statuses]
        return self.reply({"node_id": wanted.node_id, "history": found})

    async def classify(self, request: web.Request) -> web.Response:
        """Say what kind of failure it is."""
        return await self._said(request, "set_by")

    async def defect(self, request: web.Request) -> web.Response:
        """Name the defect behind it."""
        return await self._said(request)

    async def resolution(self, request: web.Request) -> web.Response:
        """Say how it was resolved."""
        return await self._said(request, "set_by")

    async def known_issue(self, request: web.Request) -> web.Response:
        """Say that it is known."""
        return await self._said(request, auto_classify_future=True)

    async def quarantined(self, request: web.Request) -> web.Response:
        """List a job's quarantined tests."""
        return self.reply([_entry(entry) for entry in self._entries(request)])

    async def quarantine(self, request: web.Request) -> web.Response:
        """Put a test into quarantine."""
        body = await sent(request)
        made = self.world.put_away(self.job(request, body["job_id"]), body["node_id"], body["reason"])
        if made is None:
            raise refuse(409, "Test is already quarantined")
        return self.reply(_entry(made), 201)

    async def bulk(self, request: web.Request) -> web.Response:
        """Put many tests in or take them out."""
        body = await sent(request)
        job = self.job(request, body["job_id"])
        act, name = (self._add, "added") if body["action"] == "add" else (self._take_out, "removed")
        done = sum(act(job, node_id) for node_id in body["node_ids"])
        return self.reply({name: done, "skipped": len(body["node_ids"]) - done})

    async def stats(self, request: web.Request) -> web.Response:
        """Count them by reason."""
        entries, now = self._entries(request), self.world.clock.now()
        reasons = dict.fromkeys(("flaky", "infra", "wip"), 0) | Counter(entry.reason for entry in entries)
        oldest = max(((now - entry.at).days for entry in entries), default=0)
        return self.reply({"total": len(entries), "by_reason": reasons, "oldest_days": oldest})

    async def node_ids(self, request: web.Request) -> web.Response:
        """List their names alone."""
        return self.reply({"node_ids": [entry.node_id for entry in self._entries(request)]})

    def _entries(self, request: web.Request) -> list[Entry]:
        job = self.job(request, query(request)["job_id"])
        return list(self.world.quarantine[job.number].values())

    def _add(self, job: Job, node_id: str) -> bool:
        return self.world.put_away(job, node_id, "flaky") is not None

    def _take_out(self, job: Job, node_id: str) -> bool:
        return self.world.quarantine[job.number].pop(node_id, None) is not None

    async def _said(self, request: web.Request, *signed: str, **more: Any) -> web.Response:
        build, result = self.result(request)
        body = await sent(request)
        self.world.said.append((build.number, result.node_id, body))
        authors = dict.fromkeys(signed, request[ACCOUNT].email)
        return self.reply({"test_id": result.number} | body | authors | more)


def _row(result: Result) -> Json:
    return {
        "id": result.number,
        "node_id": result.node_id,
        "status": result.status,
        "duration_ms": result.duration_ms,
        "message": result.message,
    }


def _entry(entry: Entry) -> Json:
    shown: dict[str, Any] = {"id": entry.number, "node_id": entry.node_id, "reason": entry.reason}
    return shown | {"quarantined_at": timestamp(entry.at)}


def failing(build: Build) -> list[Result]:
    """Return the results of a build that failed, so far."""
    at = build.ended_at
    return [] if at is None else [result for result in build.results(at) if result.status == FAILED]
