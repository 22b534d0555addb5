"""The Slack app's manifest, from the verbs: what to paste at https://api.slack.com/apps to create the app.

Each permission has a reason, which `clew doctor` gives where it lacks. Format: https://docs.slack.dev/reference/app-manifest
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

from adapters.chat.slack.events import DEBUG, LAUNCH, TRIAGE
from adapters.chat.slack.markup import Json
from bot import cleaning
from bot.command import Verb

HINT = 1000  # characters of a command's usage hint
SUMMARY = 150

SCOPES = {
    "app_mentions:read": "receive messages that mention it in channels and threads",
    "channels:history": "find its own message when Slack did not confirm it; public channels",
    "channels:read": "see whether a channel is shared with other organisations, and which channels a person is in",
    "chat:write": "answer and announce",
    "chat:write.public": "answer a slash command in public channels that it was not invited to",
    "commands": "the slash command and the shortcuts",
    "files:read": "read a test report that somebody attaches",
    "files:write": "send log windows, charts and answers too long for a message",
    "groups:history": "the same as channels:history, for private channels that it was invited to",
    "groups:read": "the same as channels:read, for private channels that it was invited to",
    "im:history": "receive direct messages, and find its own messages there",
    "im:write": "answer a person directly if it cannot answer in the channel",
    "usergroups:read": "apply roles that the settings give to user groups",
    "users:read": "tell members from guests and people from other organisations",
    "users:read.email": "send a debugging session's link to the requester",
}
LINK_SCOPES = {  # only where `[slack] unfurl` is on
    "links:read": "see links to reports that people share in its channels",
    "links:write": "show beside such a link what the run found",
}
EVENTS = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "member_joined_channel",
    "message.im",
    "tokens_revoked",
)
REPLY_EVENTS = ("message.channels", "message.groups")  # only where `[slack] thread_replies` is on
DESCRIPTION = "Test runs: launched, followed, triaged and debugged in chat."
LONG = (
    "Clew notifies channels when a test run ends, with its verdict and with what is new against the run before. "
    "It starts runs, lists failing properties, shows the log before a failure and opens debugging sessions, "
    "by slash command, mention, button or shortcut, and threads remember which run they are about."
)


def manifest(
    verbs: Mapping[str, Verb],
    *,
    command: str = "/clew",
    http: str | None = None,
    unfurl: Collection[str] = (),
    replies: bool = False,
) -> Json:
    """Return the manifest.

    `http`: the public address Slack posts to, for HTTP instead of Socket Mode. `unfurl`: the domains whose links Slack
    notifies the app of; it takes five at most. `replies`: Slack sends it every message of the channels that it is in, so that
    it hears replies in threads that do not mention it; that takes no further permission.
    """
    slash: Json = {
        "command": command,
        "description": "Launch, follow, triage and debug test runs",
        "usage_hint": cleaning.cut(" | ".join(v.name for v in verbs.values() if not v.hidden), HINT),
        "should_escape": True,
    }
    more = (*(("link_shared",) if unfurl else ()), *(REPLY_EVENTS if replies else ()))
    events: Json = {"bot_events": sorted([*EVENTS, *more])}
    interactivity: Json = {"is_enabled": True}
    if http is not None:
        slash["url"] = events["request_url"] = http
        interactivity |= {"request_url": http, "message_menu_options_url": http}
    return {
        "display_information": {
            "name": "Clew",
            "description": DESCRIPTION,
            "long_description": LONG,
            "background_color": "#1f2d3d",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "clew", "always_online": True},
            "shortcuts": [
                _shortcut("Triage this run", "message", TRIAGE, verbs["find"]),
                _shortcut("Debug this moment", "message", DEBUG, verbs["debug"]),
                _shortcut("Launch a test run", "global", LAUNCH, verbs["launch"]),
            ],
            "slash_commands": [slash],
            **({"unfurl_domains": list(unfurl)} if unfurl else {}),
        },
        "oauth_config": {"scopes": {"bot": sorted(SCOPES | LINK_SCOPES if unfurl else SCOPES)}},
        "settings": {
            "event_subscriptions": events,
            "interactivity": interactivity,
            "org_deploy_enabled": False,
            "socket_mode_enabled": http is None,
            "token_rotation_enabled": False,
        },
    }


def text(
    verbs: Mapping[str, Verb], *, http: str | None = None, unfurl: Collection[str] = (), replies: bool = False
) -> str:
    """Return the manifest as JSON, as Slack takes it."""
    made = manifest(verbs, http=http, unfurl=unfurl, replies=replies)
    return json.dumps(made, ensure_ascii=False, indent=2) + "\n"


def _shortcut(name: str, kind: str, callback: str, verb: Verb) -> Json:
    summary = cleaning.cut(verb.summary[0].upper() + verb.summary[1:], SUMMARY)
    return {"name": name, "type": kind, "callback_id": callback, "description": summary}
