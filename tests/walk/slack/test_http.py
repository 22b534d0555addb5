"""Signed HTTP instead of a socket: the same ways in; what is not signed, old or a replay is refused."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp
import pytest
from pydantic import ValidationError

from adapters.chat.slack.requests import BODY
from adapters.chat.slack.settings import Slack
from bot.model import Secret
from tests.fakes.inbox import left_over
from tests.fakes.runs import EPOCH, a_run
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_bot import Bot, running_bot
from tests.fakes.slack_world import BOT_TOKEN


@pytest.fixture
async def http(slack: FakeSlack) -> AsyncIterator[Bot]:
    async with running_bot(slack, http=True) as bot:
        yield bot


async def test_every_kind_of_request__is_answered(http: Bot) -> None:
    """Command, mention, button, form, select and home over HTTP."""
    http.service.add_run(a_run(1))
    await http.slack.command("status latest")
    card = await http.slack.world.answer("Payments Nightly")
    said = await http.slack.mention("status")
    listed = await http.slack.world.answer("Recent runs")
    pressed = await http.slack.press(card, "Open report") if "Open report" in card.labels else None
    await http.slack.command("launch")
    view = await http.slack.view("Launch")
    offered = await http.slack.suggestions(view, "launcher", "pay")
    wrong = await http.slack.submit(view, {"launcher": "basic_test", "duration": "-1"})
    home = await http.slack.open_home()

    assert listed.thread_ts == said.ts
    assert pressed is None or pressed.taken
    assert offered == ["Payments Nightly", "pay"]
    assert set(wrong.payload["errors"]) == {"duration"}
    assert home["type"] == "home"


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"{bad", b"[1]", b"[" * 100_000], ids=["no text", "no JSON", "a list", "deep"]
)
async def test_body__that_cannot_be_read_is_refused(
    http: Bot, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """A stranger's bytes are answered with a refusal; they fill no log with stack traces."""
    headers = {
        "Content-Type": "application/json",
        "X-Slack-Request-Timestamp": str(int(time.time())),
        "X-Slack-Signature": "v0=x",
    }
    url = f"http://127.0.0.1:{http.requests.port}/slack/events"

    async with aiohttp.ClientSession() as stranger, stranger.post(url, data=body, headers=headers) as answer:
        status = answer.status

    assert status in {400, 401}
    assert not [record for record in caplog.records if record.exc_info]


async def test_challenge__is_given_back(http: Bot) -> None:
    """Slack asks whether the address is ours."""
    body = json.dumps({"type": "url_verification", "challenge": "abc"})

    ack = await http.slack.gate.post("events_api", {}, body=body)

    assert (200, {"challenge": "abc"}) == (ack.status, ack.payload)


@pytest.mark.parametrize(
    "case",
    [
        {"secret": "another secret"},
        {"stamp": str(int(time.time()) - 301)},
        {"stamp": str(int(time.time()) + 3000)},
        {"stamp": "٣٠"},
        {"stamp": "nonsense"},
        {"stamp": ""},
    ],
)
async def test_request__not_signed_as_it_should_be_is_refused(http: Bot, case: dict[str, str]) -> None:
    """Wrong secret, too old, from the future, no time: 401, and nothing is kept."""
    payload = http.slack.command_payload("help")

    ack = await http.slack.gate.post("slash_commands", payload, **case)

    assert ack.status == 401
    assert await left_over(http.handler, "slack", EPOCH) == ()
    assert http.slack.world.ours() == []


async def test_request__replayed_is_refused(http: Bot) -> None:
    """The identical request a second time, within the window: 401, and nothing more is done."""
    payload = http.slack.command_payload("help")
    stamp = str(int(time.time()))

    first = await http.slack.gate.post("slash_commands", payload, stamp=stamp)
    second = await http.slack.gate.post("slash_commands", payload, stamp=stamp)
    await http.answered(1)

    assert (200, 401) == (first.status, second.status)
    assert len(http.slack.world.ours()) == 1


async def test_request__sent_again_by_slack_is_one_act(http: Bot) -> None:
    """A retry carries a new signature; the inbox knows what it is."""
    payload = http.slack.command_payload("help")

    first = await http.slack.gate.post("slash_commands", payload, stamp=str(int(time.time()) - 2))
    second = await http.slack.gate.post("slash_commands", payload, stamp=str(int(time.time())))
    await http.answered(1)

    assert (200, 200) == (first.status, second.status)
    assert len(http.slack.world.ours()) == 1


async def test_request__unsigned_ssl_check_is_refused(http: Bot) -> None:
    """Nothing is answered without a signature, this least of all."""
    assert http.slack.gate.http is not None
    async with aiohttp.ClientSession() as session:
        answer = await session.post(http.slack.gate.http, data={"ssl_check": "1", "token": "x"})
        status = answer.status

    assert status == 401


async def test_request__that_is_huge_is_refused(http: Bot) -> None:
    """A body over a mebibyte is not read."""
    payload = http.slack.command_payload("x" * (BODY + 1))

    ack = await http.slack.gate.post("slash_commands", payload)

    assert ack.status == 413


async def test_listens__on_loopback_unless_told() -> None:
    """Nothing is open to the network by default."""
    settings = Slack(bot_token=Secret(BOT_TOKEN), signing_secret=Secret("s"))

    assert settings.listen == ("127.0.0.1", 3000)


def test_settings__without_a_signing_secret_are_refused() -> None:
    """HTTP without a secret would believe anyone."""
    with pytest.raises(ValidationError, match="no way to receive messages"):
        Slack(bot_token=Secret(BOT_TOKEN))


async def test_connections__held_open_by_strangers_keep_nobody_out(http: Bot) -> None:
    """Two hundred that send half a request: Slack's is answered, and the oldest of them are closed."""
    async with AsyncExitStack() as stack:
        held = []
        for _ in range(200):
            reader, writer = await asyncio.open_connection("127.0.0.1", http.requests.port)
            stack.callback(writer.close)
            writer.write(b"POST /slack/events HTTP/1.1\r\n")
            held.append(reader)

        ack = await http.slack.command("help")
        await http.answered(1)
        async with asyncio.timeout(30):
            rest = await held[0].read()

    assert ack.taken
    assert rest == b""
