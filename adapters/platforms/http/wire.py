"""What goes over the wire, as values: a request to send and the answer to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import quote, urlencode

from bot.errors import TooLarge, Unreachable
from bot.model import Secret

USER_AGENT = "clew"
JSON = "application/json"
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request: a path below the connection's address made of checked parts, query values in order, maybe a body.

    `deadline`: seconds, where the usual bound does not fit; `most`: bytes of the answer's body likewise. `keyed`:
    whether it says who sends it. `elsewhere`: a signed address of another origin that it goes to instead of the
    path; the key never goes along.
    """

    path: str = ""
    method: str = "GET"
    query: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    accept: str = JSON
    content_type: str = JSON
    deadline: float | None = None
    most: int | None = None
    keyed: bool = True
    elsewhere: Secret | None = None
    ends: bool = False  # of an answer that is too large, keep how it begins and ends

    @property
    def target(self) -> str:
        """The path with its query."""
        return f"{self.path}?{urlencode(self.query, quote_via=quote, safe='')}" if self.query else self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; `headers` by lower-case name, `reason` behind the status, `body` may be cut short for errors."""

    status: int
    reason: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_HEADERS)
    body: bytes = b""

    @property
    def good(self) -> bool:
        """Whether the platform says that it did what was asked."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the class of HTTP statuses


class NotSent(Unreachable):
    """The request certainly did not leave."""


class Oversized(TooLarge):
    """An answer larger than what is read; `head` and `tail`: how it begins and ends, where that was asked for."""

    def __init__(self, head: bytes = b"", tail: bytes = b"") -> None:
        super().__init__("The platform's answer is larger than any that is expected.")
        self.head = head
        self.tail = tail


def headers_for(request: Request, authorization: str | None) -> dict[str, str]:
    """Return the headers of a request; `authorization` proves who sends it, None for nobody."""
    headers = {
        "User-Agent": USER_AGENT,
        "Accept": request.accept,
        "Accept-Encoding": "identity",  # an encoded body can grow a thousandfold while it is read
    }
    if authorization is not None:
        headers["Authorization"] = authorization
    if request.body:  # some servers refuse an empty body that is called JSON
        headers["Content-Type"] = request.content_type
    return headers
