"""Discord payload -> what it means; pure. Commands, buttons, menus, forms and mentions end as the same values.

Nothing here relies on what the library knows of older messages, so a button from before a restart, a form
that was open meanwhile and a command of an older version are read like any other.
Shapes: https://docs.discord.com/developers/interactions/receiving-and-responding
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from adapters.chat import mention
from adapters.chat.discord import attached, buttons, commands, forms, ids
from adapters.chat.discord.markup import Json, said_text, shown_text
from adapters.chat.message_target import about
from adapters.chat.payload import Payload, texts
from adapters.chat.pressed import parts
from adapters.chat.surface import Inbound, Kind
from bot.command import Verb
from bot.commands import replied
from bot.commands.registry import VERBS
from bot.model import NOTHING
from bot.replies import conversation
from bot.state import Actor, Invocation, Place
from bot.suggest import Typing

ANSWERABLE = timedelta(minutes=14)  # Discord's quarter of an hour, less a reserve
COMMAND, COMPONENT, AUTOCOMPLETE, SUBMIT = 2, 3, 4, 5
THREADS = frozenset({10, 11, 12})
REPLY = 19
PERSONAL = frozenset({0, REPLY})  # messages that a person typed: plain, or as a reply
EPHEMERAL = 1 << 6
GUEST = 1 << 4  # of a member: invited for one visit
OTHER_PEOPLE = 2  # of an interaction's context: a conversation of people without the bot
BY_SERVER = "0"  # of who installed the bot: a server, not a person


@dataclass(frozen=True, slots=True, kw_only=True)
class Self:
    """Who the bot is in Discord, and which servers it serves; none named: every one that it was invited to.

    `verbs`: those that it offers, with the parameters that they take on the platforms there are.
    """

    application: str
    user: str
    guilds: frozenset[str] = frozenset()
    verbs: Mapping[str, Verb] = field(default_factory=lambda: VERBS)

    def serves(self, guild_id: str | None) -> bool:
        """Whether a server, or a private conversation, is served."""
        return guild_id is None or not self.guilds or guild_id in self.guilds


class Deferred(Enum):
    """What the initial response to an interaction was."""

    NO = auto()  # there is no interaction, or its time is over
    PUBLIC = auto()  # "thinking…" for all
    EPHEMERAL = auto()  # "thinking…" for the person alone
    UPDATE = auto()  # the ephemeral message that was pressed will change


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionToken:
    """The right to answer an interaction: 3 seconds for the initial response, 15 minutes for edits and follow-ups.

    The token is a secret for that long, so it is never shown, stored or logged.
    """

    id: str
    token: str = field(repr=False)
    until: datetime  # from then on answers go to the channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """What Discord gives along for answering; of a message that mentions the bot nothing but what is replied to.

    `stored`: the command of the button that was pressed stands in the store under it. `attachment_limit`: bytes that
    one file may have here, where Discord says so. `files`: the addresses of the files that came as options, by what they
    are called; each is the right to read it.
    """

    token: InteractionToken | None = None
    deferred: Deferred = Deferred.NO
    stored: str | None = None
    reply_to: str | None = None
    attachment_limit: int | None = None
    files: Mapping[str, str] = field(default_factory=lambda: NOTHING, repr=False)


Command = Inbound[Interaction]


@dataclass(frozen=True, slots=True, kw_only=True)
class Autocomplete:
    """Somebody types an option and wants to see what fits."""

    token: InteractionToken
    typing: Typing


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """It is not answered: `sentence` says why.

    `actor`, `place`: who is not served here, for the audit trail; None where only the thing is not known. `token`: None of
    a message. `autocomplete`: the person is still typing.
    """

    token: InteractionToken | None
    sentence: str
    actor: Actor | None = None
    place: Place | None = None
    autocomplete: bool = False


@dataclass(frozen=True, slots=True)
class Ignored:
    """Do nothing: our own messages, other bots, messages that do not mention us."""


Incoming = Command | Autocomplete | Refused | Ignored


def read(body: Json, me: Self, now: datetime) -> Incoming:
    """Say what an interaction means. Raises nothing for whatever it holds."""
    payload = _Payload(body, me, now)
    reader = _READERS.get(payload.number("type"))
    if reader is None or not (payload.text("id") and payload.text("token")):
        return Ignored()
    if not (payload.user and ids.is_snowflake(payload.channel_id)):
        return payload.unknown(conversation.UNKNOWN_BUTTON)
    foreign = "" if payload.by_server else conversation.NOT_INSTALLED_HERE
    if not me.serves(payload.guild):
        foreign = conversation.not_served("server")
    if foreign:
        return replace(payload.unknown(foreign), actor=payload.actor, place=payload.place)
    return reader(payload)


def mentions(body: Json, me: Self) -> bool:
    """Whether a message mentions us: somebody typed our name in it, here."""
    author = body.get("author")
    person = isinstance(author, dict) and not author.get("bot") and not body.get("webhook_id")
    text = body.get("content")
    typed = isinstance(text, str) and mention.is_addressed(text, _name(me))
    return bool(person and typed and body.get("type") in PERSONAL and body.get("guild_id"))


def replies(body: Json, me: Self) -> bool:
    """Whether a message is, as a whole, what one answers to a failure, as a reply to a message of ours.

    Without a privileged intent Discord gives the text of a reply only where it notifies us: people can turn that off, and
    a reply to the answer of a slash command never does.
    """
    message = Payload(body)
    ours = message.text("referenced_message", "author", "id") == me.user
    author = message.inner("author")
    person = bool(author) and not author.get("bot") and not body.get("webhook_id")
    said = replied.read(said_text(_name(me).sub(" ", message.text("content"))))
    return bool(ours and person and body.get("type") == REPLY and body.get("guild_id") and said)


def read_message(body: Json, me: Self, now: datetime, *, parent: str | None) -> Incoming:
    """Say what a message means that mentions us; `parent`: the channel that its thread belongs to."""
    payload = _Payload(body, me, now)
    author = payload.inner("author")
    user, channel = author.get("id"), payload.channel_id
    if not ids.is_snowflake(user) or not ids.is_snowflake(channel):
        return Ignored()
    place = Place(channel=ids.channel(payload.guild, parent or channel), thread=channel if parent else None)
    actor = person(me.guilds, payload.guild, author, payload.inner("member"))
    if not me.serves(payload.guild):
        return Refused(token=None, sentence=conversation.not_served("server"), actor=actor, place=place)
    invocation = Invocation(
        actor=actor,
        place=place,
        text=mention.command_text(payload.text("content"), _name(me), said_text),
        key=f"message:{payload.text('id')}",
        at=now,
        attached=attached.of_message(payload),
    )
    kind = Kind.MENTION
    if replies(body, me):
        kind = Kind.MENTION if mentions(body, me) else Kind.REPLY
        invocation = replace(invocation, about=payload.text("referenced_message", "id") or None)
    return Inbound(invocation=invocation, kind=kind, interaction=Interaction(reply_to=payload.text("id")))


def message_text(message: Json) -> str:
    """Collect all that a message says: its text, and what stands in its embeds and buttons."""
    parts = [str(message.get("content") or "")]
    parts += texts([message.get("embeds"), message.get("components")], _TELLING)
    return shown_text("\n".join(dict.fromkeys(part for part in parts if part)))


@dataclass(frozen=True, slots=True)
class _Payload(Payload):
    me: Self
    now: datetime

    @property
    def guild(self) -> str | None:
        """The server; None in a private conversation."""
        return self.text("guild_id") or None

    @property
    def channel_id(self) -> str:
        """The channel or thread."""
        return self.text("channel_id") or self.text("channel", "id")

    @property
    def user(self) -> Json:
        """The person."""
        user = self.inner("member", "user") or self.inner("user")
        return user if ids.is_snowflake(user.get("id")) else {}

    @property
    def token(self) -> InteractionToken:
        """The right to answer."""
        return InteractionToken(id=self.text("id"), token=self.text("token"), until=self.now + ANSWERABLE)

    @property
    def actor(self) -> Actor:
        """The person with all that decides what they may do."""
        return person(self.me.guilds, self.guild, self.user, self.inner("member"))

    @property
    def by_server(self) -> bool:
        """Whether the bot is used as one that a server added, or in the conversation with itself.

        Somebody may install it for themselves and use it anywhere, also where it was never let in.
        """
        if self.number("context") == OTHER_PEOPLE:
            return False
        owners = self.inner("authorizing_integration_owners")
        return self.guild is None or not owners or owners.get(BY_SERVER) == self.guild

    @property
    def place(self) -> Place:
        """Where it came in: the channel, and the thread inside it."""
        parent = self.text("channel", "parent_id")
        direct = self.guild is None
        if self.number("channel", "type") in THREADS and parent:
            return Place(channel=ids.channel(self.guild, parent), thread=self.channel_id)
        return Place(channel=ids.channel(self.guild, self.channel_id), direct=direct)

    @property
    def pressed_in(self) -> Place:
        """Where the message stands whose button was pressed: its own thread, where it can have one."""
        place = self.place
        message = self.text("message", "id")
        if place.thread or place.direct or not message or self.is_ephemeral:
            return place
        return Place(channel=place.channel, thread=message)

    @property
    def is_ephemeral(self) -> bool:
        """Whether only one person sees the message whose button was pressed."""
        return bool(max(0, self.number("message", "flags")) & EPHEMERAL)

    def command(
        self,
        kind: Kind,
        text: str,
        *,
        place: Place | None = None,
        values: Mapping[str, str] | None = None,
        stored: str | None = None,
        opens_form: bool = False,
    ) -> Command:
        """Return what is asked for."""
        limit = self.number("attachment_size_limit")
        invocation = Invocation(
            actor=self.actor,
            place=place or self.place,
            text=text,
            key=f"interaction:{self.text('id')}",
            at=self.now,
            values=values or {},
        )
        return Inbound(
            invocation=invocation,
            kind=kind,
            interaction=Interaction(
                token=self.token, stored=stored, attachment_limit=limit if limit > 0 else None
            ),
            pressed=self.text("message", "id") or None,
            ephemeral=self.is_ephemeral,
            opens_form=opens_form,
            must_answer=True,
        )

    def unknown(self, sentence: str) -> Refused:
        """Return that nobody knows what is asked for."""
        autocomplete = self.number("type") == AUTOCOMPLETE
        return Refused(token=self.token, sentence=sentence, autocomplete=autocomplete)


def _name(me: Self) -> re.Pattern[str]:
    return re.compile(rf"<@!?{re.escape(me.user)}>")


def person(guilds: frozenset[str], guild: str | None, user: Json, member: Json) -> Actor:
    """Return a person with all that decides what they may do: roles are known in a server only.

    `guilds`: the servers that the settings name; `member`: as Discord describes one.

    Who was invited for one visit, has not accepted the server's rules yet or is no member at all is a guest.
    """
    own = ids.user(str(user.get("id")))
    principals = {own}
    guest = False
    if guild is not None:
        roles = member.get("roles")
        principals |= {ids.guild(guild)}
        principals |= (
            {ids.role(guild, r) for r in roles if ids.is_snowflake(r)} if isinstance(roles, list) else set()
        )
        flags = member.get("flags")
        visiting = isinstance(flags, int) and bool(flags & GUEST)
        guest = visiting or member.get("pending") is True or not member
    name = member.get("nick") or user.get("global_name") or user.get("username") or ""
    return Actor(
        id=own,
        principals=frozenset(principals),
        name=str(name),
        guest=guest,
        member=guild in guilds and not guest,
    )


def _command(payload: _Payload) -> Incoming:
    if payload.number("data", "type") == commands.MENU:
        return _menu(payload)
    name, options = _options(payload)
    verb = VERBS.get(name)
    if payload.text("data", "name") != commands.GROUP or verb is None or verb.hidden:
        return payload.unknown(conversation.COMMANDS_CHANGED)
    files, addresses = attached.of_options(payload)
    text, values = commands.given(
        verb, {n: o.get("value") for n, o in options.items() if o.get("type") != commands.FILE}
    )
    opens_form = verb.form is not None and not options and any(p.required for p in verb.parameters)
    command = payload.command(Kind.SLASH, text, values=values, opens_form=opens_form)
    return replace(
        command,
        invocation=replace(command.invocation, attached=files),
        interaction=replace(command.interaction or Interaction(), files=addresses),
    )


def _menu(payload: _Payload) -> Incoming:
    verb = commands.MENU_VERBS.get(payload.text("data", "name"))
    if verb is None:
        return payload.unknown(conversation.COMMANDS_CHANGED)
    target = payload.text("data", "target_id")
    message = payload.inner("data", "resolved", "messages", target)
    author = message.get("author")
    if isinstance(author, dict) and author.get("id") == payload.me.user:
        command = payload.command(Kind.SHORTCUT, verb)
        return replace(command, invocation=replace(command.invocation, about=target))
    text, values = about(verb, message_text(message))
    return payload.command(Kind.SHORTCUT, text, values=values)


def _autocomplete(payload: _Payload) -> Incoming:
    name, options = _options(payload)
    verb = payload.me.verbs.get(name)
    typing = next((n for n, o in options.items() if o.get("focused") is True), "")
    parameter = next((p for p in verb.parameters if p.name == typing), None) if verb is not None else None
    if verb is None or parameter is None:
        return payload.unknown(conversation.COMMANDS_CHANGED)
    _, given = commands.given(verb, {n: o.get("value") for n, o in options.items() if n != typing})
    return Autocomplete(
        token=payload.token,
        typing=Typing(
            actor=payload.actor,
            place=payload.place,
            typed=said_text(str(options[typing].get("value") or "")),
            parameter=parameter,
            verb=verb.name,
            given=given,
        ),
    )


def _press(payload: _Payload) -> Incoming:
    press = buttons.read(payload.text("data", "custom_id"), payload.at("data", "values"))
    if press is None:
        return payload.unknown(conversation.UNKNOWN_BUTTON)
    text, values = parts(press.command or press.form or "")
    return payload.command(
        Kind.BUTTON, text, place=payload.pressed_in, values=values, stored=press.token,
        opens_form=press.form is not None,
    )  # fmt: skip


def _submission(payload: _Payload) -> Incoming:
    sent = forms.sent(payload.inner("data"))
    if sent is None or sent.verb not in VERBS:
        return payload.unknown(conversation.UNKNOWN_BUTTON)
    return payload.command(Kind.FORM, sent.verb, place=payload.pressed_in, values=sent.values)


def _options(payload: _Payload) -> tuple[str, dict[str, Json]]:
    """Return the subcommand's name and its options by name."""
    first = Payload(payload.inner("data", "options", 0))
    return first.text("name"), {str(option.get("name")): option for option in first.listed("options")}


_TELLING = {"title", "description", "name", "value", "text", "url", "content"}
_READERS: dict[int, Callable[[_Payload], Incoming]] = {
    COMMAND: _command,
    COMPONENT: _press,
    AUTOCOMPLETE: _autocomplete,
    SUBMIT: _submission,
}
