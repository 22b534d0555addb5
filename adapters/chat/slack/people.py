"""Who somebody is: guest or member, mail address, user groups; asked of Slack, and kept for some minutes.

Who belongs is decided here alone, for every way in: whose workspace is served, or is of the same Enterprise
organisation as the bot's own. What Slack does not tell counts against the person: somebody unknown is a guest.
https://docs.slack.dev/reference/objects/user-object
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.slack import ids, outcomes
from adapters.chat.slack.events import Self
from adapters.chat.slack.markup import Json
from adapters.chat.slack.sender import Sender
from bot.access import Denied
from bot.cache import Cache
from bot.errors import UserError
from bot.ports import Clock
from bot.replies import conversation, problems
from bot.state import Actor, Invocation

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What Slack tells of somebody. `teams`: all workspaces, where an Enterprise organisation has several."""

    team: str
    name: str
    enterprise: str = ""
    teams: frozenset[str] = frozenset()
    email: str | None = None
    guest: bool = True
    gone: bool = False  # deactivated, or a bot


UNKNOWN = Person(team="", name="")


class _Untold(Exception):
    """Slack did not tell something that may not be taken from the cache."""


class People:
    """Completes invocations with what is not part of Slack's payloads."""

    def __init__(
        self,
        client: AsyncWebClient,
        clock: Clock,
        sender: Sender,
        *,
        me: Self,
        groups: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self._client = client
        self._me = me
        self._sender = sender
        self._groups = groups
        self._people: Cache[Person] = Cache(clock)
        self._members: Cache[frozenset[str]] = Cache(clock)
        self._direct: Cache[str] = Cache(clock)

    async def complete(self, invocation: Invocation) -> Invocation:
        """Return the same with the person's groups, name and address, and whether others read the channel."""
        place = invocation.place
        if ids.last(place.channel).startswith(("U", "W")):
            person = ids.last(place.channel)
            opened = await self.conversation(person) or person
            place = replace(place, channel=place.channel.removesuffix(person) + opened)
        elif place.direct:  # a command can be said in a conversation between two people, which is not ours
            ours = await self.conversation(ids.last(invocation.actor.id))
            place = replace(place, direct=ours == ids.last(place.channel))
        actor, shared = await asyncio.gather(
            self.actor(invocation.actor), self._sender.is_shared(place.channel)
        )
        unseen = ids.is_direct(ids.last(place.channel)) and not place.direct  # who reads it is not told
        return replace(invocation, actor=actor, place=replace(place, shared=shared or unseen))

    async def afresh(self, actor: Actor) -> Actor | Denied:
        """Return a person as Slack tells of them now; where it does not, they may do nothing."""
        try:
            return await self.actor(actor, afresh=True)
        except _Untold:
            return Denied(problems.rights_not_known("Slack"), "permissions-unknown")
        except UserError as error:
            return Denied(error.problem, "account")

    async def actor(self, actor: Actor, *, afresh: bool = False) -> Actor:
        """Return a person with everything that decides what they may do. Raises `UserError` for nobody.

        The id of whoever belongs names the bot's own workspace, whatever workspace they came from: it is the
        same whatever the way in. Of others it names their own workspace.
        """
        named, user = actor.id.split(":")[2:4]
        person, groups = await asyncio.gather(
            self._person(user, afresh=afresh), self._groups_of(actor, afresh=afresh)
        )
        if person.gone:
            raise conversation.account_refused("Slack")
        belongs = self._belongs(person, named)
        foreign = person.team if person.team not in {"", *self._me.workspaces} else named
        team = self._me.team if belongs else foreign
        teams = person.teams | {person.team or named} if belongs else {team}
        return replace(
            actor,
            id=ids.user(team, user),
            principals=frozenset(
                {*(ids.user(t, user) for t in {team, *teams}), *map(ids.team, teams), *groups}
            ),
            name=person.name,
            email=person.email,
            guest=person.guest or not belongs,
            member=belongs and not person.guest and self._me.team in teams,
        )

    def _belongs(self, person: Person, named: str) -> bool:
        """Decide who is of the house: as Slack tells of the person, and as the payload named their workspace."""
        if self._me.enterprise and person.enterprise:
            return person.enterprise == self._me.enterprise
        return {person.team or named, named} <= self._me.workspaces

    async def conversation(self, user: str) -> str:
        """Return the id of the conversation with a person, "" where Slack does not open one."""
        return await self._direct.get(user, lambda: self._open(user)) or ""

    async def _open(self, user: str) -> str | None:
        answer = await self._ask("conversations.open", lambda: self._client.conversations_open(users=user))
        found = answer.get("channel") or {}
        return str(found["id"]) if "id" in found else None

    async def _person(self, user: str, *, afresh: bool) -> Person:
        found = await self._people.get(user, lambda: self._look_up(user), afresh=afresh)
        if found is None and afresh:
            raise _Untold
        return found or UNKNOWN

    async def _look_up(self, user: str) -> Person | None:
        answer = await self._ask("users.info", lambda: self._client.users_info(user=user))
        info = answer.get("user") or {}
        if not info:
            return None
        profile = info.get("profile") or {}
        outside = ("is_restricted", "is_ultra_restricted", "is_stranger")
        organisation = info.get("enterprise_user") or {}
        return Person(
            team=str(info.get("team_id") or ""),
            enterprise=str(organisation.get("enterprise_id") or ""),
            teams=frozenset(map(str, organisation.get("teams") or ())),
            name=str(profile.get("display_name") or info.get("real_name") or ""),
            email=profile.get("email") or None,
            guest=any(info.get(name) for name in outside),
            gone=bool(info.get("deleted") or info.get("is_bot")),
        )

    async def _groups_of(self, actor: Actor, *, afresh: bool) -> frozenset[str]:
        """Return the user groups, of those that the settings name, that a person is in.

        A group that Slack does not tell of has nobody in it; whoever was counted in it is not to be told that.
        """
        groups = tuple(self._groups())
        asked = (
            self._members.get(group, lambda g=group: self._list(g), afresh=afresh)  # type: ignore[misc]  # the loop's own
            for group in groups
        )
        members = dict(zip(groups, await asyncio.gather(*asked), strict=True))
        if afresh and any(members[group] is None for group in actor.principals & members.keys()):
            raise _Untold
        user = ids.last(actor.id)
        return frozenset(group for group, inside in members.items() if inside and user in inside)

    async def _list(self, group: str) -> frozenset[str] | None:
        answer = await self._ask(
            "usergroups.users.list", lambda: self._client.usergroups_users_list(usergroup=ids.last(group))
        )
        return frozenset(answer.get("users") or ()) if answer else None

    async def _ask(self, method: str, call: Callable[[], Awaitable[Any]]) -> Json:
        try:
            answer = await call()
        except Exception as error:  # noqa: BLE001 - a person stays unknown whatever the reason
            log.warning("%s failed: %s", method, outcomes.named(error))
            return {}
        data = answer.data
        return data if isinstance(data, dict) else {}
