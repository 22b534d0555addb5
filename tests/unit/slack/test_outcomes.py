"""The one table that says what Slack's answers mean for a message."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.chat.slack import outcomes
from bot.ports import Halted, NotDelivered, PostOutcome, Unconfirmed, Undeliverable

NOW = datetime(2026, 5, 14, 3, 0, tzinfo=UTC)


def answered(
    data: dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None
) -> SlackApiError:
    """Return the error that slack_sdk raises for an answer."""
    response = AsyncSlackResponse(
        client=AsyncWebClient(),
        http_verb="POST",
        api_url="",
        req_args={},
        data=data,
        headers=headers or {},
        status_code=status,
    )
    return SlackApiError("", response)  # type: ignore[no-untyped-call]  # slack_sdk


def meaning(code: str) -> PostOutcome:
    return outcomes.classify(answered({"ok": False, "error": code}), NOW)


@pytest.mark.parametrize(
    "code",
    ["channel_not_found", "not_in_channel", "is_archived", "restricted_action", "no_permission"],
)
def test_classify__channel_closed_to_us(code: str) -> None:
    """The subscription is marked: this channel cannot be reached."""
    result = meaning(code)

    assert isinstance(result, Undeliverable)
    assert result.channel_lost


@pytest.mark.parametrize("code", ["team_access_not_granted", "access_denied", "ekm_access_denied"])
def test_classify__closed_as_a_whole(code: str) -> None:
    """What concerns the workspace says nothing of the channel: it is tried later."""
    assert isinstance(meaning(code), NotDelivered)


@pytest.mark.parametrize(
    "code",
    ["msg_too_long", "msg_blocks_too_long", "invalid_blocks", "metadata_too_large", "thread_not_found"],
)
def test_classify__message_is_bad(code: str) -> None:
    """The message is dead, its channel is not."""
    result = meaning(code)

    assert isinstance(result, Undeliverable)
    assert not result.channel_lost


@pytest.mark.parametrize("code", ["invalid_auth", "token_revoked", "account_inactive", "missing_scope"])
def test_classify__we_are_refused(code: str) -> None:
    """Every call stops, and the sentence says what helps."""
    result = meaning(code)

    assert isinstance(result, Halted)
    assert result.reason.endswith(".")


@pytest.mark.parametrize(
    "code", ["internal_error", "fatal_error", "service_unavailable", "request_timeout", "of_next_year"]
)
def test_classify__may_have_happened(code: str) -> None:
    """Slack says itself that part of the work may be done; what is unknown is treated the same."""
    result = meaning(code)

    assert isinstance(result, Unconfirmed)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_classify__server_errors_may_have_happened(status: int) -> None:
    """A gateway's page says nothing about the message behind it."""
    result = outcomes.classify(answered({}, status=status), NOW)

    assert isinstance(result, Unconfirmed)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        ("0", 0.0),
        ("-1", 30.0),
        ("abc", 30.0),
        ("٣", 30.0),
        ("", 30.0),
        (None, 30.0),
        ("86400", 900.0),
        ("9" * 400, 900.0),
        ("Thu, 14 May 2026 03:02:00 GMT", 120.0),
        ("Thu, 14 May 2026 02:00:00 GMT", 0.0),
        ("Thu, 14 May 2026 03:02:00", 120.0),
    ],
)
def test_classify__too_many_requests(header: str | None, seconds: float) -> None:
    """The whole channel waits at least as long as Slack says; nonsense is the default, long waits are cut."""
    headers = {"Retry-After": header} if header is not None else {}

    result = outcomes.classify(
        answered({"ok": False, "error": "ratelimited"}, status=429, headers=headers), NOW
    )

    assert isinstance(result, NotDelivered)
    assert result.limits_channel
    assert seconds == result.retry_after


@pytest.mark.parametrize(
    "error",
    [
        aiohttp.ClientConnectorDNSError(None, OSError("no such host")),  # type: ignore[arg-type]  # only its kind counts
        aiohttp.ClientConnectorError(None, ConnectionRefusedError()),  # type: ignore[arg-type]  # only its kind counts
        aiohttp.ClientConnectorSSLError(None, OSError()),
        aiohttp.ClientConnectorCertificateError(None, ssl.SSLCertVerificationError()),  # type: ignore[arg-type]  # only its kind counts
        aiohttp.ConnectionTimeoutError(),
        aiohttp.InvalidURL("x"),
    ],
)
def test_classify__never_sent(error: Exception) -> None:
    """Before the first byte was written nothing can have happened."""
    result = outcomes.classify(error, NOW)

    assert isinstance(result, NotDelivered)
    assert not result.limits_channel


@pytest.mark.parametrize(
    "error",
    [
        aiohttp.ServerDisconnectedError(),
        aiohttp.ClientOSError(),
        aiohttp.ServerTimeoutError(),
        TimeoutError(),
        aiohttp.ClientPayloadError(),
        ValueError("of ours"),
    ],
)
def test_classify__lost_on_the_way(error: Exception) -> None:
    """After that, anything can have happened."""
    result = outcomes.classify(error, NOW)

    assert isinstance(result, Unconfirmed)


def test_classify__an_answer_that_is_no_slack_answer() -> None:
    """slack_sdk gives the bare HTTP answer where the body was no JSON."""

    class Answer:
        status = 502
        headers = MappingProxyType[str, str]({})

    result = outcomes.classify(SlackApiError("", Answer()), NOW)  # type: ignore[no-untyped-call]  # slack_sdk

    assert isinstance(result, Unconfirmed)
    assert "502" in result.reason


def test_sentence__of_a_code_without_one() -> None:
    """A code that nobody wrote a sentence for is quoted, shortened."""
    result = outcomes.sentence("x" * 100)

    assert f"Slack answered “{'x' * 60}”." == result
