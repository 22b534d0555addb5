"""slack_sdk takes proxies from the environment and does not know NO_PROXY; here it does."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import proxy_bypass

from slack_sdk.web.async_client import AsyncWebClient


def without_proxy(client: AsyncWebClient) -> None:
    """Leave the environment's proxy out where NO_PROXY names the host."""
    if client.proxy and proxy_bypass(urlsplit(client.base_url).hostname or ""):
        client.proxy = None
