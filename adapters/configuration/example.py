"""`.env.example` and the README's table of settings, written from the settings themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from adapters.configuration.table import Table
from bot.model import Secret

HEAD = """# Copy this file to `.env` and fill in what you use; what is left out keeps its default.
# Every secret NAME may also be given as a file: NAME_FILE=/run/secrets/NAME
# ${NAME} is replaced by that variable's value everywhere, also between single quotes, and there is no way to escape
# it: a secret with ${ in it belongs in a file.
"""

Sections = Iterable[tuple[str, type[Table]]]


def env_example(sections: Sections) -> str:
    """Write `.env.example`: every variable with its meaning, all of them commented out."""
    parts = [HEAD]
    for title, table in sections:
        lines = [f"# --- {title}"]
        for field, variable in table.variables().items():
            lines += [f"# {variable.meaning}", f"#{variable.name}={_default(table, field)}"]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def settings_table(sections: Sections) -> str:
    """Write the README's table: variable, meaning, default."""
    rows = [row for _, table in sections for row in _rows(table)]
    return "\n".join(["| variable | meaning | default |", "|---|---|---|", *rows])


def _rows(table: type[Table]) -> Iterator[str]:
    secrets = table.secret_fields()
    for field, variable in table.variables().items():
        default = _default(table, field)
        shown = f"`{default}`" if default else ""
        yield f"| `{variable.name}`{' *' if field in secrets else ''} | {variable.meaning} | {shown} |"


def _default(table: type[Table], field: str) -> str:
    known = table.model_fields[field]
    if known.is_required() or known.default is None:
        return ""
    if isinstance(known.default, Secret):
        return known.default.reveal()
    return f"{known.default:g}" if isinstance(known.default, float) else str(known.default).lower()
