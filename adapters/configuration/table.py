"""A table of the settings: one frozen model, filled from variables, from the TOML file, or from both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from adapters.configuration.checks import (
    LOWER,
    Certificates,
    HeaderSecret,
    Name,
    ProxyUrl,
    RequestRate,
    SecretText,
    WebAddress,
    WebhookSecret,
    encrypted,
    loopback,
    proxy_given,
    text,
)
from adapters.configuration.problems import Unusable, wrong
from adapters.configuration.secret_file import FileSecret
from bot.cards import ReportLinks
from bot.model import Secret


@dataclass(frozen=True, slots=True)
class Variable:
    """The variable of the environment that a field is read from; a secret's may name a file as `NAME_FILE`.

    `meaning` stands in the README and in `.env.example`. `alone`: whether setting it says that the thing is wanted.
    `empty_is_wrong`: set to nothing it is refused, where others count as not set.
    """

    name: str
    meaning: str
    alone: bool = True
    empty_is_wrong: bool = False


class Table(BaseModel):
    """What every table has. A field with a `Variable` is read from the environment; the file has the others."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True
    )

    @field_validator("*", mode="before")
    @classmethod
    def _usable(cls, value: object) -> object:
        """Refuse what stands for something unusable, and white space around a text, also in a list."""
        if isinstance(value, Unusable):
            raise wrong(value.what, value.hint, value.key)
        for item in value if isinstance(value, list) else (value,):
            text(item)
        return value

    @classmethod
    def variables(cls) -> dict[str, Variable]:
        """Return the variables by the fields that are read from them; those that say nothing alone come last."""
        found = [
            (name, variable)
            for name, field in cls.model_fields.items()
            for variable in field.metadata
            if isinstance(variable, Variable)
        ]
        return dict(sorted(found, key=lambda pair: not pair[1].alone))

    @classmethod
    def secret_fields(cls) -> frozenset[str]:
        """Return the fields that hold secrets."""
        return frozenset(n for n, field in cls.model_fields.items() if "Secret" in str(field.annotation))

    @classmethod
    def file_keys(cls) -> frozenset[str]:
        """Return every key of a table that is written as a whole in the file; a secret may be named as a file."""
        return frozenset([*cls.model_fields, *map(file_key, cls.secret_fields())])


def file_key(name: str) -> str:
    """Return the key that names the file of a secret."""
    return f"{name}_file"


def secrets_in(value: object) -> Iterator[Secret]:
    """Yield every secret in a table and in those below it; one that is read again also as it was at first."""
    if isinstance(value, Secret):
        yield value
        if isinstance(value, FileSecret):
            yield value.first
    elif isinstance(value, Table):
        for _, item in value:
            yield from secrets_in(item)
    elif isinstance(value, tuple | Mapping):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from secrets_in(item)


class Connection(Table):
    """What a connection to any test platform has; each kind of platform adds its own.

    `notified_by_default`: whether a channel that asks for runs without naming a connection is notified of its runs.
    """

    name: Name
    kind: str
    notified_by_default: bool = False
    proxy: ProxyUrl | None = None
    launchers: tuple[str, ...] = ()  # offered before any of their runs was seen

    _proxy_is_given = field_validator("proxy", mode="before")(proxy_given)

    @property
    def address(self) -> str:
        """The address that it talks to."""
        raise NotImplementedError

    def warnings(self, key: Callable[[str], str]) -> Iterator[str]:
        """Yield full sentences on what will work, but not as people expect; `key` names a field as it was given."""
        del key
        yield from ()


class HttpConnection(Connection):
    """A connection to a platform at an address of its own, whose path belongs to it; a kind adds what proves who asks.

    `ca_file`: certificates to trust beside the usual ones. `allow_http`: whether the key may go over a network
    without encryption. `requests_per_minute`: what the platform allows, None where nothing is known of that.
    """

    allow_http: bool = False
    base_url: WebAddress
    ca_file: Certificates | None = None
    requests_per_minute: RequestRate | None = None

    @field_validator("base_url")
    @classmethod
    def _private(cls, value: str, info: ValidationInfo) -> str:
        """Refuse to send a key without encryption beyond this machine, unless that is asked for by name."""
        if info.data.get("allow_http"):
            return value
        try:
            return encrypted(value)
        except PydanticCustomError as error:
            what = str((error.context or {})["what"])
            variable = cls.variables().get("allow_http")
            way = f"allow_http = true{f' ({variable.name}=true)' if variable else ''}"
            raise wrong(what, f"Use https. Where the network is trusted, {way} allows it.") from None

    @property
    def address(self) -> str:
        """The scheme, host, port and path that every request goes below, without a slash at the end."""
        return self.base_url

    def warnings(self, key: Callable[[str], str]) -> Iterator[str]:
        """Say where keys go over a network that others can read."""
        parts = urlsplit(self.base_url)
        if parts.scheme == "http" and not loopback(parts.hostname or ""):
            yield (
                f"{key('base_url')} is not encrypted: whoever is on the way to {parts.hostname} can read the key "
                "and everything else. Use https as soon as the server has it."
            )


class WithPassword(HttpConnection):
    """A connection that takes a key, or a user's name and password instead; `no_key` says how to make a key."""

    no_key: ClassVar[str] = "Give a key."
    api_key: HeaderSecret | None = None
    username: str | None = None
    password: SecretText | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_way_in(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Say what is missing of either way, and that both are too many, beside what is wrong."""
        found = dict(given)
        key, user, password = (found.get(name) is not None for name in ("api_key", "username", "password"))
        if key and (user or password):
            found["api_key"] = Unusable(
                "A key is given as well as a user.", "Keep one of them, best the key."
            )
        elif user and not password:
            found["password"] = Unusable("It is missing.", "Give the password of the user, best as a file.")
        elif password and not user:
            found["username"] = Unusable(
                "It is missing.", "Give the name of the user whose password this is."
            )
        elif not key and not user:
            found["api_key"] = Unusable("It is missing.", cls.no_key)
        return found


class Reporting(Connection):
    """A connection to a platform whose reports have links that open them; the file can set them for all."""

    report_links: Annotated[ReportLinks, LOWER] = ReportLinks.POST


class Hooked(Connection):
    """A connection to a platform that sends webhooks. `webhook_secret`: what signs them; none: they are refused."""

    webhook_secret: WebhookSecret | None = None
