"""Whom a mention names, and whether it can reach them; Slack is asked, and its answers are kept for some minutes.

Typed mentions are `<@U01|ann>` and `<!subteam^S01|@backend>`. What Slack left as plain text names nobody for certain.
https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping

from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.slack import ids, outcomes
from adapters.chat.slack.markup import Json
from bot.access import reaches
from bot.cache import Cache
from bot.ports import Clock
from bot.replies import mentioning as replies
from bot.state import Addressee

log = logging.getLogger(__name__)

_PERSON = re.compile(r"<@([UW][A-Z0-9]{1,40})(?:\|[^<>]*)?>", re.ASCII)
_GROUP = re.compile(r"<!subteam\^(S[A-Z0-9]{1,40})(?:\|[^<>]*)?>", re.ASCII)
_EVERYBODY = re.compile(r"(?:<!|@)(?:here|channel|everyone)(?:\|[^<>]*)?>?", re.ASCII | re.IGNORECASE)
UNKNOWN_USER = "user_not_found"


def named(typed: str, channel: str) -> str:
    """Return the id of whom a typed mention, or an id, names in a channel. Raises `UserError` for nobody there."""
    if _EVERYBODY.fullmatch(typed):
        raise replies.not_everybody()
    team = channel.split(":")[2]
    if found := _PERSON.fullmatch(typed):
        return ids.user(team, found[1])
    if found := _GROUP.fullmatch(typed):
        return ids.usergroup(team, found[1])
    if not reaches(typed, channel) and typed.count(":") > 1:
        raise replies.elsewhere(typed)
    if ids.mention(typed) is None:
        raise replies.nobody_there(typed)
    return typed


class Addressees:
    """Asks Slack about people and user groups."""

    def __init__(self, client: AsyncWebClient, clock: Clock) -> None:
        self._client = client
        self._people: Cache[Json] = Cache(clock)
        self._groups: Cache[Mapping[str, Json]] = Cache(clock)

    async def find(self, who: str) -> Addressee:
        """Return what Slack says of the person or group with an id of ours."""
        own = ids.last(who)
        person = ids.is_user(who)
        said = await (self._people.get(own, lambda: self._person(own)) if person else self._group(own))
        if said is None:
            return Addressee(id=who, problem=replies.not_told("Slack"))
        if person:
            profile = said.get("profile") or {}
            name = str(profile.get("display_name") or said.get("real_name") or "")
            gone = bool(not said or said.get("deleted") or said.get("is_bot"))
            return Addressee(id=who, name=name, gone=gone, problem=replies.LEFT if gone else "")
        gone = bool(not said or said.get("date_delete"))
        name = str(said.get("handle") or said.get("name") or "")
        return Addressee(id=who, name=name, gone=gone, problem=replies.DISABLED if gone else "")

    async def _person(self, user: str) -> Json | None:
        """Return what Slack says of somebody, nothing in it where there is no such person, None where it does not tell."""
        try:
            answer = await self._client.users_info(user=user)
        except Exception as error:  # noqa: BLE001 - whatever the reason, nothing is known then
            if outcomes.code(error) == UNKNOWN_USER:
                return {}
            log.warning("users.info failed: %s", outcomes.named(error))
            return None
        return answer.get("user") or None

    async def _group(self, group: str) -> Json | None:
        groups = await self._groups.get("all", self._list)
        return None if groups is None else groups.get(group, {})

    async def _list(self) -> Mapping[str, Json] | None:
        try:
            answer = await self._client.usergroups_list(include_disabled=True)
        except Exception as error:  # noqa: BLE001 - whatever the reason, nothing is known then
            log.warning("usergroups.list failed: %s", outcomes.named(error))
            return None
        return {str(group.get("id")): group for group in answer.get("usergroups") or ()}
