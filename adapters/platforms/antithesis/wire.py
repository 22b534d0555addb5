"""What goes over the wire, as values: a request to send and the answer to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import quote, urlencode

from adapters.platforms.antithesis.settings import Tenant
from bot.errors import TooLarge

USER_AGENT = "clew"
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request: a path made of checked parts, query values in order, and maybe a JSON body."""

    path: str
    method: str = "GET"
    query: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    accept: str = "application/json"
    ends: bool = False  # of an answer that is too large, keep how it begins and ends

    @property
    def target(self) -> str:
        """The path with its query."""
        return f"{self.path}?{urlencode(self.query, quote_via=quote, safe='')}" if self.query else self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; `headers` by lower-case name, `body` may be cut short for errors."""

    status: int
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_HEADERS)
    body: bytes = b""

    @property
    def good(self) -> bool:
        """Whether the platform says that it did what was asked."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the class of HTTP statuses


class Oversized(TooLarge):
    """An answer larger than what is read; `head` and `tail`: how it begins and ends, where that was asked for."""

    def __init__(self, head: bytes = b"", tail: bytes = b"") -> None:
        super().__init__("The platform's answer is larger than any that is expected.")
        self.head = head
        self.tail = tail


def headers_for(request: Request, tenant: Tenant) -> dict[str, str]:
    """Return the headers of a request."""
    headers = {
        "Authorization": f"Bearer {tenant.api_key.reveal()}",
        "User-Agent": USER_AGENT,
        "Accept": request.accept,
        "Accept-Encoding": "identity",  # an encoded body can grow a thousandfold while it is read
    }
    return {**headers, "Content-Type": "application/json"} if request.method == "POST" else headers
