"""One way to Slack for every call: through the environment's proxy, or past it where NO_PROXY says so.

slack_sdk takes proxies from the environment by itself, but for its own calls alone, and does not know NO_PROXY.
So the proxy belongs to the session that everything goes out on.
"""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import proxy_bypass

import aiohttp
from slack_sdk.proxy_env_variable_loader import load_http_proxy_from_env
from slack_sdk.web.async_client import AsyncWebClient


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
