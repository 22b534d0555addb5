"""All settings: from the environment, `.env`, secret files and an optional TOML file, checked as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr, ValidationError

from adapters.configuration import checks, cross_checks, environment, file
from adapters.configuration.connections import connections
from adapters.configuration.environment import Environment
from adapters.configuration.file import DEFAULT_FILE, File
from adapters.configuration.problems import SettingsError, of_environment
from adapters.configuration.secret_file import FileSecret
from adapters.configuration.values import Connection, Discord, Operator, Slack
from bot.command import Preset
from bot.model import Secret
from bot.state import Subscription

POLITE_SECONDS = 60.0  # the platform's own client asks no more often


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set. `roles` and `places` hold ids by role name; `warnings` are full sentences."""

    connections: tuple[Connection, ...]
    database_url: Secret = field(default_factory=lambda: Secret("sqlite:///clew.db"))
    poll_seconds: float = POLITE_SECONDS
    read_only: bool = False
    log_level: str = "info"
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)
    places: Mapping[str, frozenset[str]] = field(default_factory=dict)
    recipient_domains: frozenset[str] = frozenset()  # where mail may go; none: to the requester alone
    watches: tuple[Subscription, ...] = ()
    presets: Mapping[str, Preset] = field(default_factory=dict)
    slack: Slack | None = None
    discord: Discord | None = None
    web: tuple[str, int] | None = ("127.0.0.1", 8080)
    operator: Operator = field(default_factory=Operator)
    warnings: tuple[str, ...] = ()

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every secret value, for the redactor."""
        found: list[Secret | None] = [self.database_url, self.operator.heartbeat]
        for connection in self.connections:
            found += [connection.api_key, connection.password]
        if self.slack:
            found += [self.slack.bot_token, self.slack.app_token, self.slack.signing_secret]
        if self.discord:
            found.append(self.discord.token)
        # One that is read again from its file is masked as it was, too.
        before = [secret.first for secret in found if isinstance(secret, FileSecret)]
        return tuple(secret for secret in (*found, *before) if secret)


def load() -> Settings:
    """Read and check everything. Raises `SettingsError`, which lists all that is wrong at once."""
    names = environment.variables()
    problems = environment.misspelt(names)
    named = (names.get("clew_config") or "").strip()  # white space is told of by its own check
    path = Path(named or DEFAULT_FILE)
    env, content, config = None, None, None
    try:
        env = Environment()
    except ValidationError as error:
        problems += of_environment(error)
    try:
        content = file.parse(path) if named or path.exists() else {}
        config = file.check(content, path)
    except SettingsError as error:
        problems += error.problems
    problems += cross_checks.problems(cross_checks.given(names), content)
    if problems or env is None or config is None:
        raise SettingsError(problems)
    return _settings(env, config)


def _settings(env: Environment, config: File) -> Settings:
    return Settings(
        connections=tuple(connections(env, config)),
        database_url=Secret(env.database_url.get_secret_value()),
        poll_seconds=env.clew_poll_seconds,
        read_only=env.clew_read_only or config.read_only,
        log_level=env.clew_log_level,
        roles={role: frozenset(ids) for role, ids in config.roles},
        places={role: frozenset(ids) for role, ids in config.places if ids is not None},
        recipient_domains=frozenset(config.recipient_domains),
        watches=tuple(_subscription(watch) for watch in config.watch),
        presets={p.name: Preset(name=p.name, launcher=p.launcher, values=p.values) for p in config.preset},
        slack=_slack_settings(env, config),
        discord=_discord_settings(env, config),
        web=checks.listen(config.web.listen),
        operator=_operator(config),
        warnings=tuple(_warnings(env, config)),
    )


def _subscription(watch: file.WatchTable) -> Subscription:
    return Subscription(
        channel=watch.channel,
        connection=watch.connection,
        launcher=watch.launcher,
        source=watch.source,
        outcomes=frozenset(watch.outcomes),
        report_links=watch.report_links,
        from_settings=True,
    )


def _slack_settings(env: Environment, config: File) -> Slack | None:
    if not env.slack_bot_token:
        return None
    return Slack(
        bot_token=Secret(env.slack_bot_token.get_secret_value()),
        app_token=_revealed(env.slack_app_token),
        signing_secret=_revealed(env.slack_signing_secret),
        api_url=env.slack_api_url,
        workspaces=frozenset(config.slack.workspaces),
        listen=checks.listen(config.slack.listen) or ("127.0.0.1", 3000),
    )


def _discord_settings(env: Environment, config: File) -> Discord | None:
    if not env.discord_token:
        return None
    return Discord(
        token=Secret(env.discord_token.get_secret_value()),
        api_url=env.discord_api_url,
        gateway_url=env.discord_gateway_url,
        proxy=env.discord_https_proxy,
        guilds=frozenset(config.discord.guilds),
    )


def _operator(config: File) -> Operator:
    heartbeat = config.operator.heartbeat
    return Operator(channel=config.operator.channel, heartbeat=Secret(heartbeat) if heartbeat else None)


def _revealed(secret: SecretStr | None) -> Secret | None:
    return Secret(secret.get_secret_value()) if secret else None


def _warnings(env: Environment, config: File) -> Iterator[str]:
    if env.clew_poll_seconds < POLITE_SECONDS:
        yield f"CLEW_POLL_SECONDS is {env.clew_poll_seconds:g}; below 60 the platform may slow Clew down."
    paths = dict(environment.secret_paths())
    for table in config.connection:
        for path in (table.api_key_file, table.password_file):
            if path:
                paths[f"connection {table.name}"] = path
    yield from _proxies(env, config)
    yield from _unheard(env, config)
    for where, path in paths.items():
        if environment.exposed(path):
            yield f"{where}: everyone on this machine can read {path}. Mend it with: chmod 0400 {path}"


def _unheard(env: Environment, config: File) -> Iterator[str]:
    """Say where what an operator is told waits for a chat that is off."""
    chat = (config.operator.channel or "").partition(":")[0]
    tokens = {
        "slack": ("SLACK_BOT_TOKEN", env.slack_bot_token),
        "discord": ("DISCORD_TOKEN", env.discord_token),
    }
    variable, token = tokens.get(chat, ("", None))
    if variable and not token:
        yield f"[operator] channel is in {chat}, which is off: set {variable}, or nobody is told there."


def _proxies(env: Environment, config: File) -> Iterator[str]:
    """Say where the tenant cannot be known: its report links then lead to an address that nobody vouches for."""
    connections = {"ANTITHESIS_TENANT": (env.antithesis_tenant, env.antithesis_base_url)}
    connections |= {f"connection {c.name}, tenant": (c.tenant, c.base_url) for c in config.connection}
    for where, (tenant, base_url) in connections.items():
        if base_url and not tenant and not checks.own_address(base_url):
            yield (
                f"{where} is not set and the address is not the tenant's own, so its report links cannot be "
                "checked and are not shown. Set it too."
            )
