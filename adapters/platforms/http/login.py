"""With what requests prove who sends them: a key that stays, or a session that is renewed."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Protocol

from adapters.configuration.secret_file import FileSecret
from adapters.platforms.http.wire import NotSent
from bot.errors import AccessRefused, RateLimited, Rejected, ServiceError
from bot.model import Secret

EARLY = timedelta(minutes=5)  # before its end a session is renewed
HELD_BACK = 900.0  # seconds without a login after one that was in vain: servers lock accounts out


class Login(Protocol):
    """What the header `Authorization` says."""

    async def header(self) -> str:
        """Return the header's value. Raises the `ServiceError` that says why there is none."""

    async def renewed(self, refused: str, status: int) -> bool:
        """Return whether there is another value than the one that was just refused, with 401 or 403."""

    def accepted(self, value: str) -> None:
        """Note that a value was accepted."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key, behind the name of its scheme or alone; one in a file is read again when it is refused."""

    secret: Secret
    scheme: str = "Bearer"

    async def header(self) -> str:
        """Return the key as it is now."""
        return f"{self.scheme} {self.secret.reveal()}".strip()

    async def renewed(self, refused: str, status: int) -> bool:
        """Read the key's file again."""
        del status
        if not isinstance(self.secret, FileSecret):
            return False
        await asyncio.to_thread(self.secret.renew)
        return await self.header() != refused

    def accepted(self, value: str) -> None:
        """Nothing changes by that."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a login gave: a token, and when it ends, None where that was not said."""

    token: Secret
    expires_at: datetime | None = None


class Session:
    """A token that ends: asked for when it is first needed, before its end, and once when it is refused.

    One login at a time. After a login that was refused, or whose token was, the next is `HELD_BACK` away, unless
    the password's file holds another one by then.
    """

    def __init__(
        self, log_in: Callable[[], Awaitable[Ticket]], password: Secret, now: Callable[[], datetime]
    ) -> None:
        self._log_in, self._password, self._now = log_in, password, now
        self._lock = asyncio.Lock()
        self._ticket: Ticket | None = None
        self._proven = False  # the token of the last login was accepted at least once
        self._last, self._tried = -math.inf, ""  # when the last login was, by the loop's clock; its password
        self._refusal = "The platform refused the login."

    async def header(self) -> str:
        """Return the token, after a login where that is needed."""
        async with self._lock:
            if self._ticket is None or self._ends_soon(self._ticket):
                if await self._is_in_vain():
                    raise AccessRefused(self._refusal)
                self._ticket = await self._new()
            return _bearer(self._ticket)

    async def renewed(self, refused: str, status: int) -> bool:
        """Log in again, unless somebody just did, or that was in vain."""
        if status != HTTPStatus.UNAUTHORIZED:
            return False  # who asks is known, and may not
        async with self._lock:
            if self._ticket is not None and _bearer(self._ticket) != refused:
                return True
            if await self._is_in_vain():
                return False
            self._ticket = await self._new()
            return True

    def accepted(self, value: str) -> None:
        """Note that the token opens the door."""
        self._proven = self._proven or (self._ticket is not None and _bearer(self._ticket) == value)

    def _ends_soon(self, ticket: Ticket) -> bool:
        return ticket.expires_at is not None and ticket.expires_at - self._now() <= EARLY

    async def _new(self) -> Ticket:
        self._ticket, self._proven, self._tried = None, False, self._password.reveal()
        try:
            ticket = await self._log_in()
        except (AccessRefused, Rejected) as error:
            self._last, self._refusal = _time(), error.problem
            raise AccessRefused(error.problem) from None  # without its words: they may repeat the password
        except RateLimited:
            raise
        except ServiceError as error:
            raise NotSent(error.problem) from error  # what needed the session did not leave
        self._last = _time()
        return ticket

    async def _is_in_vain(self) -> bool:
        """Whether the last login was for nothing, and nothing is known that makes the next one better."""
        if self._proven or _time() >= self._last + HELD_BACK:
            return False
        if isinstance(self._password, FileSecret):
            await asyncio.to_thread(self._password.renew)
        return self._password.reveal() == self._tried


def _bearer(ticket: Ticket) -> str:
    return f"Bearer {ticket.token.reveal()}"


def _time() -> float:
    return asyncio.get_running_loop().time()
