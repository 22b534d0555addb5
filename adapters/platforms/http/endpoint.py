"""Where the requests of a connection go, and with what they prove who sends them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from adapters.configuration.checks import can_be_host, loopback
from adapters.platforms.http.login import Login
from adapters.platforms.http.wire import Request
from bot.errors import UnexpectedAnswer
from bot.model import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """`address`: scheme, host, port and the path that belongs to it ("https://qa.example.com/api/v3").

    `check` is the sentence that helps where the platform refuses who asks: "Check the key of this connection." `secrets` are all that the
    connection knows, so that no error that quotes one is shown with it.
    """

    address: str
    login: Login
    check: str
    secrets: tuple[Secret, ...]

    def url(self, request: Request) -> str:
        """Return what a request is sent to: its path behind the address, with exactly one slash between them.

        Raises `UnexpectedAnswer` for a signed address that would be read on the way.
        """
        if request.elsewhere is not None:
            return self._elsewhere(request.elsewhere)
        return f"{self.address.rstrip('/')}/{request.target.removeprefix('/')}"

    def _elsewhere(self, link: Secret) -> str:
        """Return a signed address; over plain http only from this machine to itself."""
        url = link.reveal()
        try:
            parts = urlsplit(url)
            host, login = parts.hostname or "", parts.username
        except ValueError:
            host, login = "", None
        if not can_be_host(host) or login is not None or not url.isprintable() or " " in url:
            raise UnexpectedAnswer("The platform's link to the file is not an address.")
        at_home = loopback(host) and loopback(urlsplit(self.address).hostname or "")
        if parts.scheme != "https" and not (parts.scheme == "http" and at_home):
            raise UnexpectedAnswer(
                "The platform's link to the file is not over https, so it is not followed."
            )
        return url
