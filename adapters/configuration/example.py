"""`.env.example` and the README's table of settings, written from the settings themselves."""

from __future__ import annotations

from itertools import groupby

from pydantic import SecretStr

from adapters.configuration.environment import Environment, secrets

HEAD = """# Copy this file to `.env` and fill in what you use; what is left out keeps its default.
# Every secret may also be given as a file: ANTITHESIS_API_KEY_FILE=/run/secrets/antithesis_api_key
# ${NAME} is replaced by that variable's value everywhere, also between single quotes, and there is no way to escape
# it: a secret with ${ in it belongs in a file.
"""

SECTIONS = {
    "antithesis": "The test platform",
    "slack": "Slack",
    "discord": "Discord",
    "database": "Clew itself",
    "clew": "Clew itself",
}


def env_example() -> str:
    """Write `.env.example`: every variable with its meaning, all of them commented out."""
    parts = [HEAD]
    for section, names in groupby(Environment.model_fields, key=lambda n: SECTIONS[n.partition("_")[0]]):
        lines = [f"# --- {section}"]
        for name in names:
            lines += [f"# {_meaning(name)}", f"#{name.upper()}={_default(name)}"]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def settings_table() -> str:
    """Write the README's table: variable, meaning, default."""
    rows = [
        f"| `{name.upper()}`{' *' if name in secrets() else ''} | {_meaning(name)} | {_shown(name)} |"
        for name in Environment.model_fields
    ]
    return "\n".join(["| variable | meaning | default |", "|---|---|---|", *rows])


def _meaning(name: str) -> str:
    return Environment.model_fields[name].description or ""


def _default(name: str) -> str:
    default = Environment.model_fields[name].default
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    return "" if default is None else str(default).lower()


def _shown(name: str) -> str:
    return f"`{_default(name)}`" if _default(name) else ""
