"""The connections of the environment and of the file, each checked whole."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from adapters.configuration.environment import Environment, Unusable, read_secret
from adapters.configuration.file import ConnectionTable, File
from adapters.configuration.problems import Problem
from adapters.configuration.values import Connection
from bot.model import Secret


def in_environment(env: Environment) -> bool:
    """Whether the environment describes a connection, whole or in part."""
    return bool(env.antithesis_tenant or env.antithesis_base_url or env.antithesis_api_key)


def connections(env: Environment, config: File, problems: list[Problem]) -> list[Connection]:
    """Return every usable connection, the environment's first; what is wrong is added to `problems`."""
    tables = [(f"connection {number}, ", "", table) for number, table in enumerate(config.connection, 1)]
    if in_environment(env):
        tables.insert(0, ("", "ANTITHESIS_", _environment_table(env)))
    found = (_connection(table, where, prefix, config, problems) for where, prefix, table in tables)
    return [connection for connection in found if connection]


def _environment_table(env: Environment) -> ConnectionTable:
    return ConnectionTable.model_construct(
        name="default",
        tenant=env.antithesis_tenant,
        base_url=env.antithesis_base_url,
        api_key=env.antithesis_api_key,
        username=env.antithesis_username,
        password=env.antithesis_password,
        proxy=env.antithesis_https_proxy,
    )


def _connection(
    table: ConnectionTable, where: str, prefix: str, config: File, problems: list[Problem]
) -> Connection | None:
    def key(name: str) -> str:
        return f"{where}{prefix.upper()}{name.upper() if prefix else name}"

    before = len(problems)
    if table.tenant and table.base_url:
        problems.append(
            Problem(key("base_url"), "A tenant and an address are both given.", "Keep one of them.")
        )
    if not table.tenant and not table.base_url:
        problems.append(Problem(key("tenant"), "It is missing.", "Give the tenant's name, or an address."))
    api_key = _secret(table.api_key, table.api_key_file, key("api_key"), problems)
    password = _secret(table.password, table.password_file, key("password"), problems)
    if not api_key and len(problems) == before:
        problems.append(
            Problem(key("api_key"), "It is missing.", "Make a key on the tenant's settings page.")
        )
    if bool(table.username) != bool(password):
        lacking = "password" if table.username else "username"
        problems.append(
            Problem(key(lacking), "It is missing.", "Launching needs both; without both it is off.")
        )
    if len(problems) > before or not api_key:
        return None
    return Connection(
        name=table.name,
        base_url=table.base_url or f"https://{table.tenant}.antithesis.com",
        tenant=table.tenant,
        api_key=api_key,
        username=table.username,
        password=password,
        proxy=table.proxy,
        report_links=table.report_links or config.report_links,
        launchers=table.launchers,
    )


def _secret(value: SecretStr | None, path: Path | None, where: str, problems: list[Problem]) -> Secret | None:
    if value and path:
        problems.append(Problem(where, "It is given twice, plainly and as a file.", "Keep one of them."))
    if path is None:
        return Secret(value.get_secret_value()) if value else None
    text = read_secret(path)
    if isinstance(text, Unusable):
        problems.append(Problem(f"{where}_file", text.what, text.mend))
        return None
    return Secret(text)
