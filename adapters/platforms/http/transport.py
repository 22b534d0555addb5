"""The HTTP of one connection, which loads its libraries with the first request: what asks nothing starts without them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from adapters.platforms.http.limits import Limits
from adapters.platforms.http.wire import NotSent

if TYPE_CHECKING:
    import httpx


class Http:
    """The HTTP of one connection, closed at the end of its block. `make` returns the client, once it is needed."""

    def __init__(self, make: Callable[[], httpx.AsyncClient]) -> None:
        self._make = make

    @cached_property
    def client(self) -> httpx.AsyncClient:
        """The client. Raises `NotSent` where it cannot be made."""
        return self._make()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if "client" in self.__dict__:
            await self.client.aclose()


def open_http(*, proxy: str | None = None, ca_file: Path | None = None, limits: Limits | None = None) -> Http:
    """Return the HTTP of one connection; makes no connection yet.

    `ca_file`: certificates to trust beside the usual ones; where they cannot be read, nothing is sent.
    """

    def make() -> httpx.AsyncClient:
        from adapters.platforms.http.connecting import client

        try:
            return client(limits or Limits(), proxy=proxy, ca_file=ca_file)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise NotSent(f"The certificates in {ca_file} cannot be read ({why}).") from error

    return Http(make)
