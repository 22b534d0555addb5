"""A plain HTTP caller for a simulated platform; it knows no client, and holds good answers against the contract."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Generic, TypeVar

import aiohttp

from adapters.simulator.common.contract import Contract
from adapters.simulator.common.server import SimulatedServer
from tests.fakes.tenant_caller import Reply

Server = TypeVar("Server", bound=SimulatedServer)


class PlatformCaller(Generic[Server]):
    """Sends requests below a server's base URL with one `Authorization`."""

    def __init__(
        self, server: Server, session: aiohttp.ClientSession, contract: Contract, authorization: str
    ) -> None:
        self.server = server
        self._session = session
        self._contract = contract
        self._authorization = authorization

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> Reply:
        """Send one request; a header of None is left out, a path with a scheme is a whole address."""
        sent: dict[str, str | None] = {"Authorization": self._authorization, "User-Agent": "tests"}
        sent |= {"Content-Type": "application/json"} if body is not None else {}
        sent |= headers or {}
        options: dict[str, Any] = {"headers": {k: v for k, v in sent.items() if v is not None}}
        options["data"] = content if body is None else json.dumps(body).encode()
        url = path if "://" in path else self.server.base_url + path
        async with self._session.request(
            method, url, params=query, allow_redirects=False, **options
        ) as answer:
            reply = Reply(answer.status, await answer.read(), answer.headers)
        if reply.status == 200 and "://" not in path:
            assert self._problems(method, path, reply) == []
        return reply

    async def get(self, path: str, **query: str) -> Reply:
        """Read something."""
        return await self.send("GET", path, query=query)

    async def post(self, path: str, body: object = None) -> Reply:
        """Ask for something to be done."""
        return await self.send("POST", path, body=body)

    def _problems(self, method: str, path: str, reply: Reply) -> list[str]:
        routes = sorted(self._contract.description["paths"], key=lambda route: route.count("{"))
        route = next(r for r in routes if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", r), path))
        if not reply.content:
            return []
        described = self._contract.description["paths"][route][method.lower()]["responses"]["200"]
        if "content" not in described:
            return [f"{method} {route}: the answer's body is not described"]
        return self._contract.check_answer(method, route, reply.status, json.loads(reply.content))


@asynccontextmanager
async def calling(
    opened: AbstractAsyncContextManager[Server], contract: Contract, scheme: str, key: str
) -> AsyncIterator[PlatformCaller[Server]]:
    """Run a simulated server and somebody to call it."""
    skip = frozenset({"User-Agent", "Content-Type"})
    async with opened as server, aiohttp.ClientSession(skip_auto_headers=skip) as session:
        yield PlatformCaller(server, session, contract, scheme + key)
