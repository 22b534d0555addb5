"""The optional TOML file: connections, roles, places, subscriptions, presets; unknown keys are errors."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)

from adapters.configuration.checks import (
    LOWER,
    Address,
    ChannelId,
    DiscordGuild,
    HeaderSecret,
    HeartbeatUrl,
    Listen,
    MailDomain,
    Name,
    PlaceId,
    PlatformUrl,
    Principal,
    ProxyUrl,
    SlackTeam,
    Tenant,
    UserName,
    proxy_given,
    text,
)
from adapters.configuration.problems import Problem, SettingsError, of_file, wrong
from adapters.configuration.tokens import PlatformKey
from bot.cards import ReportLinks
from bot.state import Outcome

DEFAULT_FILE = "clew.toml"
Links = Annotated[ReportLinks, LOWER]


class Table(BaseModel):
    """A table of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @field_validator("*", mode="before")
    @classmethod
    def _no_white_space(cls, value: object) -> object:
        """Refuse white space around a text, also in a list."""
        for item in value if isinstance(value, list) else (value,):
            text(item)
        return value


class ConnectionTable(Table):
    """A test platform's tenant, by a name of one's own."""

    name: Name
    kind: Literal["antithesis"] = "antithesis"
    tenant: Tenant | None = None
    base_url: PlatformUrl | None = None
    api_key: PlatformKey | None = None
    api_key_file: Path | None = None
    username: UserName | None = None
    password: HeaderSecret | None = None
    password_file: Path | None = None
    proxy: ProxyUrl | None = None
    report_links: Links | None = None
    launchers: tuple[str, ...] = ()

    _proxy_is_given = field_validator("proxy", mode="before")(proxy_given)


class RolesTable(Table):
    """Who may do what: ids by role."""

    read: tuple[Principal, ...] = ()
    debug: tuple[Principal, ...] = ()
    launch: tuple[Principal, ...] = ()
    admin: tuple[Principal, ...] = ()


class PlacesTable(Table):
    """Where a role may be used; a role that is left out may be used anywhere."""

    read: tuple[PlaceId, ...] | None = None
    debug: tuple[PlaceId, ...] | None = None
    launch: tuple[PlaceId, ...] | None = None
    admin: tuple[PlaceId, ...] | None = None


class WatchTable(Table):
    """A channel that hears of runs."""

    channel: ChannelId
    connection: str | None = None
    launcher: str | None = None
    source: str | None = None
    outcomes: tuple[Annotated[Outcome, LOWER], ...] = (Outcome.ALL,)
    report_links: Links | None = None


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise wrong("That is not a single value.", "Give a text, a number, true or false.")


class PresetTable(Table):
    """A launch prepared under a name."""

    name: Name
    launcher: str = Field(min_length=1)
    values: Mapping[str, Annotated[str, BeforeValidator(_scalar)]] = {}


class SlackTable(Table):
    """Which Slack workspaces are served; none means the one that the token belongs to."""

    workspaces: tuple[SlackTeam, ...] = ()
    listen: Address = "127.0.0.1:3000"  # signed HTTP only


class DiscordTable(Table):
    """Which Discord servers are served; none means every one that the bot was invited to."""

    guilds: tuple[DiscordGuild, ...] = ()


class WebTable(Table):
    """Where health and metrics are served."""

    listen: Listen = "127.0.0.1:8080"


class OperatorTable(Table):
    """Where an operator is told what needs a person."""

    channel: ChannelId | None = None
    heartbeat: HeartbeatUrl | None = None


class File(Table):
    """The whole file."""

    report_links: Links = ReportLinks.POST
    read_only: bool = False
    recipient_domains: tuple[MailDomain, ...] = ()  # none: mail goes to the requester alone
    connection: tuple[ConnectionTable, ...] = ()
    roles: RolesTable = RolesTable()
    places: PlacesTable = PlacesTable()
    watch: tuple[WatchTable, ...] = ()
    preset: tuple[PresetTable, ...] = ()
    slack: SlackTable = SlackTable()
    discord: DiscordTable = DiscordTable()
    web: WebTable = WebTable()
    operator: OperatorTable = OperatorTable()


def parse(path: Path) -> dict[str, Any]:
    """Return what the file says, unchecked. Raises `SettingsError` where it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        problem = Problem(
            str(path), f"The file cannot be read ({reason}).", "Check CLEW_CONFIG and its rights."
        )
        raise SettingsError([problem]) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([Problem(str(path), f"This is not TOML: {error}.", "")]) from None


def check(content: dict[str, Any], path: Path) -> File:
    """Return the file's settings. Raises `SettingsError` with every value that is wrong."""
    try:
        return File.model_validate(content)
    except ValidationError as error:
        raise SettingsError(of_file(error, str(path), known_keys())) from None


def known_keys() -> dict[str, list[str]]:
    """Return each table's keys by its name; the top level's under ""."""
    keys = {"": list(File.model_fields)}
    for name, field in File.model_fields.items():
        kinds = [field.annotation, *get_args(field.annotation)]
        table = next((k for k in kinds if isinstance(k, type) and issubclass(k, Table)), None)
        if table is not None:
            keys[name] = list(table.model_fields)
    return keys
