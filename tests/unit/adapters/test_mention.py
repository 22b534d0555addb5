"""Commands as people write them to the bot, in Slack and in Discord: one rule for both."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.chat import mention
from adapters.chat.discord import events as discord_events
from adapters.chat.slack import events as slack_events
from adapters.chat.surface import Inbound
from bot.replies.pasting import copyable
from tests.fakes.runs import EPOCH, MOMENT, run_id

BOT = "200000000000000001"
RUN, OTHER = run_id(1), run_id(2)
PASTED = copyable(MOMENT, run_id=RUN)


def said_in_slack(text: str, *, kind: str = "app_mention") -> str | None:
    """Return what Clew takes a message for as Slack delivers it, None where it leaves it alone."""
    me = slack_events.Self(team="T01", user="UBOT", bot="B01", workspaces=frozenset({"T01"}))
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    event = {
        "type": kind,
        "user": "U1",
        "channel": "C1",
        "ts": "1.1",
        "text": escaped.replace("@clew", "<@UBOT>"),
    }
    if kind == "message":
        event |= {"channel": "D1", "channel_type": "im"}
    found = slack_events.read(
        {"type": "event_callback", "team_id": "T01", "event": event}, me, EPOCH, lambda *_: ""
    )
    return found.invocation.text if isinstance(found, Inbound) else None


def said_in_discord(text: str, *, name: str = f"<@{BOT}>") -> str | None:
    """Return what Clew takes a message for as Discord delivers it, None where it leaves it alone."""
    me = discord_events.Self(application="1", user=BOT)
    body = {
        "id": "5", "channel_id": "6", "guild_id": "7", "type": 0, "member": {"roles": []},
        "author": {"id": "300000000000000001"}, "content": text.replace("@clew", name),
    }  # fmt: skip
    if not discord_events.mentions(body, me):
        return None
    found = discord_events.read_message(body, me, EPOCH, parent=None)
    return found.invocation.text if isinstance(found, Inbound) else None


WRITTEN = [
    ("@clew status", "status"),
    ("@clew: status", "status"),
    ("@clew, status?", "status"),
    ("@clew - status!", "status"),
    ("hey @clew status", "status"),
    ("hey @clew, ask why only there?", "ask why only there?"),
    ("@clew ask is run=latest green? thanks", "ask is run=latest green? thanks"),
    ("Hi there @clew, please status", "status"),
    ("good morning @clew! status, please.", "status"),
    ("status @clew", "status"),
    ("status, @clew", "status"),
    ("status @clew please", "status"),
    ("@clew status please, thanks!", "status"),
    (f"@clew status {RUN}?", f"status {RUN}"),
    (f"logs @clew {RUN} window=20", f"logs {RUN} window=20"),
    ("> somebody said 4811 2 things\n@clew status", "status"),
    ("> it is red\n> since 12 000 rows\n\n@clew: status?", "status"),
    ("@clew status\n>>> and so on\nuntil the end", "status"),
    (f"> run {RUN} is red\n@clew failing", f"failing {RUN}"),
    (f"> run {RUN} is red\n@clew failing {OTHER}", f"failing {OTHER}"),
    (f"> run {RUN} is red\n@clew launch basic_test", "launch basic_test"),
    (f"{RUN} looks bad, who knows more? @clew logs window=20", f"logs window=20 {RUN}"),
    (f"{PASTED} @clew debug", f"debug {PASTED}"),
    (f"@clew find\n> {PASTED}", f"find {PASTED}"),
    (f"PR 4811 2 checks failed @clew status {RUN}", f"status {RUN}"),
    (f"@clew {MOMENT.input_hash} {MOMENT.vtime}", f"{MOMENT.input_hash} {MOMENT.vtime}"),
    ("@clew @clew status", "status"),
    ("@clew ?", "?"),
    ("@clew -h", "-h"),
    ("hey @clew", ""),
    ("@clew what is up", "what is up"),
    ("@clew logs grep=what?", "logs grep=what?"),
    ("@clew launch basic_test description=thanks", "launch basic_test description=thanks"),
    ("@clew launch basic_test description=many thanks", "launch basic_test description=many thanks"),
    ('@clew launch basic_test description="hey, thanks!"', 'launch basic_test description="hey, thanks!"'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), WRITTEN)
def test_mention__is_understood_as_people_write_it(text: str, words: str) -> None:
    """Greetings, signs, quotations, thanks and the place of the name make no difference, in either chat."""
    assert words == said_in_slack(text)
    assert words == said_in_discord(text)
    assert words == said_in_discord(text, name=f"<@!{BOT}>")


@pytest.mark.parametrize("text", ["> @clew status", "look:\n> @clew status\nworks", ">>> a\n@clew status"])
def test_mention__in_a_quotation_alone_is_no_command(text: str) -> None:
    """Who quotes a command does not give it."""
    assert said_in_slack(text) is None
    assert said_in_discord(text) is None


@pytest.mark.parametrize(
    "text", ["status", "please status", "> it is red\nstatus, please", "hey @clew, status?"]
)
def test_direct__needs_no_name(text: str) -> None:
    """In a conversation with the bot alone, the same rule reads what comes without its name."""
    assert "status" == said_in_slack(text, kind="message")


@settings(max_examples=150)
@given(st.text(alphabet=st.sampled_from("> \n@x=,.?-&gt;please"), max_size=60), st.text(max_size=30))
def test_mention__is_read_whatever_it_holds(before: str, after: str) -> None:
    """Any rubble around the name gives some command in both chats, and the name is never part of it."""
    for said in (said_in_slack(f"{before} @clew {after}"), said_in_discord(f"{before} @clew {after}")):
        assert said is None or "UBOT" not in said


def test_command_text__is_linear_in_hostile_text() -> None:
    """A long message of quotations and thanks is read in one go."""
    text = "> please " * 3000 + "\n" + "please " * 3000 + "<@B> status" + " thanks" * 3000

    assert mention.command_text(text, re.compile("<@B>"), str.strip).startswith("status thanks")
