"""Settings from environment variables, `.env`, and secret files named by `*_FILE`."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from adapters.configuration import checks
from adapters.configuration.checks import (
    LOWER,
    BaseUrl,
    HeaderSecret,
    PlatformUrl,
    PollSeconds,
    ProxyUrl,
    SocketUrl,
    Tenant,
    UserName,
)
from adapters.configuration.database import read_address
from adapters.configuration.problems import Problem, SettingsError, wrong
from adapters.configuration.tokens import (
    DiscordToken,
    PlatformKey,
    SlackAppToken,
    SlackBotToken,
    SlackSigningSecret,
)
from bot.errors import UserError

LONGEST_SECRET = 16_384  # bytes; a larger file is not a secret
PROXIES = ("antithesis_https_proxy", "discord_https_proxy")  # set to nothing they are refused, not unset


@dataclass(frozen=True, slots=True)
class Unusable:
    """Stands for a secret whose file cannot be used; validation turns it into a problem."""

    what: str
    hint: str


def _usable(value: object) -> object:
    if isinstance(value, Unusable):
        raise wrong(value.what, value.hint)
    if not isinstance(value, str):
        return value
    if not (text := value.strip()):
        raise wrong("There is nothing but white space in it.", "Give the secret, or leave the variable out.")
    return text


def _database(value: SecretStr) -> SecretStr:
    try:
        read_address(value.get_secret_value())
    except UserError as error:
        raise wrong(error.problem, error.hint) from None
    return value


FROM_FILE = BeforeValidator(_usable)
DatabaseUrl = Annotated[SecretStr, FROM_FILE, AfterValidator(_database)]


class Environment(BaseSettings):
    """Every setting that is not a list, under the name that the README's table shows in capitals."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
        frozen=True,
    )

    antithesis_tenant: Tenant | None = Field(
        default=None, description="the tenant: `acme` for https://acme.antithesis.com"
    )
    antithesis_base_url: PlatformUrl | None = Field(
        default=None,
        description="the address to talk to where it is not the tenant's own (a proxy, `clew simulate`)",
    )
    antithesis_api_key: Annotated[PlatformKey, FROM_FILE] | None = Field(
        default=None, description="the key for everything: reading, launching, debugging"
    )
    antithesis_username: UserName | None = Field(
        default=None, description="not needed: accepted for older set-ups, the key is what is used"
    )
    antithesis_password: Annotated[HeaderSecret, FROM_FILE] | None = Field(
        default=None, description="as above"
    )
    antithesis_https_proxy: ProxyUrl | None = Field(
        default=None,
        description="an HTTP proxy to go through; those of the environment are never used by themselves",
    )
    slack_bot_token: Annotated[SlackBotToken, FROM_FILE] | None = Field(
        default=None, description="bot token (`xoxb-…`); without it Slack is off"
    )
    slack_app_token: Annotated[SlackAppToken, FROM_FILE] | None = Field(
        default=None, description="app token (`xapp-…`) for Socket Mode"
    )
    slack_signing_secret: Annotated[SlackSigningSecret, FROM_FILE] | None = Field(
        default=None, description="for HTTP mode instead of Socket Mode"
    )
    slack_api_url: BaseUrl | None = Field(default=None, description="another address of Slack's API")
    discord_token: Annotated[DiscordToken, FROM_FILE] | None = Field(
        default=None, description="bot token; without it Discord is off"
    )
    discord_api_url: BaseUrl | None = Field(default=None, description="another address of Discord's API")
    discord_gateway_url: SocketUrl | None = Field(
        default=None, description="another address of Discord's gateway"
    )
    discord_https_proxy: ProxyUrl | None = Field(
        default=None, description="an HTTP proxy for everything that goes to Discord"
    )
    database_url: DatabaseUrl = Field(
        default=SecretStr("sqlite:///clew.db"), description="SQLite file or PostgreSQL (`postgresql://…`)"
    )
    clew_config: Path | None = Field(
        default=None, description="the TOML file; `clew.toml` is read when it is there"
    )
    clew_poll_seconds: PollSeconds = Field(
        default=60, description="how often runs are looked for; 60 is the polite minimum"
    )
    clew_read_only: bool = Field(
        default=False, description="`true`: nothing is launched, debugged or changed"
    )
    clew_log_level: Annotated[Literal["debug", "info", "warning", "error"], LOWER] = Field(
        default="info", description="how much is logged: `debug`, `info`, `warning` or `error`"
    )

    @field_validator("*", mode="before")
    @classmethod
    def _no_white_space(cls, value: object, info: ValidationInfo) -> object:
        """Refuse white space around a value; only of a secret it is cut off, since files end in a line end."""
        return value if info.field_name in secrets() else checks.text(value)

    # It has to stand below the one for every field: the last one is asked first.
    _proxy_is_given = field_validator(*PROXIES, mode="before")(checks.proxy_given)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let secret files stand before plain variables, and the environment before `.env`."""
        return SecretFiles(settings_cls), env_settings, dotenv_settings, EmptyProxies(settings_cls)


class SecretFiles(PydanticBaseSettingsSource):
    """Reads `NAME_FILE` for every secret `NAME`, so that no secret has to stand in the environment."""

    def get_field_value(
        self,
        field: FieldInfo,  # noqa: ARG002 - the library's signature
        field_name: str,
    ) -> tuple[Any, str, bool]:
        """Return a secret's text, or why its file cannot be used; None where no file is named."""
        names = variables()
        path = names.get(f"{field_name}_file")
        if not path or field_name not in secrets():
            return None, field_name, False
        if path != path.strip():
            padded = f"{field_name.upper()}_FILE begins or ends in white space."
            return Unusable(padded, "Remove the space or line end."), field_name, False
        if names.get(field_name):
            both = f"Both {field_name.upper()} and {field_name.upper()}_FILE are set."
            return Unusable(both, "Keep one of them."), field_name, False
        return read_secret(Path(path)), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the secrets that are in files."""
        found = {n: self.get_field_value(f, n)[0] for n, f in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


class EmptyProxies(PydanticBaseSettingsSource):
    """Finds proxies that are set to nothing, which no other source shows; validation refuses them."""

    def get_field_value(
        self,
        field: FieldInfo,  # noqa: ARG002 - the library's signature
        field_name: str,
    ) -> tuple[Any, str, bool]:
        """Return "" for a proxy that is named without a value, None for anything else."""
        if field_name not in PROXIES:
            return None, field_name, False
        sources = (EnvSettingsSource, DotEnvSettingsSource)
        named = any(field_name in read(Environment, env_ignore_empty=False).env_vars for read in sources)
        return "" if named else None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return them; a value of any other source stands over them."""
        found = {n: self.get_field_value(f, n)[0] for n, f in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def secrets() -> tuple[str, ...]:
    """Return the names of all secrets, in lower case."""
    return tuple(n for n, field in Environment.model_fields.items() if "SecretStr" in str(field.annotation))


def read_secret(path: Path) -> str | Unusable:
    """Read a secret's file; white space around it is cut off."""
    try:
        with path.open("rb") as file:
            text = file.read(LONGEST_SECRET + 1)
        if len(text) > LONGEST_SECRET:
            return Unusable(f"The file {path} is too long for a secret.", "Name the secret's own file.")
        value = text.decode("utf-8").strip()
    except FileNotFoundError:
        return Unusable(f"There is no file {path}.", "Check the path.")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        return Unusable(
            f"The file {path} cannot be read ({reason}).", "Check its rights: mode 0400, owner Clew."
        )
    return value or Unusable(f"The file {path} is empty.", "Write the secret into it.")


def exposed(path: Path) -> bool:
    """Whether everyone on this machine may read a secret's file."""
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


def variables() -> Mapping[str, str | None]:
    """Return the environment over `.env`, names in lower case; empty means unset. Raises `SettingsError`."""
    try:
        from_file = DotEnvSettingsSource(Environment).env_vars
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        hint = "Check its rights, and save it as UTF-8."
        raise SettingsError([Problem(".env", f"The file cannot be read ({reason}).", hint)]) from None
    both = {**from_file, **EnvSettingsSource(Environment).env_vars}
    return {name.lower(): value for name, value in both.items() if value}


def misspelt(names: Iterable[str]) -> list[Problem]:
    """Find variables that look like settings and are none: all of CLEW_…, and near misses of the others."""
    known = [*Environment.model_fields, *(f"{n}_file" for n in secrets())]
    found = []
    for name in sorted(set(names) - set(known)):
        near = get_close_matches(name, known, n=1, cutoff=0.75 if name.startswith("clew_") else 0.9)
        if near or name.startswith("clew_"):
            hint = f"Did you mean {near[0].upper()}?" if near else "The README lists all settings."
            found.append(Problem(name.upper(), "There is no such setting.", hint))
    return found


def secret_paths() -> dict[str, Path]:
    """Return the files that secrets are read from, by variable."""
    names = variables()
    files = {f"{n}_file": names.get(f"{n}_file") for n in secrets()}
    return {name.upper(): Path(path) for name, path in files.items() if path}


def environment_names() -> frozenset[str]:
    """Return every variable's name that a setting is read from, in capitals."""
    return frozenset(
        [*(n.upper() for n in Environment.model_fields), *(f"{n.upper()}_FILE" for n in secrets())]
    )
