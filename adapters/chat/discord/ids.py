"""Ids as the core knows them ("discord:channel:GUILD:CHANNEL") and back to Discord's own."""

from __future__ import annotations

import re

CHAT = "discord"
NOWHERE = "dm"  # stands for the server where there is none: a conversation of one person with the bot

_SNOWFLAKE = re.compile(r"[1-9][0-9]{0,19}", re.ASCII)


def channel(guild_id: str | None, channel_id: str) -> str:
    """Name a channel; one without a server is a direct conversation."""
    return f"{CHAT}:channel:{guild_id or NOWHERE}:{channel_id}"


def user(user_id: str) -> str:
    """Name a person."""
    return f"{CHAT}:user:{user_id}"


def mentionable(name: str) -> tuple[str, str] | None:
    """Return "users" or "roles" with Discord's own id of a person or a role; None for what is not Discord's, or is neither.

    The role that has the server's own id is everyone there, so it is none.
    """
    match name.split(":"):
        case [chat, "user", user] if chat == CHAT and is_snowflake(user):
            return "users", user
        case [chat, "role", server, role_id] if chat == CHAT and is_snowflake(role_id) and role_id != server:
            return "roles", role_id
        case _:
            return None


def mention(name: str) -> str | None:
    """Write what notifies a person or a role, where `allowed_mentions` lets it; None for who is not Discord's."""
    found = mentionable(name)
    return None if found is None else f"<@{'&' if found[0] == 'roles' else ''}{found[1]}>"


def guild(guild_id: str) -> str:
    """Name a server."""
    return f"{CHAT}:guild:{guild_id}"


def role(guild_id: str, role_id: str) -> str:
    """Name a role of a server."""
    return f"{CHAT}:role:{guild_id}:{role_id}"


def last(name: str) -> str:
    """Return Discord's own id: the last part of a name."""
    return name.rpartition(":")[2]


def guild_of(name: str) -> str:
    """Return the server's id in a channel's name, `NOWHERE` for a direct conversation."""
    return name.split(":")[2]


def is_direct(name: str) -> bool:
    """Whether a channel is a conversation of one person with the bot."""
    return guild_of(name) == NOWHERE


def is_snowflake(value: object) -> bool:
    """Whether something is an id as Discord writes them."""
    return isinstance(value, str) and bool(_SNOWFLAKE.fullmatch(value))
