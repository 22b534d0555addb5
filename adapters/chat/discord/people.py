"""Who somebody is right before something is changed: what came with the payload, as long as that is new.

Discord sends a member's roles with everything that the member does, so nothing is remembered here. But a command
may wait its turn, or be taken up after a restart; then Discord is asked.
https://docs.discord.com/developers/resources/guild#get-guild-member
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta

from adapters.chat.discord import ids, outcomes
from adapters.chat.discord.calls import Calls
from adapters.chat.discord.events import person
from bot.access import Denied
from bot.ports import Clock
from bot.replies import conversation, problems
from bot.state import Actor, Invocation

log = logging.getLogger(__name__)

FRESH = timedelta(seconds=10)  # how long what a payload says of somebody is taken for what is so


class People:
    """Asks Discord about a member. `guilds`: the servers that the settings name."""

    def __init__(self, calls: Calls, clock: Clock, *, guilds: Iterable[str]) -> None:
        self._calls = calls
        self._clock = clock
        self._guilds = frozenset(guilds)

    async def afresh(self, invocation: Invocation, actor: Actor) -> Actor | Denied:
        """Return who asks, or somebody else, as they are now; where Discord does not tell, they may do nothing.

        In a direct conversation there are no roles: whoever may do something there is named by the settings.
        """
        channel = invocation.place.channel
        asks = actor.id == invocation.actor.id
        if ids.is_direct(channel) or (asks and self._clock.now() - invocation.at <= FRESH):
            return actor
        guild = ids.guild_of(channel)
        try:
            member = await self._calls.get(
                "/guilds/{guild_id}/members/{user_id}", guild_id=guild, user_id=ids.last(actor.id)
            )
            return person(self._guilds, guild, member["user"], member)
        except Exception as error:  # noqa: BLE001 - whatever the reason, nothing is known then
            if outcomes.code(error) == outcomes.UNKNOWN_MEMBER:
                return Denied(conversation.no_member("Discord"), "account")
            log.warning("Discord did not say who a member is: %s", outcomes.named(error))
            return Denied(problems.rights_not_known("Discord"), "permissions-unknown")
