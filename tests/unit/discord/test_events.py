"""What Discord sends, read: by whom, where, which words; and nonsense, which is never a crash."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.chat.discord import commands, events
from adapters.chat.discord.events import Autocomplete, Command, Ignored, Refused, Self
from adapters.chat.surface import Inbound, Kind
from bot.cards import FieldKind
from bot.command import Parameter
from bot.commands.registry import VERBS
from bot.replies import conversation
from bot.state import Place

NOW = datetime(2026, 5, 13, 12, tzinfo=UTC)
GUILD, CHANNEL, THREAD, MESSAGE = (
    "1104000000000000001",
    "1104000000000000002",
    "1104000000000000003",
    "1104000000000000004",
)
USER, ROLE, BOT = "1104000000000000005", "1104000000000000006", "1104000000000000007"
ME = Self(application="1104000000000000008", user=BOT)


def payload(kind: int, data: Any, **more: Any) -> Any:
    return {
        "id": "1104000000000000100",
        "token": "secret-token",
        "type": kind,
        "guild_id": GUILD,
        "channel_id": CHANNEL,
        "channel": {"id": CHANNEL, "type": 0},
        "member": {"user": {"id": USER, "username": "ann"}, "roles": [ROLE], "flags": 0},
        "data": data,
        **more,
    }


def command(verb: str, *options: Any) -> Any:
    return payload(
        2, {"name": "clew", "type": 1, "options": [{"name": verb, "type": 1, "options": list(options)}]}
    )


def press(custom_id: str, **more: Any) -> Any:
    message = {"id": MESSAGE, "flags": more.pop("flags", 0)}
    return payload(3, {"custom_id": custom_id, "component_type": 2}, message=message, **more)


def said(body: Any) -> Command:
    found = events.read(body, ME, NOW)
    assert isinstance(found, Inbound)
    assert found.interaction is not None
    return found


def test_command__is_who_where_and_what() -> None:
    """Immutable ids decide; the token is not shown."""
    found = said(command("status", {"name": "count", "type": 4, "value": 5}))

    assert found.invocation.actor.id == f"discord:user:{USER}"
    assert found.invocation.actor.principals == {
        f"discord:user:{USER}",
        f"discord:guild:{GUILD}",
        f"discord:role:{GUILD}:{ROLE}",
    }
    assert found.invocation.place == Place(channel=f"discord:channel:{GUILD}:{CHANNEL}")
    assert (found.invocation.text, dict(found.invocation.values)) == ("status", {"count": "5"})
    assert found.kind is Kind.SLASH
    assert "secret-token" not in repr(found)


def test_command__in_a_thread_is_in_its_channel() -> None:
    """A thread belongs to its parent, which is what subscriptions and places name."""
    channel = {"id": THREAD, "type": 11, "parent_id": CHANNEL}
    found = said(command("failing") | {"channel_id": THREAD, "channel": channel})

    assert found.invocation.place == Place(channel=f"discord:channel:{GUILD}:{CHANNEL}", thread=THREAD)


def test_command__in_private_is_direct() -> None:
    """Without a server there are no roles, only the person."""
    body = command("status") | {"user": {"id": USER}}
    del body["guild_id"], body["member"]
    found = said(body)

    assert found.invocation.place.direct
    assert found.invocation.actor.principals == {f"discord:user:{USER}"}


def test_command__by_a_guest_is_a_guests() -> None:
    """Who was invited for one visit may not launch."""
    member = {"user": {"id": USER}, "roles": [], "flags": 1 << 4}

    assert said(command("status") | {"member": member}).invocation.actor.guest


@pytest.mark.parametrize(
    ("option", "words", "values"),
    [
        ({"name": "run", "value": "latest Payments Nightly"}, "logs", {"run": "latest Payments Nightly"}),
        ({"name": "window", "value": 30.0}, "logs", {"window": "30"}),
        ({"name": "window", "value": 0.25}, "logs", {"window": "0.25"}),
        ({"name": "window", "value": "fast"}, "logs", {"window": "fast"}),
        ({"name": "build", "value": True}, "logs", {"build": "yes"}),
        ({"name": "build", "value": False}, "logs", {"build": "no"}),
        ({"name": "lines", "value": "fifty"}, "logs", {"lines": "fifty"}),
        ({"name": "grep", "value": None}, "logs", {}),
        ({"name": "grep", "value": {"a": 1}}, "logs", {}),
        (
            {"name": "moment", "value": "<https://demo.antithesis.com/x>"},
            "logs",
            {"moment": "https://demo.antithesis.com/x"},
        ),
    ],
)
def test_option__of_any_type_is_what_a_person_would_type(option: Any, words: str, values: Any) -> None:
    """Wrong types pass Discord's clients; the core sees text and judges it."""
    found = said(command("logs", option)).invocation

    assert (found.text, dict(found.values)) == (words, values)


def test_option__more_takes_names_that_have_no_option() -> None:
    """Custom parameters of a launch are typed as words."""
    found = said(
        command(
            "launch", {"name": "launcher", "value": "basic_test"}, {"name": "more", "value": "custom.seed=7"}
        )
    )

    assert found.invocation.text == "launch custom.seed=7"


def test_launch__without_options_opens_its_form() -> None:
    """A form has to be the first word, so it is decided here."""
    assert said(command("launch")).opens_form


@pytest.mark.parametrize(
    "body",
    [
        command("confirm"),
        command("never-heard-of"),
        payload(2, {"name": "other", "type": 1}),
        payload(2, {"name": "Explain this", "type": 3, "target_id": "1"}),
        press("run:1:stop"),
        press(""),
        press("say:1:"),
        payload(3, {"custom_id": "pick:1", "values": ["pick:1"]}, message={"id": MESSAGE}),
        payload(3, {"custom_id": "pick:1", "values": []}, message={"id": MESSAGE}),
        payload(5, {"custom_id": "other:launch", "components": []}),
        payload(5, {"custom_id": "form:never", "components": []}),
    ],
)
def test_unknown__is_a_sentence(body: Any) -> None:
    """Commands of another version, other bots' buttons and lost forms are answered."""
    found = events.read(body, ME, NOW)

    assert isinstance(found, Refused)
    assert found.sentence


def test_guild__that_is_not_served_is_refused() -> None:
    """The allow-list is for every kind of interaction; while typing, silently."""
    closed = Self(application="1", user=BOT, guilds=frozenset({"2"}))
    typing = command("status", {"name": "run", "value": "x", "focused": True}) | {"type": 4}

    refused = events.read(command("status"), closed, NOW)
    quiet = events.read(typing, closed, NOW)

    assert isinstance(refused, Refused)
    assert refused.sentence == conversation.not_served("server")
    assert isinstance(quiet, Refused)
    assert quiet.autocomplete


def test_press__belongs_to_its_messages_thread() -> None:
    """Details of a message go into its thread; a message for one person has none."""
    assert said(press("say:1:failing")).invocation.place.thread == MESSAGE
    assert said(press("say:1:failing", flags=64)).invocation.place.thread is None
    assert said(press("say:1:failing", flags=64)).ephemeral


def test_press__a_token_stands_for_its_words() -> None:
    """Long words are looked up later."""
    found = said(press("key:2:abc"))

    assert found.interaction is not None
    assert (found.interaction.stored, found.invocation.text) == ("abc", "")


def test_suggestion__knows_what_is_typed_and_what_came_before() -> None:
    """The option under the cursor is the focused one."""
    body = command(
        "logs", {"name": "run", "value": "latest"}, {"name": "property", "value": "led", "focused": True}
    )

    found = events.read(body | {"type": 4}, ME, NOW)

    assert isinstance(found, Autocomplete)
    typing = found.typing
    assert typing.parameter is not None
    assert (typing.parameter.name, typing.typed, dict(typing.given)) == ("property", "led", {"run": "latest"})


def test_suggestion__knows_the_options_that_a_platform_brings() -> None:
    """What a launch takes is the platform's own, so the option stands in no file of the verb."""
    branch = Parameter(name="branch", summary="The branch", kind=FieldKind.CHOICE, choices=("main", "next"))
    launch = replace(VERBS["launch"], parameters=(*VERBS["launch"].parameters, branch))
    body = command("launch", {"name": "branch", "value": "ma", "focused": True})

    found = events.read(body | {"type": 4}, replace(ME, verbs={"launch": launch}), NOW)

    assert isinstance(found, Autocomplete)
    assert found.typing.parameter is branch


def test_interaction_token__is_good_for_fourteen_minutes() -> None:
    """A minute less than Discord gives."""
    interaction = said(command("status")).interaction

    assert interaction is not None
    assert interaction.token is not None
    assert interaction.token.until == NOW + timedelta(minutes=14)


@pytest.mark.parametrize(
    ("more", "heard"),
    [
        ({}, True),
        ({"content": f"<@!{BOT}> status"}, True),
        ({"content": "status"}, False),
        ({"content": f"<@{USER}> status"}, False),
        ({"content": None}, False),
        ({"author": {"id": USER, "bot": True}}, False),
        ({"author": {"id": BOT}, "webhook_id": "1"}, False),
        ({"author": None}, False),
        ({"type": 7}, False),
        ({"type": 19}, True),
        ({"guild_id": None}, False),
    ],
)
def test_message__is_heard_only_where_a_person_names_us(more: Any, heard: bool) -> None:
    """Other bots, webhooks, system messages and talk among people are left alone."""
    body = {"id": MESSAGE, "channel_id": CHANNEL, "guild_id": GUILD, "type": 0, "author": {"id": USER},
            "content": f"<@{BOT}> status", "member": {"roles": []}}  # fmt: skip

    assert events.mentions(body | more, ME) is heard


def test_message__is_read_without_our_name() -> None:
    """In a thread, its parent is the channel."""
    body = {
        "id": MESSAGE,
        "channel_id": THREAD,
        "guild_id": GUILD,
        "author": {"id": USER},
        "content": f"<@{BOT}>  logs <#5>",
    }

    found = events.read_message(body, ME, NOW, parent=CHANNEL)

    assert isinstance(found, Inbound)
    assert found.invocation.text == "logs 5"
    assert found.invocation.place == Place(channel=f"discord:channel:{GUILD}:{CHANNEL}", thread=THREAD)
    assert isinstance(events.read_message({}, ME, NOW, parent=None), Ignored)


def test_commands__every_verb_is_offered_and_hidden_ones_are_not() -> None:
    """The tree is made from the registry."""
    group, *menus = commands.payload(VERBS.values())

    assert [o["name"] for o in group["options"]] == [v.name for v in VERBS.values() if not v.hidden]
    assert [menu["name"] for menu in menus] == ["Triage this run", "Debug this moment"]


def test_fingerprint__changes_with_the_commands() -> None:
    """The same commands are not sent again."""
    now = commands.payload(VERBS.values())

    assert commands.fingerprint(now) == commands.fingerprint(commands.payload(VERBS.values()))
    assert commands.fingerprint(now) != commands.fingerprint(now[:1])
