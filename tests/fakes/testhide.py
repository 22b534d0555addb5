"""A simulated Testhide for one test: it fails whoever broke the contract, and a caller that holds the answers to it too."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from adapters.simulator.testhide import SimulatedTesthide, empty_world, simulated_testhide
from tests.fakes import tenant_caller
from tests.fakes.clock import ManualClock
from tests.fakes.judged import judged


@asynccontextmanager
async def judging_testhide(**options: Any) -> AsyncIterator[SimulatedTesthide]:
    """Run an empty server whose time stands still but for `advance`; fails where a request broke the contract.

    A test that means to break it calls `forget()` at its end.
    """
    still: dict[str, Any] = {"speed": 0.0, "clock": ManualClock(), "world": empty_world}
    async with judged(simulated_testhide(**(still | options))) as server:
        yield server


class Reply(tenant_caller.Reply):
    """An answer as it came."""

    @property
    def events(self) -> list[str]:
        """What stands behind each `data:` of a stream."""
        return [line.removeprefix("data: ") for line in self.content.decode().split("\n\n") if line]


class Caller:
    """Calls a server with its developer's token; `strict`: a 2xx answer that breaks the contract fails the test."""

    def __init__(self, server: SimulatedTesthide, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.token = server.api_token
        self.strict = True
        self._session = session

    async def send(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> Reply:
        """Send one request; the path is the contract's."""
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        options: dict[str, Any] = {"json": body} if body is not None else {}
        asked = {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in query.items()
        }
        url = self.server.base_url + path
        async with self._session.request(
            method, url, params=asked, headers=sent, allow_redirects=False, **options
        ) as answer:
            reply = Reply(answer.status, await answer.read(), answer.headers)
        if self.strict and reply.status < 300:
            assert self._problems(method, path, reply) == []
        return reply

    async def get(self, path: str, **query: Any) -> Any:
        """Read something that is there."""
        reply = await self.send("GET", path, **query)
        assert reply.status == 200, reply.content
        return reply.json

    async def post(self, path: str, body: object = None) -> Reply:
        """Ask for something to be done."""
        return await self.send("POST", path, body=body)

    def _problems(self, method: str, path: str, reply: Reply) -> list[str]:
        routes = sorted(self.server.contract.description["paths"], key=lambda route: route.count("{"))
        route = next(r for r in routes if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", r), path))
        kind = reply.headers.get("Content-Type", "").partition(";")[0]
        if kind != "application/json":
            body = reply.content.decode("latin-1") if reply.content else None
        else:
            body = reply.json
        return self.server.contract.check_answer(method, route, reply.status, body)


@asynccontextmanager
async def called_testhide(**options: Any) -> AsyncIterator[tuple[SimulatedTesthide, Caller]]:
    """Run a judging server and somebody to call it."""
    async with judging_testhide(**options) as server, aiohttp.ClientSession() as session:
        yield server, Caller(server, session)
