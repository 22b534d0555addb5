"""Who may talk to the page: whoever was shown its address, from a page of ours and no other.

The address holds a key that nobody can guess, as the addresses of notebook servers do. A cookie would go to every server on this
machine, whatever its port; and a page of another site that guesses the port knows no address to send anything to. What browsers say
of where a request comes from is held against it all the same.
"""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from adapters.html.pages import STYLE
from adapters.html.tokens import same
from bot.model import Secret
from bot.replies import chat_page

KEY = "key"  # the part of the path
PUBLIC = frozenset({STYLE, "/chat.css", "/chat.js"})  # the same for everybody, and no secret in them


def known(key: Secret) -> Middleware:
    """Answer only requests that know the key, and that a page of ours sent; for any other there is nothing here."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path not in PUBLIC and not same(request.match_info.get(KEY, ""), key):
            raise web.HTTPNotFound(text=chat_page.NOTHING_HERE)
        if _foreign(request):
            raise web.HTTPForbidden(text=chat_page.FOREIGN)
        return await handler(request)

    return guarded


def _foreign(request: web.Request) -> bool:
    """Whether a page of another site sent it; reading is also allowed where no page did, as when an address is typed."""
    site, reads = request.headers.get("Sec-Fetch-Site"), request.method == "GET"
    if site not in {None, "same-origin"} and not (reads and site == "none"):
        return True
    own = f"{request.scheme}://{request.host}"
    return not reads and request.headers.get("Origin") != own
