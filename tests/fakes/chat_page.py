"""Somebody before the chat's page, over real HTTP, without a browser: sends what the page's forms send, and hears what it hears."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

from aiohttp import ClientResponse, ClientSession, FormData
from yarl import URL

from adapters.chat.browser.app import BrowserChat
from adapters.chat.browser.events import CHANNELS
from bot.access import Policy, Role
from bot.model import NOTHING

OPEN = Policy(roles={Role.ADMIN: frozenset(channel.id for channel in CHANNELS)})
PATIENCE = 30.0  # seconds; only a failing test waits that long


class Visitor:
    """Knows the page's address. `sees` opens its stream of events."""

    def __init__(self, url: str, http: ClientSession) -> None:
        self.url = URL(url)
        self.http = http

    @property
    def origin(self) -> str:
        """What a browser says of where its requests come from."""
        return str(self.url.origin())

    async def get(self, path: str, headers: Mapping[str, str] = NOTHING) -> ClientResponse:
        """Read something below the address."""
        answer = await self.http.get(self.url.join(URL(path)), headers=headers, allow_redirects=False)
        await answer.read()
        return answer

    async def send(
        self,
        path: str,
        fields: Mapping[str, str],
        *,
        file: tuple[str, bytes] | None = None,
        headers: Mapping[str, str] = NOTHING,
    ) -> ClientResponse:
        """Send a form as the page's script does."""
        form = FormData(quote_fields=False, default_to_multipart=True)
        for name, value in fields.items():
            form.add_field(name, value)
        if file is not None:
            form.add_field("file", BytesIO(file[1]), filename=file[0])
        given = {"Origin": self.origin, "Clew-Part": "1", **headers}
        answer = await self.http.post(
            self.url.join(URL(path)), data=form, headers=given, allow_redirects=False
        )
        await answer.read()
        return answer

    @asynccontextmanager
    async def hearing(
        self, after: int | str = 0, headers: Mapping[str, str] = NOTHING
    ) -> AsyncIterator[Events]:
        """Hear what changes after a version."""
        async with self.http.get(
            self.url.join(URL(f"events?after={after}")), headers=headers, timeout=None
        ) as answer:
            yield Events(answer)


class Events:
    """A stream of events, as a browser reads it. `last` is the version that it would say when it comes again."""

    def __init__(self, answer: ClientResponse) -> None:
        self.answer = answer
        self.last = ""

    async def next(self, kind: str) -> Any:
        """Wait for the next event of a kind and return its data."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found = await self._event()
                if found.get("event") == kind:
                    return json.loads(found["data"])

    async def _event(self) -> dict[str, str]:
        found: dict[str, str] = {}
        while line := (await self.answer.content.readline()).decode().rstrip("\n"):
            name, _, value = line.partition(": ")
            found[name] = value
        if not found and self.answer.content.at_eof():
            raise EOFError
        self.last = found.get("id", self.last)
        return found


@asynccontextmanager
async def page_served(chat: BrowserChat) -> AsyncIterator[Visitor]:
    """Serve a page, and let somebody come who was shown its address."""
    serving = asyncio.create_task(chat.run())
    try:
        async with ClientSession() as http:
            yield Visitor(await _address(chat, serving), http)
    finally:
        await chat.close()
        await serving


async def _address(chat: BrowserChat, serving: asyncio.Task[None]) -> str:
    await asyncio.wait((serving, asyncio.ensure_future(chat.url)), return_when=asyncio.FIRST_COMPLETED)
    return chat.url.result().reveal()
