"""The one table: what certainly is not there, what perhaps is, and what stops everything."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest

from adapters.chat.discord.history import mark, marked, nonce
from adapters.chat.discord.outcomes import NotConnected, classify, named
from bot.ports import NotDelivered, Perhaps, PostOutcome, Undeliverable


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
        (aiohttp.ServerDisconnectedError(), Perhaps("The answer did not come (ServerDisconnectedError).")),
        (ConnectionResetError(104, "reset"), Perhaps("The answer did not come (ConnectionResetError).")),
        (TimeoutError(), Perhaps("The answer did not come (TimeoutError).")),
        (asyncio.CancelledError(), Perhaps("The answer did not come (CancelledError).")),
        (discord.RateLimited(45.0), NotDelivered("Discord asks for a pause.", 45.0, parks_channel=True)),
        (discord.RateLimited(86_400.0), NotDelivered("Discord asks for a pause.", 900.0, parks_channel=True)),
        (
            refused(429, retry="7"),
            NotDelivered("Discord asks for a pause.", 7.0, parks_channel=True),
        ),
        (
            refused(429, retry="soon"),
            NotDelivered("Discord asks for a pause.", 30.0, parks_channel=True),
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
