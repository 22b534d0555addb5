"""Slack payload -> what it means; pure. One payload has the same shape over a socket and over HTTP.

Shapes: https://docs.slack.dev/interactivity and https://docs.slack.dev/reference/events.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from adapters.chat import mention, pressed
from adapters.chat.message_target import about
from adapters.chat.payload import Payload
from adapters.chat.slack import attached, buttons, forms, ids
from adapters.chat.slack.markup import Json
from adapters.chat.slack.typed import message_text, typed_text
from adapters.chat.surface import Inbound, Kind
from bot.cards import Field, FieldKind
from bot.commands import replied
from bot.commands.fields import Judge
from bot.lengths import LONGEST
from bot.model import NOTHING, Secret
from bot.replies import conversation
from bot.state import Actor, Invocation, Place

TRIAGE, DEBUG, LAUNCH = "triage_run", "debug_moment", "launch_run"
LINKS = 3  # of one message that are looked up
TYPED = {"", "file_share", "thread_broadcast"}  # subtypes of messages that somebody wrote
SHORTCUT_VERBS = {TRIAGE: "find", DEBUG: "debug"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Self:
    """Who the bot is in Slack, and which workspaces it serves.

    `enterprise`: the Enterprise organisation that its own workspace belongs to, "" where it belongs to none. `replies`: what
    people write in threads without naming the bot is heard.
    """

    team: str
    user: str
    bot: str
    workspaces: frozenset[str]
    enterprise: str = ""
    replies: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """What Slack gives along for answering; both ways are somebody's right to answer, so nothing of it is shown.

    `trigger_id` opens one view within three seconds. `response_url` takes five messages within half an hour. `thread`:
    the one that a command was sent in, None at the message that a thread hangs on, or may hang on one day. `placed`: it
    is known where the answer goes. `private`: the verb answers the person alone.
    """

    response_url: str | None = None
    trigger_id: str | None = None
    thread: str | None = None
    placed: bool = True
    private: bool = False


Command = Inbound[Interaction]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidForm:
    """A form was sent with values that cannot be right: what is wrong, by field."""

    errors: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Autocomplete:
    """A select wants what fits what was typed so far; `given`: what the form holds beside it, by parameter."""

    typed: str
    actor: Actor
    parameter: Field
    verb: str = ""
    given: Mapping[str, str] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """Somebody chose in an open form what the rest of it hangs on: `asked` holds what they gave so far.

    `view`: the form as it is; `mark`: a short text that only this choice has.
    """

    asked: Command
    view: Json
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeOpened:
    """Somebody looks at the app's home."""

    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class LinksShared:
    """Somebody's message holds links of domains that the app asked to hear of.

    `invocation`: who and where; it asks for nothing. `links`: as Slack gives them and wants them back; they may be signed.
    """

    invocation: Invocation
    message: str
    links: tuple[Secret, ...]


@dataclass(frozen=True, slots=True)
class Removed:
    """Slack says that the app or its token was taken away; Slack is asked whether that is so."""


@dataclass(frozen=True, slots=True)
class Joined:
    """The bot was invited to a channel, by the channel's name."""

    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotServed:
    """It comes from a workspace that this bot does not serve; `sentence` is for the person, where there is one to tell."""

    sentence: str
    actor: Actor
    place: Place
    response_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenged:
    """Slack asks whether the HTTP address is ours; it wants its challenge back."""

    challenge: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Acknowledge it, do nothing: our own messages, other bots, edits, closed forms, pages opened."""


Incoming = (
    Command
    | InvalidForm
    | Autocomplete
    | Picked
    | HomeOpened
    | LinksShared
    | Removed
    | Joined
    | Challenged
    | NotServed
    | Ignored
)


def read(body: Json, me: Self, now: datetime, judge: Judge) -> Incoming:
    """Say what a payload means. Raises nothing for whatever it holds.

    `judge`: says what is wrong with a form's field.
    """
    if body.get("type") == "url_verification":
        return Challenged(challenge=str(body.get("challenge") or ""))
    payload = _Payload(body, me, now, judge)
    reader = _READERS.get(payload.kind)
    if reader is None:
        return Ignored()
    if not payload.served:
        sentence, url = conversation.not_served("workspace"), payload.text("response_url") or None
        return NotServed(sentence=sentence, actor=payload.actor, place=payload.place, response_url=url)
    return reader(payload)


@dataclass(frozen=True, slots=True)
class _Payload(Payload):
    """What Slack sent, whoever the bot is there, and when it came."""

    me: Self
    now: datetime
    judge: Judge

    @property
    def kind(self) -> str:
        """What `_READERS` knows it by."""
        if isinstance(self.at("command"), str):
            return "command"
        kind = self.text("type")
        return f"event:{self.text('event', 'type')}" if kind == "event_callback" else kind

    @property
    def served(self) -> bool:
        """Whether it came through a workspace that is served, or an organisation where none is named.

        Never the person's own: in channels shared by two organisations `team_id` of an event may be the other one, and
        `team` of a form too.
        """
        workspace = self.text("authorizations", 0, "team_id") or self.text("view", "app_installed_team_id")
        workspace = workspace or self.text("team_id") or self.text("team", "id")
        if workspace:
            return workspace in self.me.workspaces
        organisation = self.text("enterprise", "id") or self.text("enterprise_id")
        return bool(self.me.enterprise) and organisation == self.me.enterprise

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

    @property
    def message(self) -> str:
        """The message that something was done with, "" where there is none."""
        return self.text("message", "ts") or self.text("container", "message_ts")

    @property
    def thread(self) -> str:
        """The thread that this message belongs to, its first one included; "" where it has none."""
        return self.text("message", "thread_ts") or self.text("container", "thread_ts")

    @property
    def ephemeral(self) -> bool:
        """Whether only one person sees this message."""
        return self.at("container", "is_ephemeral") is True

    @property
    def interaction(self) -> Interaction:
        """What is given along for answering."""
        return Interaction(
            response_url=self.text("response_url") or None,
            trigger_id=self.text("trigger_id") or None,
            thread=self.thread if self.thread not in {"", self.message} else None,
            placed=bool(self.text("channel", "id") or self.text("channel_id")),
        )

    def invocation(
        self,
        actor: Actor,
        channel: str,
        *,
        text: str,
        key: str,
        thread: str | None = None,
        values: Mapping[str, str] | None = None,
    ) -> Invocation:
        """Return what is asked for."""
        name = ids.channel(self.me.team, channel)
        place = Place(channel=name, thread=thread or None, direct=not channel.startswith(("C", "G")))
        return Invocation(actor=actor, place=place, text=text, key=key, at=self.now, values=values or {})


def _command(payload: _Payload) -> Incoming:
    invocation = payload.invocation(
        payload.actor,
        payload.text("channel_id"),
        text=typed_text(payload.text("text")),
        key=_trigger(payload),
    )
    return Inbound(
        invocation=invocation, kind=Kind.SLASH, interaction=payload.interaction, shown_by_receipt=True
    )


def _message(payload: _Payload) -> Incoming:
    """Read a mention, a direct message or a reply; several may come for one message, so they share a key."""
    event = replace(payload, body=payload.inner("event"))
    me = payload.me
    direct = event.text("channel_type") == "im" or ids.is_direct(event.text("channel"))
    mentioned = event.text("type") == "app_mention"
    from_person = event.text("user") and event.text("user") != me.user and not event.text("bot_id")
    replying = not (mentioned or direct) and _replies(event)
    if not from_person or event.text("subtype") not in TYPED or not (mentioned or direct or replying):
        return Ignored()
    channel, ts = event.text("channel"), event.text("ts")
    thread = event.text("thread_ts") or (None if direct else ts)
    name = re.compile(rf"<@{re.escape(me.user)}(?:\|[^<>]*)?>")
    if mentioned and not mention.is_addressed(event.text("text"), name):
        return Ignored()
    invocation = event.invocation(
        payload.actor,
        channel,
        text=mention.command_text(event.text("text"), name, typed_text),
        key=f"message:{channel}:{ts}",
        thread=thread,
    )
    invocation = replace(invocation, attached=attached.of_message(event))
    within = Interaction(thread=thread if thread != ts else None)
    kind = Kind.REPLY if replying else Kind.DIRECT if direct else Kind.MENTION
    return Inbound(invocation=invocation, kind=kind, interaction=within)


def _replies(event: _Payload) -> bool:
    """Whether a message that names nobody is, as a whole, what one answers to a failure in a thread."""
    thread = event.text("thread_ts")
    inside = event.me.replies and bool(thread) and thread != event.text("ts")
    return inside and replied.read(typed_text(event.text("text"))) is not None


def _home(payload: _Payload) -> Incoming:
    looked = payload.text("event", "tab") == "home" and payload.text("event", "user")
    return HomeOpened(actor=payload.actor) if looked else Ignored()


def _joined(payload: _Payload) -> Incoming:
    channel = payload.text("event", "channel")
    ours = channel and payload.text("event", "user") == payload.me.user
    return Joined(ids.channel(payload.me.team, channel)) if ours else Ignored()


def _links(payload: _Payload) -> Incoming:
    """Read links that a person posted in a conversation that the bot is in.

    While a message is still being written its channel and its id are no real ones; whoever writes sees the preview alone.
    https://docs.slack.dev/reference/events/link_shared
    """
    event = Payload(payload.inner("event"))
    channel, message, person = event.text("channel"), event.text("message_ts"), event.text("user")
    posted = event.text("source") in {"", "conversations_history"} and event.at("is_bot_user_member") is True
    from_person = person and person != payload.me.user and not event.text("bot_id")
    urls = (event.text("links", number, "url") for number in range(LINKS))
    links = tuple(Secret(url) for url in dict.fromkeys(urls) if 0 < len(url) <= LONGEST)
    if not (posted and from_person and channel and message and links):
        return Ignored()
    key = f"event:{payload.text('event_id') or message}"
    invocation = payload.invocation(payload.actor, channel, text="", key=key)
    return LinksShared(invocation=invocation, message=message, links=links)


def _press(payload: _Payload) -> Incoming:
    action, view = Payload(payload.inner("actions", 0)), payload.inner("view")
    if forms.origin(view) is not None:
        return _picked(payload, view) if forms.picked(view, action.text("block_id")) else Ignored()
    kind = action.text("action_id").partition(":")[0]
    value = action.text("value") or action.text("selected_option", "value")  # a button's, else a menu's
    if buttons.PAGE in {kind, value} or not value:
        return Ignored()
    text, values = pressed.parts(pressed.read(value))
    return Inbound(
        invocation=replace(_pressed_in(payload, text), values=values),
        kind=Kind.BUTTON,
        interaction=payload.interaction,
        pressed=payload.message or None,
        ephemeral=payload.ephemeral,
        opens_form=kind == buttons.ASK and bool(payload.text("trigger_id")),
    )


def _pressed_in(payload: _Payload, text: str) -> Invocation:
    user = payload.text("user", "id")
    return payload.invocation(
        payload.actor,
        payload.text("channel", "id") or payload.text("container", "channel_id") or user,
        text=text,
        key=_trigger(payload),
        thread=payload.thread or (None if payload.ephemeral else payload.message),
    )


def _picked(payload: _Payload, view: Json) -> Incoming:
    origin, free = forms.origin(view), forms.untouched(view) | {forms.WHERE}
    if origin is None:
        return Ignored()
    values = {name: value for name, value in forms.given(view).items() if name not in free}
    channel = origin.channel or payload.text("user", "id")
    invocation = payload.invocation(
        payload.actor, channel, text=origin.verb, key=_trigger(payload), thread=origin.thread, values=values
    )
    mark = hashlib.sha256(invocation.key.encode("utf-8", "replace")).hexdigest()[:12]
    return Picked(asked=Inbound(invocation=invocation, kind=Kind.FORM), view=view, mark=mark)


def _message_shortcut(payload: _Payload) -> Incoming:
    verb = SHORTCUT_VERBS.get(payload.text("callback_id"))
    if verb is None:
        return Ignored()
    message = Payload(payload.inner("message"))
    ours = message.text("user") == payload.me.user or message.text("bot_id") == payload.me.bot
    text, values = (verb, {}) if ours else about(verb, message_text(message.body))
    named = message.text("ts") if ours else None
    invocation = replace(_pressed_in(payload, text), values=values, about=named)
    return Inbound(invocation=invocation, kind=Kind.SHORTCUT, interaction=payload.interaction)


def _global_shortcut(payload: _Payload) -> Incoming:
    if payload.text("callback_id") != LAUNCH or not payload.text("trigger_id"):
        return Ignored()
    invocation, interaction = _pressed_in(payload, "launch"), replace(payload.interaction, placed=False)
    return Inbound(invocation=invocation, kind=Kind.SHORTCUT, interaction=interaction, opens_form=True)


def _submission(payload: _Payload) -> Incoming:
    """Read a form that was sent: its view acts once, however often it is sent."""
    view = payload.inner("view")
    origin = forms.origin(view)
    if origin is None:
        return Ignored()
    sent = forms.sent(view, payload.judge)
    if sent.errors:
        return InvalidForm(errors=sent.errors)
    user = payload.text("user", "id")
    invocation = payload.invocation(
        payload.actor,
        sent.channel or origin.channel or user,
        text=origin.verb,
        key=f"view:{view.get('id')}",
        thread=origin.thread,
        values=sent.values,
    )
    return Inbound(invocation=invocation, kind=Kind.FORM)


def _typing(payload: _Payload) -> Incoming:
    view, name = payload.inner("view"), payload.text("block_id")
    kind = payload.text("action_id").partition(forms.MARK)[0]
    origin = forms.origin(view)
    return Autocomplete(
        typed=payload.text("value")[:LONGEST],
        actor=payload.actor,
        parameter=Field(
            name=name, label="", kind=FieldKind(kind) if kind in forms.ASKING else FieldKind.TEXT
        ),
        verb=origin.verb if origin else "",
        given={other: value for other, value in forms.given(view).items() if other != name},
    )


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
    "event:app_uninstalled": lambda _: Removed(),
    "event:link_shared": _links,
    "event:member_joined_channel": _joined,
    "event:tokens_revoked": lambda _: Removed(),
    "block_actions": _press,
    "message_action": _message_shortcut,
    "shortcut": _global_shortcut,
    "view_submission": _submission,
    "block_suggestion": _typing,
}
