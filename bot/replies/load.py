"""What the bot says where something is too much: too many commands at once, or too long a one."""

from __future__ import annotations

from bot.errors import UserError

WAITING_FOR_OWN = "Waiting until one of your other commands is done."
WAITING_FOR_OTHERS = "Waiting until commands of others are done."


def too_many(most: int) -> UserError:
    """Leave a command out of somebody who has so many under way."""
    return UserError(
        f"{most} of your commands are under way, so no more are accepted.",
        "Wait until one of them is answered, then send this one again.",
    )


def too_long(what: str, length: int) -> UserError:
    """Refuse a text with more characters than are read; `what`: whose text it is, as a sentence begins."""
    return UserError(
        f"{what} has more than {length:,} characters, the most that Clew reads. Nothing was done.",
        "Shorten it.",
    )
