"""Whom a mention names, and whether it can reach them; Discord is asked, and its answers are kept for some minutes.

Typed mentions are `<@80351110224678912>` and `<@&1104000000000000002>`. The role with the server's own id is everybody.
https://docs.discord.com/developers/reference#message-formatting
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping

from adapters.chat.discord import ids, outcomes
from adapters.chat.discord.calls import Calls
from adapters.chat.discord.markup import Json
from bot.access import reaches
from bot.cache import Cache
from bot.ports import Clock
from bot.replies import mentioning as replies
from bot.state import Addressee

log = logging.getLogger(__name__)

_PERSON = re.compile(r"<@!?([1-9][0-9]{0,19})>", re.ASCII)
_ROLE = re.compile(r"<@&([1-9][0-9]{0,19})>", re.ASCII)
_EVERYBODY = re.compile(r"<?@(?:here|everyone)>?", re.ASCII | re.IGNORECASE)


def named(typed: str, channel: str) -> str:
    """Return the id of whom a typed mention, or an id, names in a channel. Raises `UserError` for nobody there."""
    guild = ids.guild_of(channel)
    who = typed
    if found := _PERSON.fullmatch(typed):
        who = ids.user(found[1])
    elif found := _ROLE.fullmatch(typed):
        who = ids.role(guild, found[1])
    if _EVERYBODY.fullmatch(typed) or who in {ids.role(guild, guild), ids.guild(guild)}:
        raise replies.not_everybody()
    if not reaches(who, channel) and who.count(":") > 1:
        raise replies.elsewhere(typed)
    if ids.mention(who) is None:
        raise replies.nobody_there(typed)
    return who


class Addressees:
    """Asks Discord about members and roles."""

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self._calls = calls
        self._members: Cache[Json] = Cache(clock)
        self._roles: Cache[Mapping[str, Json]] = Cache(clock)

    async def find(self, who: str, channel: str) -> Addressee:
        """Return what Discord says of the person or role with an id of ours, in the server of a channel."""
        guild, own = ids.guild_of(channel), ids.last(who)
        if ids.is_direct(channel):
            return Addressee(id=who, problem=replies.not_told("Discord"))
        kind, _ = ids.mentionable(who) or ("", "")
        if kind == "users":
            said = await self._members.get(f"{guild}:{own}", lambda: self._member(guild, own))
            return _person(who, said)
        roles = await self._roles.get(guild, lambda: self._list(guild))
        return _role(who, None if roles is None else roles.get(own, {}))

    async def _member(self, guild: str, user: str) -> Json | None:
        """Return a member, nothing in it where there is no such one, None where Discord does not tell."""
        try:
            found = await self._calls.get(
                "/guilds/{guild_id}/members/{user_id}", guild_id=guild, user_id=user
            )
        except Exception as error:  # noqa: BLE001 - whatever the reason, nothing is known then
            if outcomes.code(error) in {outcomes.UNKNOWN_MEMBER, outcomes.UNKNOWN_USER}:
                return {}
            log.warning("Discord did not say who a member is: %s", outcomes.named(error))
            return None
        return found if isinstance(found, dict) else None

    async def _list(self, guild: str) -> Mapping[str, Json] | None:
        try:
            found = await self._calls.get("/guilds/{guild_id}/roles", guild_id=guild)
        except Exception as error:  # noqa: BLE001 - whatever the reason, nothing is known then
            log.warning("Discord did not say which roles there are: %s", outcomes.named(error))
            return None
        return {str(role.get("id")): role for role in found} if isinstance(found, list) else None


def _person(who: str, said: Json | None) -> Addressee:
    if said is None:
        return Addressee(id=who, problem=replies.not_told("Discord"))
    user = said.get("user") or {}
    name = str(said.get("nick") or user.get("global_name") or user.get("username") or "")
    return Addressee(id=who, name=name, gone=not said, problem="" if said else replies.NOT_A_MEMBER)


def _role(who: str, said: Json | None) -> Addressee:
    if said is None:
        return Addressee(id=who, problem=replies.not_told("Discord"))
    silent = replies.SILENT if said and not said.get("mentionable") else ""
    return Addressee(
        id=who,
        name=str(said.get("name") or ""),
        gone=not said,
        problem=silent if said else replies.NO_SUCH_ROLE,
    )
