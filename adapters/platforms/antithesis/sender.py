"""Sends one request, once, and says what came of it; all waiting and repeating is the client's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

import aiohttp
import httpx

from adapters.configuration.secret_file import FileSecret
from adapters.platforms.antithesis.answers import ERROR_BYTES, check_encoding
from adapters.platforms.antithesis.limits import Limits
from adapters.platforms.antithesis.settings import Tenant
from adapters.platforms.antithesis.wire import Answer, Oversized, Request, headers_for
from bot.errors import Unreachable

_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_AIOHTTP_NEVER_LEFT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
REFUSED = frozenset({401, 403})
FAULTS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, aiohttp.ClientError, OSError, TimeoutError)
"""Whatever the network can do to a request; what httpx-aiohttp does not translate comes up as aiohttp's."""


ENDS = 65_536  # bytes that are kept of either end of an answer that is too large


class NotSent(Unreachable):
    """No connection: the request certainly did not leave."""


def fault_of(error: Exception, host: str) -> Unreachable:
    """Return what a network fault means, in a sentence without addresses beyond the host.

    httpx-aiohttp turns a connection lost in the middle into `ConnectTimeout`; only aiohttp's own error, its
    cause, says whether the request left.
    """
    cause = error.__cause__ if isinstance(error.__cause__, aiohttp.ClientError | OSError) else None
    left = not isinstance(cause, _AIOHTTP_NEVER_LEFT) if cause else not isinstance(error, _NEVER_LEFT)
    if left:
        silent = isinstance(error, httpx.ReadTimeout | TimeoutError) or isinstance(
            cause, aiohttp.SocketTimeoutError
        )
        return Unreachable(
            f"No answer came from {host} in time." if silent else f"The connection to {host} broke off."
        )
    return NotSent(_unconnected(cause, host))


def _unconnected(cause: BaseException | None, host: str) -> str:
    if isinstance(cause, aiohttp.ClientConnectorDNSError):
        return f"The name {host} is not known. Check the tenant's name and the network."
    if isinstance(cause, aiohttp.ClientSSLError):
        return f"The certificate of {host} was not accepted. Check the base URL and any proxy."
    return f"No connection to {host}. Check the network and any proxy."


@dataclass(frozen=True, slots=True)
class Sender:
    """One tenant over one HTTP client."""

    http: httpx.AsyncClient
    tenant: Tenant
    limits: Limits

    async def fetch(self, request: Request) -> Answer:
        """Send a request and read the whole answer. Raises `Unreachable`, `NotSent`, `UnexpectedAnswer`."""
        async with self.open(request, idle=None) as (head, chunks):
            body = bytearray()
            async for chunk in chunks:
                body += chunk
                if len(body) > self.limits.body:
                    raise await self._oversized(request, bytes(body), chunks)
            return Answer(status=head.status, headers=head.headers, body=bytes(body))

    async def _oversized(self, request: Request, begin: bytes, chunks: AsyncIterator[bytes]) -> Oversized:
        """Read on to the end where that was asked for, a bounded way."""
        if not request.ends:
            return Oversized()
        tail, left = begin[-ENDS:], self.limits.skipped - len(begin)
        async for chunk in chunks:
            tail = (tail + chunk)[-ENDS:]
            left -= len(chunk)
            if left < 0:
                return Oversized(begin[:ENDS])
        return Oversized(begin[:ENDS], tail)

    @asynccontextmanager
    async def open(
        self, request: Request, *, idle: float | None
    ) -> AsyncIterator[tuple[Answer, AsyncIterator[bytes]]]:
        """Send a request; give the answer's head and its body in chunks, at most `idle` seconds apart.

        The answer of an error has the begin of its body already. Faults of the network inside the block are
        raised as `Unreachable` too.
        """
        response = await self._send(request, idle)
        host = response.request.url.host
        try:
            head = Answer(status=response.status_code, headers=_lower(response))
            check_encoding(head)
            async with aclosing(_chunks(response, host)) as chunks:
                if not head.good:
                    head = Answer(status=head.status, headers=head.headers, body=await _begin(chunks))
                yield head, chunks
        finally:
            await response.aclose()

    async def _send(self, request: Request, idle: float | None) -> httpx.Response:
        """Send a request; where our secret is refused and its file holds another one, once more with that.

        What was refused for its sender was not done, so this repeats no launch.
        """
        used = self.tenant.api_key
        response = await self._send_once(request, idle)
        if response.status_code in REFUSED and isinstance(used, FileSecret):
            refused = response.request.headers["authorization"]
            await asyncio.to_thread(used.renew)
            if headers_for(request, self.tenant)["Authorization"] != refused:
                await response.aclose()
                return await self._send_once(request, idle)
        return response

    async def _send_once(self, request: Request, idle: float | None) -> httpx.Response:
        built = self._build(request, idle)
        try:
            return await self.http.send(built, stream=True, follow_redirects=False)
        except FAULTS as error:
            raise fault_of(error, built.url.host) from error

    def _build(self, request: Request, idle: float | None) -> httpx.Request:
        headers = headers_for(request, self.tenant)
        timeout = httpx.Timeout(
            idle or self.limits.read, connect=self.limits.connect, pool=self.limits.connect
        )
        return self.http.build_request(
            request.method,
            self.tenant.address + request.target,
            headers=headers,
            content=request.body or None,
            timeout=timeout,
        )


def _lower(response: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


async def _chunks(response: httpx.Response, host: str) -> AsyncGenerator[bytes, None]:
    try:
        async for chunk in response.aiter_raw():
            yield chunk
    except FAULTS as error:
        raise fault_of(error, host) from error


async def _begin(chunks: AsyncIterator[bytes]) -> bytes:
    """Return the first bytes of an error's body; that the rest breaks off does not matter."""
    body = bytearray()
    try:
        async for chunk in chunks:
            body += chunk
            if len(body) >= ERROR_BYTES:
                break
    except Unreachable:
        pass
    return bytes(body[:ERROR_BYTES])
