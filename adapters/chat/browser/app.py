"""The page as a running chat: served on loopback until it is closed."""

from __future__ import annotations

import asyncio
from secrets import token_urlsafe

from aiohttp import web

from adapters.chat.browser import guard
from adapters.chat.browser.forms import Forms
from adapters.chat.browser.pages import Views, Welcome
from adapters.chat.browser.receive import MOST_BODY, Receiver
from adapters.chat.browser.room import Room
from adapters.chat.browser.sender import Sender
from adapters.chat.browser.settings import Browser
from adapters.chat.browser.stream import LONGEST
from adapters.chat.browser.surface import BrowserSurface
from adapters.chat.browser.uploads import Uploads
from adapters.chat.conversation import Conversation
from adapters.html.hosts import by_its_name
from adapters.html.pages import html_application
from adapters.http_server import listening
from bot.access import Denied
from bot.handler import Handler
from bot.model import Secret
from bot.ports import Clock, Store
from bot.replies import chat_page
from bot.state import Actor, Invocation

LOOPBACK = "127.0.0.1"
FINISHING = 5.0  # seconds that answers under way get at the end
SLACK = 30.0  # seconds that a request gets beyond the longest stream, which ends by itself


class BrowserChat:
    """Fills `adapters.chat.running.RunningChat`. `url`: where the page is, once it is served; whoever has it may use it."""

    def __init__(
        self, sender: Sender, handler: Handler, clock: Clock, *, settings: Browser, welcome: Welcome
    ) -> None:
        self.chat = sender
        self.connected = False
        self.url: asyncio.Future[Secret] = asyncio.get_running_loop().create_future()
        self._port = settings.port
        self._key = Secret(token_urlsafe(32))
        self._uploads = Uploads(settings.folder)
        self._conversation = Conversation(handler, BrowserSurface(self.chat, self._uploads), clock)
        forms = Forms(handler.services.new_key)
        views = Views(self.chat, handler, forms, welcome)
        receiver = Receiver(self._conversation, self.chat.room, views, forms, self._uploads, clock)
        self._routes = [*views.routes(), *receiver.routes()]
        self._closed = asyncio.Event()

    async def afresh(self, invocation: Invocation, actor: Actor) -> Actor | Denied:
        """Return the same person."""
        del invocation
        return actor

    async def run(self) -> None:
        """Serve the page until closed. Raises `UserError` where the port cannot be used."""
        self.chat.room.closed = False
        self._conversation.begin()
        try:
            await self._serve()
        finally:
            self._uploads.forget()

    async def close(self) -> None:
        """Finish what is being answered, and let the pages go."""
        self.connected = False
        await self._conversation.drain(FINISHING)
        self.chat.room.close()
        self._closed.set()

    async def _serve(self) -> None:
        try:
            async with listening(
                self._application(), (LOOPBACK, self._port), request_seconds=LONGEST + SLACK
            ) as (host, port):
                self.connected = True
                self.url.set_result(Secret(f"http://{host}:{port}/{self._key.reveal()}/"))
                await self._closed.wait()
        except (OSError, OverflowError) as error:
            raise chat_page.port_taken(self._port, LOOPBACK) from error

    def _application(self) -> web.Application:
        app = html_application(
            scripts=True,
            middlewares=[by_its_name(), guard.known(self._key)],
            client_max_size=MOST_BODY,
        )
        app.add_routes(self._routes)
        return app


async def open_chat(
    settings: Browser, handler: Handler, store: Store, clock: Clock, welcome: Welcome | None = None
) -> BrowserChat:
    """Open the chat; the page is served by `run`."""
    del store  # what was said is in memory, and goes with the page
    sender = Sender(room=Room(), clock=clock, folder=settings.folder)
    return BrowserChat(sender, handler, clock, settings=settings, welcome=welcome or Welcome())
