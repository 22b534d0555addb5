"""Sends one request, once, and says what came of it; all waiting and repeating is the caller's."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

import aiohttp
import httpx

from adapters.platforms.http.answers import ERROR_BYTES, check_encoding
from adapters.platforms.http.endpoint import Endpoint
from adapters.platforms.http.limits import Limits
from adapters.platforms.http.wire import Answer, NotSent, Oversized, Request, headers_for
from bot.errors import Unreachable
from bot.model import Secret
from bot.redact import masked

_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_AIOHTTP_NEVER_LEFT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
REFUSED = frozenset({401, 403})
_NO_ADDRESS = (httpx.InvalidURL, UnicodeError)  # the latter from the look-up of a name that cannot be one
FAULTS = (*_NO_ADDRESS, httpx.HTTPError, httpx.StreamError, aiohttp.ClientError, OSError, TimeoutError)
"""Whatever can become of a request; what httpx-aiohttp does not translate comes up as aiohttp's."""


ENDS = 65_536  # bytes that are kept of either end of an answer that is too large


def fault_of(error: Exception, host: str) -> Unreachable:
    """Return what a network fault means, in a sentence without addresses beyond the host.

    httpx-aiohttp turns a connection lost in the middle into `ConnectTimeout`; only aiohttp's own error, its
    cause, says whether the request left.
    """
    if isinstance(error, _NO_ADDRESS):
        return NotSent("The address cannot be one. Check it.")
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
        return f"The name {host} is not known. Check the address and the network."
    if isinstance(cause, aiohttp.ClientSSLError):
        return f"The certificate of {host} was not accepted. Check the address, its CA file and any proxy."
    return f"No connection to {host}. Check the network and any proxy."


@dataclass(frozen=True, slots=True)
class Sender:
    """One connection over one HTTP client."""

    http: httpx.AsyncClient
    endpoint: Endpoint
    limits: Limits

    async def fetch(self, request: Request) -> Answer:
        """Send a request and read the whole answer, of an error only the begin. Raises `Unreachable`, `NotSent`, `UnexpectedAnswer`."""
        most = self.limits.body if request.most is None else request.most
        async with self.open(request, idle=None) as (head, chunks):
            if not head.good:
                return head  # with the begin of its body, which is enough
            body = bytearray()
            async for chunk in chunks:
                body += chunk
                if len(body) > most:
                    raise await self._oversized(request, bytes(body), chunks)
            return replace(head, body=bytes(body))

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
            head = Answer(
                status=response.status_code, reason=response.reason_phrase, headers=_lower(response)
            )
            check_encoding(head)
            async with aclosing(_chunks(response, host)) as chunks:
                if not head.good:
                    head = replace(head, body=self._without_secrets(await _begin(chunks), request, response))
                yield head, chunks
        finally:
            await response.aclose()

    def _without_secrets(self, body: bytes, request: Request, response: httpx.Response) -> bytes:
        """Return an error's body without what it may repeat: the key, what signs an address, and what else is known."""
        sent = response.request
        known: list[str | Secret] = [*self.endpoint.secrets]
        known.append(sent.headers.get("authorization", "").rpartition(" ")[2])
        if request.elsewhere is not None:
            known += [value for _, value in parse_qsl(sent.url.query.decode("ascii", "replace"))]
        text = body.decode("utf-8", "surrogateescape")
        return masked(text, known, ()).encode("utf-8", "surrogateescape")

    async def _send(self, request: Request, idle: float | None) -> httpx.Response:
        """Send a request; where who sends it is refused and there is another proof, once more with that.

        What was refused for its sender was not done, so this repeats no launch.
        """
        if request.elsewhere is not None or not request.keyed:
            return await self._send_once(request, idle, None)
        login = self.endpoint.login
        used = await login.header()
        response = await self._send_once(request, idle, used)
        if response.status_code in REFUSED:
            async with AsyncExitStack() as refusal:
                refusal.push_async_callback(response.aclose)
                if not await login.renewed(used, response.status_code):
                    refusal.pop_all()
                    return response
            used = await login.header()
            response = await self._send_once(request, idle, used)
        if response.status_code not in REFUSED:
            login.accepted(used)
        return response

    async def _send_once(
        self, request: Request, idle: float | None, authorization: str | None
    ) -> httpx.Response:
        host = ""
        try:
            built = self._build(request, idle, authorization)
            host = built.url.host
            return await self.http.send(built, stream=True, follow_redirects=False)
        except FAULTS as error:
            raise fault_of(error, host) from error

    def _build(self, request: Request, idle: float | None, authorization: str | None) -> httpx.Request:
        timeout = httpx.Timeout(
            idle or request.deadline or self.limits.read,
            connect=self.limits.connect,
            pool=self.limits.connect,
        )
        return self.http.build_request(
            request.method,
            self.endpoint.url(request),
            headers=headers_for(request, authorization),
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
