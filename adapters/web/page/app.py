"""The operator's page over HTTP: one view a path, each only read; what cannot be read now is said, with what was known."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler
from markupsafe import Markup

from adapters.html.hosts import by_its_name
from adapters.html.pages import STYLE, Pages, html_answer, html_application
from adapters.html.sent import sent
from adapters.web.page.entrance import PATH, Entrance, Refused, Viewer
from bot.cache import Bounded
from bot.errors import StoreError, UserError
from bot.ports import Clock
from bot.replies import pages as replies
from bot.replies.wording import ago, clock_time

log = logging.getLogger(__name__)

SIGN_IN, SIGN_OUT = f"{PATH}/sign-in", f"{PATH}/sign-out"
FREE: Final = frozenset({f"{PATH}{STYLE}", SIGN_IN, SIGN_OUT})  # what is there before anybody is known
PATIENCE = 8.0  # seconds for the database; a request has ten
KEPT = 64  # views that are shown as they were while the database cannot be read
LONGEST = 300  # characters of one thing that is asked for
VIEWER: Final = web.RequestKey("viewer", Viewer)

Query = Mapping[str, str]
Values = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One page: its template is `NAME.html`, and "" is the path of the first. `read` returns the template's values.

    `read` may raise `StoreError`, and `UserError` for what it is asked in the query; with what it knows all the same, it returns
    as `trouble` why the database cannot be read.
    """

    path: str
    name: str
    title: str
    read: Callable[[Query], Awaitable[Values]]

    @property
    def address(self) -> str:
        """Where it is."""
        return f"{PATH}/{self.path}".rstrip("/")


def _broken(clean: Callable[[str], str], text: str) -> Markup:
    """Return an id that may go on the next line between its parts, and not inside them."""
    return Markup(":<wbr>").join(clean(text).split(":"))


class OperatorsPage:
    """Serves views to whom the entrance lets in. `names`: as what it is reached beside addresses; `clean`: for every text."""

    def __init__(
        self,
        views: Sequence[View],
        entrance: Entrance,
        clock: Clock,
        *,
        names: Iterable[str] = (),
        clean: Callable[[str], str] = str,
        **shared: object,
    ) -> None:
        self._views, self._entrance, self._clock = tuple(views), entrance, clock
        self._names = tuple(names)
        self._pages = Pages(
            Path(__file__).parent / "templates",
            clean=clean,
            style=f"{PATH}{STYLE}",
            say=replies,
            views=self._views,
            sign_in=SIGN_IN,
            sign_out=SIGN_OUT,
            broken=partial(_broken, clean),
            **shared,
        )
        self._seen: Bounded[str, tuple[datetime, Values]] = Bounded(KEPT)

    def application(self) -> web.Application:
        """Return it as an application that stands below `PATH`."""
        app = html_application(middlewares=[by_its_name(self._names), self._guard])
        app.add_routes(
            [web.get(view.address.removeprefix(PATH), partial(self._show, view)) for view in self._views]
        )
        app.add_routes([
            web.get("/", partial(self._show, self._views[0])),
            web.post(SIGN_IN.removeprefix(PATH), self._sign_in),
            web.post(SIGN_OUT.removeprefix(PATH), self._sign_out),
        ])  # fmt: skip
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let nobody see anything before it is known who they are, not even what there is."""
        if request.path not in FREE:
            found = await self._entrance.who(request)
            if isinstance(found, Refused):
                return self._refuse(found)
            request[VIEWER] = found
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return self._problem(request, 404, UserError(replies.NO_SUCH_PAGE))

    async def _show(self, view: View, request: web.Request) -> web.Response:
        query = {name: value[:LONGEST] for name, value in request.query.items()}
        try:
            async with asyncio.timeout(PATIENCE):
                values = await view.read(query)
        except UserError as error:
            return self._problem(request, 400, error, view)
        except (StoreError, TimeoutError) as error:
            return await self._as_it_was(view, request, str(error) or replies.too_slow(PATIENCE))
        if values.get("trouble"):
            return await self._answer(view, request, values, status=503)
        self._seen.put(request.path_qs, (self._clock.now(), values))
        return await self._answer(view, request, values)

    async def _as_it_was(self, view: View, request: web.Request, trouble: str) -> web.Response:
        """Show what was read the last time that it could be, and say so."""
        known = self._seen.get(request.path_qs)
        if known is None:
            return self._problem(request, 503, UserError(trouble, replies.TRY_LATER), view)
        at, values = known
        now = self._clock.now()
        return await self._answer(
            view, request, values, status=503, trouble=trouble, as_of=f"{clock_time(at)}, {ago(at, now)}"
        )

    async def _answer(
        self, view: View, request: web.Request, values: Values, *, status: int = 200, **more: object
    ) -> web.Response:
        """Write a view in a thread: a long list takes longer than the chats should wait for."""
        kept = {"trouble": "", "as_of": "", **values, **more, "now": clock_time(self._clock.now())}
        write = partial(self._pages.write, f"{view.name}.html", view=view, viewer=request[VIEWER], **kept)
        return html_answer(await asyncio.to_thread(write), status=status)

    def _problem(
        self, request: web.Request, status: int, error: UserError, view: View | None = None
    ) -> web.Response:
        return self._pages.answer(
            "problem.html",
            status=status,
            view=view,
            viewer=request.get(VIEWER),
            problem=error.problem,
            hint=error.hint,
            trouble="",
            as_of="",
            now=clock_time(self._clock.now()),
        )

    def _refuse(self, refused: Refused) -> web.Response:
        answer = self._pages.answer(
            "sign_in.html",
            status=refused.status,
            sentence=refused.sentence,
            form=self._entrance.doors.token is not None,
            failed=refused.sentence != replies.HOW_IN,
        )
        if refused.status == web.HTTPUnauthorized.status_code:
            answer.headers["WWW-Authenticate"] = "Bearer"
        return answer

    async def _sign_in(self, request: web.Request) -> web.Response:
        """Give a cookie for the token; the address of the page never holds either."""
        given = (await sent(request)).get("token", "")
        if not isinstance(given, str) or not self._entrance.opens(given.strip()):
            refused = Refused(401, "wrong token", replies.NOT_THE_RIGHT_ONE)
            await self._entrance.send_away(refused, request)
            return self._refuse(refused)
        answer = web.Response(status=303, headers={"Location": PATH})
        await self._entrance.sign_in(request, answer)
        return answer

    async def _sign_out(self, _: web.Request) -> web.Response:
        answer = web.Response(status=303, headers={"Location": PATH})
        self._entrance.sign_out(answer)
        return answer
