"""Which addresses may be called: Slack's own, or the one it was told to use instead; never one out of a payload alone."""

from __future__ import annotations

from urllib.parse import urlsplit

API_URL = "https://slack.com/api/"
HOSTS = ("slack.com", "slack-gov.com", "slack-files.com")


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
