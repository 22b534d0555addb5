"""What changes on the page, as it happens: server-sent events.

https://html.spec.whatwg.org/multipage/server-sent-events.html. Each event carries the version up to which the page is right then.
A page that comes again says the last one it had, so nothing is lost and nothing comes twice, however the connection broke.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from adapters.chat.browser.events import CHANNELS, channel_of
from adapters.chat.browser.room import Message, Room

PING: Final = 15.0  # seconds without news after which it is seen whether the page is still there
LONGEST: Final = 600.0  # seconds after which a page has to come again
RETRY, SELDOM = 1_000, 5_000  # ms until a page comes again; one that nobody looks at comes seldom

MOST_DIGITS: Final = 15  # of a version

Write = Callable[[Message], str]
"""Writes a message as HTML."""


@dataclass(slots=True)
class Feed:
    """What one page has to hear. `version`: up to which it is right; `_told`: what it was told beside messages."""

    room: Room
    write: Write
    version: int
    _told: str = ""

    def news(self) -> Iterator[str]:
        """Yield the events that the page lacks; from then on it has them.

        Sending them takes time: what changes meanwhile is of the next ones.
        """
        found, until = self.room.since(self.version), self.room.version
        if found is None:
            self.version = until
            yield _event("stale", None, until)
            return
        before, self.version = self.version, until
        if found[1]:  # before any message, whose version may be later than when they went
            yield _event("gone", found[1], before)
        for message in found[0]:
            yield _event("message", self._shown(message, new=message.made > before), message.changed)
        beside = self._beside()
        if (said := json.dumps(beside)) != self._told:
            self._told = said
            yield _event("beside", beside, until)

    def _shown(self, message: Message, *, new: bool) -> dict[str, Any]:
        content, channel = message.content, channel_of(message.channel)
        return {
            "id": message.id,
            "channel": channel.name if channel else "",
            "thread": message.thread,
            "html": self.write(message),
            "summary": content.summary if content else "",
            "new": new,
        }

    def _beside(self) -> dict[str, Any]:
        """Return how much is unread in each channel, and what is being worked on where."""
        unread = self.room.unread()
        working = [
            {"channel": channel.name, "thread": thread, "text": text}
            for where, thread, text in self.room.working()
            if (channel := channel_of(where))
        ]
        return {"unread": {c.name: unread[c.id] for c in CHANNELS}, "working": working}


async def stream(request: web.Request, room: Room, write: Write) -> web.StreamResponse:
    """Send what changes until the page goes away; where it asks to be brief, only what it lacks now."""
    feed = Feed(room, write, _last(request))
    brief = "brief" in request.query
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
    await answer.prepare(request)
    try:
        async with asyncio.timeout(LONGEST):
            await answer.write(f"retry: {SELDOM if brief else RETRY}\n\n".encode())
            while not room.closed:
                changed = room.changed
                for event in feed.news():
                    await answer.write(event.encode())
                if brief:
                    break
                if not await _happens(changed):
                    await answer.write(b":\n\n")
    except (TimeoutError, ConnectionResetError):
        pass  # it comes again, or nobody looks any more
    return answer


def _last(request: web.Request) -> int:
    """Return the version that a page has: what it had last, else what it was made with. -1 for what is none."""
    said = request.headers.get("Last-Event-ID") or request.query.get("after", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) <= MOST_DIGITS else -1


async def _happens(event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(PING):
            return await event.wait()
    except TimeoutError:
        return False


def _event(kind: str, data: object, version: int) -> str:
    """Write an event; JSON has no line breaks, so its data is one line."""
    return f"id: {version}\nevent: {kind}\ndata: {json.dumps(data)}\n\n"
