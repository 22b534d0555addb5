"""Announcements: what the outbox sends through the port, and what Slack does to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from prometheus_client import REGISTRY

from adapters.chat import pressed
from adapters.chat.slack.sender import REPEAT, Sender
from bot.cards import Button, Card, Command, Fact, Untrusted
from bot.model import RunRef, Secret
from bot.ports import (
    Delivered,
    Found,
    Halted,
    Missing,
    NotDelivered,
    Post,
    Unconfirmed,
    Undeliverable,
    Unreadable,
)
from bot.state import MessageRef
from tests.fakes import slack_api as faults
from tests.fakes.runs import EPOCH
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_api import Fault
from tests.fakes.slack_bot import QuickClock, bare_sender
from tests.fakes.slack_world import MAIN, SHARED, TEAM

KEY = "0123456789abcdef01234567"
CHANNEL = f"slack:channel:{TEAM}:{MAIN}"
SIGNED = Secret("https://demo.antithesis.com/report/abc?auth=v2.public.CANARY")
CARD = Card(
    title=("FAILED: ", Untrusted("nightly")),
    text=("FAILED: 1 of 3 properties fails.",),
    buttons=(
        Button(label="Open report", command=Command("report", {"run": "demo/x"}), report=RunRef("demo", "x")),
    ),
)
POST, UPDATE = "chat.postMessage", "chat.update"


@pytest.fixture
async def sender(slack: FakeSlack) -> AsyncIterator[Sender]:
    async with bare_sender(slack, QuickClock()) as sender:
        yield sender


def a_post(sender: Sender, *, channel: str = CHANNEL, card: Card = CARD, **changes: object) -> Post:
    return Post(channel=channel, payload=sender.render(card), key=KEY, **changes)  # type: ignore[arg-type]


async def test_post__report_link_is_filled_in_at_sending(slack: FakeSlack, sender: Sender) -> None:
    """The payload that is stored holds no link; the button that is sent does."""
    post = a_post(sender, report_url=SIGNED)

    await sender.post(post)
    button = slack.world.ours()[0].button("Open report")

    assert "CANARY" not in post.payload
    assert SIGNED.reveal() == button["url"]
    assert "value" not in button


async def test_post__without_a_link_the_button_asks(slack: FakeSlack, sender: Sender) -> None:
    """A private report is asked for by a press, which says its words."""
    await sender.post(a_post(sender))
    button = slack.world.ours()[0].button("Open report")

    assert pressed.read(button["value"]) == Command("report", {"run": "demo/x"})
    assert "url" not in button


async def test_post__a_repeat_says_so(slack: FakeSlack, sender: Sender) -> None:
    """Where the first may be there and cannot be looked for, people see that this may be a second one."""
    await sender.post(a_post(sender, repeat=True))
    message = slack.world.ours()[0]

    assert message.text.endswith(REPEAT)
    assert REPEAT in message.words


async def test_post__is_the_same_to_the_byte(slack: FakeSlack, sender: Sender) -> None:
    """A re-send is the frozen payload."""
    post = a_post(sender)

    await sender.post(post)
    await sender.post(post)
    first, second = slack.world.called(POST)

    assert first == second
    assert json.loads(post.payload)["blocks"] == first["blocks"]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (faults.LOST_REPLY, Unconfirmed),
        (faults.DROPPED, Unconfirmed),
        (faults.HTML_502, Unconfirmed),
        (faults.EMPTY, Unconfirmed),
        (faults.NO_TS, Unconfirmed),
        (Fault(text="[]"), Unconfirmed),
        (Fault(text="{broken"), Unconfirmed),
        (faults.error("fatal_error"), Unconfirmed),
        (faults.error("is_archived"), Undeliverable),
        (faults.error("no_permission"), Undeliverable),
        (faults.error("metadata_too_large"), Undeliverable),
        (faults.error("token_revoked"), Halted),
        (faults.limited("7"), NotDelivered),
    ],
)
async def test_post__says_what_became_of_it(
    slack: FakeSlack, sender: Sender, fault: Fault, kind: type
) -> None:
    """Each answer of Slack has one meaning, and each try is one request."""
    slack.api.fault(POST, fault)

    outcome = await sender.post(a_post(sender))

    assert isinstance(outcome, kind)
    assert len(slack.world.called(POST)) == 1


@pytest.mark.parametrize("code", ["invalid_blocks", "msg_blocks_too_long"])
async def test_post__whose_blocks_are_refused_says_its_sentence(
    slack: FakeSlack, sender: Sender, code: str
) -> None:
    """A limit that nobody wrote down costs the layout, not the message."""
    slack.api.fault(POST, faults.error(code))

    outcome = await sender.post(a_post(sender))
    (shown,) = slack.world.ours()

    assert isinstance(outcome, Delivered)
    assert [block["type"] for block in shown.blocks] == ["section", "context"]
    assert shown.text in shown.words


async def test_post__after_a_pause_was_asked_for_calls_nobody(slack: FakeSlack, sender: Sender) -> None:
    """A rate-limited channel is not called before its time is over; other channels go on, and nothing is lost."""
    slack.api.fault(POST, faults.limited("30"))
    await sender.post(a_post(sender))

    limited = await sender.post(a_post(sender))
    seen = REGISTRY.get_sample_value("clew_slack_rate_limited_channels")
    other = await sender.post(a_post(sender, channel=f"slack:channel:{TEAM}:{SHARED}"))
    await sender._clock.sleep(31)
    later = await sender.post(a_post(sender))

    assert isinstance(limited, NotDelivered)
    assert limited.limits_channel
    assert seen == 1
    assert 0 < (limited.retry_after or 0) <= 30
    assert isinstance(other, Delivered)
    assert isinstance(later, Delivered)
    assert len(slack.world.called(POST)) == 3


async def test_post__after_the_token_was_revoked_calls_nobody(slack: FakeSlack, sender: Sender) -> None:
    """One refusal stops every further call."""
    slack.api.fault(POST, faults.error("token_revoked"))

    outcomes = [await sender.post(a_post(sender)) for _ in range(3)]
    edited = await sender.edit(MessageRef(channel=CHANNEL, message_id="1.000001"), CARD)

    assert all(isinstance(o, Halted) for o in [*outcomes, edited])
    assert len(slack.world.called(POST)) == 1
    assert slack.world.called(UPDATE) == []


async def test_post__in_a_burst_keeps_slacks_pace(slack: FakeSlack, sender: Sender) -> None:
    """A few go at once, the rest about one a second; all arrive."""
    clock = sender._clock
    assert isinstance(clock, QuickClock)

    await asyncio.gather(*(sender.post(a_post(sender)) for _ in range(8)))

    assert len(slack.world.ours()) == 8
    assert [0.9 < wait < 4.1 for wait in clock.slept] == [True] * len(clock.slept)
    assert clock.slept


async def test_edit__shows_another_card(slack: FakeSlack, sender: Sender) -> None:
    """The message is the same, what it says is new."""
    posted = await sender.post(a_post(sender))
    assert isinstance(posted, Delivered)

    outcome = await sender.edit(MessageRef(channel=CHANNEL, message_id=posted.message_id), Card(
        title=("passed",), text=("All properties pass now.",)))  # fmt: skip

    assert posted == outcome
    assert "All properties pass now." in slack.world.ours()[0].words


async def test_edit__of_a_message_that_is_gone(slack: FakeSlack, sender: Sender) -> None:
    """It says so; the channel is not lost by it."""
    outcome = await sender.edit(MessageRef(channel=CHANNEL, message_id="1.000001"), CARD)

    assert isinstance(outcome, Undeliverable)
    assert not outcome.channel_lost


async def test_find_posted__reads_page_after_page(slack: FakeSlack, sender: Sender) -> None:
    """The message is found behind hundreds of others."""
    posted = await sender.post(a_post(sender))
    assert isinstance(posted, Delivered)
    for number in range(250):
        slack.world.say("U02BOB", MAIN, f"chatter {number}")

    found = await sender.find_posted(CHANNEL, None, KEY, EPOCH)

    assert Found(posted.message_id) == found
    assert len(slack.world.called("conversations.history")) == 3


async def test_find_posted__believes_only_its_own_messages(slack: FakeSlack, sender: Sender) -> None:
    """Anyone can write the same metadata; only what this bot posted counts."""
    forged = slack.world.say("U02BOB", MAIN, "I am Clew")
    forged.metadata = {"event_type": "clew_message", "event_payload": {"k": KEY}}

    assert Missing() == await sender.find_posted(CHANNEL, None, KEY, EPOCH)


@pytest.mark.parametrize(
    ("fault", "for_good", "lost"),
    [
        (faults.error("missing_scope"), True, False),
        (faults.error("not_in_channel"), False, True),
        (faults.error("channel_not_found"), False, True),
        (faults.error("internal_error"), False, False),
        (faults.limited("5"), False, False),
        (faults.DROPPED, False, False),
        (faults.HTML_502, False, False),
    ],
)
async def test_find_posted__that_could_not_look_says_so(
    slack: FakeSlack, sender: Sender, fault: Fault, for_good: bool, lost: bool
) -> None:
    """A look-up that failed is never "not there"; one in a channel that we were put out of can be had again."""
    slack.api.fault("conversations.history", fault, fault)  # a read is tried again once by aiohttp

    result = await sender.find_posted(CHANNEL, None, KEY, EPOCH)

    assert isinstance(result, Unreadable)
    assert (result.for_good, result.channel_lost) == (for_good, lost)


async def test_find_posted__before_slack_said_who_we_are(slack: FakeSlack, sender: Sender) -> None:
    """Without knowing its own id it cannot tell its messages from others'."""
    sender.bot_id = ""

    assert isinstance(await sender.find_posted(CHANNEL, None, KEY, EPOCH), Unreadable)


@pytest.mark.parametrize(
    ("channel", "shared"), [(MAIN, False), (SHARED, True), ("C99UNKNOWN", True), ("DU01ALICE", False)]
)
async def test_is_shared__counts_the_unknown_as_shared(sender: Sender, channel: str, shared: bool) -> None:
    """Where Slack does not tell, others may be reading."""
    assert shared is await sender.is_shared(f"slack:channel:{TEAM}:{channel}")


async def test_is_shared__asks_once_for_some_minutes(slack: FakeSlack, sender: Sender) -> None:
    """What was told is kept, and asked again when it is old."""
    for _ in range(3):
        await sender.is_shared(CHANNEL)
    once = len(slack.world.called("conversations.info"))
    await sender._clock.sleep(3600)
    await sender.is_shared(CHANNEL)

    assert (1, 2) == (once, len(slack.world.called("conversations.info")))


async def test_table__falls_back_to_lines(slack: FakeSlack, sender: Sender) -> None:
    """A refusal of the table is certain, so the same content is sent another way, and tables are left alone."""
    wide = Card(
        title=("t",), text=("Many facts.",), facts=tuple(Fact(f"name{n}", (f"value{n}",)) for n in range(20))
    )
    slack.api.fault(POST, faults.error("invalid_blocks"))

    first = await sender.post(a_post(sender, card=wide))
    second = await sender.post(a_post(sender, card=wide))

    assert (Delivered, Delivered) == (type(first), type(second))
    assert all("value19" in m.words for m in slack.world.ours())
    assert len(slack.world.called(POST)) == 3
