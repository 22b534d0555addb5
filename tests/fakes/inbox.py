"""What is left in an inbox, as a program finds it that takes over."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from bot.handler import Handler
from bot.ports import Inbox
from bot.state import Invocation, Owner

ME = Owner(id="me")


async def left_over(handler: Handler, chat: str, since: datetime) -> tuple[Invocation, ...]:
    """Return what was accepted since then and never answered."""
    return await handler.adopt(chat, since, Owner(id=uuid4().hex))


async def unfinished(inbox: Inbox, source: str, since: datetime) -> tuple[tuple[str, Invocation], ...]:
    """Return the same with the ids, of what an earlier version accepted too."""
    return await inbox.adopt(
        source, since, Owner(id=uuid4().hex), unowned_until=datetime.max.replace(tzinfo=since.tzinfo)
    )
