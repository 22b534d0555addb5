"""The HTTP client that everything goes over: httpx on aiohttp, set up so that nothing happens by itself.

Measured (tests/bench/logs.py): httpx's own pool collapses above ten requests at once and reads a stream in
small pieces. No redirects, no proxies of the environment, no cookies, no retries, no decompression.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from httpx_aiohttp.transport import AiohttpResponseStream
from yarl import URL

from adapters.platforms.http.limits import PIECE, Limits

_TARGET: ContextVar[str] = ContextVar("target")  # path and query of the request that this task sends
_BUFFER = 1 << 19  # bytes that a connection may be ahead of its reader


class Transport(httpx.AsyncBaseTransport):
    """GETs over connections that are kept, everything else over a fresh one each.

    A kept connection may have died without our knowing; for a launch that would be an avoidable doubt.
    """

    def __init__(self, limits: Limits, proxy: str | None = None, ca_file: Path | None = None) -> None:
        self._context = _tls(ca_file)
        via = httpx.Proxy(proxy) if proxy else None
        at_once = limits.reads + limits.streams
        self._kept = AiohttpTransport(
            verify=self._context, proxy=via, client=self._sessions(at_once, fresh=False)
        )
        self._fresh = AiohttpTransport(
            verify=self._context, proxy=via, client=self._sessions(at_once, fresh=True)
        )

    def _sessions(self, at_once: int, *, fresh: bool) -> Callable[[], aiohttp.ClientSession]:
        return lambda: _session(self._context, at_once, fresh=fresh)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        inner = self._kept if request.method == "GET" else self._fresh
        _TARGET.set(request.url.raw_path.decode("ascii"))
        response = await inner.handle_async_request(request)
        if isinstance(response.stream, AiohttpResponseStream):
            response.stream.CHUNK_SIZE = PIECE  # its own 16 KiB cost a third of the speed
        return response

    async def aclose(self) -> None:
        """Close all connections."""
        await self._kept.aclose()
        await self._fresh.aclose()


@cache
def _tls(ca_file: Path | None) -> ssl.SSLContext:
    """Return the TLS context, one each: reading all certificates blocks for some 70 ms. SSL_CERT_FILE is obeyed.

    `ca_file`: further certificates to trust, beside the usual ones.
    """
    context = httpx.create_ssl_context()
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


def _session(context: ssl.SSLContext, at_once: int, *, fresh: bool) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(ssl=context, limit=at_once, force_close=fresh)
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        middlewares=(_as_written,),
        read_bufsize=_BUFFER,
        trust_env=False,
    )
    # aiohttp would repeat a GET by itself when its connection is lost, beside our own tries; there is no
    # public switch. Its own test client turns it off the same way.
    session._retry_connection = False  # noqa: SLF001 - see above; a test counts the requests
    return session


async def _as_written(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Send path and query as they were written: aiohttp rewrites %2F and others, and a signed address is none then."""
    request.url = URL(f"{request.url.origin()}{_TARGET.get()}", encoded=True)
    return await send(request)


def client(limits: Limits, *, proxy: str | None = None, ca_file: Path | None = None) -> httpx.AsyncClient:
    """Return a client; makes no connection yet. Raises `OSError` where `ca_file` cannot be read."""
    return httpx.AsyncClient(
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=())),  # keeps none
        transport=Transport(limits, proxy, ca_file),
        timeout=httpx.Timeout(limits.read, connect=limits.connect, pool=limits.connect),
        follow_redirects=False,
        trust_env=False,
    )
