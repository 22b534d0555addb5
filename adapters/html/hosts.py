"""Who a page is asked for as: a foreign name that leads to this machine (DNS rebinding) gets nothing."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL

from adapters.configuration.checks import is_ip
from bot.replies import pages


def by_its_name(names: Iterable[str] = ()) -> Middleware:
    """Answer only requests whose Host is an address, localhost, or one of `names` (without a port).

    A page of another site may have its name lead to this machine and then reads what is served here as if it were its own;
    the browser still says that name. An address leads nowhere else.
    """
    known = frozenset(["localhost", *(name.lower() for name in names)])

    @web.middleware
    async def named(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = _host(request)
        if host not in known and not is_ip(host):
            raise web.HTTPMisdirectedRequest(text=pages.NOT_THIS_NAME)
        return await handler(request)

    return named


def _host(request: web.Request) -> str:
    """Return the name that a request asks for, in small letters; "" where it names none or several."""
    given = request.headers.getall("Host", [])
    if len(given) != 1:
        return ""
    try:
        return (URL(f"http://{given[0]}").host or "").lower()
    except ValueError:
        return ""
