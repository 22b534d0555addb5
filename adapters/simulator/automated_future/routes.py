"""The documented endpoints over a team."""

from __future__ import annotations

import json

from aiohttp import web

from adapters.simulator.automated_future.objects import ObjectStore
from adapters.simulator.automated_future.team import Team, refused
from adapters.simulator.common.answers import query
from adapters.simulator.common.misbehave import Json

PAGE = 20
VERSION = "0.1.0"


class Routes:
    """One method per endpoint; what a request may hold has been judged before. Raises `Refusal`."""

    def __init__(self, team: Team, objects: ObjectStore) -> None:
        self.team = team
        self.objects = objects

    def table(self, mount: str) -> list[web.RouteDef]:
        """Return the endpoints below a path."""
        result, artifact = "/result/{test_result_id}", "/artifact/{artifact_id}"
        get = [
            ("/status", self.status),
            ("/project/", self.list_projects),
            (result, self.get_result),
            ("/artifact/", self.list_artifacts),
            (artifact + "/download", self.download),
        ]
        post = [
            ("/run/", self.create_run),
            ("/run/{test_run_id}", self.update_run),
            ("/result/", self.create_result),
            (result, self.update_result),
            (result + "/start", self.start),
            (result + "/finish", self.finish),
            ("/artifact/", self.create_artifact),
            (artifact + "/confirm", self.confirm),
        ]
        return [
            *(web.get(mount + path, handler, allow_head=False) for path, handler in get),
            *(web.post(mount + path, handler) for path, handler in post),
            web.delete(mount + result, self.delete_result),
            web.delete(mount + artifact, self.delete_artifact),
        ]

    async def status(self, _request: web.Request) -> web.Response:
        """Say whether it is up; the only endpoint that says so."""
        if not self.team.switches.database:
            raise refused(503, "Database unreachable")
        return web.json_response({"status": "ok", "version": VERSION})

    async def list_projects(self, request: web.Request) -> web.Response:
        """List projects, a page at a time."""
        asked = query(request)
        start = _offset(asked.get("page_token", "0"))
        size = int(asked.get("page_size", PAGE))
        found = list(self.team.projects.values())
        after = start + size
        rows = [project.body() for project in found[start:after]]
        return web.json_response({"projects": rows, "page_token": str(after) if after < len(found) else None})

    async def create_run(self, request: web.Request) -> web.Response:
        """Begin a run."""
        return web.json_response({"test_run_id": self.team.create_run(await _body(request)).test_run_id})

    async def update_run(self, request: web.Request) -> web.Response:
        """Change a run."""
        self.team.update_run(request.match_info["test_run_id"], await _body(request))
        return web.Response(status=204)

    async def create_result(self, request: web.Request) -> web.Response:
        """Report a result."""
        created = self.team.create_result(await _body(request))
        return web.json_response({"test_result_id": created.test_result_id})

    async def get_result(self, request: web.Request) -> web.Response:
        """Return one result."""
        result = self.team.result(request.match_info["test_result_id"])
        return web.json_response({"test_result": self.team.result_body(result)})

    async def update_result(self, request: web.Request) -> web.Response:
        """Change a result; what the answer says is not documented."""
        self.team.update_result(request.match_info["test_result_id"], await _body(request))
        return web.Response()

    async def start(self, request: web.Request) -> web.Response:
        """Note that a test has begun."""
        self.team.start_result(request.match_info["test_result_id"])
        return web.Response()

    async def finish(self, request: web.Request) -> web.Response:
        """Note that a test has ended."""
        self.team.finish_result(request.match_info["test_result_id"], await _body(request))
        return web.Response()

    async def delete_result(self, request: web.Request) -> web.Response:
        """Remove a result and its artifacts."""
        self.team.delete_result(request.match_info["test_result_id"])
        return web.Response()

    async def list_artifacts(self, request: web.Request) -> web.Response:
        """List the files of a result."""
        found = self.team.list_artifacts(query(request)["test_result_id"])
        return web.json_response({"artifacts": [artifact.body() for artifact in found]})

    async def create_artifact(self, request: web.Request) -> web.Response:
        """Announce a file, and say where to put it."""
        artifact = self.team.create_artifact(await _body(request))
        url = self.objects.presigned("PUT", artifact)
        return web.json_response({"artifact_id": artifact.artifact_id, "upload_url": url})

    async def confirm(self, request: web.Request) -> web.Response:
        """Make a file visible."""
        self.team.confirm(request.match_info["artifact_id"])
        return web.Response()

    async def download(self, request: web.Request) -> web.Response:
        """Say where a file can be fetched."""
        artifact = self.team.visible_artifact(request.match_info["artifact_id"])
        url = self.objects.presigned("GET", artifact)
        return web.json_response({"download_url": url, "content_type": artifact.content_type})

    async def delete_artifact(self, request: web.Request) -> web.Response:
        """Remove a file."""
        del self.team.artifacts[self.team.artifact(request.match_info["artifact_id"]).artifact_id]
        return web.Response()


async def _body(request: web.Request) -> Json:
    loaded: Json = json.loads(await request.read() or b"{}")
    return loaded


def _offset(token: str) -> int:
    if not (token.isascii() and token.isdigit() and len(token) < 7):  # noqa: PLR2004 - far above any list
        raise refused(400, "page_token is not valid")
    return int(token)
