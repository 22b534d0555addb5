"""What is shown: the page, its parts, files and the way to a report; all that is read, and nothing that is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from aiohttp import web

from adapters.chat.browser import blocks, stream
from adapters.chat.browser.events import CHANNELS, PERSON, Where, channel_of, command_text, where
from adapters.chat.browser.forms import Forms, Opened
from adapters.chat.browser.guard import KEY
from adapters.chat.browser.room import Message
from adapters.chat.browser.sender import Sender
from adapters.chat.one_person import somebody
from adapters.html.pages import STYLE, Pages
from bot.handler import Handler
from bot.replies import chat_page as sentences
from bot.state import Place
from bot.suggest import Limits, Typing

HERE = Path(__file__).parent
SUGGESTED: Final = Limits(count=8, label=80, text=300)
CHOSEN: Final = Limits(count=50, label=100, text=300)  # of a field's list
LONGEST_TYPED = 2_000  # characters that something is suggested for


@dataclass(frozen=True, slots=True)
class Try:
    """Something to begin with: what it does, and the command that does it."""

    label: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """What stands above the first message: who this is, and what to try."""

    lines: tuple[str, ...] = (sentences.WELCOME,)
    tries: tuple[Try, ...] = (
        Try(sentences.TRY_STATUS, "status"),
        Try(sentences.TRY_FAILING, "failing latest"),
        Try(sentences.TRY_HELP, "help"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A thread as it is shown."""

    where: Where
    messages: tuple[Message, ...]
    version: int


class Views:
    """Writes everything that a page shows."""

    def __init__(self, sender: Sender, handler: Handler, forms: Forms, welcome: Welcome) -> None:
        self._sender, self._room = sender, sender.room
        self._handler = handler
        self._forms = forms
        self._welcome = welcome
        self._pages = Pages(
            HERE / "templates", style=STYLE, page=blocks.page, blocks=blocks.blocks, split=blocks.split, moment=_moment,
            picture=blocks.picture, caption=blocks.caption, file_name=blocks.file_name, sign=blocks.SIGNS.get,
        )  # fmt: skip

    def routes(self) -> list[web.RouteDef]:
        """Return what can be read, below the key."""
        below = f"/{{{KEY}}}"
        return [
            web.get(below, _with_slash),
            web.get(f"{below}/", self._page),
            web.get(f"{below}/thread", self._thread),
            web.get(f"{below}/events", self._events),
            web.get(f"{below}/suggest", self._suggest),
            web.get(f"{below}/file/{{name}}", self._file),
            web.get(f"{below}/report/{{message}}", self._report),
            web.get("/chat.css", partial(_static, "chat.css", "text/css")),
            web.get("/chat.js", partial(_static, "chat.js", "text/javascript")),
        ]

    def whole(self, here: Where, opened: Opened | None = None) -> web.Response:
        """Write the page; a form that is open stands in it."""
        channel = here.channel
        seen = self._room.seen_until(channel.id)
        messages = self._room.main(channel.id)
        first_unread = next((m.id for m in messages if m.content and m.made > seen), None) if seen else None
        self._room.read(channel.id, self._room.version)
        unread = self._room.unread()
        thread = self._view(here) if here.thread else None
        answer = self._pages.answer(
            "page.html",
            here=here,
            outside=Where(channel),
            channels=[(c, unread[c.id]) for c in CHANNELS],
            messages=messages,
            first_unread=first_unread,
            thread=thread,
            opened=opened,
            welcome=self._welcome,
            version=self._room.version,
        )
        # With no referrer at all browsers would not say either which page a form was sent from.
        answer.headers["Referrer-Policy"] = "same-origin"
        return answer

    def dialog(self, opened: Opened) -> web.Response:
        """Write a form alone."""
        return self._pages.answer("dialog.html", opened=opened)

    def article(self, message: Message) -> str:
        """Write a message."""
        channel = channel_of(message.channel) or CHANNELS[0]
        return self._pages.write("article.html", message=message, name=channel.name)

    async def _page(self, request: web.Request) -> web.Response:
        here = where(request.query)
        if here is None or (here.thread and not self._room.has_thread(here.channel.id, here.thread)):
            raise web.HTTPSeeOther("./")
        return self.whole(here)

    async def _thread(self, request: web.Request) -> web.Response:
        here = where(request.query)
        view = self._view(here) if here else None
        if view is None:
            raise web.HTTPNotFound(text=sentences.NO_MESSAGE)
        return self._pages.answer("thread.html", view=view)

    def _view(self, here: Where) -> View | None:
        root = self._room.message(here.thread or "")
        if root is None or not self._room.has_thread(here.channel.id, root.id):
            return None
        return View(where=here, messages=(root, *self._room.thread(root.id)), version=self._room.version)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        return await stream.stream(request, self._room, self.article)

    async def _suggest(self, request: web.Request) -> web.Response:
        """Answer what fits where somebody is typing: at the end of a command, or in a field of a form."""
        query = request.query
        typed = query.get("typed", "")[:LONGEST_TYPED]
        opened = self._forms.get(query.get("form", ""))
        field = opened.field(query.get("field", "")) if opened else None
        here = opened.where if opened else where(query)
        if here is None or (opened and field is None):
            raise web.HTTPNotFound
        typing = Typing(
            actor=somebody(PERSON),
            place=Place(channel=here.channel.id, thread=here.thread),
            typed=typed if field else _line(typed),
            parameter=field,
            verb=opened.form.verb if opened else "",
        )
        found = await self._handler.suggest(typing, CHOSEN if field else SUGGESTED)
        return web.json_response(
            [{"text": s.text, "label": s.label, "hint": s.hint, "replaces": s.replaces} for s in found]
        )

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """Hand out a file that a message names, to be saved: nothing in it is ever shown as a page."""
        name = request.match_info["name"]
        path = self._sender.saved(name)
        if path is None or not path.is_file():
            raise web.HTTPNotFound(text=sentences.NO_FILE)
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f'attachment; filename="{name}"',  # the names of saved files are plain
        }
        return web.FileResponse(path, headers=headers)

    async def _report(self, request: web.Request) -> web.Response:
        """Lead to a report by its signed link, which stands in no page."""
        message = self._room.message(request.match_info["message"])
        link = message.report_url.reveal() if message and message.report_url else None
        if blocks.page(link) is None:
            raise web.HTTPNotFound(text=sentences.NO_REPORT)
        raise web.HTTPSeeOther(str(link))


def _line(typed: str) -> str:
    """Return a command as far as it is typed; the space behind its last word says that this one is whole."""
    text = command_text(typed)
    return f"{text} " if text and typed[-1].isspace() else text


async def _with_slash(request: web.Request) -> web.Response:
    """Lead an address to the page that lost the slash at its end on the way."""
    raise web.HTTPSeeOther(f"{request.path}/")


async def _static(name: str, kind: str, _: web.Request) -> web.Response:
    text = (HERE / "static" / name).read_text(encoding="utf-8")
    return web.Response(text=text, content_type=kind, charset="utf-8")


def _moment(at: datetime) -> str:
    """Write when a message came, short."""
    return f"{at.day} {at:%b, %H:%M}"
