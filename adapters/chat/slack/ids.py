"""Ids as the core knows them ("slack:channel:T01:C01") and back to Slack's own."""

from __future__ import annotations

import re

CHAT = "slack"

_USER = re.compile(r"[UW][A-Z0-9]{1,40}", re.ASCII)
_MENTIONED = {
    "user": (_USER, "<@{}>"),
    "usergroup": (re.compile(r"S[A-Z0-9]{1,40}", re.ASCII), "<!subteam^{}>"),
}


def channel(team: str, channel_id: str) -> str:
    """Name a channel."""
    return f"{CHAT}:channel:{team}:{channel_id}"


def user(team: str, user_id: str) -> str:
    """Name a person."""
    return f"{CHAT}:user:{team}:{user_id}"


def usergroup(team: str, group_id: str) -> str:
    """Name a user group."""
    return f"{CHAT}:usergroup:{team}:{group_id}"


def team(team_id: str) -> str:
    """Name a workspace."""
    return f"{CHAT}:team:{team_id}"


def last(name: str) -> str:
    """Return Slack's own id: the last part of a name."""
    return name.rpartition(":")[2]


def mention(name: str) -> str | None:
    """Write what notifies a person or a user group; None for what is not Slack's, or is neither.

    https://docs.slack.dev/messaging/formatting-message-text#mentioning-groups
    """
    chat, _, rest = name.partition(":")
    pattern, markup = _MENTIONED.get(rest.partition(":")[0], (None, ""))
    known = chat == CHAT and pattern is not None and pattern.fullmatch(last(name))
    return markup.format(last(name)) if known else None


def is_user(name: str) -> bool:
    """Whether an id is a person's."""
    return name.startswith(f"{CHAT}:user:")


def is_direct(channel_id: str) -> bool:
    """Whether Slack's id is that of a conversation of one person with the bot."""
    return channel_id.startswith("D")
