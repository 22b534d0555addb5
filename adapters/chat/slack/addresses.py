"""Which addresses may be called, and the way there.

They are Slack's own, or the one it was told to use instead; never one out of a payload alone. The way leads through the
environment's proxy, or past it where NO_PROXY says so: slack_sdk takes proxies from the environment by itself, but for
its own calls alone, and does not know NO_PROXY. So the proxy belongs to the session that everything goes out on.
"""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import proxy_bypass

import aiohttp
from slack_sdk.proxy_env_variable_loader import load_http_proxy_from_env
from slack_sdk.web.async_client import AsyncWebClient

API_URL = "https://slack.com/api/"
HOSTS = ("slack.com", "slack-gov.com", "slack-files.com")
FILE_HOSTS = frozenset({"files.slack.com", "files.slack-gov.com"})  # that take a token for a file


class Addresses:
    """The API's address, and a check for those that Slack hands out (`response_url`, upload URLs)."""

    def __init__(self, api_url: str) -> None:
        self.api_url = api_url if api_url.endswith("/") else f"{api_url}/"
        self._api = urlsplit(self.api_url)

    def checked(self, url: str) -> str:
        """Return an address that is Slack's; raise `ValueError` for any other, without repeating it."""
        parts = urlsplit(url)
        own = (parts.scheme, parts.netloc) == (self._api.scheme, self._api.netloc)
        host = parts.hostname or ""
        slack = parts.scheme == "https" and any(host == h or host.endswith(f".{h}") for h in HOSTS)
        if not (own or slack) or parts.username or parts.password:
            raise ValueError("Slack named an address that is not Slack's.")
        return url

    def of_file(self, url: str) -> str:
        """Return an address that Slack serves files on; raise `ValueError` for any other, without repeating it."""
        parts = urlsplit(self.checked(url))
        slack = parts.scheme == "https" and parts.netloc in FILE_HOSTS
        elsewhere = (
            self._api.hostname not in HOSTS
        )  # told to use another address for Slack, which has all there
        own = elsewhere and (parts.scheme, parts.netloc) == (self._api.scheme, self._api.netloc)
        if not (slack or own):
            raise ValueError("Slack named an address that it does not serve files on.")
        return url


def way(api_url: str) -> str | None:
    """Return the proxy that leads to Slack, None where it is reached directly."""
    proxy = load_http_proxy_from_env()
    return None if proxy and proxy_bypass(urlsplit(api_url).hostname or "") else proxy


def open_session(api_url: str, seconds: float) -> aiohttp.ClientSession:
    """Open the session of all calls to Slack: the Web API, files, and answers by `response_url`."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=seconds), proxy=way(api_url))


def new_client(session: aiohttp.ClientSession, api_url: str, token: str | None = None) -> AsyncWebClient:
    """Build a client on the session, which goes its way and repeats nothing by itself."""
    client = AsyncWebClient(token, base_url=api_url, session=session, retry_handlers=[])
    client.proxy = way(api_url)
    return client
