"""Who may read the page: whoever has its token, or whom the proxy before it names. Everybody else is noted and sent away.

The page has no way to change anything, so a request that somebody is tricked into changes nothing either.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from aiohttp import web

from adapters.html.tokens import SESSION, is_session, same, session
from bot.cache import Bounded
from bot.cleaning import one_line
from bot.errors import StoreError
from bot.model import Secret
from bot.ports import Clock
from bot.replies import pages
from bot.state import AuditEntry

log = logging.getLogger(__name__)

PATH: Final = "/operator"
COOKIE: Final = "clew_page"
ACTION: Final = "page"  # as which it stands in the audit trail
BEARER: Final = "bearer "
LONGEST_USER: Final = 120  # characters
PATIENCE = 2.0  # seconds for a line of the trail; a database that hangs keeps nobody from being told that
ONE_EACH = 60.0  # seconds in which an address is noted once for one reason
MOST_NOTED = 20  # refusals in a minute, whoever they are of
MOST_KNOWN = 1000  # addresses and viewers that are remembered

Note = Callable[[AuditEntry], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """The ways in; with none of them everybody gets in who reaches the page where that is this machine `alone`, else nobody.

    `user_header`: in which one of the `proxies` names the user. `secure`: the page is reached with encryption.
    """

    alone: bool = False
    token: Secret | None = None
    user_header: str | None = None
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    secure: bool = False


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who reads the page, as the audit trail names them. `by_cookie`: they signed in, so they can sign out."""

    id: str
    by_cookie: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Nobody gets in so: the status of the answer, why for the audit trail, and the sentence for the person."""

    status: int
    why: str
    sentence: str


LOCAL: Final = Viewer("web:local")
TOKEN: Final = Viewer("web:token")


def judge(request: web.BaseRequest, doors: Doors, now: datetime) -> Viewer | Refused:
    """Find out who asks. A header from an address that is no proxy counts as nothing, whatever it says."""
    if doors.token is None and doors.user_header is None:
        return LOCAL if doors.alone else Refused(403, "no way in", pages.NO_WAY_IN)
    named = _named(request, doors)
    if isinstance(named, Viewer) or doors.token is None:
        return named or Refused(401, "no user named", pages.NO_USER)
    shown = _shown(request, doors.token, now)
    if isinstance(shown, Viewer):
        return shown
    return named or shown


def _named(request: web.BaseRequest, doors: Doors) -> Viewer | Refused | None:
    """Return whom a proxy names; None where nobody is named."""
    if doors.user_header is None:
        return None
    if not _is_proxy(address_of(request), doors):
        if doors.user_header in request.headers:
            return Refused(403, f"{doors.user_header} from an address that is no proxy", pages.NO_PROXY)
        return None if doors.token else Refused(403, "not through a proxy", pages.NO_PROXY)
    names = request.headers.getall(doors.user_header, [])
    if len(names) > 1:
        return Refused(403, f"{doors.user_header} is there {len(names)} times", pages.SEVERAL_USERS)
    name = one_line(names[0]).strip() if names else ""
    return Viewer(f"web:user:{name}") if 0 < len(name) <= LONGEST_USER else None


def _shown(request: web.BaseRequest, token: Secret, now: datetime) -> Viewer | Refused:
    """Return whoever shows the token, or the cookie that was given for it."""
    header = request.headers.get("Authorization", "")
    if header[: len(BEARER)].lower() == BEARER:
        wrong = Refused(401, "wrong token", pages.NOT_THE_RIGHT_ONE)
        return TOKEN if same(header[len(BEARER) :].strip(), token) else wrong
    cookie = request.cookies.get(COOKIE)
    if cookie is None:
        return Refused(401, "no token", pages.HOW_IN)
    if is_session(cookie, token, now):
        return Viewer(TOKEN.id, by_cookie=True)
    return Refused(401, "session that is over, or of another token", pages.SESSION_OVER)


def address_of(request: web.BaseRequest) -> IPv4Address | IPv6Address | None:
    """Return who is at the other end of the connection; what headers say of that is anybody's word."""
    try:
        found = ip_address((request.remote or "").partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _is_proxy(address: IPv4Address | IPv6Address | None, doors: Doors) -> bool:
    return address is not None and any(address in network for network in doors.proxies)


class Entrance:
    """Lets people in and notes who came, and who was not let in: of the first once a session, of the others within bounds."""

    def __init__(self, doors: Callable[[], Doors], clock: Clock, note: Note) -> None:
        self._doors = doors
        self._clock, self._note = clock, note
        self._came: Bounded[tuple[str, str], bool] = Bounded(
            MOST_KNOWN, seconds=SESSION.total_seconds(), clock=clock
        )
        self._sent_away: Bounded[tuple[str, str], bool] = Bounded(MOST_KNOWN, seconds=ONE_EACH, clock=clock)
        self._noted: deque[float] = deque(maxlen=MOST_NOTED)
        self._left_out = 0
        self._writing: set[asyncio.Task[None]] = set()

    @property
    def doors(self) -> Doors:
        """The ways in as they are now."""
        return self._doors()

    async def who(self, request: web.BaseRequest) -> Viewer | Refused:
        """Return who asks, and note it."""
        found = judge(request, self.doors, self._clock.now())
        if isinstance(found, Viewer):
            await self._welcome(found, request)
        else:
            await self.send_away(found, request)
        return found

    def opens(self, given: str) -> bool:
        """Whether a text is the token."""
        return self.doors.token is not None and same(given, self.doors.token)

    async def sign_in(self, request: web.BaseRequest, answer: web.Response) -> None:
        """Give whoever showed the token a cookie for it."""
        if self.doors.token is None:
            return
        answer.set_cookie(
            COOKIE,
            session(self.doors.token, self._clock.now()),
            max_age=int(SESSION.total_seconds()),
            path=PATH,
            httponly=True,
            samesite="Strict",
            secure=self.doors.secure or request.headers.get("X-Forwarded-Proto", "").lower() == "https",
        )
        self._came.drop(_of(TOKEN.id, request))
        await self._welcome(TOKEN, request)

    def sign_out(self, answer: web.Response) -> None:
        """Take the cookie back."""
        answer.del_cookie(COOKIE, path=PATH, httponly=True, samesite="Strict")

    async def send_away(self, refused: Refused, request: web.BaseRequest) -> None:
        """Note who was not let in, unless that was just noted or so many were that the trail would be full of it."""
        about = _of(refused.why, request)
        now = self._clock.monotonic()
        busy = len(self._noted) == MOST_NOTED and now - self._noted[0] < ONE_EACH
        if self._sent_away.get(about) or busy:
            self._left_out += 1
            return
        self._sent_away.put(about, True)
        self._noted.append(now)
        more = f"; {self._left_out} more were not noted" if self._left_out else ""
        self._left_out = 0
        await self._write(f"web:address:{about[1]}", "denied", f"{refused.why}{more}")

    async def _welcome(self, viewer: Viewer, request: web.BaseRequest) -> None:
        about = _of(viewer.id, request)
        if not self._came.get(about):
            self._came.put(about, True)
            await self._write(viewer.id, "allowed", f"from {about[1]}")

    async def _write(self, actor: str, decision: str, detail: str) -> None:
        entry = AuditEntry(
            at=self._clock.now(), actor=actor, channel="", action=ACTION, decision=decision, detail=detail
        )
        writing = asyncio.create_task(self._keep(entry), name="note who reads the page")
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)
        await asyncio.wait({writing}, timeout=PATIENCE)

    async def _keep(self, entry: AuditEntry) -> None:
        try:
            await self._note(entry)
        except StoreError as error:
            told = (entry.actor, entry.decision, entry.detail, error)
            log.warning("the page: %s %s (%s) could not be noted: %s", *told)


def _of(what: str, request: web.BaseRequest) -> tuple[str, str]:
    return what, str(address_of(request) or "unknown")
