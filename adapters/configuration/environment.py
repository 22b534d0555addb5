"""What the environment and `.env` say, and what a table takes from there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from dotenv import dotenv_values

from adapters.configuration.problems import Problem, SettingsError, Unusable, meant, unreadable
from adapters.configuration.secret_file import secret_in
from adapters.configuration.table import Table

OWN = "CLEW_"
DOT_ENV = ".env"
SECRETS = "CLEW_SECRETS"
FILE = "_FILE"
SERVICE_LINK = re.compile(
    r"CLEW(_[A-Z0-9_]+)?_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)"
)
"""What Kubernetes puts into every container beside a service that is named as we are, unless it is told not to."""


def variables() -> Mapping[str, str]:
    """Return the environment over `.env`, names in capitals; "" where it is set to nothing. Raises `SettingsError`.

    A file in the folder CLEW_SECRETS that is named as a variable counts as if that variable's NAME_FILE named it.
    """
    try:
        from_file = dotenv_values(DOT_ENV, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(error, DOT_ENV, "Check its permissions, and save it as UTF-8.") from None
    found: dict[str, str] = {}
    for name, value in (*from_file.items(), *os.environ.items()):
        found[name.upper()] = value or found.get(name.upper(), "")
    files = _in_folder(found.get(SECRETS, ""))
    return found | {name: path for name, path in files.items() if not found.get(name)}


def _in_folder(folder: str) -> Mapping[str, str]:
    """Return the variables that files in a folder stand for. Raises `SettingsError` where it cannot be read."""
    if not folder.strip():
        return {}
    try:
        files = [
            file for file in Path(folder).iterdir() if file.is_file()
        ]  # beside them, mounts have folders
    except OSError as error:
        what = f"The folder cannot be read ({error.strerror})."
        raise SettingsError([Problem(SECRETS, what, "Give a folder that Clew may read.")]) from None
    return {file_of(file.name.upper()): str(file) for file in files}


def given(table: type[Table], names: Mapping[str, str]) -> dict[str, object]:
    """Return what the variables say of a table's fields; what cannot be used stands there as `Unusable`."""
    found: dict[str, object] = {}
    secrets = table.secret_fields()
    for field, variable in table.variables().items():
        value = names.get(variable.name)
        if field in secrets:
            found[field] = _secret(variable.name, names)
        elif value or (variable.empty_is_wrong and value is not None):
            found[field] = value
    return {field: value for field, value in found.items() if value is not None}


def named(tables: Iterable[type[Table]]) -> frozenset[str]:
    """Return the name of every variable that is read for these tables."""
    found = ((table, *pair) for table in tables for pair in table.variables().items())
    return frozenset(
        name
        for table, field, variable in found
        for name in (
            [variable.name, file_of(variable.name)] if field in table.secret_fields() else [variable.name]
        )
    )


def file_of(variable: str) -> str:
    """Return the variable that names the file of a secret."""
    return f"{variable}{FILE}"


def misspelt(names: Mapping[str, str], known: frozenset[str]) -> list[Problem]:
    """Find variables that look like settings and are none: all of CLEW_…, and near misses of the others."""
    found = []
    foreign = (n for n, value in names.items() if value and n not in known and not SERVICE_LINK.fullmatch(n))
    for name in sorted(foreign):
        plain = name.removesuffix(FILE)
        if plain != name and plain in known:
            hint = f"Set {plain}, in the environment or in .env."
            found.append(Problem(name, "It is no secret, so it is not read from a file.", hint))
            continue
        near = meant(name, known, cutoff=0.75 if name.startswith(OWN) else 0.9)
        if near or name.startswith(OWN):
            hint = f"Did you mean {near}?" if near else "The README lists all settings."
            found.append(Problem(name, "Unknown setting.", hint))
    return found


def _secret(name: str, names: Mapping[str, str]) -> object:
    """Return a secret, plain or from its file; None where neither is given."""
    value, path = names.get(name), names.get(file_of(name))
    if value and path:
        return Unusable(f"Both {name} and {file_of(name)} are set.", f"Keep one of them; the file is {path}.")
    if path:
        return secret_in(path, file_of(name))
    if not value:
        return None
    return value.strip() or Unusable(
        "It contains only white space.", "Give the secret, or leave the variable out."
    )
