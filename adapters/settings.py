"""All settings: from the environment, `.env`, secret files and an optional TOML file, checked as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr, ValidationError

from adapters.configuration import checks, environment, file
from adapters.configuration.connections import connections as connections_of
from adapters.configuration.connections import in_environment
from adapters.configuration.environment import Environment
from adapters.configuration.file import DEFAULT_FILE, File
from adapters.configuration.problems import Problem, SettingsError, meant, of_environment
from adapters.configuration.values import Connection, Discord, Slack
from bot.commands.verb import Preset
from bot.model import Secret
from bot.state import Subscription

POLITE_SECONDS = 60.0  # the platform's own client asks no more often
LEAST_SECONDS = 1.0


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
    watches: tuple[Subscription, ...] = ()
    presets: Mapping[str, Preset] = field(default_factory=dict)
    slack: Slack | None = None
    discord: Discord | None = None
    web: tuple[str, int] | None = ("127.0.0.1", 8080)
    warnings: tuple[str, ...] = ()

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every secret value, for the redactor."""
        found: list[Secret | None] = [self.database_url]
        for connection in self.connections:
            found += [connection.api_key, connection.password]
        if self.slack:
            found += [self.slack.bot_token, self.slack.app_token, self.slack.signing_secret]
        if self.discord:
            found.append(self.discord.token)
        return tuple(secret for secret in found if secret)


def load() -> Settings:
    """Read and check everything. Raises `SettingsError`, which lists all that is wrong at once."""
    names = environment.variables()
    problems = environment.misspelt(names)
    env, config = Environment.model_construct(), File()
    try:
        env = Environment()
    except ValidationError as error:
        problems += of_environment(error)
    try:
        config = _file(names.get("clew_config"))
    except SettingsError as error:
        problems += error.problems
    whole = not problems
    problems += _between(env, config) if whole else []
    connections = connections_of(env, config, problems)
    if whole and not connections and not problems:
        problems.append(_no_connection())
    if problems:
        raise SettingsError(problems)
    return _settings(env, config, tuple(connections))


def _file(named: str | None) -> File:
    path = Path(named or DEFAULT_FILE)
    return file.read(path) if named or path.exists() else File()


def _no_connection() -> Problem:
    return Problem(
        "ANTITHESIS_TENANT",
        "No test platform is named.",
        "Set ANTITHESIS_TENANT and ANTITHESIS_API_KEY, in the environment or in .env; `clew demo` needs neither.",
    )


def _between(env: Environment, config: File) -> list[Problem]:
    """Find what only shows when settings are seen together."""
    return [*_poll(env), *_slack(env), *_names(env, config)]


def _poll(env: Environment) -> Iterator[Problem]:
    if not LEAST_SECONDS <= env.clew_poll_seconds <= 86_400:  # noqa: PLR2004 - a day in seconds
        yield Problem(
            "CLEW_POLL_SECONDS", "That would not be a usable interval.", "Give 60 to 86400; 1 is the least."
        )


def _slack(env: Environment) -> Iterator[Problem]:
    if env.slack_bot_token and not (env.slack_app_token or env.slack_signing_secret):
        yield Problem(
            "SLACK_APP_TOKEN",
            "Slack has a bot token, but no way to hear from it.",
            "Set SLACK_APP_TOKEN for Socket Mode, or SLACK_SIGNING_SECRET for HTTP.",
        )
    if env.slack_app_token and not env.slack_bot_token:
        yield Problem(
            "SLACK_BOT_TOKEN", "Slack has an app token, but no bot token.", "Set SLACK_BOT_TOKEN too."
        )


def _names(env: Environment, config: File) -> Iterator[Problem]:
    """Find names that stand twice, and subscriptions to a connection that there is not."""
    known = [c.name for c in config.connection]
    if in_environment(env):
        known.insert(0, "default")
    for name, times in Counter(known).items():
        if times > 1:
            yield Problem("connection", f"Two connections are named “{name}”.", "Give each its own name.")
    for name, times in Counter(p.name for p in config.preset).items():
        if times > 1:
            yield Problem("preset", f"Two presets are named “{name}”.", "Give each its own name.")
    for number, watch in enumerate(config.watch, 1):
        if watch.connection and watch.connection not in known:
            near = meant(watch.connection, known)
            mend = f"Did you mean “{near}”?" if near else f"There is: {', '.join(known)}."
            yield Problem(f"watch {number}, connection", "There is no connection of that name.", mend)


def _settings(env: Environment, config: File, connections: tuple[Connection, ...]) -> Settings:
    return Settings(
        connections=connections,
        database_url=Secret(env.database_url.get_secret_value()),
        poll_seconds=env.clew_poll_seconds,
        read_only=env.clew_read_only or config.read_only,
        log_level=env.clew_log_level,
        roles={role: frozenset(ids) for role, ids in config.roles},
        places={role: frozenset(ids) for role, ids in config.places if ids is not None},
        watches=tuple(_subscription(watch) for watch in config.watch),
        presets={p.name: Preset(name=p.name, launcher=p.launcher, values=p.values) for p in config.preset},
        slack=_slack_settings(env, config),
        discord=_discord_settings(env, config),
        web=checks.listen(config.web.listen),
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
        guilds=frozenset(config.discord.guilds),
    )


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
    for where, path in paths.items():
        if environment.exposed(path):
            yield f"{where}: everyone on this machine can read {path}. Mend it with: chmod 0400 {path}"
