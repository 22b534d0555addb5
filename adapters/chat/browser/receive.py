"""What comes in: lines, presses of buttons and forms; each is acknowledged once it is accepted, and answered on the page.

A script asks for a part (`Clew-Part`) and gets what changes; without one the browser is sent back to the page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from adapters.chat.browser import events
from adapters.chat.browser.events import Where, channel_of, invocation, where
from adapters.chat.browser.forms import Forms, Opened
from adapters.chat.browser.guard import KEY
from adapters.chat.browser.pages import Views
from adapters.chat.browser.room import Room
from adapters.chat.browser.stream import MOST_DIGITS
from adapters.chat.browser.uploads import MOST_BYTES, Uploads
from adapters.chat.conversation import Conversation
from adapters.chat.one_person import Interaction
from adapters.chat.pressed import parts
from adapters.chat.surface import Inbound, Kind
from adapters.html.sent import sent
from bot.lengths import LONGEST
from bot.ports import Clock
from bot.replies import chat_page as sentences
from bot.state import AttachedFile, Invocation

BODY_SECONDS: Final = 10.0
MOST_BODY: Final = MOST_BYTES + (1 << 20)  # with the fields beside the file
PART = "Clew-Part"


@dataclass(frozen=True, slots=True)
class Sent:
    """What a page sent: its fields, and the file beside them."""

    fields: Mapping[str, str]
    attached: tuple[AttachedFile, ...] = field(default=())


class Receiver:
    """Makes an `Inbound` of whatever is sent."""

    def __init__(
        self,
        conversation: Conversation[Interaction],
        room: Room,
        views: Views,
        forms: Forms,
        uploads: Uploads,
        clock: Clock,
    ) -> None:
        self._conversation = conversation
        self._handler = conversation.handler
        self._room = room
        self._views = views
        self._forms = forms
        self._uploads = uploads
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Return what can be sent, below the key."""
        below = f"/{{{KEY}}}"
        return [
            web.post(f"{below}/say", self._say),
            web.post(f"{below}/press", self._press),
            web.post(f"{below}/form", self._form),
            web.post(f"{below}/read", self._read),
        ]

    async def _say(self, request: web.Request) -> web.Response:
        """Take a line that was typed, with a file or without."""
        sent = await self._sent(request)
        here = self._where(sent.fields)
        text = events.command_text(sent.fields.get("text", ""))
        if not text and not sent.attached:
            return self._back(request, here)
        asked = invocation(text, self._clock.now(), where=here, key=self._key(sent), attached=sent.attached)
        await self._accept(asked, Kind.TYPED)
        return self._back(request, here)

    async def _press(self, request: web.Request) -> web.Response:
        """Take a press; a form that it opens is the answer."""
        sent = await self._sent(request)
        found = self._room.pressed(sent.fields.get("message", ""), sent.fields.get("button", ""))
        if found is None:
            raise web.HTTPConflict(text=sentences.NO_BUTTON)
        message, control = found
        channel = channel_of(message.channel)
        if channel is None or control.command is None:
            raise web.HTTPConflict(text=sentences.NO_BUTTON)
        here = Where(channel, message.root)
        text, values = parts(control.command)
        interaction = Interaction()
        inbound = Inbound(
            invocation=invocation(text, self._clock.now(), where=here, key=self._new_key(), values=values),
            kind=Kind.BUTTON,
            interaction=interaction,
            pressed=message.id,
            ephemeral=message.ephemeral,
            opens_form=control.opens_form,
            must_answer=True,
        )
        receipt = await self._conversation.receive(inbound)
        if control.opens_form and receipt.answered is not None:
            await receipt.answered
        if interaction.form is None:
            return self._back(request, here)
        return self._shown(request, self._forms.open(interaction.form, here))

    async def _form(self, request: web.Request) -> web.Response:
        """Take a form that was filled in; what is wrong is said at its field, and nothing is done."""
        sent = await self._sent(request)
        opened = self._forms.get(sent.fields.get("form", ""))
        if opened is None:
            raise web.HTTPConflict(text=sentences.FORM_GONE)
        opened = opened.filled(sent.fields)
        if "again" in sent.fields:
            return self._shown(request, await self._reshaped(opened))
        opened = self._forms.put(opened.judged(self._handler.field_problem))
        if opened.problems:
            return self._shown(request, opened)
        asked = invocation(
            opened.form.verb, self._clock.now(), where=opened.where, key=self._key(sent), values=opened.sent
        )
        await self._accept(asked, Kind.FORM, said=opened.form.title)
        return self._back(request, opened.where)

    async def _reshaped(self, opened: Opened) -> Opened:
        """Return a form as it is for what it holds just now; the same where nothing else is asked for."""
        asked = invocation(
            opened.form.verb, self._clock.now(), where=opened.where, key=self._new_key(), values=opened.sent
        )
        inbound = Inbound(invocation=asked, kind=Kind.FORM, interaction=Interaction(), opens_form=True)
        form = await self._conversation.form_again(inbound, opened.untouched)
        return self._forms.put(opened.shaped(form) if form is not None else opened)

    async def _read(self, request: web.Request) -> web.Response:
        """Note what the person has seen."""
        sent = await self._sent(request)
        here, version = self._where(sent.fields), sent.fields.get("version", "")
        if version.isascii() and version.isdigit():
            self._room.read(here.channel.id, int(version[:MOST_DIGITS]))
        return self._back(request, here)

    async def _accept(self, asked: Invocation, kind: Kind, *, said: str = "") -> None:
        """Show what was said, without what nobody should read, and let it be answered; once, however often it is sent."""
        place, clean = asked.place, self._handler.clean(asked)
        if not self._room.said(asked.key):
            names = [f"[{file.name}]" for file in clean.attached]
            typed = clean.text if len(clean.text) <= LONGEST else "…"  # it is refused for its length
            text = " ".join(filter(None, (said or typed, *names)))
            self._room.say(place.channel, place.thread, key=asked.key, at=asked.at, text=text)
        inbound = Inbound(invocation=asked, kind=kind, interaction=Interaction(), must_answer=True)
        await self._conversation.receive(inbound)

    async def _sent(self, request: web.Request) -> Sent:
        """Read what was sent, in time and within bounds."""
        try:
            async with asyncio.timeout(BODY_SECONDS):
                given = await sent(request)
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        except web.HTTPRequestEntityTooLarge as error:
            raise web.HTTPRequestEntityTooLarge(
                MOST_BODY, text=sentences.too_large(MOST_BYTES >> 20)
            ) from error
        files = [value for value in given.values() if isinstance(value, web.FileField) and value.filename]
        fields = {name: value for name, value in given.items() if isinstance(value, str)}
        attached = [
            await asyncio.to_thread(self._uploads.keep, file.filename, file.file) for file in files[:1]
        ]
        return Sent(fields, tuple(attached))

    def _where(self, fields: Mapping[str, str]) -> Where:
        """Return where it was said. Answers 409 where the thread is not there any more."""
        here = where(fields)
        if here is None or (here.thread and not self._room.has_thread(here.channel.id, here.thread)):
            raise web.HTTPConflict(text=sentences.NO_MESSAGE)
        return here

    def _key(self, sent: Sent) -> str:
        return events.act(sent.fields, self._new_key)

    def _new_key(self) -> str:
        return self._handler.services.new_key()

    def _shown(self, request: web.Request, opened: Opened) -> web.Response:
        """Show a form: alone, or without a script in the page."""
        if PART in request.headers:
            return self._views.dialog(opened)
        return self._views.whole(opened.where, opened)

    def _back(self, request: web.Request, here: Where) -> web.Response:
        if PART in request.headers:
            return web.Response(status=204)
        thread = f"&thread={here.thread}" if here.thread else ""
        raise web.HTTPSeeOther(f"./?in={here.channel.name}{thread}#end")
