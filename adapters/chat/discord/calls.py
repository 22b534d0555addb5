"""The few calls to Discord, with their bodies as they are: discord.py's HTTP client keeps rates and repeats.

Bodies were frozen when they were rendered, and going through the library's message objects would build them
anew. The functions used here are those that the library's own public methods call; its version is pinned
below the next minor one, and tests hold every call.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import aiohttp
import discord
from discord.http import Route, handle_message_parameters
from discord.webhook import async_ as webhooks

from adapters.chat.discord.events import InteractionToken
from adapters.chat.discord.markup import Json
from adapters.chat.discord.outcomes import NotConnected

MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, CHOICES, MODAL = 4, 5, 6, 8, 9
EPHEMERAL = 1 << 6
CONNECTIONS = (
    100  # at once: of two hundred commands, half are answered sooner on one that is open than on one more
)
MESSAGE_PATH = "/channels/{channel_id}/messages/{message_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file to send along: its name, and its bytes or where they are."""

    name: str
    content: bytes = field(default=b"", repr=False)
    path: str = ""

    def file(self) -> discord.File:
        """Open it for discord.py, which closes it."""
        return discord.File(self.path or io.BytesIO(self.content), filename=self.name)


class Calls:
    """Speaks to Discord for whoever is logged in now; raises what discord.py and aiohttp raise.

    The session for interactions has no token: their addresses are their right.
    """

    def __init__(self, *, proxy: str | None = None) -> None:
        self._client: discord.Client | None = None
        self.proxy = proxy
        self._session: aiohttp.ClientSession | None = None
        self.application = ""

    def use(self, client: discord.Client | None, application: str = "") -> None:
        """Go through this client from now on, through none when there is none."""
        self._client = client
        self.application = application or self.application

    async def close(self) -> None:
        """Give back the connections of interactions."""
        if self._session is not None:
            await self._session.close()

    # With the bot's token -------------------------------------------------------------------------

    async def get(self, path: str, *, query: Json | None = None, **ids: str) -> Any:
        """Read something; `ids` stand in the path."""
        return await self._http.request(_route("GET", path, **ids), params=query or {})

    async def create_message(self, channel_id: str, body: Json, uploads: Sequence[Upload] = ()) -> Json:
        """Send a message with a nonce; Discord gives the same message again for the same nonce."""
        route = _route("POST", "/channels/{channel_id}/messages", channel_id=channel_id)
        return await self._send(route, body, uploads)

    async def edit_message(
        self, channel_id: str, message_id: str, body: Json, uploads: Sequence[Upload] = ()
    ) -> Json:
        """Change a message of ours; safe to repeat."""
        route = _route("PATCH", MESSAGE_PATH, channel_id=channel_id, message_id=message_id)
        return await self._send(route, body, uploads)

    async def delete_message(self, channel_id: str, message_id: str) -> None:
        """Take back a message of ours."""
        route = _route("DELETE", MESSAGE_PATH, channel_id=channel_id, message_id=message_id)
        await self._http.request(route)

    async def open_thread(self, channel_id: str, message_id: str, body: Json) -> Json:
        """Open the thread of a message; it has the message's id."""
        path = f"{MESSAGE_PATH}/threads"
        return await self._send(_route("POST", path, channel_id=channel_id, message_id=message_id), body)

    async def open_post(self, forum_id: str, body: Json, uploads: Sequence[Upload] = ()) -> Json:
        """Open a post in a forum: a thread with its first message, which has the same id."""
        return await self._send(
            _route("POST", "/channels/{channel_id}/threads", channel_id=forum_id), body, uploads
        )

    async def change_channel(self, channel_id: str, body: Json) -> Json:
        """Change a thread, for example take it out of the archive."""
        return await self._send(_route("PATCH", "/channels/{channel_id}", channel_id=channel_id), body)

    async def open_direct(self, user_id: str) -> Json:
        """Open the conversation with one person."""
        return await self._send(_route("POST", "/users/@me/channels"), {"recipient_id": user_id})

    async def put_commands(self, commands: list[Json]) -> None:
        """Make the application's commands exactly these."""
        path = "/applications/{application_id}/commands"
        await self._http.request(_route("PUT", path, application_id=self.application), json=commands)

    # With an interaction's own token ----------------------------------------------------------------

    async def initial_response(self, token: InteractionToken, kind: int, data: Json | None = None) -> None:
        """Give an interaction its one initial response."""
        params = webhooks.interaction_response_params(kind, data)
        await self._adapter.create_interaction_response(
            int(token.id), token.token, session=self.session, proxy=self.proxy, params=params
        )

    async def edit_original(
        self, token: InteractionToken, body: Json, uploads: Sequence[Upload] = ()
    ) -> Json:
        """Change the initial response; safe to repeat."""
        with _content(body, uploads, whole="payload", parts="multipart") as content:
            return cast("Json", await self._adapter.edit_original_interaction_response(
                int(self.application), token.token, session=self.session, proxy=self.proxy, **content
            ))  # fmt: skip

    async def delete_original(self, token: InteractionToken) -> None:
        """Take back the initial response."""
        await self._adapter.delete_original_interaction_response(
            int(self.application), token.token, session=self.session, proxy=self.proxy
        )

    async def follow_up(self, token: InteractionToken, body: Json, uploads: Sequence[Upload] = ()) -> Json:
        """Send a follow-up message, at most once: Discord knows no nonce here, so nothing is repeated."""
        once = cast("aiohttp.ClientSession", _Once(self.session))
        with _content(body, uploads, whole="payload", parts="multipart") as content:
            return cast("Json", await self._adapter.execute_webhook(
                int(self.application), token.token, session=once, proxy=self.proxy, wait=True, **content
            ))  # fmt: skip

    @property
    def _adapter(self) -> webhooks.AsyncWebhookAdapter:
        return webhooks.async_context.get()

    @property
    def session(self) -> aiohttp.ClientSession:
        """The connections that no token goes over: an address is all the right that is needed."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=CONNECTIONS)
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=aiohttp.ClientTimeout(total=60)
            )
        return self._session

    async def _send(self, route: Route, body: Json, uploads: Sequence[Upload] = ()) -> Json:
        with _content(body, uploads, whole="json", parts="form") as content:
            return cast("Json", await self._http.request(route, **content))

    @property
    def _http(self) -> discord.http.HTTPClient:
        if self._client is None or self._client.is_closed():
            raise NotConnected
        return self._client.http


class _Once:
    """A session that makes one request: the library's repeats end here, where repeating could double."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session: aiohttp.ClientSession | None = session

    def request(self, *args: Any, **options: Any) -> Any:
        """Make the request, the first time."""
        session, self._session = self._session, None
        if session is None:
            raise RepeatRefused
        return session.request(*args, **options)


class RepeatRefused(Exception):
    """The first request failed in a way that may have stored something."""


def _route(method: str, path: str, **ids: str) -> Route:
    parameters: Any = {name: int(value) for name, value in ids.items()}
    return Route(method, path, **parameters)


@contextmanager
def _content(body: Json, uploads: Sequence[Upload], *, whole: str, parts: str) -> Iterator[dict[str, Any]]:
    """Give a call its content: the body as `whole`, or with files as `parts`; they are open for as long as it lasts."""
    files = [upload.file() for upload in uploads]
    try:
        yield {parts: _multipart(body, files), "files": files} if files else {whole: body}
    finally:
        for file in files:
            file.close()


def _multipart(body: Json, files: list[discord.File]) -> list[Json]:
    """Lay a body and its files out as the library does; in a forum post they belong to the first message."""
    attachments = {"attachments": [file.to_dict(number) for number, file in enumerate(files)]}
    whole = body | ({"message": body["message"] | attachments} if "message" in body else attachments)
    parts = handle_message_parameters(files=files).multipart or ()
    return [{"name": "payload_json", "value": json.dumps(whole)}, *parts[1:]]
