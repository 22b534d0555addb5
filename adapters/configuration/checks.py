"""Checks that settings from every source share: names, ids, addresses; each error says how to fix it."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr

from adapters.configuration.problems import wrong

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_TENANT = re.compile(_LABEL, re.ASCII)
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII | re.IGNORECASE)
_HEADER = re.compile(r"[\x21-\x7e]+")
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
    """Return what can be the first part of `TENANT.antithesis.com`, also from its whole address.

    Anything else could send the key elsewhere.
    """
    label = _of_address(value.lower())
    if not _TENANT.fullmatch(label):
        raise wrong(
            "A tenant is a name of letters, digits and hyphens, without a dot.",
            'Give only the first part of the address: "acme" for https://acme.antithesis.com.',
        )
    return label


PLATFORM = ".antithesis.com"


def _of_address(value: str) -> str:
    """Cut ACME out of ACME.antithesis.com and https://ACME.antithesis.com/; leave anything else as it is."""
    host = value.removeprefix("https://").rstrip("/")
    return host.removesuffix(PLATFORM) if host.endswith(PLATFORM) else value


def base_url(value: str) -> str:
    """Accept an address to talk to; `/` and `/api/v1` at its end are cut off."""
    value = value.rstrip("/").removesuffix("/api/v1").rstrip("/")
    parts = _address(value)
    if (
        parts is None
        or parts.scheme not in {"http", "https"}
        or parts.username
        or parts.query
        or parts.fragment
    ):
        raise wrong("That is not a web address.", "Give it like https://acme.antithesis.com.")
    if parts.scheme == "http" and not loopback(parts.hostname or ""):
        raise wrong("Over http, keys and tokens could be read on the way.", "Use https.")
    return value


def heartbeat(value: str) -> str:
    """Accept an address to ping, as it is; it is a secret, so without encryption only on this machine."""
    parts = _address(value)
    if parts is None or parts.scheme not in {"http", "https"} or parts.username or parts.fragment:
        raise wrong("That is not a web address.", "Give it like https://heartbeat.example.com/ID.")
    if parts.scheme == "http" and not loopback(parts.hostname or ""):
        raise wrong("Over http, the address could be read on the way.", "Use https.")
    return value


def platform_url(value: str) -> str:
    """Accept the address of a platform: nothing but the API's own path may follow the host."""
    value = base_url(value)
    parts = urlsplit(value)
    host = parts.hostname or ""
    if parts.path not in {"", "/api", "/api/v0"}:
        raise wrong("It has to end after the host.", "Give it like https://acme.antithesis.com.")
    if not _HOST.fullmatch(host) and not _is_ip(host):
        raise wrong("That is not a host's name.", "Give it like https://acme.antithesis.com.")
    return value


def own_address(base_url: str) -> bool:
    """Whether a platform's address is a tenant's own, or this machine's (`clew simulate`)."""
    host = urlsplit(base_url).hostname or ""
    return host.endswith(PLATFORM) or loopback(host)


PROXY_FORM = "http://proxy.example.com:3128"


def proxy_url(value: str) -> str:
    """Accept the address of an HTTP proxy, with a user and a password where it wants them."""
    parts = _address(value)
    if parts is None or parts.scheme not in {"http", "https"} or parts.path.strip("/") or parts.query:
        raise wrong("That is not the address of an HTTP proxy.", f"Give it like {PROXY_FORM}.")
    return value


def proxy_given(value: object) -> object:
    """Refuse a proxy that is named without an address: everything would go around the one that was meant."""
    if isinstance(value, str) and not value.strip():
        what = "There is nothing but white space in it." if value else "It is set, but empty."
        raise wrong(what, f"Give it like {PROXY_FORM}, or remove the line.")
    return value


def _address(value: str) -> SplitResult | None:
    """Split an address that has a host and a port that can be; None for anything else."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.hostname and value.isprintable() and " " not in value else None


def socket_url(value: str) -> str:
    """Accept a WebSocket's address; without encryption only on this machine, since the token goes there."""
    parts = _address(value)
    if parts is None or parts.scheme not in {"ws", "wss"} or parts.username:
        raise wrong("That is not the address of a WebSocket.", "Give it like wss://gateway.example.com.")
    if parts.scheme == "ws" and not loopback(parts.hostname or ""):
        raise wrong("Over ws, the token could be read on the way.", "Use wss.")
    return value


def loopback(host: str) -> bool:
    """Whether a host is this machine."""
    return host == "localhost" or (_is_ip(host) and ip_address(host).is_loopback)


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def text(value: object) -> object:
    """Refuse a text with white space around it: most often a file with Windows line ends was read by a shell."""
    if not isinstance(value, str) or value == value.strip():
        return value
    where = "begins" if value != value.lstrip() else "ends"
    rest = value[: len(value) - len(value.lstrip())] or value[len(value.rstrip()) :]
    if "\r" in rest:
        raise wrong(
            f"It {where} in a carriage return (\\r).", "Save the file it comes from with Unix line ends."
        )
    raise wrong(f"It {where} in white space.", "Remove the space, tab or line end.")


def lower(value: object) -> object:
    """Take a word of a fixed list in capitals too."""
    return value.lower() if isinstance(value, str) else value


def user_name(value: str) -> str:
    """Accept a user name of HTTP's Basic authentication."""
    if ":" in value or not value.isprintable():
        raise wrong("A user name has no colon.", "Give the name alone.")
    return value


def secret(value: SecretStr) -> SecretStr:
    """Accept what can stand in a header of HTTP."""
    if not _HEADER.fullmatch(value.get_secret_value()):
        raise wrong("It has spaces or characters beyond ASCII.", "Copy it once more, alone.")
    return value


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
    if value.lower() == "off":
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
PlatformUrl = Annotated[str, AfterValidator(platform_url)]
HeartbeatUrl = Annotated[str, AfterValidator(heartbeat)]
ProxyUrl = Annotated[str, AfterValidator(proxy_url)]
HeaderSecret = Annotated[SecretStr, AfterValidator(secret)]
LOWER = BeforeValidator(lower)
UserName = Annotated[str, AfterValidator(user_name)]
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
