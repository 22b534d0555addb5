"""What Discord's answers mean for a message: the one table that says delivered, not delivered or unconfirmed; pure.

Create Message with our nonce may be repeated for about two minutes: Discord then gives the message that is
there. Codes: https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
"""

from __future__ import annotations

import aiohttp
import discord

from bot.ports import Delivered, Halted, NotDelivered, PostOutcome, Unconfirmed, Undeliverable

LONGEST_WAIT = 900.0  # seconds; what asks for more is asked again then
DEFAULT_WAIT = 30.0

UNKNOWN_CHANNEL, UNKNOWN_GUILD, UNKNOWN_MEMBER, UNKNOWN_MESSAGE = 10003, 10004, 10007, 10008
UNKNOWN_USER = 10013
UNKNOWN_INTERACTION, ALREADY_ANSWERED = 10062, 40060
THREAD_EXISTS, THREAD_LOCKED, TOO_MANY_THREADS, THREAD_ARCHIVED = 160004, 160005, 160006, 50083
TAG_REQUIRED = 40067
NO_ACCESS, NO_PERMISSION, CANNOT_TELL_USER, TOO_LARGE = 50001, 50013, 50007, 40005
NO_TEXT, WRONG_TYPE = 50008, 50024

THREAD_CLOSED = frozenset({THREAD_LOCKED, THREAD_ARCHIVED, TOO_MANY_THREADS})

TAGS = (
    "Clew may set only tags that everyone may set: add such tags, named Passed, Failed, Incomplete and "
    "Cancelled, or let the forum take posts without a tag."
)
# Only Discord's own code says that a channel is gone: a 403 or 404 may as well come from a proxy before it, or,
# as 40333 did for a day in May 2024, from a network block that has nothing to do with the channel.
GONE = frozenset({UNKNOWN_CHANNEL, UNKNOWN_GUILD, NO_ACCESS, NO_PERMISSION, NO_TEXT, WRONG_TYPE})

SENTENCES = {
    UNKNOWN_CHANNEL: "Discord does not know the channel any more.",
    UNKNOWN_GUILD: "The bot is not in the server any more.",
    NO_TEXT: "The channel takes no messages.",
    WRONG_TYPE: "The channel takes no messages.",
    UNKNOWN_MESSAGE: "The message is gone.",
    NO_ACCESS: "The bot does not see the channel. Give it the permission View Channel there.",
    NO_PERMISSION: "The bot lacks a permission in the channel. `clew doctor` says which.",
    CANNOT_TELL_USER: "The person takes no direct messages from the bot.",
    TOO_LARGE: "The message with its files is too large for Discord.",
    TAG_REQUIRED: f"The forum takes no post without a tag. {TAGS}",
    THREAD_LOCKED: "The thread is locked.",
    THREAD_ARCHIVED: "The thread is archived.",
    TOO_MANY_THREADS: "The server has too many open threads.",
}
TOKEN_REFUSED = "Discord does not accept the bot's token. Check DISCORD_TOKEN."  # noqa: S105 - a sentence

_CERTAINLY_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


class NotConnected(Exception):
    """There is no session with Discord at the moment; nothing was sent."""


def classify(error: BaseException) -> PostOutcome:
    """Say what an error of a call that stores a message means for the message."""
    if isinstance(error, discord.RateLimited):
        return _paused(error.retry_after)
    if isinstance(error, discord.HTTPException):
        return _answered(error)
    if isinstance(error, NotConnected):
        return NotDelivered("Clew is not connected to Discord at the moment.")
    if isinstance(error, _CERTAINLY_NOT_SENT):
        return NotDelivered(f"Discord could not be reached ({type(error).__name__}).")
    return Unconfirmed(f"The answer did not come ({type(error).__name__}).")


def code(error: BaseException) -> int:
    """Return Discord's code of an error, 0 where it gave none."""
    return error.code if isinstance(error, discord.HTTPException) else 0


def named(error: BaseException) -> str:
    """Name an error for a log, without the address and the text that it may hold."""
    if isinstance(error, discord.HTTPException):
        return f"status {error.status}, code {error.code}"
    return type(error).__name__


def sentence(error: discord.HTTPException) -> str:
    """Say what an answer means, for an operator."""
    return SENTENCES.get(error.code, f"Discord answered with status {error.status}, code {error.code}.")


def _answered(error: discord.HTTPException) -> PostOutcome:
    status, error_code = error.status, error.code
    if status == 429:  # noqa: PLR2004 - too many requests, from before Discord itself
        return _paused(_retry_after(error))
    if status == 401:  # noqa: PLR2004 - unauthorised
        return Halted(TOKEN_REFUSED)
    if status >= 500:  # noqa: PLR2004 - Discord's own failures
        return Unconfirmed(f"Discord failed with status {status}.")
    if error_code == UNKNOWN_MESSAGE:
        return Delivered("")  # a message with this nonce was there, and somebody deleted it
    return _refused(error)


def _refused(error: discord.HTTPException) -> PostOutcome:
    """Say whether a message, its channel or something in between is the reason of a refusal."""
    status, error_code = error.status, error.code
    if error_code in GONE:
        return Undeliverable(sentence(error))
    if status in {403, 404} and error_code not in {CANNOT_TELL_USER, *THREAD_CLOSED}:
        return NotDelivered(sentence(error))
    return Undeliverable(sentence(error), channel_lost=False)


def _paused(seconds: float) -> NotDelivered:
    wait = min(max(0.0, seconds), LONGEST_WAIT)
    return NotDelivered("Discord asks for a pause.", retry_after=wait, limits_channel=True)


def _retry_after(error: discord.HTTPException) -> float:
    header = (error.response.headers.get("Retry-After") or "").strip()
    return float(header[:9]) if header.isascii() and header.isdigit() else DEFAULT_WAIT
