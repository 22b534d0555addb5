"""The documented endpoints over a world."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from aiohttp import web

from adapters.simulator.antithesis import lines, pages
from adapters.simulator.antithesis.answers import AN_HOUR, refuse, refuse_launch, stream
from adapters.simulator.antithesis.run import TERMINAL, SimRun
from adapters.simulator.antithesis.run_list import Query, read_cursor, read_time
from adapters.simulator.antithesis.search import matching_events
from adapters.simulator.antithesis.world import World
from adapters.simulator.common.answers import NEVER
from adapters.simulator.common.misbehave import Json

STATUSES = ("starting", "in_progress", "completed", "cancelled", "incomplete", "unknown")
VTIME = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
BUILD_MINUTES = 2.5
CANCELS = 64  # older releases cannot stop a run
MOMENTS_ANSWER_404 = 60  # older releases answer 400 for a moment they do not know
DEBUGGING = "antithesis.debugging."


class Routes:
    """One method per endpoint."""

    def __init__(self, world: World) -> None:
        self.world = world

    def table(self) -> list[web.RouteDef]:
        """Return the endpoints."""
        run = "/api/v0/runs/{run_id}"
        get = [
            ("/api/version", self.version),
            ("/api/{version:v0|v1}/openapi.json", self.description),
            ("/api/v0/runs", self.list_runs),
            (run, self.get_run),
            (run + "/properties", self.properties),
            (run + "/logs", self.logs),
            (run + "/build_logs", self.build_logs),
            (run + "/events", self.events),
            ("/report/{report_id}/{asset}", self.report),
            ("/runs", self.runs_page),
        ]
        post = [
            (run + "/cancel", self.cancel),
            ("/api/v1/launch/debugging", self.debugging),
            ("/api/v1/launch/{launcher_name}", self.launch),
        ]
        return [
            *(web.get(path, handler, allow_head=False) for path, handler in get),
            *(web.post(path, handler) for path, handler in post),
        ]

    async def version(self, _request: web.Request) -> web.Response:
        """Name the release."""
        body = {"latest_api_version": "v1", "release_version": self.world.release}
        return web.json_response(body, headers=NEVER)

    async def description(self, _request: web.Request) -> web.Response:
        """Serve the API's own description."""
        from adapters.simulator.antithesis.validate import contract

        return web.json_response(contract().description, headers=NEVER)

    async def list_runs(self, request: web.Request) -> web.Response:
        """List runs, newest first."""
        query = _run_query(request)
        now = self.world.settle()
        found, next_cursor = self.world.runs.page(query, now)
        base_url = _base_url(request)
        body: Json = {"data": [run.summary(now, base_url) for run in found], "next_cursor": next_cursor}
        return web.json_response(body, headers=NEVER)

    async def get_run(self, request: web.Request) -> web.Response:
        """Show one run."""
        run = self._run(request)
        return web.json_response(self.world.detail(run, _base_url(request)), headers=self._cache(run))

    async def properties(self, request: web.Request) -> web.Response:
        """List a run's properties."""
        run = self._run(request)
        limit = _limit(request, 100, 50)
        offset = _offset(request)
        found = self.world.properties(run)
        if found is None:
            raise refuse(404, "Resource not found")
        wanted = _property_status(request)
        listed = [p for p in found if wanted in {None, p["status"]}]
        more = offset + limit < len(listed)
        body: Json = {
            "data": listed[offset : offset + limit],
            "next_cursor": str(offset + limit) if more else None,
        }
        return web.json_response(body, headers=self._cache(run))

    async def logs(self, request: web.Request) -> web.StreamResponse:
        """Stream the log before a moment, and some lines past it."""
        run = self._run(request)
        query = request.query
        if "input_hash" not in query:
            raise refuse(400, "Bad request: missing input_hash")
        if "begin_input_hash" in query and "begin_vtime" not in query:
            raise refuse(400, "Bad request: begin_input_hash needs begin_vtime")
        vtime = _vtime(query.get("vtime", ""))
        begin = _vtime(query.get("begin_vtime", "0"))
        body = self._log_body(run, query["input_hash"], begin, vtime)
        return await stream(request, body, self.world.clock, headers=self._cache(run))

    def _log_body(self, run: SimRun, input_hash: str, begin: float, vtime: float) -> Iterable[bytes]:
        if run.run_id in self.world.streams:
            return self.world.streams[run.run_id]()
        if not self.world.has_logs(run):
            raise refuse(404, "Resource not found")
        if input_hash == "0" and vtime == 0:
            return ()
        line = self.world.timeline(run)
        if not line.knows(input_hash):
            old = run.release < MOMENTS_ANSWER_404
            raise refuse(400, "Bad request: unknown moment") if old else refuse(404, "Resource not found")
        return lines.log_lines(line, begin, vtime)

    async def build_logs(self, request: web.Request) -> web.StreamResponse:
        """Stream the build log; a run that has not ended has none yet."""
        run = self._run(request)
        if not run.has_build_logs():
            raise refuse(404, "Resource not found")
        ended = run.status(self.world.clock.now()) in TERMINAL
        found = lines.build_lines(run, BUILD_MINUTES) if ended else ()
        body = (json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in found)
        return await stream(request, body, self.world.clock, headers=self._cache(run))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Stream an unordered sample of the events that hold a text."""
        run = self._run(request)
        limit = _limit(request, 999, 50)
        if run.status(self.world.clock.now()) not in TERMINAL:
            raise refuse(404, "Resource not found")
        found = matching_events(self.world.timeline(run), request.query.get("q", ""), limit)
        return await stream(request, found, self.world.clock, headers=self._cache(run))

    async def cancel(self, request: web.Request) -> web.Response:
        """Ask for a run to be stopped."""
        run = self.world.find(request.match_info["run_id"])
        if run is None or run.release < CANCELS:
            raise web.HTTPNotFound(text="")
        if not self.world.cancel(run):
            raise refuse(409, f"Conflict: Run {run.run_id} has already finished and cannot be cancelled")
        return web.json_response({"message": "Success"}, headers=NEVER)

    async def launch(self, request: web.Request) -> web.Response:
        """Start a test run."""
        params = await _params(request)
        run = self.world.launch(request.match_info["launcher_name"], params)
        if run is None:
            raise refuse_launch(404)
        return web.json_response({"runId": run.run_id, "statusCode": 200}, headers=NEVER)

    async def debugging(self, request: web.Request) -> web.Response:
        """Open a debugging session."""
        params = await _params(request)
        run_id, session_id = (params.get(DEBUGGING + name) for name in ("run_id", "session_id"))
        moment = [params.get(DEBUGGING + name) for name in ("input_hash", "vtime")]
        if not all(isinstance(part, str) and part for part in moment) or (run_id is None) == (
            session_id is None
        ):
            raise refuse_launch(400)
        find, wanted = (self.world.find_session, session_id) if run_id is None else (self.world.find, run_id)
        target = find(str(wanted))
        if target is None:
            raise refuse_launch(404)
        run = self.world.debug(target, params)
        return web.json_response({"runId": run.run_id, "statusCode": 200}, headers=NEVER)

    async def report(self, request: web.Request) -> web.Response:
        """Show a report to whoever holds the signed link."""
        now = self.world.settle()
        if not request.query.get("auth", "").startswith("v2.public."):
            raise refuse(403, "You do not have permission to access this resource.")
        run = pages.run_of_report(self.world.runs, request.path, now)
        if run is None:
            raise refuse(404, "Resource not found")
        return web.Response(
            text=pages.report(run, self.world.properties(run) or (), now), content_type="text/html"
        )

    async def runs_page(self, request: web.Request) -> web.Response:
        """Show the runs as the web app does, filtered by a text."""
        now = self.world.settle()
        wanted = request.query.get("primary-filter", "")
        return web.Response(text=pages.runs(self.world.runs, wanted, now), content_type="text/html")

    def _run(self, request: web.Request) -> SimRun:
        wanted = request.match_info["run_id"]
        run = self.world.find(wanted)
        if run is None:
            raise refuse(404, f"Run not found: {wanted}")
        return run

    def _cache(self, run: SimRun) -> dict[str, str]:
        return AN_HOUR if run.status(self.world.clock.now()) in TERMINAL else NEVER


def _base_url(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}"


def _run_query(request: web.Request) -> Query:
    query = request.query
    status = query.get("status")
    if status is not None and status not in STATUSES:
        raise refuse(400, f"Bad request: status must be one of {', '.join(STATUSES)}")
    try:
        after = read_cursor(query["after"]) if "after" in query else None
    except ValueError as error:
        raise refuse(400, "Bad request: invalid cursor") from error
    return Query(
        limit=_limit(request, 100, 50),
        after=after,
        status=status,
        launcher=query.get("launcher"),
        created_after=_time(request, "created_after"),
        created_before=_time(request, "created_before"),
    )


def _limit(request: web.Request, most: int, default: int) -> int:
    text = request.query.get("limit", str(default))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most):
        raise refuse(400, f"limit must be between 1 and {most}")
    return int(text)


def _offset(request: web.Request) -> int:
    text = request.query.get("after", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 9):  # noqa: PLR2004 - far above any list
        raise refuse(400, "Bad request: invalid cursor")
    return int(text)


def _time(request: web.Request, name: str) -> datetime | None:
    text = request.query.get(name)
    try:
        return read_time(text) if text is not None else None
    except ValueError as error:
        raise refuse(400, f"Bad request: invalid {name}") from error


def _property_status(request: web.Request) -> str | None:
    status = request.query.get("status")
    if status not in {None, "Passing", "Failing"}:
        raise refuse(400, "Bad request: status must be Passing or Failing")
    return status


def _vtime(text: str) -> float:
    if not VTIME.fullmatch(text):
        raise refuse(400, "Bad request: invalid vtime")
    return float(text)


async def _params(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise refuse_launch(400) from error
    params = body.get("params") if isinstance(body, dict) else None
    if not isinstance(params, dict):
        raise refuse_launch(400)
    return params
