"""What a fault of the network means; it knows the errors of the HTTP libraries, so it is loaded where one came up."""

from __future__ import annotations

import aiohttp
import httpx

from adapters.platforms.http.wire import NotSent
from bot.errors import Unreachable

_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_AIOHTTP_NEVER_LEFT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
_NO_ADDRESS = (httpx.InvalidURL, UnicodeError)  # the latter from the look-up of a name that cannot be one
FAULTS = (*_NO_ADDRESS, httpx.HTTPError, httpx.StreamError, aiohttp.ClientError, OSError, TimeoutError)
"""Whatever can become of a request; what httpx-aiohttp does not translate comes up as aiohttp's."""


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
