"""Designs that lose or double, each put into a process in the place of Clew's own: the proof must find every one."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.chat.discord import app as discord_app
from adapters.chat.discord import sender
from adapters.chat.discord.calls import Calls
from adapters.chat.slack import app as slack_app
from adapters.cli import work
from adapters.store.codec import decode_invocation
from adapters.store.database import Database
from adapters.store.inbox import SqlInbox
from adapters.store.store import SqlStore
from adapters.store.tables import inbox
from bot.delivery.deliver import Pace
from bot.delivery.unconfirmed import Reconciler
from bot.handler import Handler
from bot.ports import Lookup, Missing
from bot.state import Delivery, Invocation, MessageRef, Owner

FOR_EVER = 600.0  # seconds


def mark_before_send() -> None:
    """Say that a message is sent, then send it: what is lost on the way stays lost."""
    claim = SqlStore.claim

    async def marked(self: SqlStore, chats: frozenset[str], now: datetime, **more: Any) -> Delivery | None:
        delivery = await claim(self, chats, now, **more)
        if delivery is not None:
            await self.mark_sent(delivery, MessageRef(channel=delivery.channel, message_id="?"), now)
        return delivery

    _put(SqlStore, "claim", marked)


def resend_without_lookup() -> None:
    """Send again what may be there, as most bots do."""

    async def find(self: Reconciler, delivery: Delivery) -> Lookup:
        return Missing()

    _put(Reconciler, "find", find)


def random_nonce() -> None:
    """Name each try of a message anew, as discord.py does by itself."""
    _put(sender, "nonce", lambda _key: uuid4().hex[:25])


def freeze_before_discord() -> None:
    """Stand still, once, on the line before a request that posts, and wake when somebody says so: no design, but bad luck.

    The request goes out then, however long that took.
    """
    create, transactions = Calls.create_message, 0
    frozen = False
    _put(sender, "CALL_SECONDS", FOR_EVER)
    _put(work, "Pace", partial(Pace, post=FOR_EVER, lookup=FOR_EVER))

    def counted(opening: Callable[..., AbstractAsyncContextManager[AsyncConnection]]) -> Any:
        @asynccontextmanager
        async def opened(*arguments: Any, **more: Any) -> AsyncIterator[AsyncConnection]:
            nonlocal transactions
            transactions += 1
            try:
                async with opening(*arguments, **more) as connection:
                    yield connection
            finally:
                transactions -= 1

        return opened

    async def created(self: Calls, *arguments: Any) -> Any:
        nonlocal frozen
        if not frozen:
            frozen = True
            while transactions:  # noqa: ASYNC110 - frozen inside of one it would hold up the database
                await asyncio.sleep(0)
            os.kill(os.getpid(), signal.SIGSTOP)
        return await create(self, *arguments)

    for name in ("reading", "writing"):
        _put(Database, name, counted(getattr(Database, name)))
    _put(Calls, "create_message", created)


def lookup_without_settling() -> None:
    """Look at once, while the chat may still be about to store what it was sent."""
    for app in (slack_app, discord_app):
        _put(app, "Timing", partial(vars(app)["Timing"], reconcile_after=0.0))


def inbox_without_owner() -> None:
    """Answer whatever is not answered yet, also what a sister that lives is answering."""

    async def adopt(
        self: SqlInbox, source: str, since: datetime, owner: Owner, **_: Any
    ) -> tuple[tuple[str, Invocation], ...]:
        columns = (inbox.c.dedupe_id, inbox.c.invocation)
        left = (inbox.c.source == source) & ~inbox.c.finished & (inbox.c.received_at >= since)
        rows = await self._rows(select(*columns).where(left, inbox.c.owner != owner.id))
        return tuple((row.dedupe_id, decode_invocation(row.invocation)) for row in rows)

    async def is_owned(self: Handler, *_: Any) -> bool:
        return True

    _put(SqlInbox, "adopt", adopt)
    _put(Handler, "is_owned", is_owned)


def _put(place: Any, name: str, value: object) -> None:
    """Replace something in this process; it has to be there."""
    assert hasattr(place, name)
    setattr(place, name, value)


RANDOM_NONCE = "random nonce"
NO_OWNER = "inbox without owner"
FREEZES = "freezes before a request to Discord"
MUTANTS: Mapping[str, Callable[[], None]] = {
    "mark before send": mark_before_send,
    "resend without look-up": resend_without_lookup,
    "look-up without settling": lookup_without_settling,
    RANDOM_NONCE: random_nonce,
    NO_OWNER: inbox_without_owner,
    FREEZES: freeze_before_discord,
}
