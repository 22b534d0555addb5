"""The loopback Slack itself: what it refuses, forgets, keeps and minds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.fakes import slack_api as faults
from tests.fakes import slack_judge
from tests.fakes.slack import FakeSlack, serve
from tests.fakes.slack_world import ALICE, APP_TOKEN, BOT_TOKEN, MAIN

GOOD: dict[str, Any] = {
    "channel": MAIN,
    "text": "A sentence.",
    "blocks": [{"type": "section", "text": {"type": "plain_text", "text": "x", "emoji": False}}],
    "unfurl_links": False,
    "unfurl_media": False,
}


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with serve() as slack:
        yield slack


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def call(
    slack: FakeSlack, http: aiohttp.ClientSession, method: str, token: str = BOT_TOKEN, **arguments: Any
) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    async with http.post(slack.api_url + method, json=arguments, headers=headers) as answer:
        body: dict[str, Any] = await answer.json()
        return body


def section(text: dict[str, Any]) -> dict[str, Any]:
    return {"blocks": [{"type": "section", "text": text}]}


@pytest.mark.parametrize(
    "changes",
    [
        {"text": ""},
        {"text": "<!channel> look"},
        {"text": "see <@U1>"},
        {"text": "x" * 4001},
        {"unfurl_links": True},
        {"unfurl_media": None},
        {"link_names": True},
        {"reply_broadcast": True},
        {"text": "https://demo.antithesis.com/report/x?auth=v2.public.secret"},
        section({"type": "mrkdwn", "text": "<!here>"}),
        section({"type": "mrkdwn", "text": "For <!here>"}),
        section({"type": "mrkdwn", "text": "For <@U1> of <!subteam^S1>"}),
        section({"type": "mrkdwn", "text": "ledger, For <@U1>"}),
        section({"type": "mrkdwn", "text": "x" * 3001}),
        {"blocks": GOOD["blocks"] * 51},
        {"blocks": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]},
        {"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]},
        {"blocks": [{"type": "actions", "elements": []}]},
        {"blocks": [{"type": "actions", "elements": [
            {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "x" * 76}}]}]},
        {"blocks": [{"type": "actions", "elements": [
            {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "x"}, "value": "y" * 2001}]}]},
        {"blocks": [{"type": "actions", "elements": [
            {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "x"}}] * 2}]},
        {"blocks": [{"type": "table", "rows": [[{"type": "raw_text", "text": ""}]]}]},
        {"blocks": [{"type": "table", "rows": [[{"type": "raw_text", "text": "x" * 10_001}]]}]},
        {"blocks": [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}] * 2},
        {"blocks": [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
            {"type": "user", "user_id": "U1"}]}]}]},
        {"blocks": [{"type": "of_next_year"}]},
        {"blocks": [{"type": "section", "text": {"type": "plain_text", "text": "x" * 2900}}] * 5},
    ],
)  # fmt: skip
def test_judge__minds(changes: dict[str, Any]) -> None:
    """Each of these would be refused by Slack, or would ping, unfurl or leak."""
    assert slack_judge.message({**GOOD, **changes}) != []


def test_judge__takes_a_good_message() -> None:
    """Nothing is minded without a reason."""
    assert slack_judge.message(GOOD) == []


async def test_ticket__is_good_once(slack: FakeSlack, http: aiohttp.ClientSession) -> None:
    """A second handshake with the same address is refused."""
    url = (await call(slack, http, "apps.connections.open", APP_TOKEN))["url"]
    async with http.ws_connect(url) as ws:
        hello = json.loads((await ws.receive()).data)
        with pytest.raises(aiohttp.WSServerHandshakeError, match="408"):
            await http.ws_connect(url)

    assert hello["type"] == "hello"


async def test_token__of_the_wrong_kind_is_refused(slack: FakeSlack, http: aiohttp.ClientSession) -> None:
    """Each token opens its own doors; unknown and missing ones open none."""
    said = [
        (await call(slack, http, method, token))["error"]
        for method, token in (
            ("auth.test", "xoxb-unknown"),
            ("auth.test", ""),
            ("auth.test", APP_TOKEN),
            ("apps.connections.open", BOT_TOKEN),
        )
    ]

    assert said == ["invalid_auth", "not_authed", "not_allowed_token_type", "not_allowed_token_type"]


async def test_trigger__is_good_once(slack: FakeSlack) -> None:
    """And not at all when it was never given."""
    trigger = slack.world.trigger()

    assert [slack.world.use_trigger(t) for t in (trigger, trigger)] == ["", "exchanged_trigger_id"]


async def test_envelope__without_acknowledgement_is_not_taken(
    slack: FakeSlack, http: aiohttp.ClientSession
) -> None:
    """Who connects and says nothing has taken nothing; who acknowledges has."""
    url = (await call(slack, http, "apps.connections.open", APP_TOKEN))["url"]
    async with http.ws_connect(url) as ws:
        await ws.receive()
        silent = await slack.command("help")
        await ws.receive()
        delivering = asyncio.create_task(slack.command("help"))
        frame = json.loads((await ws.receive()).data)
        await ws.send_json({"envelope_id": frame["envelope_id"], "payload": {"text": "hi"}})
        taken = await delivering

    assert (silent.taken, taken.taken, taken.payload) == (False, True, {"text": "hi"})


async def test_post__has_no_idempotency(slack: FakeSlack, http: aiohttp.ClientSession) -> None:
    """What is posted twice is there twice, whatever its metadata says."""
    for _ in range(2):
        await call(
            slack, http, "chat.postMessage", **GOOD, metadata={"event_type": "x", "event_payload": {"k": "1"}}
        )

    assert len(slack.world.of(MAIN)) == 2


async def test_lost_reply__was_stored(slack: FakeSlack, http: aiohttp.ClientSession) -> None:
    """The connection breaks after the message is there; a dropped request leaves nothing."""
    slack.api.fault("chat.postMessage", faults.LOST_REPLY, faults.DROPPED)
    for _ in range(2):
        with pytest.raises(aiohttp.ClientError):
            await call(slack, http, "chat.postMessage", **GOOD)

    assert len(slack.world.of(MAIN)) == 1


async def test_history__shows_metadata_only_when_asked(slack: FakeSlack, http: aiohttp.ClientSession) -> None:
    """Otherwise only the kind of event comes along."""
    await call(
        slack, http, "chat.postMessage", **GOOD, metadata={"event_type": "x", "event_payload": {"k": "1"}}
    )

    bare = await call(slack, http, "conversations.history", channel=MAIN)
    full = await call(slack, http, "conversations.history", channel=MAIN, include_all_metadata=True)

    assert [p["messages"][0]["metadata"].get("event_payload") for p in (bare, full)] == [None, {"k": "1"}]


async def test_response_url__is_good_five_times(slack: FakeSlack, http: aiohttp.ClientSession) -> None:
    """The sixth answer is refused."""
    url = slack.api.response_url(MAIN, ALICE)
    statuses = []
    for _ in range(6):
        async with http.post(url, json=GOOD) as answer:
            statuses.append(answer.status)

    assert statuses == [200] * 5 + [404]


async def test_violations__are_collected(slack: FakeSlack, http: aiohttp.ClientSession) -> None:
    """A bad message is refused and remembered, so are methods that nobody knows."""
    answer = await call(slack, http, "chat.postMessage", **{**GOOD, "text": "<!channel>"})
    await call(slack, http, "chat.meMessage")

    assert answer["error"] == "invalid_blocks"
    assert len(slack.world.violations) == 2


PICTURE: dict[str, Any] = {
    "type": "image",
    "slack_file": {"id": "F0123456789"},
    "alt_text": "In words.",
    "title": {"type": "plain_text", "text": "x"},
}


@pytest.mark.parametrize(
    "changes",
    [
        {"slack_file": {"id": "F9999999999"}},
        {"slack_file": {"id": "F1"}},
        {"slack_file": {"url": "https://files.example/x.png"}},
        {"alt_text": ""},
        {"alt_text": "x" * 2001},
        {"title": {"type": "plain_text", "text": "x" * 2001}},
        {"title": {"type": "mrkdwn", "text": "x"}},
    ],
)
def test_judge__minds_pictures(changes: dict[str, Any]) -> None:
    """A picture is an uploaded file with words that stand for it."""
    files = frozenset({"F0123456789", "F1"})

    assert slack_judge.message(GOOD | {"blocks": [PICTURE]}, pictures=files) == []
    assert slack_judge.message(GOOD | {"blocks": [PICTURE | changes]}, pictures=files) != []


@pytest.mark.parametrize(
    ("content", "taken"), [(faults.PNG + b"...", True), (b"GIF? no", False), (None, False)]
)
async def test_picture__must_have_been_uploaded(
    slack: FakeSlack, http: aiohttp.ClientSession, content: bytes | None, *, taken: bool
) -> None:
    """A message with a file is refused before the file's upload is complete, or where it is no picture."""
    ticket = await call(slack, http, "files.getUploadURLExternal", filename="c.png", length=3)
    block = PICTURE | {"slack_file": {"id": ticket["file_id"]}}
    if content is not None:
        await (await http.post(ticket["upload_url"], data=content)).read()
        await call(slack, http, "files.completeUploadExternal", files=[{"id": ticket["file_id"]}])

    answer = await call(slack, http, "chat.postMessage", **GOOD | {"blocks": [block]})

    assert taken == answer["ok"]
    assert taken == (answer.get("error") != "invalid_blocks")


BESIDE = {"blocks": GOOD["blocks"]}
RICH = {
    "blocks": [
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}],
        }
    ]
}
SHARED_URL = "https://a.example.com/report/1"


@pytest.mark.parametrize(
    ("url", "shown", "error"),
    [
        (SHARED_URL, BESIDE, None),
        (SHARED_URL, RICH, "cannot_parse_attachment"),
        (SHARED_URL, {"blocks": []}, "cannot_parse_attachment"),
        (f"{SHARED_URL}0", BESIDE, "cannot_unfurl_message"),
        ("https://example.org/report/1", BESIDE, "cannot_unfurl_url"),
        ("https://notexample.com/report/1", BESIDE, "cannot_unfurl_url"),
    ],
)
async def test_unfurl__takes_what_was_shared(
    slack: FakeSlack, http: aiohttp.ClientSession, url: str, shown: dict[str, Any], error: str | None
) -> None:
    """Only links of the message, of the app's domains, and no rich text; what is refused is minded."""
    slack.world.unfurl_domains = ("example.com",)
    message = slack.world.say(ALICE, MAIN, f"<{SHARED_URL}> <https://example.org/report/1>")

    answer = await call(slack, http, "chat.unfurl", channel=MAIN, ts=message.ts, unfurls={url: shown})

    assert answer.get("error") == error
    assert (message.unfurls == {}) == bool(slack.world.violations) == (error is not None)


SET_STATUS = "assistant.threads.setStatus"


async def test_status__goes_by_itself_and_with_a_post(slack: FakeSlack, http: aiohttp.ClientSession) -> None:
    """It is shown for two minutes, until the app posts into its thread, or until it is taken back."""
    first = slack.world.say(ALICE, MAIN, "hello")
    now = [0.0]
    slack.world.seconds = lambda: now[0]
    shown = []

    async def show(status: str) -> None:
        await call(slack, http, SET_STATUS, channel_id=MAIN, thread_ts=first.ts, status=status)
        shown.append(slack.world.status(MAIN, first.ts))

    await show("is at work")
    now[0] = 119.0
    shown.append(slack.world.status(MAIN, first.ts))
    now[0] = 120.0
    shown.append(slack.world.status(MAIN, first.ts))
    await show("is at work again")
    await call(slack, http, "chat.postMessage", **GOOD, thread_ts=first.ts)
    shown.append(slack.world.status(MAIN, first.ts))
    await show("is still at work")
    await show("")

    assert shown == ["is at work", "is at work", "", "is at work again", "", "is still at work", ""]
    assert slack.world.lapsed == 1


async def test_status__is_refused(slack: FakeSlack, http: aiohttp.ClientSession) -> None:
    """Without a thread, under a reply, where the bot is not; and what is live in it is minded."""
    first = slack.world.say(ALICE, MAIN, "hello")
    reply = slack.world.say(ALICE, MAIN, "and more", thread=first.ts)
    place = {"channel_id": MAIN, "thread_ts": first.ts}
    wrongs: tuple[dict[str, Any], ...] = (
        {"thread_ts": reply.ts}, {"thread_ts": None}, {"channel_id": "C0"}, {"status": None},
    )  # fmt: skip
    answers = [await call(slack, http, SET_STATUS, **{**place, "status": "x", **wrong}) for wrong in wrongs]
    await call(slack, http, SET_STATUS, **place, status="<!channel>\n")

    assert [a["error"] for a in answers] == [
        "invalid_thread_ts", "invalid_thread_ts", "channel_not_found", "invalid_arguments",
    ]  # fmt: skip
    assert len(slack.world.violations) == 2
