"""Jobs and builds: what there is, what is started, stopped and started anew."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from aiohttp import web

from adapters.simulator.common.answers import live, query
from adapters.simulator.common.ids import timestamp
from adapters.simulator.common.misbehave import Json
from adapters.simulator.testhide import events
from adapters.simulator.testhide.access import refuse
from adapters.simulator.testhide.build import FAILED, PASSED, QUEUED, Build, Job
from adapters.simulator.testhide.part import ACCOUNT, API, Part, sent, whole

LINES = 500  # of a log, at a time


class Builds(Part):
    """One method per endpoint."""

    _comments = count(1)

    def table(self) -> list[web.RouteDef]:
        """Return the endpoints."""
        one = API + "/builds/{build_id}"
        return [
            web.get(API + "/projects", self.projects, allow_head=False),
            web.get(API + "/projects/{project_id}", self.project, allow_head=False),
            web.get(API + "/jobs", self.jobs, allow_head=False),
            web.get(API + "/jobs/{job_id}", self.one_job, allow_head=False),
            web.get(API + "/jobs/{job_id}/configuration", self.configuration, allow_head=False),
            web.get(API + "/scm", self.scm, allow_head=False),
            web.get(API + "/scm/{id}/branches", self.branches, allow_head=False),
            web.post(API + "/builds/start", self.start),
            web.get(API + "/builds", self.listed, allow_head=False),
            web.get(one, self.detail, allow_head=False),
            web.delete(one, self.delete),
            web.post(one + "/restart", self.restart),
            web.post(one + "/retry-flaky", self.retry_flaky),
            web.post(one + "/stop", self.stop),
            web.post(one + "/push_to_top", self.push_to_top),
            web.post(one + "/keep-forever", self.keep),
            web.post(one + "/comment", self.comment),
            web.get(one + "/pipeline_logs", self.log, allow_head=False),
            web.get(one + "/stream", self.stream, allow_head=False),
        ]

    async def projects(self, request: web.Request) -> web.Response:
        """List the projects that the caller sees."""
        return self.reply([self._project(number) for number in self._seen_projects(request)])

    async def project(self, request: web.Request) -> web.Response:
        """Show one project."""
        number = self.ids.read(request.match_info["project_id"])
        if number not in self._seen_projects(request):
            raise refuse(404, "Project not found")
        return self.reply(self._project(number or 0))

    async def jobs(self, request: web.Request) -> web.Response:
        """List jobs; all at once."""
        asked = query(request)
        project, enabled = self.ids.read(asked.get("project_id")), asked.get("enabled")
        found = [
            job
            for job in self.world.jobs.values()
            if request[ACCOUNT].sees(job.project)
            and (project is None or job.project == project)
            and asked.get("search", "").lower() in job.name.lower()
            and enabled in {None, str(job.enabled).lower()}
        ]
        return self.reply(
            [self._job(job) | {"enabled": job.enabled, "project_id": job.project} for job in found]
        )

    async def one_job(self, request: web.Request) -> web.Response:
        """Show one job, and its last build."""
        job = self.job(request, request.match_info["job_id"])
        last = next((build for build in self.world.builds() if build.job is job), None)
        state = {
            "last_build_id": last and last.number,
            "last_build_status": last and last.status,
        }
        return self.reply(self._job(job) | state)

    async def configuration(self, request: web.Request) -> web.Response:
        """Show how a job is run, secrets and all."""
        job = self.job(request, request.match_info["job_id"])
        body = {
            "setup": ["pip install -r requirements.txt"],
            "command": "pytest --testhide",
            "env": {"RUN_SLOW": "true", "DEPLOY_TOKEN": f"deploy-canary-{job.number}"},
            "artifacts": ["junittests.xml", "screenshots/*.png"],
        }
        return self.reply(body)

    async def scm(self, request: web.Request) -> web.Response:
        """List the repositories, one of each project."""
        rows = [
            {"id": number, "type": "git", "host": "git.example", "name": self.world.projects[number].name,
             "project_id": number, "repo": f"team/repository-{number}"}
            for number in self._seen_projects(request)
        ]  # fmt: skip
        return self.reply(rows)

    async def branches(self, request: web.Request) -> web.Response:
        """List a repository's branches that begin with a text."""
        number = self.ids.read(request.match_info["id"])
        if number not in self._seen_projects(request):
            raise refuse(404, "Repository not found")
        found = [
            b for b in self.world.projects[number or 0].branches if b.startswith(query(request).get("q", ""))
        ]
        return self.reply(found[: whole(request, "limit") or 50])

    async def start(self, request: web.Request) -> web.Response:
        """Put a build of a job into the queue."""
        body = await sent(request)
        job = self.job(request, body["job_id"])
        if not job.enabled:
            raise refuse(409, f"Job {job.name} is disabled")
        changes: dict[str, Any] = {"branch": body.get("branch", job.branch), "env": body.get("env", {})}
        changes |= {"priority": body.get("priority", 5), "by": request[ACCOUNT].email}
        changes |= {"commit": body["commit_sha"]} if "commit_sha" in body else {}
        build = self.world.enqueue(self.world.make(job, **changes))
        shown = {
            "branch": build.branch,
            "commit_sha": build.commit,
            "created_at": timestamp(build.created_at),
        }
        return self.reply({"id": build.number, "job_id": job.number, "status": build.status} | shown, 201)

    async def listed(self, request: web.Request) -> web.Response:
        """List builds, newest first by creation."""
        asked = query(request)
        job, status, branch = self.ids.read(asked.get("job_id")), asked.get("status"), asked.get("branch")
        rows = [
            (build, row)
            for build in self.builds(request)
            if (job is None or build.job.number == job) and branch in {None, build.branch}
            for row in [self._row(build)]
            if status in {None, row["status"]}
        ]
        shown = [row for _, row in self.page(request, rows, 25)]
        return self.reply({"total": len(rows), "results": shown})

    async def detail(self, request: web.Request) -> web.Response:
        """Show one build."""
        return self.reply(self._detail(self.build(request)))

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a build."""
        self.world.remove(self.build(request))
        return web.Response(status=204)

    async def restart(self, request: web.Request) -> web.Response:
        """Build the same anew, or only what failed in it."""
        build, body = self._finished(request), await sent(request)
        failing = [r.node_id for r in build.all_results if r.status == FAILED]
        if body.get("failed_only") and not failing:
            raise refuse(409, "No failed tests in this build")
        made = self._again(build, failing if body.get("failed_only") else None)
        return self.reply({"id": made.number, "status": made.status, "restarted_from": build.number}, 201)

    async def retry_flaky(self, request: web.Request) -> web.Response:
        """Run the failed tests anew that are called flaky."""
        build = self._finished(request)
        flaky = [r.node_id for r in build.all_results if r.status == FAILED and r.node_id in build.job.flaky]
        if not flaky:
            raise refuse(409, "No flaky tests in this build")
        made = self._again(build, flaky)
        body = {
            "id": made.number,
            "status": made.status,
            "test_count": len(flaky),
            "restarted_from": build.number,
        }
        return self.reply(body, 201)

    async def stop(self, request: web.Request) -> web.Response:
        """Abort a build."""
        build = self.build(request)
        if not self.world.stop(build):
            raise refuse(409, "Build has already finished")
        return self.reply({"id": build.number, "status": build.status})

    async def push_to_top(self, request: web.Request) -> web.Response:
        """Let a build be the next."""
        build = self.build(request)
        if build.status != QUEUED:
            raise refuse(409, "Build is not queued")
        self.world.push_to_top(build)
        return self.reply({"id": build.number, "queue_position": self.world.queue().index(build) + 1})

    async def keep(self, request: web.Request) -> web.Response:
        """Keep a build when others go."""
        build = self.build(request)
        build.kept = True
        return self.reply({"id": build.number, "keep_forever": True})

    async def comment(self, request: web.Request) -> web.Response:
        """Write something beside a build."""
        build, body = self.build(request), await sent(request)
        author = request[ACCOUNT].email
        build.comments.append((author, body["text"]))
        made = {"id": next(self._comments), "build_id": build.number, "text": body["text"], "author": author}
        return self.reply(made, 201)

    async def log(self, request: web.Request) -> web.Response:
        """Show lines of the pipeline log."""
        build = self.build(request)
        lines = build.lines(self.world.clock.now())
        offset, limit = whole(request, "offset") or 0, whole(request, "limit") or LINES
        return self.reply({"total_lines": len(lines), "lines": lines[offset : offset + limit]})

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Stream what a build logs until it has ended."""
        build = self.build(request)
        after = self.world.manners.after_the_end
        if build.ended and after == "not found":
            raise refuse(404, "Stream not found")
        return await live(
            request, self._events(build, whole_log=not build.ended or after == "all"), self.world.clock
        )

    async def _events(self, build: Build, *, whole_log: bool) -> AsyncIterator[bytes]:
        told = 0 if whole_log else len(build.lines(self.world.settle()))
        while True:
            moves = self.world.moves
            lines = build.lines(self.world.settle())
            for line in lines[told:]:
                yield events.event({"type": "log", "data": line})
            told = len(lines)
            if build.ended:
                break
            await moves.wait()
        yield events.event({"type": "status", "data": build.status})
        yield events.event({"type": "done"})

    def _finished(self, request: web.Request) -> Build:
        build = self.build(request)
        if not build.ended:
            raise refuse(409, "Build has not finished")
        return build

    def _again(self, build: Build, only: list[str] | None) -> Build:
        job = build.job
        planned = self.world.planned.get(job.number)
        plan = planned.pop(0) if planned else replace(build.plan, views={})
        if only is not None:
            plan = replace(plan, only=tuple(only), failing=_kept(plan.failing, only), lost=())
        same = {"branch": build.branch, "commit": build.commit, "env": build.env}
        return self.world.enqueue(self.world.make(job, plan, restarted_from=build.number, **same))

    def _seen_projects(self, request: web.Request) -> list[int]:
        return [number for number in self.world.projects if request[ACCOUNT].sees(number)]

    def _project(self, number: int) -> Json:
        project = self.world.projects[number]
        jobs = sum(job.project == number for job in self.world.jobs.values())
        slug = project.name.lower().replace(" ", "-")
        return {"id": number, "name": project.name, "slug": slug, "jobs_count": jobs}

    def _job(self, job: Job) -> Json:
        return {"id": job.number, "name": job.name, "node_pool_id": 1}

    def _row(self, build: Build) -> Json:
        numbers = _numbers(build)
        row: Json = {"id": build.number, "status": build.status, "branch": build.branch}
        row |= {"duration_s": build.took, "failed_tests": numbers["failed"]}
        return row | self._times(build, {"job_id": build.job.number}) | build.plan.views.get("row", {})

    def _detail(self, build: Build) -> Json:
        body: Json = {"id": build.number, "job_id": build.job.number, "status": build.status}
        body |= {"duration_s": build.took, "node_id": build.node} | _numbers(build)
        more: Json = {"commit_sha": build.commit, "branch": build.branch, "triggered_by": build.by}
        more |= {"restarted_from": build.restarted_from} if build.restarted_from else {}
        return body | self._times(build, more) | build.plan.views.get("detail", {})

    def _times(self, build: Build, more: Json) -> Json:
        if not self.world.manners.times:
            return {}
        times = {
            "created_at": build.created_at,
            "started_at": build.started_at,
            "finished_at": build.ended_at,
        }
        return more | {name: moment and timestamp(moment) for name, moment in times.items()}


def _numbers(build: Build) -> Json:
    """Return the counts as the detail has them: null before the end, quarantined failures not counted as failed."""
    names = (PASSED, FAILED, "skipped")
    if not build.ended:
        return dict.fromkeys(("total_tests", *names))
    counts = build.counts
    shown = {name: counts[name] for name in names}
    return {"total_tests": sum(shown.values())} | shown | {FAILED: counts[FAILED] - counts["excused"]}


def _kept(failing: Mapping[str, str], only: list[str]) -> dict[str, str]:
    return {node_id: message for node_id, message in failing.items() if node_id in only}
