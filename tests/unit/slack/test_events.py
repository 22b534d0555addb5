"""What payloads mean: Slack's markup undone, ids from nowhere else than Slack, nothing that makes it stumble."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.chat.slack import events
from adapters.chat.slack import typed as typed_words
from adapters.chat.slack.events import (
    Autocomplete,
    Command,
    HomeOpened,
    Ignored,
    LinksShared,
    NotServed,
    Self,
)
from adapters.chat.surface import Inbound, Kind
from bot.state import Actor
from tests.fakes.stage import Stage

JUDGE = Stage().handler.field_problem
NOW = datetime(2026, 5, 14, tzinfo=UTC)
ME = Self(team="T01", user="UBOT", bot="B01", workspaces=frozenset({"T01"}))
COMMAND = {
    "command": "/clew",
    "text": "status",
    "user_id": "U1",
    "team_id": "T01",
    "channel_id": "C1",
    "trigger_id": "t",
}


def mention(**changes: Any) -> dict[str, Any]:
    event = {
        "type": "app_mention",
        "user": "U1",
        "channel": "C1",
        "ts": "1.1",
        "text": "<@UBOT> status",
        **changes,
    }
    return {"type": "event_callback", "team_id": "T01", "event": event}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("status", "status"),
        (
            "find <https://demo.antithesis.com/report/x?a=1&amp;b=2|the report>",
            "find https://demo.antithesis.com/report/x?a=1&b=2",
        ),
        ("find <https://demo.antithesis.com>", "find https://demo.antithesis.com"),
        ("a &lt;b&gt; &amp;amp;", "a <b> &amp;"),
        (
            "https://demo.antithesis.com/x?a=1&copy=2&amp;reg=3",
            "https://demo.antithesis.com/x?a=1&copy=2&reg=3",
        ),
        ("watch <#C012AB|general>", "watch C012AB"),
        ("ask <@U1|ann>", "ask <@U1|ann>"),
        ("  spaces  ", "spaces"),
        ("recipients=<mailto:ann@example.com|ann@example.com>", "recipients=ann@example.com"),
        ("<mailto:ann@example.com|Ann>", "ann@example.com"),
        (
            "config_image=<http://registry.example.com/team/app:1.4|registry.example.com/team/app:1.4>",
            "config_image=registry.example.com/team/app:1.4",
        ),
        ("<https://evil.example|https://demo.antithesis.com>", "https://evil.example"),
    ],
)
def test_typed_text__undoes_slacks_markup(typed: str, said: str) -> None:
    """Links, channels and escapes are what the person typed."""
    assert said == typed_words.typed_text(typed)


def test_command__becomes_words_of_a_person_at_a_place() -> None:
    """Ids are Slack's own, with the workspace; names decide nothing."""
    result = events.read(COMMAND | {"user_name": "admin"}, ME, NOW, JUDGE)

    assert isinstance(result, Inbound)
    assert result.invocation.actor.id == "slack:user:T01:U1"
    assert result.invocation.place.channel == "slack:channel:T01:C1"
    assert result.invocation.actor.principals == {"slack:user:T01:U1", "slack:team:T01"}
    assert (result.invocation.text, result.invocation.key, result.kind) == (
        "status",
        "trigger:t",
        Kind.SLASH,
    )


def test_command__without_a_trigger_is_known_by_its_content() -> None:
    """The same payload again has the same key, another one has another."""
    bare = {k: v for k, v in COMMAND.items() if k != "trigger_id"}

    keys = [_said(body).invocation.key for body in (bare, dict(bare), bare | {"text": "help"})]

    assert keys[0] == keys[1] != keys[2]


def test_mention__in_a_thread_stays_there() -> None:
    """The thread is the one it was said in, else the one that its answer opens."""
    inside, top = _said(mention(thread_ts="0.9")), _said(mention())

    assert ("0.9", "1.1") == (inside.invocation.place.thread, top.invocation.place.thread)
    assert inside.invocation.text == "status"


def test_mention__of_a_person_from_another_organisation_keeps_their_workspace() -> None:
    """In a shared channel the same user id of another workspace is another person."""
    result = _said(mention(user_team="T99"))

    assert result.invocation.actor.id == "slack:user:T99:U1"
    assert "slack:team:T01" not in result.invocation.actor.principals


@pytest.mark.parametrize(
    "changes",
    [{"user": "UBOT"}, {"bot_id": "B9"}, {"subtype": "message_deleted"}, {"user": None}, {"type": "message"}],
)
def test_message__that_is_not_for_us_is_nothing(changes: dict[str, Any]) -> None:
    """Own messages, bots, edits, and what people say to each other."""
    assert Ignored() == events.read(mention(**changes), ME, NOW, JUDGE)


@pytest.mark.parametrize("team", ["T99", "", None, 5, {"id": "T01"}])
def test_anything__from_elsewhere_is_refused(team: object) -> None:
    """Only workspaces that are served are read at all."""
    assert isinstance(events.read(COMMAND | {"team_id": team}, ME, NOW, JUDGE), NotServed)


def pressed(action: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "type": "block_actions", "team": {"id": "T01"}, "user": {"id": "U1", "team_id": "T01"}, "trigger_id": "t",
        "channel": {"id": "C1"}, "message": {"ts": "1.1"}, "actions": [action],
        "container": {"message_ts": "1.1", "channel_id": "C1"}, **changes,
    }  # fmt: skip


def test_press__says_the_buttons_words_in_the_messages_thread() -> None:
    """A button on a top-level message speaks in the thread of that message."""
    result = _said(pressed({"action_id": "say:1", "value": "failing demo/x"}))

    assert ("failing demo/x", "1.1", "1.1") == (
        result.invocation.text,
        result.invocation.place.thread,
        result.pressed,
    )


def test_press__of_a_menu_says_the_entry() -> None:
    """An overflow menu and a select say what was chosen."""
    chosen = {"type": "overflow", "action_id": "more:1", "selected_option": {"value": "help logs"}}

    assert _said(pressed(chosen)).invocation.text == "help logs"


def test_press__of_a_page_button_is_nothing() -> None:
    """A page was opened; Slack tells us all the same."""
    assert Ignored() == events.read(pressed({"action_id": "page:1", "value": "x"}), ME, NOW, JUDGE)


def test_press__that_asks_opens_a_form() -> None:
    """The words prefill it."""
    result = events.read(pressed({"action_id": "ask:launch:1", "value": "launch basic_test"}), ME, NOW, JUDGE)

    assert isinstance(result, Inbound)
    assert result.opens_form
    assert result.interaction is not None
    assert (result.invocation.text, result.interaction.placed) == ("launch basic_test", True)


def test_press__on_an_ephemeral_message_has_no_thread_of_its_own() -> None:
    """There is no thread under what only one person sees."""
    hidden = {"is_ephemeral": True, "message_ts": "1.1", "channel_id": "C1"}

    result = _said(pressed({"action_id": "say:1", "value": "help"}, container=hidden, message=None))

    assert result.ephemeral
    assert result.invocation.place.thread is None


def test_message_text__reads_attachments_and_buttons() -> None:
    """A message of another app says what it says in its attachments and behind its buttons."""
    message = {
        "text": "Run finished",
        "attachments": [
            {"title_link": "https://demo.antithesis.com/report/x", "fallback": "failed", "fields": [5]}
        ],
        "blocks": [
            {
                "type": "actions",
                "elements": [{"url": "https://demo.antithesis.com/runs", "text": {"text": "Open"}}],
            }
        ],
    }

    result = typed_words.message_text(message)

    for part in (
        "Run finished",
        "https://demo.antithesis.com/report/x",
        "failed",
        "https://demo.antithesis.com/runs",
    ):
        assert part in result


ORGANISED = replace(ME, enterprise="E01", workspaces=frozenset({"T01", "T02"}))


def payloads(team: str | None) -> dict[str, dict[str, Any]]:
    """Return each kind of payload of one person, saying as each does where they are at home."""
    who = {
        "user": {"id": "U1", **({"team_id": team} if team else {})},
        "trigger_id": "t",
        "team": {"id": "T01"},
    }
    there = {"user_team": team, "team": team} if team else {}
    opened = {"type": "app_home_opened", "tab": "home", "user": "U1", **there}
    button = {"action_id": "say:1", "value": "status"}
    return {
        "mention": mention(**there),
        "direct": mention(type="message", channel_type="im", **there),
        "home": {"type": "event_callback", "team_id": "T01", "event": opened},
        "press": {**pressed(button), **who},
        "shortcut": {"type": "message_action", "callback_id": "triage_run", "message": {"ts": "1"}, **who},
        "global shortcut": {"type": "shortcut", "callback_id": "launch_run", **who},
        "suggestion": {"type": "block_suggestion", "value": "b", **who},
    }


def who_of(body: dict[str, Any]) -> Actor:
    """Return the person of a payload."""
    result = events.read(body, ORGANISED, NOW, JUDGE)
    if isinstance(result, Inbound):
        return result.invocation.actor
    assert isinstance(result, HomeOpened | Autocomplete)
    return result.actor


@pytest.mark.parametrize("kind", payloads(None))
@pytest.mark.parametrize(
    ("team", "own"),
    [(None, "T01"), ("T01", "T01"), ("T02", "T01"), ("E01", "T01"), ("T99", "T99"), ("E99", "E99")],
)
def test_person__has_one_id_whatever_the_payload(kind: str, team: str | None, own: str) -> None:
    """Who is of a workspace that is served, or of its organisation, has the id of the bot's own workspace."""
    actor = who_of(payloads(team)[kind])

    assert actor.id == f"slack:user:{own}:U1"
    assert actor.principals == {f"slack:user:{own}:U1", f"slack:team:{own}"}


def test_command__in_another_workspace_of_the_organisation_is_the_same_person() -> None:
    """A command names where it was typed, never where somebody is at home."""
    ids = {who_of(COMMAND | {"team_id": team}).id for team in ("T01", "T02")}

    assert ids == {"slack:user:T01:U1"}


@pytest.mark.parametrize(
    ("changes", "served"),
    [
        ({"team": None, "enterprise": {"id": "E01"}}, True),  # installed for the whole organisation
        ({"team": None, "enterprise": {"id": "E99"}}, False),
        ({"team": None, "enterprise": None}, False),  # where a person is at home says nothing of where we are
        ({"team": {"id": "T99"}}, False),
        (
            {"team": {"id": "T99"}, "view": {"app_installed_team_id": "T01"}},
            True,
        ),  # a form in a shared channel
        ({"team": {"id": "T01"}, "view": {"app_installed_team_id": "T99"}}, False),
    ],
)
def test_anything__is_served_by_where_the_app_is_installed(changes: dict[str, Any], served: bool) -> None:
    """Never by the workspace that the person is from."""
    body = {**pressed({"action_id": "say:1", "value": "status"}), **changes}

    result = events.read(body, ORGANISED, NOW, JUDGE)

    assert isinstance(result, NotServed) is not served
    if isinstance(result, NotServed):
        assert (result.actor.id, result.place.channel) == ("slack:user:T01:U1", "slack:channel:T01:C1")


def _said(body: dict[str, Any]) -> Command:
    result = events.read(body, ME, NOW, JUDGE)
    assert isinstance(result, Inbound)
    assert not result.opens_form
    return result


def test_event__of_a_shared_channel_came_through_the_workspace_of_the_installation() -> None:
    """`team_id` may name the other organisation there; who served is asked is the app's own."""
    event = mention(user_team="T01") | {"team_id": "T99"}
    foreign = mention() | {"authorizations": [{"team_id": "T99"}]}

    ours = events.read(event | {"authorizations": [{"team_id": "T01"}]}, ME, NOW, JUDGE)

    assert isinstance(ours, Inbound)
    assert isinstance(events.read(foreign, ME, NOW, JUDGE), NotServed)


@pytest.mark.parametrize(("thread", "within"), [(None, None), ("1.1", None), ("0.9", "0.9")])
def test_mention__is_within_a_thread_only_as_a_reply(thread: str | None, within: str | None) -> None:
    """The message that a thread may hang on one day is not in it yet."""
    said = events.read(mention(**({"thread_ts": thread} if thread else {})), ME, NOW, JUDGE)

    assert isinstance(said, Inbound)
    assert said.interaction is not None
    assert within == said.interaction.thread


def shared(**changes: Any) -> dict[str, Any]:
    event = {
        "type": "link_shared",
        "user": "U1",
        "channel": "C1",
        "message_ts": "1.1",
        "is_bot_user_member": True,
        "source": "conversations_history",
        "links": [
            {"domain": "a.com", "url": f"https://a.com/report/{n}?auth=v2.public.CANARY"} for n in range(9)
        ],
        **changes,
    }
    return {"type": "event_callback", "team_id": "T01", "event_id": "Ev1", "event": event}


def test_links__are_bounded_and_stay_secret() -> None:
    """A few of many, as Slack wrote them, asking for nothing; their tokens show up in no text about them."""
    read = events.read(shared(), ME, NOW, JUDGE)

    assert isinstance(read, LinksShared)
    assert [link.reveal()[21] for link in read.links] == ["0", "1", "2"]
    assert (read.invocation.text, read.invocation.key, read.message) == ("", "event:Ev1", "1.1")
    assert "CANARY" not in repr(read)


@pytest.mark.parametrize(
    "changes",
    [
        {"source": "composer"},
        {"is_bot_user_member": False},
        {"is_bot_user_member": "yes"},
        {"user": "UBOT"},
        {"user": None},
        {"bot_id": "B9"},
        {"links": []},
        {"links": [{"url": 7}, {}, "x", {"url": "https://a.com/" + "x" * 100_000}]},
        {"links": "https://a.com"},
        {"channel": ""},
        {"message_ts": None},
    ],
)
def test_links__of_no_message_of_a_person_are_ignored(changes: dict[str, Any]) -> None:
    """While they are written, of apps, where the bot is not, and whatever has another shape."""
    assert events.read(shared(**changes), ME, NOW, JUDGE) == Ignored()
