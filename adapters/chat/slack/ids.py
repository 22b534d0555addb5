"""Ids as the core knows them ("slack:channel:T01:C01") and back to Slack's own."""

from __future__ import annotations

import re

CHAT = "slack"

_USER = re.compile(r"[UW][A-Z0-9]{1,40}", re.ASCII)


def channel(team: str, channel_id: str) -> str:
    """Name a channel."""
    return f"{CHAT}:channel:{team}:{channel_id}"


def user(team: str, user_id: str) -> str:
    """Name a person."""
    return f"{CHAT}:user:{team}:{user_id}"


def team(team_id: str) -> str:
    """Name a workspace."""
    return f"{CHAT}:team:{team_id}"


def last(name: str) -> str:
    """Return Slack's own id: the last part of a name."""
    return name.rpartition(":")[2]


def user_of(name: str) -> str | None:
    """Return Slack's own id of a person; None for who is not Slack's."""
    return last(name) if name.startswith(f"{CHAT}:user:") and _USER.fullmatch(last(name)) else None


def is_direct(channel_id: str) -> bool:
    """Whether Slack's id is that of a conversation of one person with the bot."""
    return channel_id.startswith("D")
