"""What the endpoints of one area have in common: how they find what is asked for, and how they answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web

from adapters.simulator.common.answers import NEVER, query
from adapters.simulator.testhide.access import Account, refuse
from adapters.simulator.testhide.build import RESULTS, Build, Job, Result

if TYPE_CHECKING:
    from adapters.simulator.testhide.ids import Ids
    from adapters.simulator.testhide.world import World

ACCOUNT = web.RequestKey("account", Account)
API = "/api/v3"
Row = TypeVar("Row")


class Part:
    """Endpoints over a world."""

    def __init__(self, world: World, ids: Ids) -> None:
        self.world = world
        self.ids = ids

    def table(self) -> list[web.RouteDef]:
        """Return the endpoints."""
        raise NotImplementedError

    def reply(self, body: Any, status: int = 200) -> web.Response:
        """Answer with JSON, its ids in the server's shape."""
        return web.json_response(self.ids.shown(body), status=status, headers=NEVER)

    def builds(self, request: web.Request) -> list[Build]:
        """Return the builds that the caller sees, newest first."""
        account = request[ACCOUNT]
        return [build for build in self.world.builds() if account.sees(build.job.project)]

    def build(self, request: web.Request, value: object = None) -> Build:
        """Return the build that the path names, or a value. Raises `Refusal`."""
        wanted = request.match_info["build_id"] if value is None else value
        found = self.world.find(self.ids.read(wanted))
        if found is None or not request[ACCOUNT].sees(found.job.project):
            raise refuse(404, "Build not found")
        return found

    def job(self, request: web.Request, value: object) -> Job:
        """Return a job by its id. Raises `Refusal`."""
        self.world.settle()
        found = self.world.jobs.get(self.ids.read(value) or 0)
        if found is None or not request[ACCOUNT].sees(found.project):
            raise refuse(404, "Job not found")
        return found

    def result(self, request: web.Request) -> tuple[Build, Result]:
        """Return the result that the path names as `test_id`. Raises `Refusal`."""
        number = self.ids.read(request.match_info["test_id"]) or 0
        build = self.world.find(number // RESULTS)
        if build is not None and request[ACCOUNT].sees(build.job.project):
            for result in build.results(self.world.clock.now()):
                if result.number == number:
                    return build, result
        raise refuse(404, "Test not found")

    def page(self, request: web.Request, rows: Sequence[Row], default: int) -> Sequence[Row]:
        """Return the rows of the page that is asked for."""
        asked = query(request)
        limit = min(int(asked.get("limit", default)), self.world.manners.most_rows)
        start = (int(asked.get("page", 1)) - 1) * limit
        return rows[start : start + limit]


def whole(request: web.Request, name: str) -> int | None:
    """Return a number of the query; the judge has looked at it already."""
    text = query(request).get(name)
    return int(text) if text is not None else None


async def sent(request: web.Request) -> dict[str, Any]:
    """Return the JSON object that was sent; the judge has looked at it already."""
    content = await request.read()
    body: dict[str, Any] = json.loads(content) if content else {}
    return body
