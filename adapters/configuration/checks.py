"""Checks that all tables share: names, addresses, texts; each error says what helps."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator

from adapters.configuration.problems import wrong
from bot.model import Secret

_HEADER = re.compile(r"[\x21-\x7e]+")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", re.ASCII)


def web_address(value: str) -> str:
    """Accept an address of HTTP without a login, query and fragment; `/` at its end is cut off."""
    if _split(value, "http", "a web address", "https://api.example.com").query:
        raise wrong("It contains a query.", "Give the address only up to the ?.")
    return value.rstrip("/")


def encrypted(value: str) -> str:
    """Accept an address where nobody reads along: keys and tokens go there."""
    _private(urlsplit(value), "keys and tokens")
    return value


def heartbeat(value: Secret) -> Secret:
    """Accept an address to ping, as it is; it is a secret, so without encryption only on this machine."""
    parts = _split(value.reveal(), "http", "a web address", "https://heartbeat.example.com/ID")
    _private(parts, "the address")
    return value


def socket_url(value: str) -> str:
    """Accept a WebSocket's address; without encryption only on this machine, since the token goes there."""
    _private(_split(value, "ws", "the address of a WebSocket", "wss://gateway.example.com"), "the token")
    return value


def _split(value: str, scheme: str, what: str, example: str) -> SplitResult:
    """Split an address of a scheme, encrypted or not, that has no login and no fragment."""
    parts = _address(value)
    if parts is None or parts.scheme not in {scheme, f"{scheme}s"} or parts.username or parts.fragment:
        raise wrong(f"This is not {what}.", f"Give it like {example}.")
    return parts


def _private(parts: SplitResult, what: str) -> None:
    """Refuse to send something without encryption beyond this machine."""
    if not parts.scheme.endswith("s") and not loopback(parts.hostname or ""):
        raise wrong(f"Over {parts.scheme}, {what} could be read on the way.", f"Use {parts.scheme}s.")


PROXY_FORM = "http://proxy.example.com:3128"


def certificates(value: Path) -> Path:
    """Accept a file of certificates to trust."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=value)
    except ssl.SSLError:
        raise wrong(
            f"The file {value} has no certificate in PEM form.",
            f"It has to begin with -----BEGIN CERTIFICATE-----. Try: openssl x509 -in {value} -out ca.pem",
        ) from None
    except FileNotFoundError:
        raise wrong(f"There is no file {value}.", "Check the path.") from None
    except OSError as error:
        raise wrong(
            f"The file {value} cannot be read ({error.strerror}).", "Check its permissions."
        ) from None
    return value


MOST_REQUESTS = 100_000


def request_rate(value: int) -> int:
    """Accept a number of requests a minute."""
    if not 1 <= value <= MOST_REQUESTS:
        raise wrong("This number of requests is out of range.", f"Give 1 to {MOST_REQUESTS}.")
    return value


def proxy_url(value: str) -> str:
    """Accept the address of an HTTP proxy, with a user and a password where it wants them."""
    parts = _address(value)
    if parts is None or parts.scheme not in {"http", "https"} or parts.path.strip("/") or parts.query:
        raise wrong("This is not an HTTP proxy address.", f"Give it like {PROXY_FORM}.")
    return value


def proxy_given(value: object) -> object:
    """Refuse a proxy that is named without an address: everything would go around the one that was meant."""
    if isinstance(value, str) and not value.strip():
        what = "It contains only white space." if value else "It is set but empty."
        raise wrong(what, f"Give it like {PROXY_FORM}, or remove the line.")
    return value


def _address(value: str) -> SplitResult | None:
    """Split an address that has a host and a port that can be; None for anything else."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return None
    return parts if can_be_host(parts.hostname or "") and value.isprintable() and " " not in value else None


_LABEL = re.compile(r"[A-Za-z0-9_-]{1,63}", re.ASCII)
_LONGEST = 254  # characters; a name has fewer


def can_be_host(text: str) -> bool:
    """Whether a text can be the name or address of a host: nothing else gets as far as a look-up."""
    try:
        name = text[:_LONGEST].encode("idna").decode("ascii").removesuffix(".")
    except UnicodeError:
        return is_ip(text)
    return is_ip(text) or (len(text) < _LONGEST and all(map(_LABEL.fullmatch, name.split("."))))


def loopback(host: str) -> bool:
    """Whether a host is this machine."""
    return host == "localhost" or (is_ip(host) and ip_address(host).is_loopback)


def is_ip(host: str) -> bool:
    """Whether a host is an address of the Internet protocol."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def secret_text(value: object) -> object:
    """Keep a text as a secret."""
    return Secret(value) if isinstance(value, str) else value


def text(value: object) -> object:
    """Refuse a text with white space around it: most often a file with Windows line ends was read by a shell."""
    if not isinstance(value, str) or value == value.strip():
        return value
    where = "begins" if value != value.lstrip() else "ends"
    rest = value[: len(value) - len(value.lstrip())] or value[len(value.rstrip()) :]
    if "\r" in rest:
        raise wrong(f"It {where} in a carriage return (\\r).", "Save its file with Unix line endings.")
    raise wrong(f"It {where} in white space.", "Remove the space, tab or line break.")


def lower(value: object) -> object:
    """Take a word of a fixed list in capitals too."""
    return value.lower() if isinstance(value, str) else value


def header(value: Secret) -> Secret:
    """Accept a secret that can stand in a header of HTTP."""
    if not _HEADER.fullmatch(value.reveal()):
        raise wrong("It contains spaces or non-ASCII characters.", "Copy only the secret, once more.")
    return value


LEAST_WEBHOOK_SECRET = 12


def webhook_secret(value: Secret) -> Secret:
    """Accept a secret that signs webhooks and that nobody guesses."""
    if len(value.reveal()) < LEAST_WEBHOOK_SECRET:
        raise wrong(
            f"It is shorter than {LEAST_WEBHOOK_SECRET} characters.",
            "Make one with `openssl rand -hex 32` and give it to the platform too.",
        )
    return value


LEAST_PAGE_TOKEN = 24


def page_token(value: Secret) -> Secret:
    """Accept a token that opens a page and that nobody guesses."""
    if len(value.reveal()) < LEAST_PAGE_TOKEN:
        raise wrong(
            f"It is shorter than {LEAST_PAGE_TOKEN} characters.", "Make one with `openssl rand -hex 32`."
        )
    return value


_FIELD = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}", re.ASCII)
_TAKEN = frozenset({"authorization", "cookie", "host", "connection", "content-length", "content-type", "forwarded",
                    "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"})  # fmt: skip


def user_header(value: str) -> str:
    """Accept the name of a header in which a proxy names the user, and nothing else stands."""
    if not _FIELD.fullmatch(value):
        raise wrong("This is not the name of a header.", "Give it like X-Forwarded-User.")
    if value.lower() in _TAKEN:
        raise wrong(f"{value} says something else than the user.", "Give it like X-Forwarded-User.")
    return value


def network(value: object) -> object:
    """Accept an address or a network of them, and not all there are."""
    if not isinstance(value, str):
        return value
    try:
        found = ip_network(value)
    except ValueError as error:
        bits = " Its last part is beyond the slash." if "host bits" in str(error) else ""
        raise wrong(
            f"This is not an address or a network.{bits}", 'Give it like "10.0.0.7" or "10.0.0.0/24".'
        ) from None
    if found.prefixlen == 0:
        raise wrong(
            "This is everybody.", "Give the address of the proxy alone: whoever has it may be anyone."
        )
    return found


def hooks_url(value: str) -> str:
    """Accept a public address of webhooks, without a login, query and fragment; platforms want it encrypted."""
    if not web_address(value).startswith("https:"):
        raise wrong("It does not begin with https.", "Give it like https://clew.example.com/hooks.")
    return web_address(value)


def name(value: str) -> str:
    """Accept a name that can be said as one word."""
    if not _NAME.fullmatch(value):
        raise wrong("A name must be one word.", "Use up to 40 letters, digits, hyphens and underscores.")
    return value


_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.ASCII)


def mail_domain(value: str) -> str:
    """Accept the part of mail addresses behind the @, in small letters."""
    domain = value.lower()
    if not _DOMAIN.fullmatch(domain):
        raise wrong("This is not a mail domain.", 'Give it like "example.com".')
    return domain


HIGHEST_PORT = 65_535


def listening(example: str, *, off: bool) -> Callable[[object], object]:
    """Return what reads HOST:PORT, and where it may be `off` that as None; the example is the usual one."""
    how = f'Give it like "{example}"{", or off" if off else ""}.'

    def listen(value: object) -> object:
        if not isinstance(value, str):
            return value
        if off and value.lower() == "off":
            return None
        host, _, port = value.rpartition(":")
        if not host:
            raise wrong(_NO_ADDRESS, f"It names no host or no port. {how}")
        if not port.isascii() or not port.isdigit() or not 0 < int(port) <= HIGHEST_PORT:
            raise wrong(_NO_ADDRESS, f"Its port is no number from 1 to {HIGHEST_PORT}. {how}")
        return host.strip("[]"), int(port)

    return listen


_NO_ADDRESS = "This is not an address to listen on."


LEAST_SECONDS, MOST_SECONDS = 1.0, 86_400.0


def poll_seconds(value: float) -> float:
    """Accept an interval between polls, in seconds."""
    if not LEAST_SECONDS <= value <= MOST_SECONDS:
        raise wrong("This interval is out of range.", "Give 60 to 86400; 1 is the minimum.")
    return value


SecretText = Annotated[Secret, BeforeValidator(secret_text)]
WebAddress = Annotated[str, AfterValidator(web_address)]
BaseUrl = Annotated[WebAddress, AfterValidator(encrypted)]
Certificates = Annotated[Path, AfterValidator(certificates)]
RequestRate = Annotated[int, AfterValidator(request_rate)]
HeartbeatUrl = Annotated[SecretText, AfterValidator(heartbeat)]
ProxyUrl = Annotated[str, AfterValidator(proxy_url)]
HeaderSecret = Annotated[SecretText, AfterValidator(header)]
WebhookSecret = Annotated[SecretText, AfterValidator(webhook_secret)]
PageToken = Annotated[HeaderSecret, AfterValidator(page_token)]
UserHeader = Annotated[str, AfterValidator(user_header)]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(network)]
HooksUrl = Annotated[str, AfterValidator(hooks_url)]
LOWER = BeforeValidator(lower)
SocketUrl = Annotated[str, AfterValidator(socket_url)]
Name = Annotated[str, AfterValidator(name)]
MailDomain = Annotated[str, AfterValidator(mail_domain)]
PollSeconds = Annotated[float, AfterValidator(poll_seconds)]
