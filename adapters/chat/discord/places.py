"""What Discord tells of channels: thread or forum, its tags, and who can come in; from the gateway, else asked."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import discord

from adapters.chat.discord import ids, outcomes
from adapters.chat.discord.calls import Calls
from adapters.chat.discord.markup import Json
from bot.cache import Bounded, Cache
from bot.ports import Clock

log = logging.getLogger(__name__)

NEWS, FORUM, MEDIA = 5, 15, 16
THREADS = frozenset({10, 11, 12})
KEPT_SECONDS = 600.0
KEPT = 2000
REQUIRES_TAG = 1 << 4
OPEN_TO_ALL = "DISCOVERABLE"  # a server that anybody finds and joins


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What is known of one channel. `tags`: name and id, in a forum; those that only moderators set are left out."""

    kind: int
    parent: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    tag_required: bool = False

    @property
    def forum(self) -> bool:
        """Whether every message here begins a post of its own."""
        return self.kind in {FORUM, MEDIA}

    def tag(self, *names: str) -> list[str]:
        """Return the tag with one of these names; another one only where Discord insists on some."""
        known = {name.casefold(): tag_id for name, tag_id in self.tags}
        found = [known[name] for name in names if name in known]
        fallback = [tag_id for _, tag_id in self.tags] if self.tag_required else []
        return (found or fallback)[:1]


class Places:
    """Looks channels up, first in what the gateway told."""

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self._calls = calls
        self._asked: Cache[Where] = Cache(clock, KEPT_SECONDS)
        self._features: Cache[tuple[str, ...]] = Cache(clock, KEPT_SECONDS)
        self._opened: Bounded[str, bool] = Bounded(KEPT)
        self.client: discord.Client | None = None

    async def where(self, channel_id: str) -> Where | None:
        """Return what is known of a channel or thread; None where Discord does not say."""
        return self._seen(channel_id) or await self._asked.get(channel_id, lambda: self._ask(channel_id))

    def opened(self, thread: str) -> None:
        """Remember that a thread is there, until the gateway says so too."""
        self._opened.put(thread, True)

    def closed(self, thread: str) -> None:
        """Forget a thread that is gone."""
        self._opened.drop(thread)

    def is_open(self, thread: str) -> bool:
        """Whether a thread is known to be there, without asking."""
        return self._opened.get(thread) is not None or self._seen(thread) is not None

    async def is_shared(self, channel: str) -> bool:
        """Whether people of other organisations read a channel: announcements that other servers follow,
        servers that anybody may join, and what cannot be told."""  # noqa: D205, D209 - one sentence
        if ids.is_direct(channel):
            return False
        where = await self.where(ids.last(channel))
        if where is None or where.kind == NEWS:
            return True
        guild = ids.guild_of(channel)
        known = self.client.get_guild(int(guild)) if self.client is not None else None
        if known is not None:
            return OPEN_TO_ALL in known.features
        features = await self._features.get(guild, lambda: self._ask_features(guild))
        return features is None or OPEN_TO_ALL in features

    async def _ask_features(self, guild: str) -> tuple[str, ...] | None:
        """Ask where the gateway told nothing, as while another program receives."""
        try:
            found = await self._calls.get("/guilds/{guild_id}", guild_id=guild)
            return tuple(map(str, found["features"]))
        except Exception as error:  # noqa: BLE001 - who reads a channel of an unknown server is unknown
            log.info("Discord did not say what a server is: %s", outcomes.named(error))
            return None

    async def _ask(self, channel_id: str) -> Where | None:
        try:
            return read(await self._calls.get("/channels/{channel_id}", channel_id=channel_id))
        except Exception as error:  # noqa: BLE001 - an unknown place is no reason to fail
            log.info("Discord did not say what a channel is: %s", outcomes.named(error))
            return None

    def _seen(self, channel_id: str) -> Where | None:
        channel: Any = self.client.get_channel(int(channel_id)) if self.client is not None else None
        if channel is None or isinstance(channel, discord.abc.PrivateChannel):
            return None
        return of_channel(channel)


def of_channel(channel: Any) -> Where:
    """Read a channel as the library knows it."""
    parent = getattr(channel, "parent_id", None)
    tags = getattr(channel, "available_tags", ())
    flags = getattr(channel, "flags", None)
    return Where(
        kind=channel.type.value,
        parent=str(parent) if parent else None,
        tags=tuple((tag.name, str(tag.id)) for tag in tags if not tag.moderated),
        tag_required=flags is not None and flags.require_tag,
    )


def read(channel: Json) -> Where:
    """Read a channel as Discord's API shows it."""
    kind = int(channel["type"])
    tags = channel.get("available_tags") or ()
    parent = channel.get("parent_id") if kind in THREADS else None
    return Where(
        kind=kind,
        parent=str(parent) if parent else None,
        tags=tuple((t["name"], str(t["id"])) for t in tags if not t.get("moderated")),
        tag_required=bool(int(channel.get("flags") or 0) & REQUIRES_TAG),
    )
