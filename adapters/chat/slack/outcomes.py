"""What Slack's answers mean for a message: the one table that says delivered, not delivered or unconfirmed; pure.

Slack has no idempotency key. What certainly did not happen may be sent again, whatever is unclear may not.
Codes: https://docs.slack.dev/reference/methods/chat.postMessage#errors. Slack says itself of
`internal_error` and `fatal_error` that part of the work may be done.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.ports import Halted, NotDelivered, PostOutcome, Unconfirmed, Undeliverable

LONGEST_WAIT = 900.0  # seconds; what asks for more is asked again then
DEFAULT_WAIT = 30.0

RATE = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
LOST = frozenset({
    "channel_not_found", "not_in_channel", "is_archived", "restricted_action",
    "restricted_action_read_only_channel", "restricted_action_thread_only_channel",
    "restricted_action_non_threadable_channel", "channel_type_not_supported", "cannot_dm_bot",
    "messages_tab_disabled", "user_disabled", "user_not_found",
    "no_permission",  # not the app's: it is not a member of the conversation
})  # fmt: skip
# the workspace's, not a channel's
LATER = frozenset({"ekm_access_denied", "access_denied", "team_access_not_granted"})
BAD = frozenset({
    "msg_too_long", "msg_blocks_too_long", "no_text", "invalid_blocks", "invalid_blocks_format",
    "invalid_attachments", "only_one_table_allowed", "too_many_attachments", "metadata_too_large",
    "invalid_metadata_format", "invalid_metadata_schema", "metadata_must_be_sent_from_app",
    "invalid_arguments", "invalid_json", "markdown_text_conflict", "thread_not_found",
    "message_not_found", "cant_update_message", "edit_window_closed", "block_mismatch",
    "user_not_in_channel",
})  # fmt: skip
HALT = frozenset({
    "invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive",
    "org_login_required", "missing_scope", "not_allowed_token_type", "two_factor_setup_required",
})  # fmt: skip
NO_TABLES = frozenset({"invalid_blocks", "invalid_blocks_format", "invalid_attachments"})
NO_BLOCKS = NO_TABLES | {"msg_blocks_too_long", "only_one_table_allowed"}

SENTENCES = {
    "channel_not_found": "Slack does not know the channel, or the bot was never invited to it.",
    "not_in_channel": "The bot is not in the channel. Invite it with /invite.",
    "no_permission": "The bot may not post there. Invite it with /invite.",
    "is_archived": "The channel is archived.",
    "invalid_auth": "Slack does not accept the bot's token. Check SLACK_BOT_TOKEN.",
    "not_authed": "No token reached Slack. Check SLACK_BOT_TOKEN.",
    "token_revoked": "The bot's token was revoked. Install the app again and set SLACK_BOT_TOKEN again.",
    "token_expired": "The bot's token has expired. Turn token rotation off and set SLACK_BOT_TOKEN again.",
    "account_inactive": "The app was removed from the workspace. Install it again.",
    "missing_scope": "The app lacks a permission. Update it from `clew manifest slack` and install it again.",
}


def classify(error: BaseException, now: datetime) -> PostOutcome:
    """Say what an error of a call that stores a message means for the message."""
    if isinstance(error, SlackApiError):
        return _answered(error, now)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.InvalidURL):
        return NotDelivered(f"Slack could not be reached ({type(error).__name__}).")
    return Unconfirmed(f"The answer did not come ({type(error).__name__}).")


def code(error: BaseException) -> str:
    """Return Slack's code of an error, "" where it gave none."""
    response = getattr(error, "response", None)
    data = getattr(response, "data", None)
    found = data.get("error") if isinstance(data, dict) else None
    return found if isinstance(found, str) else ""


def named(error: BaseException) -> str:
    """Name an error for a log, without the address and the text that it may hold."""
    return code(error) or type(error).__name__


def sentence(error_code: str) -> str:
    """Say what a code means, for an operator."""
    return SENTENCES.get(error_code, f"Slack answered “{error_code[:60]}”.")


def waiting_time(header: str | None, now: datetime) -> float:
    """Read a Retry-After header, seconds or a date, as seconds from now; nonsense is the default."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return DEFAULT_WAIT
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(0.0, (until - now).total_seconds()), LONGEST_WAIT)


def _answered(error: SlackApiError, now: datetime) -> PostOutcome:
    error_code = code(error)
    named_so = (getattr(error.response, name, None) for name in ("status_code", "status"))
    status = next((found for found in named_so if isinstance(found, int)), 0)
    if status == 429 or error_code in RATE:  # noqa: PLR2004 - too many requests
        headers = getattr(error.response, "headers", None) or {}
        wait = waiting_time(headers.get("Retry-After"), now)
        return NotDelivered("Slack asks for a pause.", retry_after=wait, limits_channel=True)
    if error_code in HALT:
        return Halted(sentence(error_code))
    if error_code in LOST:
        return Undeliverable(sentence(error_code))
    if error_code in LATER:
        return NotDelivered(sentence(error_code))
    if error_code in BAD:
        return Undeliverable(sentence(error_code), channel_lost=False)
    return Unconfirmed(
        sentence(error_code) if error_code else f"Slack answered with status {status} and nothing readable."
    )
