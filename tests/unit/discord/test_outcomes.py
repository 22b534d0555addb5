"""The one table: what certainly is not there, what perhaps is, and what stops everything."""

from __future__ import annotations

import asyncio
import ssl
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest

from adapters.chat.discord.history import mark, marked, nonce
from adapters.chat.discord.outcomes import NotConnected, classify, named
from bot.ports import NotDelivered, PostOutcome, Unconfirmed, Undeliverable


def refused(status: int, code: int = 0, *, retry: str = "") -> discord.HTTPException:
    headers = {"Retry-After": retry} if retry else {}
    response: Any = SimpleNamespace(status=status, reason="no", headers=headers)
    kind = {403: discord.Forbidden, 404: discord.NotFound}.get(status, discord.HTTPException)
    return kind(response, {"code": code, "message": "secret text"})


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (NotConnected(), NotDelivered("Clew is not connected to Discord at the moment.")),
        (
            aiohttp.ConnectionTimeoutError(),
            NotDelivered("Discord could not be reached (ConnectionTimeoutError)."),
        ),
        (
            aiohttp.ClientConnectorCertificateError(None, ssl.SSLCertVerificationError()),  # type: ignore[arg-type]  # only its kind counts
            NotDelivered("Discord could not be reached (ClientConnectorCertificateError)."),
        ),
        (
            aiohttp.ServerDisconnectedError(),
            Unconfirmed("The answer did not come (ServerDisconnectedError)."),
        ),
        (ConnectionResetError(104, "reset"), Unconfirmed("The answer did not come (ConnectionResetError).")),
        (TimeoutError(), Unconfirmed("The answer did not come (TimeoutError).")),
        (asyncio.CancelledError(), Unconfirmed("The answer did not come (CancelledError).")),
        (discord.RateLimited(45.0), NotDelivered("Discord asks for a pause.", 45.0, limits_channel=True)),
        (
            discord.RateLimited(86_400.0),
            NotDelivered("Discord asks for a pause.", 900.0, limits_channel=True),
        ),
        (
            refused(429, retry="7"),
            NotDelivered("Discord asks for a pause.", 7.0, limits_channel=True),
        ),
        (
            refused(429, retry="soon"),
            NotDelivered("Discord asks for a pause.", 30.0, limits_channel=True),
        ),
        (
            refused(403, 50007),
            Undeliverable("The person takes no direct messages from the bot.", channel_lost=False),
        ),
        (refused(400, 160005), Undeliverable("The thread is locked.", channel_lost=False)),
    ],
)
def test_classify__by_what_happened(error: BaseException, expected: PostOutcome) -> None:
    """Only what was certainly not stored may be sent again without looking."""
    assert expected == classify(error)


@pytest.mark.parametrize("code", [10003, 10004, 50001, 50013, 50008, 50024])
@pytest.mark.parametrize("status", [403, 404])
def test_classify__a_channel_is_gone_only_where_discord_says_so(status: int, code: int) -> None:
    """Discord's own codes say that a channel is closed to us."""
    outcome = classify(refused(status, code))

    assert isinstance(outcome, Undeliverable)
    assert outcome.channel_lost


@pytest.mark.parametrize(("status", "code"), [(403, 0), (404, 0), (403, 40333), (403, 20028), (404, 99_999)])
def test_classify__anything_else_is_later(status: int, code: int) -> None:
    """A proxy's page, a network block and a code of next year say nothing about the channel."""
    assert isinstance(classify(refused(status, code)), NotDelivered)


def test_named__holds_no_text_of_discords() -> None:
    """What goes into a log has the codes and nothing that was sent."""
    assert named(refused(400, 50035)) == "status 400, code 50035"
    assert named(ValueError("https://discord.com/api/webhooks/1/token")) == "ValueError"


def test_nonce__is_the_same_in_every_try_and_fits() -> None:
    """At most 25 characters, derived from the key and nothing else."""
    long = "tenant:run:completed:discord:channel:1:2"

    assert nonce("a" * 24) == "a" * 24
    assert nonce(long) == nonce(long)
    assert len(nonce(long)) == 25
    assert nonce(long) != nonce(long + "3")


def test_marked__adds_the_short_id_behind_the_footer() -> None:
    """It is what a message is found by when Discord has forgotten its nonce."""
    body = {"embeds": [{"title": "t", "footer": {"text": "run 9043254f"}}]}

    assert marked(body, "k")["embeds"][0]["footer"]["text"] == f"run 9043254f · {mark('k')}"
    assert marked({"embeds": [{}]}, "k")["embeds"][0]["footer"]["text"] == mark("k")
