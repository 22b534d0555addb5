"""What a fault of the network means: only an error of connecting says that nothing left."""

from __future__ import annotations

import aiohttp
import httpx
import pytest
from aiohttp.client_reqrep import ConnectionKey

from adapters.platforms.http.faults import fault_of
from adapters.platforms.http.wire import NotSent
from bot.errors import Unreachable

PLACE = ConnectionKey("acme.antithesis.com", 443, True, True, None, None, None)
REFUSED = OSError(111, "refused")
CERTIFICATE = aiohttp.ClientConnectorCertificateError(PLACE, ValueError("self-signed"))


def _as_raised(error: Exception, cause: Exception | None) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "cause", "kind", "words"),
    [
        (
            httpx.ConnectError("x"),
            aiohttp.ClientConnectorError(PLACE, REFUSED),
            NotSent,
            "No connection to h",
        ),
        (
            httpx.ConnectError("x"),
            aiohttp.ClientConnectorDNSError(PLACE, REFUSED),
            NotSent,
            "name h is not known",
        ),
        (httpx.ConnectError("x"), CERTIFICATE, NotSent, "certificate of h"),
        (httpx.TimeoutException("x"), aiohttp.ConnectionTimeoutError("x"), NotSent, "No connection"),
        (httpx.ConnectError("x"), None, NotSent, "No connection"),
        (httpx.PoolTimeout("x"), None, NotSent, "No connection"),
        (httpx.InvalidURL("x"), None, NotSent, "cannot be one"),
        (UnicodeError("label empty or too long"), None, NotSent, "cannot be one"),
        # httpx-aiohttp calls a connection that broke in the middle a timeout of connecting.
        (httpx.ConnectTimeout("x"), aiohttp.ServerDisconnectedError(), Unreachable, "broke off"),
        (httpx.ConnectTimeout("x"), aiohttp.ClientOSError(104, "reset"), Unreachable, "broke off"),
        (httpx.ReadTimeout("x"), aiohttp.SocketTimeoutError("x"), Unreachable, "in time"),
        (httpx.ReadTimeout("x"), None, Unreachable, "in time"),
        (httpx.ReadError("x"), aiohttp.ClientPayloadError("x"), Unreachable, "broke off"),
        (httpx.RemoteProtocolError("x"), None, Unreachable, "broke off"),
        (aiohttp.ClientResponseError(None, ()), None, Unreachable, "broke off"),  # type: ignore[arg-type]  # as bad HTTP
        (TimeoutError(), None, Unreachable, "in time"),
        (OSError("x"), None, Unreachable, "broke off"),
    ],
)
def test_fault__sent_or_not(
    error: Exception, cause: Exception | None, kind: type[Unreachable], words: str
) -> None:
    """In doubt it was sent; the sentence names the host and nothing else."""
    fault = fault_of(_as_raised(error, cause), "h")

    assert type(fault) is kind
    assert words in fault.problem
