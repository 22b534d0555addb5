"""The Slack app's manifest: valid, whole, and the file in deploy/ is what is printed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest
from typer.testing import CliRunner

from adapters.chat.slack import manifest
from adapters.chat.slack.events import DEBUG, LAUNCH, TRIAGE
from adapters.main import app
from bot.commands.registry import VERBS

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
ADDRESS = "https://clew.example.com/slack/events"


@pytest.mark.parametrize("unfurl", [(), ("acme.antithesis.com", "example.com")])
@pytest.mark.parametrize("http", [None, ADDRESS])
def test_manifest__is_valid(http: str | None, unfurl: tuple[str, ...]) -> None:
    """Slack's own schema for manifests (slackapi/manifest-schema, MIT) takes it."""
    schema = json.loads((HERE / "manifest.schema.json").read_text(encoding="utf-8"))

    errors = list(
        jsonschema.Draft7Validator(schema).iter_errors(manifest.manifest(VERBS, http=http, unfurl=unfurl))
    )

    assert errors == []


def test_manifest__what_the_schema_does_not_check() -> None:
    """Lengths and names that Slack refuses all the same, and what each feature needs."""
    made = manifest.manifest(VERBS)
    command = made["features"]["slash_commands"][0]

    assert re.fullmatch(r"/[a-z]{1,31}", command["command"])
    assert all(len(s["name"]) <= 24 for s in made["features"]["shortcuts"])
    assert {TRIAGE, DEBUG, LAUNCH} == {s["callback_id"] for s in made["features"]["shortcuts"]}
    assert {"commands", "app_mentions:read", "im:history", "chat:write"} <= set(
        made["oauth_config"]["scopes"]["bot"]
    )
    assert all(reason for reason in manifest.SCOPES.values())


def test_manifest__names_every_verb() -> None:
    """The hint behind the command comes from the registry."""
    hint = manifest.manifest(VERBS)["features"]["slash_commands"][0]["usage_hint"]

    assert [v.name for v in VERBS.values() if not v.hidden] == hint.split(" | ")


def test_manifest__over_http_has_every_address() -> None:
    """Socket Mode is off, and Slack knows where to post commands, events, interactions and menus."""
    made = manifest.manifest(VERBS, http=ADDRESS)
    interactivity = made["settings"]["interactivity"]

    assert made["settings"]["socket_mode_enabled"] is False
    assert {ADDRESS} == {
        made["features"]["slash_commands"][0]["url"],
        made["settings"]["event_subscriptions"]["request_url"],
        interactivity["request_url"],
        interactivity["message_menu_options_url"],
    }


def test_manifest__asks_for_links_only_where_they_are_wanted() -> None:
    """The event, its domains and both permissions come together, and none of them is in the usual manifest."""
    usual, made = manifest.manifest(VERBS), manifest.manifest(VERBS, unfurl=["acme.antithesis.com"])
    asked, events = (
        made["oauth_config"]["scopes"]["bot"],
        made["settings"]["event_subscriptions"]["bot_events"],
    )

    assert made["features"]["unfurl_domains"] == ["acme.antithesis.com"]
    assert "link_shared" in events
    assert set(asked) == manifest.SCOPES.keys() | manifest.LINK_SCOPES.keys()
    assert not any(word in json.dumps(usual) for word in ("unfurl", "link_shared", "links:"))


def test_manifest__hears_replies_without_a_mention_only_where_it_is_asked_for() -> None:
    """Slack then sends every message of its channels; no permission is added for it."""
    usual, made = manifest.manifest(VERBS), manifest.manifest(VERBS, replies=True)
    events = [m["settings"]["event_subscriptions"]["bot_events"] for m in (usual, made)]

    assert set(events[1]) - set(events[0]) == {"message.channels", "message.groups"}
    assert usual["oauth_config"] == made["oauth_config"]
    assert {"channels:history", "groups:history"} <= set(made["oauth_config"]["scopes"]["bot"])


def test_text__reads_back_as_the_manifest() -> None:
    """What is written is what is meant."""
    assert manifest.manifest(VERBS) == json.loads(manifest.text(VERBS))


def test_deploy__holds_what_is_printed() -> None:
    """The file in deploy/ is generated: `clew manifest slack > deploy/slack-manifest.json`."""
    kept = (ROOT / "deploy" / "slack-manifest.json").read_text(encoding="utf-8")

    assert manifest.text(VERBS) == kept


def test_deploy__gives_the_reason_for_each_permission() -> None:
    """Whoever installs the app reads what each is for, in the words that `clew doctor` uses."""
    readme = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")
    given = dict(re.findall(r"^\| `([a-z]+[a-z_.:]*:[a-z.]+|commands)` \| (.+) \|$", readme, re.MULTILINE))

    assert given == manifest.SCOPES | manifest.LINK_SCOPES


def test_command__prints_it() -> None:
    """`clew manifest slack`, and the address for HTTP where one is given."""
    printed = CliRunner().invoke(app, ["manifest", "slack"])
    over_http = CliRunner().invoke(app, ["manifest", "slack", "--http", ADDRESS])
    links = CliRunner().invoke(app, ["manifest", "slack", "--unfurl", "a.example.com", "--unfurl", "b.com"])

    assert (0, manifest.text(VERBS)) == (printed.exit_code, printed.output)
    assert manifest.text(VERBS, http=ADDRESS) == over_http.output
    assert manifest.text(VERBS, unfurl=["a.example.com", "b.com"]) == links.output


@pytest.mark.parametrize(
    "words",
    [
        ["manifest", "irc"],
        ["manifest", "slack", "--http", "http://clew.example.com"],
        ["manifest", "slack", "--unfurl", "https://acme.antithesis.com"],
        ["manifest", "slack", *(word for n in range(6) for word in ("--unfurl", f"{n}.example.com"))],
    ],
)
def test_command__refuses_what_slack_would_not_take(words: list[str]) -> None:
    """Another chat, an address without https: a sentence and a code."""
    result = CliRunner().invoke(app, words)

    assert result.exit_code == 2
    assert "Traceback" not in result.output
