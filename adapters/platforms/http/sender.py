"""Sends one request, once, and says what came of it; all waiting and repeating is the caller's."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from adapters.platforms.http.answers import ERROR_BYTES, check_encoding
from adapters.platforms.http.endpoint import Endpoint
from adapters.platforms.http.limits import Limits
from adapters.platforms.http.transport import Http
from adapters.platforms.http.wire import Answer, Oversized, Request, headers_for
from bot.errors import Unreachable
from bot.model import Secret
from bot.redact import masked

if TYPE_CHECKING:
    import httpx

REFUSED = frozenset({401, 403})
ENDS = 65_536  # bytes that are kept of either end of an answer that is too large


@dataclass(frozen=True, slots=True)
class Sender:
    """One connection over one HTTP client."""

    http: Http
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
        from adapters.platforms.http.faults import FAULTS, fault_of

        host = ""
        try:
            built = self._build(request, idle, authorization)
            host = built.url.host
            return await self.http.client.send(built, stream=True, follow_redirects=False)
        except FAULTS as error:
            raise fault_of(error, host) from error

    def _build(self, request: Request, idle: float | None, authorization: str | None) -> httpx.Request:
        from httpx import Timeout

        timeout = Timeout(
            idle or request.deadline or self.limits.read,
            connect=self.limits.connect,
            pool=self.limits.connect,
        )
        return self.http.client.build_request(
            request.method,
            self.endpoint.url(request),
            headers=headers_for(request, authorization),
            content=request.body or None,
            timeout=timeout,
        )


def _lower(response: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


async def _chunks(response: httpx.Response, host: str) -> AsyncGenerator[bytes, None]:
    from adapters.platforms.http.faults import FAULTS, fault_of

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
