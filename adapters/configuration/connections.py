"""The connections of the environment and of the file, once nothing is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import SecretStr

from adapters.configuration.environment import Environment, Unusable, read_secret, secret_paths
from adapters.configuration.file import ConnectionTable, File
from adapters.configuration.problems import Problem, SettingsError
from adapters.configuration.secret_file import FileSecret
from adapters.configuration.values import Connection
from bot.cards import ReportLinks
from bot.model import Secret


def connections(env: Environment, config: File) -> Iterator[Connection]:
    """Yield every connection, the environment's first. Raises `SettingsError` where a file went away meanwhile."""
    if env.antithesis_api_key:
        yield _connection(_environment_table(env), config.report_links)
    for table in config.connection:
        yield _connection(table, config.report_links)


def _environment_table(env: Environment) -> ConnectionTable:
    files = secret_paths()
    return ConnectionTable(
        name="default",
        tenant=env.antithesis_tenant,
        base_url=env.antithesis_base_url,
        api_key=env.antithesis_api_key,
        api_key_file=files.get("ANTITHESIS_API_KEY_FILE"),
        username=env.antithesis_username,
        password=env.antithesis_password,
        password_file=files.get("ANTITHESIS_PASSWORD_FILE"),
        proxy=env.antithesis_https_proxy,
    )


def _connection(table: ConnectionTable, report_links: ReportLinks) -> Connection:
    return Connection(
        name=table.name,
        base_url=table.base_url or f"https://{table.tenant}.antithesis.com",
        tenant=table.tenant,
        api_key=_secret(table.api_key, table.api_key_file) or Secret(""),
        username=table.username,
        password=_secret(table.password, table.password_file),
        proxy=table.proxy,
        report_links=table.report_links or report_links,
        launchers=table.launchers,
    )


def _secret(value: SecretStr | None, path: Path | None) -> Secret | None:
    if path is None:
        return Secret(value.get_secret_value()) if value else None
    text = read_secret(path)
    if isinstance(text, Unusable):
        raise SettingsError([Problem(str(path), text.what, text.hint)])
    return FileSecret(text, path)
