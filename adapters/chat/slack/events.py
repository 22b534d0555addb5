"""Slack payload -> what it means; pure. One payload has the same shape over a socket and over HTTP.

Shapes: https://docs.slack.dev/interactivity and https://docs.slack.dev/reference/events.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from adapters.chat import spoken
from adapters.chat.message_target import about
from adapters.chat.slack import buttons, forms, ids
from adapters.chat.slack.incoming import (
    Challenged,
    HomeOpened,
    Incoming,
    Joined,
    Mistaken,
    Nothing,
    Opening,
    Refused,
    Removed,
    Said,
    Suggesting,
    Way,
)
from adapters.chat.slack.markup import Json
from adapters.chat.slack.typed import message_text, said_text
from bot.lengths import LONGEST
from bot.model import Secret
from bot.state import Actor, Invocation, Place

TRIAGE, DEBUG, LAUNCH = "triage_run", "debug_moment", "launch_run"
TYPED = {"", "file_share", "thread_broadcast"}  # subtypes of messages that somebody wrote
SHORTCUT_VERBS = {TRIAGE: "find", DEBUG: "debug"}

_FOREIGN = "This bot does not serve your workspace. Ask whoever runs it to allow it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Self:
    """Who the bot is in Slack, and which workspaces it serves.

    `enterprise`: the Enterprise organisation that its own workspace belongs to, "" where it belongs to none.
    """

    team: str
    user: str
    bot: str
    workspaces: frozenset[str]
    enterprise: str = ""


def read(body: Json, me: Self, now: datetime, secrets: tuple[Secret, ...] = ()) -> Incoming:
    """Say what a payload means. Raises nothing for whatever it holds.

    `secrets`: known values that what is said of a form's fields must not repeat.
    """
    if body.get("type") == "url_verification":
        return Challenged(challenge=str(body.get("challenge") or ""))
    reader = _READERS.get(_kind(body))
    if reader is None:
        return Nothing()
    payload = _Payload(body, me, now, secrets)
    if not _served(body, me):
        url = payload.text("response_url") or None
        return Refused(sentence=_FOREIGN, actor=payload.actor, place=payload.place, response_url=url)
    return reader(payload)


@dataclass(frozen=True, slots=True)
class _Payload:
    """A payload, read forgivingly: what is missing or of another type is empty."""

    body: Json
    me: Self
    now: datetime
    secrets: tuple[Secret, ...] = ()

    def text(self, *path: str) -> str:
        """Return the text at a path, "" where there is none."""
        value = self.at(*path)
        return value if isinstance(value, str) else ""

    def at(self, *path: str) -> object:
        """Return whatever stands at a path, None where nothing does."""
        value: object = self.body
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def inner(self, *path: str) -> Json:
        """Return the object at a path, an empty one where there is none."""
        value = self.at(*path)
        return value if isinstance(value, dict) else {}

    @property
    def actor(self) -> Actor:
        """The person, of whatever kind the payload is; `people` finds out the rest.

        Payloads name a person's home in different places and ways, and some do not name it: a command has only
        the workspace that it was typed in. So whoever is not said to be of elsewhere is of the bot's own
        workspace until Slack is asked.
        """
        user = self.text("user_id") or self.text("user", "id") or self.text("event", "user")
        named = (self.text("user", "team_id"), self.text("event", "user_team"), self.text("event", "team"))
        own = self.me.workspaces | {self.me.enterprise}
        home = next((team for team in named if team), "")
        team = self.me.team if not home or home in own else home
        me = ids.user(team, user)
        return Actor(id=me, principals=frozenset({me, ids.team(team)}))

    @property
    def place(self) -> Place:
        """The channel, of whatever kind the payload is; the person where there is none."""
        channel = (
            self.text("channel_id") or self.text("channel", "id") or self.text("container", "channel_id")
        )
        event = self.text("event", "channel")
        person = self.text("user", "id") or self.text("event", "user")
        return Place(channel=ids.channel(self.me.team, channel or event or person))

    def invocation(
        self,
        actor: Actor,
        channel: str,
        *,
        words: str,
        key: str,
        thread: str | None = None,
        values: Mapping[str, str] | None = None,
    ) -> Invocation:
        """Return what is asked for."""
        name = ids.channel(self.me.team, channel)
        place = Place(channel=name, thread=thread or None, direct=not channel.startswith(("C", "G")))
        return Invocation(actor=actor, place=place, text=words, key=key, at=self.now, values=values or {})


def _kind(body: Json) -> str:
    if isinstance(body.get("command"), str):
        return "command"
    if body.get("type") == "event_callback":
        event = body.get("event")
        return f"event:{event.get('type')}" if isinstance(event, dict) else ""
    return str(body.get("type") or "")


def _served(body: Json, me: Self) -> bool:
    """Whether a payload came through a workspace that is served."""
    workspace = _workspace(body)
    return workspace in me.workspaces or (
        not workspace and bool(me.enterprise) and _enterprise(body) == me.enterprise
    )


def _workspace(body: Json) -> str:
    """Return the workspace it came through, never the person's own; "" where only the organisation is named.

    In channels shared by two organisations `team_id` of an event may be the other one, and `team` of a form too.
    """
    team, view, installed = body.get("team"), body.get("view"), body.get("authorizations")
    first = installed[0] if isinstance(installed, list) and installed else None
    names = [first.get("team_id") if isinstance(first, dict) else None]
    names += [view.get("app_installed_team_id") if isinstance(view, dict) else None]
    names += [body.get("team_id"), team.get("id") if isinstance(team, dict) else None]
    return next((name for name in names if isinstance(name, str) and name), "")


def _enterprise(body: Json) -> str:
    """Return the Enterprise organisation that a payload of an app for the whole of it names."""
    organisation = body.get("enterprise")
    named = organisation.get("id") if isinstance(organisation, dict) else body.get("enterprise_id")
    return named if isinstance(named, str) else ""


def _command(payload: _Payload) -> Incoming:
    return Said(
        invocation=payload.invocation(
            payload.actor,
            payload.text("channel_id"),
            words=said_text(payload.text("text")),
            key=_trigger(payload),
        ),
        way=Way.COMMAND,
        response_url=payload.text("response_url") or None,
        trigger_id=payload.text("trigger_id") or None,
    )


def _message(payload: _Payload) -> Incoming:
    """Read a mention or a direct message; both may come for one message, so they share a key."""
    event = _Payload(payload.inner("event"), payload.me, payload.now)
    me = payload.me
    direct = event.text("channel_type") == "im" or ids.is_direct(event.text("channel"))
    mention = event.text("type") == "app_mention"
    from_person = event.text("user") and event.text("user") != me.user and not event.text("bot_id")
    if not from_person or event.text("subtype") not in TYPED or not (mention or direct):
        return Nothing()
    channel, ts = event.text("channel"), event.text("ts")
    thread = event.text("thread_ts") or (None if direct else ts)
    name = re.compile(rf"<@{re.escape(me.user)}(?:\|[^<>]*)?>")
    if mention and not spoken.addressed(event.text("text"), name):
        return Nothing()
    return Said(
        invocation=event.invocation(
            payload.actor,
            channel,
            words=spoken.spoken(event.text("text"), name, said_text),
            key=f"message:{channel}:{ts}",
            thread=thread,
        ),
        way=Way.DIRECT if direct else Way.MENTION,
        within=thread if thread != ts else None,
    )


def _home(payload: _Payload) -> Incoming:
    user = payload.text("event", "user")
    if payload.text("event", "tab") != "home" or not user:
        return Nothing()
    return HomeOpened(actor=payload.actor)


def _removed(_: _Payload) -> Incoming:
    return Removed()


def _joined(payload: _Payload) -> Incoming:
    channel = payload.text("event", "channel")
    if not channel or payload.text("event", "user") != payload.me.user:
        return Nothing()
    return Joined(ids.channel(payload.me.team, channel))


def _press(payload: _Payload) -> Incoming:
    actions = payload.at("actions")
    action = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], dict) else {}
    kind = str(action.get("action_id") or "").partition(":")[0]
    words = _pressed(action)
    if kind == buttons.PAGE or not words:
        return Nothing()
    invocation = _pressed_in(payload, words)
    trigger = payload.text("trigger_id")
    if kind == buttons.ASK and trigger:
        return Opening(invocation=invocation, trigger_id=trigger, placed=bool(payload.text("channel", "id")))
    container = payload.inner("container")
    return Said(
        invocation=invocation,
        way=Way.BUTTON,
        response_url=payload.text("response_url") or None,
        trigger_id=trigger or None,
        message=payload.text("message", "ts") or payload.text("container", "message_ts") or None,
        hidden=container.get("is_ephemeral") is True,
        within=_within(payload),
    )


def _pressed(action: Json) -> str:
    """Return what a button, a menu or a select says."""
    option = action.get("selected_option")
    value = action.get("value") or (option.get("value") if isinstance(option, dict) else "")
    return value if isinstance(value, str) else ""


def _pressed_in(payload: _Payload, words: str) -> Invocation:
    user = payload.text("user", "id")
    channel = payload.text("channel", "id") or payload.text("container", "channel_id") or user
    hidden = payload.at("container", "is_ephemeral") is True
    message = payload.text("message", "ts") or payload.text("container", "message_ts")
    thread = payload.text("message", "thread_ts") or payload.text("container", "thread_ts")
    return payload.invocation(
        payload.actor,
        channel,
        words=words,
        key=_trigger(payload),
        thread=thread or (None if hidden else message),
    )


def _within(payload: _Payload) -> str | None:
    """Return the thread that the message stands in as a reply."""
    thread = payload.text("message", "thread_ts") or payload.text("container", "thread_ts")
    message = payload.text("message", "ts") or payload.text("container", "message_ts")
    return thread if thread and thread != message else None


def _message_shortcut(payload: _Payload) -> Incoming:
    verb = SHORTCUT_VERBS.get(payload.text("callback_id"))
    if verb is None:
        return Nothing()
    ours = payload.me.user == payload.text("message", "user") or payload.me.bot == payload.text(
        "message", "bot_id"
    )
    words, values = (verb, {}) if ours else about(verb, message_text(payload.inner("message")))
    named = payload.text("message", "ts") if ours else None
    return Said(
        invocation=replace(_pressed_in(payload, words), values=values, about=named),
        way=Way.SHORTCUT,
        response_url=payload.text("response_url") or None,
        trigger_id=payload.text("trigger_id") or None,
        within=_within(payload),
    )


def _global_shortcut(payload: _Payload) -> Incoming:
    if payload.text("callback_id") != LAUNCH or not payload.text("trigger_id"):
        return Nothing()
    invocation = _pressed_in(payload, "launch")
    return Opening(invocation=invocation, trigger_id=payload.text("trigger_id"), placed=False)


def _submission(payload: _Payload) -> Incoming:
    """Read a form that was sent: its view acts once, however often it is sent."""
    view = payload.inner("view")
    origin = forms.origin(view)
    if origin is None:
        return Nothing()
    sent = forms.sent(view, payload.secrets)
    if sent.errors:
        return Mistaken(errors=sent.errors)
    user = payload.text("user", "id")
    invocation = payload.invocation(
        payload.actor,
        sent.channel or origin.channel or user,
        words=origin.verb,
        key=f"view:{view.get('id')}",
        thread=origin.thread,
        values=sent.values,
    )
    return Said(invocation=invocation, way=Way.FORM)


def _suggestion(payload: _Payload) -> Incoming:
    return Suggesting(typed=payload.text("value")[:LONGEST], actor=payload.actor)


def _trigger(payload: _Payload) -> str:
    """Return what a redelivery has in common: the trigger, else the whole payload."""
    trigger = payload.text("trigger_id")
    if trigger:
        return f"trigger:{trigger}"
    whole = json.dumps(payload.body, sort_keys=True, default=str).encode("utf-8", "replace")
    return f"payload:{hashlib.sha256(whole).hexdigest()[:32]}"


_READERS: dict[str, Callable[[_Payload], Incoming]] = {
    "command": _command,
    "event:app_mention": _message,
    "event:message": _message,
    "event:app_home_opened": _home,
    "event:app_uninstalled": _removed,
    "event:member_joined_channel": _joined,
    "event:tokens_revoked": _removed,
    "block_actions": _press,
    "message_action": _message_shortcut,
    "shortcut": _global_shortcut,
    "view_submission": _submission,
    "block_suggestion": _suggestion,
}
