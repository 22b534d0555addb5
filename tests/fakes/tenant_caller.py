"""A plain HTTP caller for the simulated tenant that holds every answer against the API description."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from adapters.simulator.antithesis import SimulatedTenant, simulated_tenant
from adapters.simulator.antithesis.deviations import CANCEL, DESCRIPTION, Answer
from adapters.simulator.antithesis.validate import check_answer, check_stream, contract

NDJSON = "application/x-ndjson"
RUNS = "/api/v0/runs"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came."""

    status: int
    content: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.content)

    @property
    def lines(self) -> list[Any]:
        """The objects of a stream, blank lines left out."""
        return [json.loads(line) for line in self.content.split(b"\n") if line]


class Caller:
    """Calls a tenant with its key. `strict`: answers that break the description fail the test."""

    def __init__(self, tenant: SimulatedTenant, session: aiohttp.ClientSession) -> None:
        self.tenant = tenant
        self.strict = True
        self._session = session

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> Reply:
        """Send one request; a header of None is left out."""
        sent: dict[str, str | None] = {
            "Authorization": f"Bearer {self.tenant.api_key}",
            "User-Agent": "tests",
        }
        sent |= headers or {}
        options: dict[str, Any] = {"headers": {k: v for k, v in sent.items() if v is not None}}
        options |= {"json": body} if body is not None else {}
        url = self.tenant.base_url + path
        async with self._session.request(
            method, url, params=query, allow_redirects=False, **options
        ) as response:
            reply = Reply(response.status, await response.read(), response.headers)
        if self.strict and path.startswith("/api/"):
            assert _problems(method, path, reply) == []
        return reply

    async def get(self, path: str, **query: str) -> Reply:
        """Read something."""
        return await self.send("GET", path, query=query)

    async def post(self, path: str, body: object) -> Reply:
        """Ask for something to be done."""
        return await self.send("POST", path, body=body)

    async def launch(self, launcher: str = "basic_test", **params: str) -> Reply:
        """Launch a test run; names are written without their "antithesis."."""
        named = {f"antithesis.{name}": value for name, value in params.items()}
        return await self.post(f"/api/v1/launch/{launcher}", {"params": named})

    async def pages(self, path: str, **query: str) -> list[list[Any]]:
        """Read every page of a list."""
        found: list[list[Any]] = []
        cursor: dict[str, str] = {}
        while True:
            body = (await self.get(path, **query, **cursor)).json
            found.append(body["data"])
            if not body["next_cursor"]:
                return found
            cursor = {"after": body["next_cursor"]}


@asynccontextmanager
async def running_tenant(**options: Any) -> AsyncIterator[tuple[SimulatedTenant, Caller]]:
    """Run a tenant and somebody to call it."""
    skip = frozenset({"User-Agent"})
    async with (
        simulated_tenant(**options) as tenant,
        aiohttp.ClientSession(skip_auto_headers=skip) as session,
    ):
        yield tenant, Caller(tenant, session)


def _problems(method: str, path: str, reply: Reply) -> list[str]:
    answer = Answer(method=method, route=_route(method, path), status=reply.status, body=None)
    if reply.headers.get("Content-Type") == NDJSON:
        return check_stream(answer, reply.content)
    body = json.loads(reply.content) if reply.content else None
    return check_answer(Answer(method=method, route=answer.route, status=reply.status, body=body))


def _route(method: str, path: str) -> str:
    """Return the path with its placeholders; fixed paths are told before those with one."""
    known = sorted(
        [*contract().description["paths"], CANCEL, DESCRIPTION], key=lambda route: route.count("{")
    )
    return next((r for r in known if re.fullmatch(re.sub(r"\\?\{\w+\\?\}", "[^/]+", r), path)), path)
