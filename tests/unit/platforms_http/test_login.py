"""A session logs in when it has to, once at a time, and never again and again where that is for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.configuration.secret_file import FileSecret
from adapters.platforms.http.login import HELD_BACK, Key, Session, Ticket
from adapters.platforms.http.wire import NotSent
from bot.errors import AccessRefused, RateLimited, Rejected, ServiceError, ServiceFailed, Unreachable
from bot.model import Secret
from tests.fakes.loop_time import LoopTime, stopped_time

NOW = datetime(2026, 5, 1, tzinfo=UTC)
EIGHT_HOURS = timedelta(hours=8)


@pytest.fixture
async def time() -> AsyncIterator[LoopTime]:
    with stopped_time() as time:
        yield time


class Door:
    """Gives out numbered tokens, or what it is told to raise."""

    def __init__(self, *refusals: ServiceError, lasts: timedelta | None = EIGHT_HOURS) -> None:
        self.now = NOW
        self.logins = 0
        self.refusals = list(refusals)
        self._lasts = lasts

    async def log_in(self) -> Ticket:
        self.logins += 1
        await asyncio.sleep(0)
        if self.refusals:
            raise self.refusals.pop(0)
        return Ticket(Secret(f"token-{self.logins}"), self.now + self._lasts if self._lasts else None)

    def session(self, password: Secret | None = None) -> Session:
        return Session(self.log_in, password or Secret("pass-word"), lambda: self.now)


async def test_session__logs_in_when_first_needed_and_once_for_all() -> None:
    """Making one asks nobody; many at once wait for one login."""
    door = Door()
    session = door.session()
    assert door.logins == 0

    headers = await asyncio.gather(*(session.header() for _ in range(8)))

    assert set(headers) == {"Bearer token-1"}
    assert door.logins == 1


async def test_session__is_renewed_before_its_end() -> None:
    """Five minutes before a token ends there is a new one; one that does not say when stays."""
    door, endless = Door(), Door(lasts=None)
    session, other = door.session(), endless.session()
    session.accepted(await session.header())
    await other.header()

    door.now = endless.now = NOW + EIGHT_HOURS - timedelta(minutes=5, seconds=1)
    assert await session.header() == "Bearer token-1"
    door.now = endless.now = NOW + EIGHT_HOURS - timedelta(minutes=5)
    assert await session.header() == "Bearer token-2"
    assert await other.header() == "Bearer token-1"


async def test_session__refused_tokens_are_renewed_once_for_all() -> None:
    """Eight requests that are refused at once cause one login."""
    door = Door()
    session = door.session()
    old = await session.header()
    session.accepted(old)

    found = await asyncio.gather(*(session.renewed(old, 401) for _ in range(8)))

    assert all(found)
    assert await session.header() == "Bearer token-2"
    assert door.logins == 2


async def test_session__never_twice_in_a_row(time: LoopTime) -> None:
    """A fresh token that is refused causes no further login, until a quarter of an hour is over."""
    door = Door()
    session = door.session()
    session.accepted(await session.header())
    assert await session.renewed("Bearer token-1", 401)

    for _ in range(5):
        assert not await session.renewed(await session.header(), 401)
    assert door.logins == 2
    await time.pass_by(HELD_BACK)
    assert await session.renewed(await session.header(), 401)
    assert door.logins == 3


async def test_session__what_is_forbidden_needs_no_login() -> None:
    """With 403 the platform knows who asks."""
    door = Door()
    session = door.session()
    old = await session.header()
    session.accepted(old)

    assert not await session.renewed(old, 403)
    assert door.logins == 1


@pytest.mark.parametrize(
    "error", [AccessRefused("Refused (401).", detail="pass-word"), Rejected("Refused (401).")]
)
async def test_session__a_wrong_password_is_tried_once(time: LoopTime, error: ServiceError) -> None:
    """Servers lock accounts out: what was refused is said again without asking; the words stay behind."""
    door = Door(error)
    session = door.session()

    for _ in range(3):
        with pytest.raises(AccessRefused, match=r"Refused \(401\)") as caught:
            await session.header()
        assert caught.value.detail == ""
    assert door.logins == 1
    await time.pass_by(HELD_BACK)
    assert await session.header() == "Bearer token-2"


async def test_session__a_new_password_is_tried_at_once(tmp_path: Path) -> None:
    """Whoever writes another one into its file need not wait."""
    file = tmp_path / "password"
    file.write_text("wrong")
    door = Door(AccessRefused("Refused."))
    session = door.session(FileSecret("wrong", file))
    with pytest.raises(AccessRefused):
        await session.header()

    file.write_text("right")

    assert await session.header() == "Bearer token-2"


@pytest.mark.parametrize(
    ("error", "kind"),
    [(Unreachable("Away."), NotSent), (ServiceFailed("Down."), NotSent), (RateLimited("Wait."), RateLimited)],
)
async def test_session__a_login_without_an_answer_is_no_refusal(
    error: ServiceError, kind: type[ServiceError]
) -> None:
    """What needed the session did not leave, and the next request tries again."""
    door = Door(error)
    session = door.session()

    with pytest.raises(kind):
        await session.header()
    assert await session.header() == "Bearer token-2"


async def test_key__with_and_without_a_scheme(tmp_path: Path) -> None:
    """A key in a file is read again when it is refused; one that is set is what it is."""
    file = tmp_path / "key"
    file.write_text("new")
    stored, fixed = Key(FileSecret("old", file), scheme=""), Key(Secret("k3y"))

    assert await fixed.header() == "Bearer k3y"
    assert not await fixed.renewed("Bearer k3y", 401)
    assert await stored.header() == "old"
    assert await stored.renewed("old", 403)
    assert await stored.header() == "new"
    assert not await stored.renewed("new", 401)
