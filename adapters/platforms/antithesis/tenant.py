"""One tenant to talk to: its address and how to show who we are. Checked when it is made."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from bot.model import Secret

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_TENANT = re.compile(_LABEL)
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL}){{0,7}}")
_HEADER = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A connection's settings. Raises `ValueError` with a sentence for the operator.

    `name` is the connection's name. Give `tenant` ("acme"), or `base_url` where requests go to another address,
    or both: then pages and reports are the tenant's, whoever passes the requests on. `api_key` opens everything; `username` and `password` only open the two launches.
    `proxy`: the address of an HTTP proxy; those of the environment are never used by themselves.
    """

    name: str
    tenant: str | None = None
    base_url: str | None = None
    api_key: Secret | None = None
    username: str | None = None
    password: Secret | None = None
    proxy: str | None = None

    def __post_init__(self) -> None:
        """Refuse settings that cannot work or would send the key to a wrong place."""
        _ = self.origin, self.home
        for label, secret in (("API key", self.api_key), ("password", self.password)):
            if secret and not _HEADER.fullmatch(secret.reveal()):
                raise ValueError(
                    f"The {label} of connection {self.name!r} has spaces or characters beyond ASCII."
                )
        if bool(self.username) != bool(self.password):
            raise ValueError(f"Connection {self.name!r} needs a user name and a password, or neither.")
        if not self.api_key and not self.username:
            raise ValueError(f"Connection {self.name!r} has no API key: set ANTITHESIS_API_KEY.")
        if self.username and (":" in self.username or not self.username.isprintable()):
            raise ValueError(f"The user name of connection {self.name!r} cannot contain a colon.")
        if self.proxy and urlsplit(self.proxy).scheme not in {"http", "https"}:
            raise ValueError(f"The proxy of connection {self.name!r} has to start with http:// or https://.")

    def secret(self, *, launch: bool) -> Secret | None:
        """Return what a request shows: the key, or the password where it is a launch and there is no key."""
        return self.api_key or (self.password if launch else None)

    @property
    def origin(self) -> str:
        """The scheme, host and port that every request goes to, without a slash at the end."""
        return _origin(self.base_url, self.name) if self.base_url else self._own()

    @property
    def home(self) -> str:
        """The scheme, host and port at which people open pages and reports."""
        return self._own() if self.tenant else self.origin

    def _own(self) -> str:
        if not self.tenant:
            raise ValueError(f"Connection {self.name!r} names no tenant: set ANTITHESIS_TENANT.")
        if not _TENANT.fullmatch(self.tenant):
            raise ValueError(
                f"{self.tenant!r} is not a tenant's name: it is the first part of your address, "
                "as acme in acme.antithesis.com, without a dot or a slash."
            )
        return f"https://{self.tenant.lower()}.antithesis.com"


def _origin(base_url: str, name: str) -> str:
    """Cut a base URL down to its origin; nothing but the API's own path may follow it."""
    try:
        parts = urlsplit(base_url.strip())
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise ValueError(f"The base URL of connection {name!r} is not an address.") from None
    host = (parts.hostname or "").lower()
    if not _HOST.fullmatch(host) and not _is_ip(host):
        raise ValueError(
            f"The base URL of connection {name!r} has no host: write https://acme.antithesis.com."
        )
    if parts.username or parts.password or parts.query or parts.fragment or not _only_api(parts):
        raise ValueError(f"The base URL of connection {name!r} has to end after the host.")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise ValueError(f"The base URL of connection {name!r} has to start with https://.")
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"


def _only_api(parts: SplitResult) -> bool:
    """Whether the path is none, or the one that the official client accepts too."""
    return parts.path.rstrip("/") in {"", "/api", "/api/v0", "/api/v1"}


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    """Whether a key sent there without TLS stays on this machine."""
    return host == "localhost" or (_is_ip(host) and ipaddress.ip_address(host).is_loopback)
