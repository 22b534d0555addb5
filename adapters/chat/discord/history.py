"""Look for a message of ours in what Discord keeps: by a short id in its footer, since it keeps no nonces."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import discord
from discord.utils import time_snowflake

from adapters.chat.discord import outcomes
from adapters.chat.discord.calls import Calls
from adapters.chat.discord.markup import Json
from bot.ports import Found, Lookup, Missing, Unreadable

PAGE = 100
PAGES = 50
MARGIN = timedelta(seconds=60)  # between Discord's clock and ours
NONCE = 25
GAP = " · "


def mark(key: str) -> str:
    """Return the short id that a message shows in its footer."""
    return f"n:{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()[:8]}"


def nonce(key: str) -> str:
    """Return what Discord tells one message from another by, the same in every try."""
    if key.isascii() and 0 < len(key) <= NONCE:
        return key
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:NONCE]


def marked(body: Json, key: str) -> Json:
    """Return a message with the short id in its footer."""
    embed, *others = body["embeds"]
    footer = embed.get("footer", {}).get("text", "")
    text = f"{footer}{GAP}{mark(key)}" if footer else mark(key)
    return body | {"embeds": [embed | {"footer": {"text": text}}, *others]}


class History:
    """Reads channels back to a time."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self.me = ""  # known once Discord has said who we are

    async def find(self, channel_id: str, key: str, since: datetime) -> Lookup:
        """Look in a channel or thread; one that does not exist has no messages."""
        after = str(time_snowflake(since - MARGIN))
        for _ in range(PAGES):
            try:
                page = await self._calls.get(
                    "/channels/{channel_id}/messages",
                    query={"limit": PAGE, "after": after},
                    channel_id=channel_id,
                )
            except Exception as error:  # noqa: BLE001 - whatever went wrong, the history was not read
                return _unread(error)
            for message in page:
                if self._is(message, key):
                    return Found(str(message["id"]))
            if len(page) < PAGE:
                return Missing()
            after = max((str(m["id"]) for m in page), key=int)
        return Unreadable("The history is too long to be read whole.")

    async def find_post(self, guild_id: str, forum_id: str, key: str, since: datetime) -> Lookup:
        """Look among the posts of a forum that were opened since then."""
        oldest = time_snowflake(since - MARGIN)
        try:
            active = await self._calls.get("/guilds/{guild_id}/threads/active", guild_id=guild_id)
            archived = await self._calls.get(
                "/channels/{channel_id}/threads/archived/public", channel_id=forum_id
            )
            threads = [*active["threads"], *archived["threads"]]
            ours = [t for t in threads if str(t.get("parent_id")) == forum_id and int(t["id"]) >= oldest]
            for thread in ours:
                post = await self._calls.get(
                    "/channels/{channel_id}/messages",
                    query={"limit": 1, "around": thread["id"]},
                    channel_id=str(thread["id"]),
                )
                if any(self._is(message, key) for message in post):
                    return Found(str(thread["id"]))
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the history was not read
            return _unread(error)
        return Missing()

    def _is(self, message: Json, key: str) -> bool:
        if str((message.get("author") or {}).get("id")) != self.me:
            return False
        footers = [(e.get("footer") or {}).get("text") or "" for e in message.get("embeds") or ()]
        return any(footer.split(GAP)[-1] == mark(key) for footer in footers)


def _unread(error: BaseException) -> Lookup:
    if isinstance(error, discord.NotFound):
        return Missing()  # the thread was never opened, or the channel is gone with all that was in it
    reason = outcomes.sentence(error) if isinstance(error, discord.HTTPException) else type(error).__name__
    return Unreadable(reason, for_good=isinstance(error, discord.Forbidden))
