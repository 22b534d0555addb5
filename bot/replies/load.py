"""What the bot says where something is too much: too many commands at once, or too long a one."""

from __future__ import annotations

from bot.errors import UserError

WAITING_FOR_OWN = "Waiting for one of your other commands to finish."
WAITING_FOR_OTHERS = "Waiting for other people's commands to finish."


def too_many(most: int) -> UserError:
    """Leave a command out of somebody who has so many under way."""
    return UserError(
        f"{most} of your commands are running, so no more are accepted.",
        "Wait for one of them to finish, then send this one again.",
    )


def too_long(what: str, length: int) -> UserError:
    """Refuse a text with more characters than are read; `what`: whose text it is, as a sentence begins."""
    return UserError(f"{what} exceeds the limit of {length:,} characters. Nothing was done.", "Shorten it.")
