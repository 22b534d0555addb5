"""Checks that settings from every source share: names, ids, addresses; each error says how to mend it."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from adapters.configuration.problems import wrong

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_TENANT = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII | re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", re.ASCII)

_SLACK, _DISCORD = r"[A-Z0-9]{2,24}", r"[0-9]{5,20}"
_PRINCIPAL = re.compile(
    rf"slack:team:{_SLACK}|slack:(?:user|usergroup|channel):{_SLACK}:{_SLACK}"
    rf"|discord:(?:guild|user):{_DISCORD}|discord:(?:role|channel):{_DISCORD}:{_DISCORD}",
    re.ASCII,
)
_PLACE = re.compile(
    rf"slack:team:{_SLACK}|slack:channel:{_SLACK}:{_SLACK}"
    rf"|discord:guild:{_DISCORD}|discord:channel:{_DISCORD}:{_DISCORD}|terminal:channel:local",
    re.ASCII,
)
_CHANNEL = re.compile(
    rf"slack:channel:{_SLACK}:{_SLACK}|discord:channel:{_DISCORD}:{_DISCORD}|terminal:channel:local",
    re.ASCII,
)

PRINCIPAL_FORMS = (
    "slack:team:T…, slack:user:T…:U…, slack:usergroup:T…:S…, discord:guild:ID, discord:role:GUILD:ROLE "
    "or discord:user:ID"
)
CHANNEL_FORMS = "slack:channel:T…:C… or discord:channel:GUILD:CHANNEL"


def tenant(value: str) -> str:
    """Accept what can be the first part of `TENANT.antithesis.com`; anything else could send the key elsewhere."""
    if not _TENANT.fullmatch(value):
        raise wrong(
            "A tenant is a name of letters, digits and hyphens.",
            'Give only the first part of the address: "acme" for https://acme.antithesis.com.',
        )
    return value.lower()


def base_url(value: str) -> str:
    """Accept an address to talk to; `/` and `/api/v1` at its end are cut off."""
    value = value.rstrip("/").removesuffix("/api/v1").rstrip("/")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.scheme not in {"http", "https"} or parts.username or parts.query or parts.fragment:
        raise wrong("That is not a web address.", "Give it like https://acme.antithesis.com.")
    if parts.scheme == "http" and not loopback(host):
        raise wrong("Over http, keys and tokens could be read on the way.", "Use https.")
    return value


def socket_url(value: str) -> str:
    """Accept a WebSocket's address; without encryption only on this machine, since the token goes there."""
    parts = urlsplit(value)
    host = parts.hostname or ""
    if parts.scheme not in {"ws", "wss"} or not host or parts.username:
        raise wrong("That is not the address of a WebSocket.", "Give it like wss://gateway.example.com.")
    if parts.scheme == "ws" and not loopback(host):
        raise wrong("Over ws, the token could be read on the way.", "Use wss.")
    return value


def loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def name(value: str) -> str:
    """Accept a name that can be said as one word."""
    if not _NAME.fullmatch(value):
        raise wrong("A name is one word.", "Use up to 40 letters, digits, hyphens and underscores.")
    return value


def principal(value: str) -> str:
    """Accept who may do something: immutable ids only, since display names can be taken by anyone."""
    if not _PRINCIPAL.fullmatch(value):
        raise wrong("That is not an id of a person or group.", f"Give {PRINCIPAL_FORMS}.")
    return value


def place(value: str) -> str:
    """Accept where something may be done: a channel, or a whole workspace or server."""
    if not _PLACE.fullmatch(value):
        raise wrong("That is not a place.", f"Give {CHANNEL_FORMS}, slack:team:T… or discord:guild:ID.")
    return value


def channel(value: str) -> str:
    """Accept a channel."""
    if not _CHANNEL.fullmatch(value):
        raise wrong("That is not a channel's id.", f"Give {CHANNEL_FORMS}.")
    return value


_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.ASCII)


def mail_domain(value: str) -> str:
    """Accept the part of mail addresses behind the @, in small letters."""
    domain = value.lower()
    if not _DOMAIN.fullmatch(domain):
        raise wrong("That is not the domain of a mail address.", 'Give it like "example.com".')
    return domain


def slack_team(value: str) -> str:
    """Accept a Slack workspace."""
    if not re.fullmatch(_SLACK, value, re.ASCII):
        raise wrong("That is not a workspace's id.", 'Give it like "T0123ABCD".')
    return value


def discord_guild(value: str) -> str:
    """Accept a Discord server."""
    if not re.fullmatch(_DISCORD, value, re.ASCII):
        raise wrong(
            "That is not a server's id.", 'Give its number in quotation marks: "1104000000000000001".'
        )
    return value


HIGHEST_PORT = 65_535


def listen(value: str) -> tuple[str, int] | None:
    """Read HOST:PORT, or "off"."""
    if value == "off":
        return None
    host, _, port = value.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) <= HIGHEST_PORT:
        raise wrong("That is not an address to listen at.", 'Give "127.0.0.1:8080", or "off".')
    return host.strip("[]"), int(port)


LEAST_SECONDS, MOST_SECONDS = 1.0, 86_400.0


def poll_seconds(value: float) -> float:
    """Accept an interval between polls, in seconds."""
    if not LEAST_SECONDS <= value <= MOST_SECONDS:
        raise wrong("That would not be a usable interval.", "Give 60 to 86400; 1 is the least.")
    return value


def address(value: str) -> str:
    """Accept HOST:PORT alone."""
    if listen(value) is None:
        raise wrong("That is not an address to listen at.", 'Give it like "127.0.0.1:3000".')
    return value


def listening(value: str) -> str:
    """Accept what `listen` can read."""
    listen(value)
    return value


Tenant = Annotated[str, AfterValidator(tenant)]
BaseUrl = Annotated[str, AfterValidator(base_url)]
SocketUrl = Annotated[str, AfterValidator(socket_url)]
Name = Annotated[str, AfterValidator(name)]
MailDomain = Annotated[str, AfterValidator(mail_domain)]
Principal = Annotated[str, AfterValidator(principal)]
PlaceId = Annotated[str, AfterValidator(place)]
ChannelId = Annotated[str, AfterValidator(channel)]
SlackTeam = Annotated[str, AfterValidator(slack_team)]
DiscordGuild = Annotated[str, AfterValidator(discord_guild)]
Address = Annotated[str, AfterValidator(address)]
Listen = Annotated[str, AfterValidator(listening)]
PollSeconds = Annotated[float, AfterValidator(poll_seconds)]
