"""Whatever somebody says: a private sentence each, never silence, never a stack trace."""

from __future__ import annotations

import pytest

from bot.access import Policy, Role
from bot.errors import ServiceFailed
from tests.fakes.inbox import left_over
from tests.fakes.runs import a_run
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_bot import Bot, running_bot
from tests.fakes.slack_world import ALICE, APP, BOB, GUEST, MAIN, STRANGER, TEAM

SENTENCES = {
    "": "Commands: launch",
    "   ": "Commands: launch",
    "frobnicate": "Unknown command",
    "statsu": "Did you mean “status”",
    "logs " + "x" * 3000: "",
    "logs latest grep=" + "y" * 3000: "at most 200 characters",
    "logs latest window=banana": "window=",
    'launch "basic_test': "quote",
    "launch basic_test duration=-1": "duration",
    "launch basic_test duration=٣٠": "duration",
    "launch ../../v1/launch/x duration=30": "launcher",
    "status nonexistent": "",
    "debug Moment.from({ session_id: “x”, input_hash: “12”, vtime: “NaN” })": "",
    "watch outcomes=sometimes": "outcomes=",
    "<!channel> <@U02BOB> status": "",
    "\u200b\u202e\x00": "",
}


async def test_command__nonsense_is_answered_privately(bot: Bot) -> None:
    """Each slip gets its sentence, for the person alone, on the spot."""
    bot.service.add_run(a_run(1))

    for words, sentence in SENTENCES.items():
        seen = len(bot.slack.world.ours())
        ack = await bot.slack.command(words)
        answer = await bot.slack.world.ephemeral(ALICE, at=seen)

        assert ack.taken
        assert sentence in answer.words
        assert "Traceback" not in answer.words

    assert bot.service.launches == []


async def test_command__by_somebody_without_rights(bot: Bot) -> None:
    """The reason and the way to get the right, privately; nothing is started."""
    await bot.slack.command("launch basic_test duration=30", user=BOB)
    answer = await bot.slack.world.ephemeral(BOB)

    assert "needs the role “launch”" in answer.words
    assert f"slack:user:{TEAM}:{BOB}" in answer.words
    assert bot.service.launches == []


@pytest.mark.parametrize(
    ("user", "sentence"),
    [
        (GUEST, "Guests and members of other organisations"),
        (STRANGER, "Guests and members of other organisations"),
        ("U05GONE", "deactivated"),
        ("U99NOBODY", "Guests and members of other organisations"),
    ],
)
async def test_command__of_people_who_may_not_launch(slack: FakeSlack, user: str, sentence: str) -> None:
    """Guests, strangers, deactivated and unknown people start nothing, even with their id in the role."""
    everyone = frozenset({f"slack:user:{TEAM}:{user}", f"slack:team:{TEAM}"})
    policy = Policy(roles={Role.ADMIN: everyone})
    async with running_bot(slack, policy=policy) as bot:
        await slack.command("launch basic_test duration=30", user=user)
        answer = await slack.world.answer(sentence)

    assert answer.only_for == user or answer.channel == f"D{user}"
    assert bot.service.launches == []


async def test_command__of_another_workspace_is_refused(bot: Bot) -> None:
    """The acknowledgement itself says so; nothing is kept, nothing is done."""
    ack = await bot.slack.command("status", team="T99")

    assert "does not serve your workspace" in ack.payload["text"]
    assert bot.slack.world.ours() == []
    assert await left_over(bot.handler, "slack", a_run(1).created_at) == ()  # type: ignore[arg-type]  # it has a time


async def test_button__pressed_from_another_workspace_is_refused(bot: Bot) -> None:
    """In a shared channel anyone can press; who is not served is told so, privately."""
    card = bot.slack.world.say("UBOT", MAIN, "a card")
    payload = bot.slack.press_payload(card, {"action_id": "say:1", "value": "launch basic_test duration=30"})
    payload["team"] = {"id": "T99"}

    await bot.slack.gate.deliver("interactive", payload)
    told = await bot.slack.world.ephemeral(ALICE)

    assert "does not serve your workspace" in told.words
    assert bot.service.calls == []


async def test_workspaces__of_the_settings_are_served(slack: FakeSlack) -> None:
    """Other workspaces than the bot's own can be allowed."""
    async with running_bot(slack, workspaces=frozenset({TEAM, "T98"})):
        ack = await slack.command("help", team="T98")
        await slack.world.answer("Commands: launch")

    assert ack.payload == {}


async def test_button__older_than_the_database(bot: Bot) -> None:
    """A button carries its words: pressed after everything was forgotten, it still says what it means."""
    old = bot.slack.world.say("UBOT", MAIN, "an old card")
    payload = bot.slack.press_payload(old, {"action_id": "say:1", "value": "confirm 0123456789abcdef"})

    await bot.slack.gate.deliver("interactive", payload)
    answer = await bot.slack.world.ephemeral(ALICE)

    assert "Traceback" not in answer.words
    assert answer.text


async def test_payloads__of_no_known_shape_are_acknowledged(bot: Bot) -> None:
    """Whatever comes is acknowledged, and does nothing."""
    who = bot.slack.who(ALICE)
    odd = [
        ("interactive", {"type": "block_actions", "actions": [], **who}),
        ("interactive", {"type": "block_actions", "actions": [{"action_id": 5}], **who}),
        ("interactive", {"type": "block_actions", "actions": "x", "channel": [], **who}),
        ("interactive", {"type": "view_submission", "view": {"callback_id": "clew_form"}, **who}),
        ("interactive", {"type": "view_submission", "view": {"callback_id": "other"}, **who}),
        ("interactive", {"type": "view_closed", "view": {}, **who}),
        ("interactive", {"type": "shortcut", "callback_id": "of another version", **who}),
        ("interactive", {"type": "message_action", "callback_id": "of another version", **who}),
        ("interactive", {"type": "something_new", **who}),
        ("events_api", bot.slack.envelope({"type": "reaction_added", "user": ALICE})),
        ("events_api", {"type": "event_callback", "team_id": TEAM, "event": None, "api_app_id": APP}),
        ("slash_commands", {"command": "/clew", "team_id": TEAM}),
    ]

    acks = [await bot.slack.gate.deliver(kind, payload) for kind, payload in odd]

    assert [ack.taken for ack in acks] == [True] * len(odd)


@pytest.mark.parametrize(
    "changes",
    [
        {"bot_id": "B99"},
        {"subtype": "message_changed"},
        {"subtype": "bot_message", "bot_id": "B99"},
        {"user": "UBOT"},
    ],
)
async def test_message__of_bots_and_edits_is_ignored(bot: Bot, changes: dict[str, str]) -> None:
    """Own messages, other bots and edits start no loop."""
    message = bot.slack.world.say(ALICE, f"D{ALICE}", "help")
    event = bot.slack.event("message", message, channel_type="im", **changes)

    ack = await bot.slack.gate.deliver("events_api", event)
    await bot.slack.command("help")
    await bot.answered(1)

    assert ack.taken
    assert len(bot.slack.world.ours()) == 1


async def test_failure__of_the_platform_is_one_sentence(bot: Bot) -> None:
    """What the platform did wrong is said in a sentence, privately."""
    bot.service.fail("runs", ServiceFailed("The platform failed.", detail="<b>500</b> <!channel>"))

    await bot.slack.command("status")
    answer = await bot.slack.world.ephemeral(ALICE)

    assert "The platform failed." in answer.words


async def test_outside_text__pings_nobody_and_formats_nothing(bot: Bot) -> None:
    """Names from outside are shown letter by letter; the loopback Slack would mind anything live."""
    hostile = "<!channel> <@U02BOB> @everyone *bold* `code` ```fence``` <https://evil.example|safe> &lt;x&gt; \u202eoops"
    bot.service.add_run(a_run(1, launcher=hostile, description=hostile, source=hostile, creator=hostile))

    await bot.slack.command("status latest")
    card = await bot.slack.world.answer("evil.example")

    assert "\u202e" not in card.words
    assert "<!channel>" in card.blocks[0]["text"]["text"]
    assert card.blocks[0]["text"]["type"] == "plain_text"


async def test_private_channel__without_the_bot_answers_the_person(bot: Bot) -> None:
    """Where the bot is not in the channel, the person sees the answer and how to invite it."""
    bot.service.add_run(a_run(1))

    await bot.slack.command("status", channel="C02PRIVATE")
    answer = await bot.slack.world.ephemeral(ALICE)

    assert "Payments Nightly" in answer.words
    assert "/invite" in answer.words
