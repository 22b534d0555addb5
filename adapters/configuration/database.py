"""Reading DATABASE_URL: a file of SQLite, or PostgreSQL with the parameters that its own client library knows.

https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS names them; the driver reads most of
them, some are settings of the connection here, and what cannot be done is refused by name.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from adapters.configuration.checks import HIGHEST_PORT
from bot.errors import UserError

DEFAULT_PORT = 5432
FORMS = "Write sqlite:///clew.db or postgresql://USER:PASSWORD@HOST/DATABASE."
LEAVE_OUT = "Leave it out of DATABASE_URL."
NOTICED = f"{LEAVE_OUT} Clew notices by itself within seconds that a server is gone."

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
SESSIONS = ("any", "read-write", "read-only", "primary", "standby", "prefer-standby")
TLS_VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
SYSTEM = "system"  # as `sslrootcert`: the certificates that this machine trusts


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """A database in a file of this machine."""

    path: Path

    @property
    def name(self) -> str:
        """The name to use in sentences."""
        return str(self.path)


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A database on one of some servers. `name`, for sentences, has hosts and database, never user or password.

    `dsn` and `options` are what the driver connects with. `pooled`: connections go through a pooler that hands them
    on after each transaction, so nothing may be prepared on them.
    """

    name: str
    dsn: str = field(repr=False)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    pooled: bool = False


DatabaseAddress = SqliteFile | PostgresServer


def read_address(text: str) -> DatabaseAddress:
    """Return what a DATABASE_URL says. Raises `UserError`, which never repeats a value: it may be a password."""
    try:
        parts = _split(text.strip())
    except ValueError:
        raise UserError("This is not a database address.", FORMS) from None
    kind = parts.scheme.partition("+")[0]
    if kind == "sqlite":
        return _sqlite(text.strip(), parts)
    if kind in {"postgresql", "postgres"}:
        return _postgresql(parts)
    what = "Clew does not support this kind of database." if kind else "This is not a database address."
    raise UserError(what, FORMS)


def _split(text: str) -> SplitResult:
    """Split an address; of a list of hosts with an IPv6 address in it Python would say that it is none. Raises `ValueError`."""
    begin, sign, rest = text.partition("://")
    hosts = re.split("[/?#]", rest, maxsplit=1)[0]
    if "," not in hosts:
        return urlsplit(text)
    return urlsplit(f"{begin}{sign}{rest[len(hosts) :]}")._replace(netloc=hosts)


def _sqlite(text: str, parts: SplitResult) -> SqliteFile:
    """Read sqlite:///PATH; a # or % in it is a part of the path."""
    if parts.query:
        raise _refused(parts.query.partition("=")[0], "An SQLite address takes no parameters.", LEAVE_OUT)
    _, _, rest = text.partition(":")
    path = rest.removeprefix("///")
    if path == rest or path in {"", ":memory:"}:
        raise UserError("It names no file, so nothing would survive a restart.", FORMS)
    return SqliteFile(Path(path))


def _postgresql(parts: SplitResult) -> PostgresServer:
    if parts.fragment:
        raise UserError("It contains a #.", "Write it as %23, in a password too.")
    login, _, hosts = parts.netloc.rpartition("@")
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "ssl" in given:  # as drivers of other languages call it
        mode = given.pop("ssl")
        given.setdefault("sslmode", "require" if mode == "true" else mode)
    for name, value in given.items():
        if name not in _PARAMETERS:
            raise _refused(name, "Clew does not support this parameter.", MORE.get(name, LEAVE_OUT))
        _PARAMETERS[name](name, value)
    if given.get("sslrootcert") != SYSTEM:
        _needs_certificates(given)
    passed = {name: value for name, value in given.items() if name in _DRIVER and value != SYSTEM}
    named = hosts
    if "[" in hosts and "," in hosts:  # the driver reads addresses as Python does, but lists of its own
        named, passed = "", {**passed, "host": unquote(hosts)}
    return PostgresServer(
        name=_name(_hosts(hosts), given, parts.path),
        dsn=f"postgresql://{named}{parts.path}?{urlencode(passed)}".rstrip("?"),
        options=dict(_options(login, given)),
        pooled=given.get("pgbouncer") == "true",
    )


def _options(login: str, given: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Yield what the driver takes beside an address, or misreads in one."""
    user, _, password = login.partition(":")
    if user:
        yield "user", unquote(user)
    if password:
        yield "password", unquote(password)
    if seconds := int(
        given.get("connect_timeout", 0)
    ):  # as in libpq, 0 sets no limit: the one of all connections holds
        yield "timeout", float(seconds)
    if settings := {name: given[name] for name in _SERVER if name in given}:
        yield "server_settings", settings
    if given.get("sslrootcert") == SYSTEM:
        yield "ssl", _trusting_this_machine(given)


def _hosts(text: str) -> list[str]:
    """Split HOST:PORT,HOST and check the ports."""
    hosts = [unquote(host) for host in text.split(",")] if text else []
    for host in hosts:
        _, colon, port = host.rpartition("]")[2].rpartition(":")
        if colon and not _is_port(port):
            raise UserError(
                f"A host's port is not a number from 1 to {HIGHEST_PORT}.",
                "In a password, write / @ : # and % as %2F %40 %3A %23 %25.",
            )
    return hosts


def _name(hosts: list[str], given: Mapping[str, str], path: str) -> str:
    port = given.get("port") or DEFAULT_PORT
    named = hosts or given.get("host", "localhost").split(",")
    shown = ",".join(host if ":" in host.rpartition("]")[2] else f"{host}:{port}" for host in named)
    return f"{shown}/{unquote(path.removeprefix('/')) or given.get('dbname', '')}"


def _trusting_this_machine(given: Mapping[str, str]) -> ssl.SSLContext:
    if given.get("sslmode", "verify-full") != "verify-full":
        raise _refused("sslrootcert", "“system” works only with sslmode=verify-full.", "Set that.")
    return ssl.create_default_context()


def _needs_certificates(given: Mapping[str, str]) -> None:
    mode = given.get("sslmode", "")
    if not mode.startswith("verify-") or "sslrootcert" in given or "PGSSLROOTCERT" in os.environ:
        return
    if not Path("~/.postgresql/root.crt").expanduser().exists():
        what = f"“{mode}” needs to know which certificates to trust."
        raise _refused(
            "sslmode", what, "Add sslrootcert=/path/to/ca.pem, or sslmode=verify-full&sslrootcert=system."
        )


def _one_of(*values: str) -> Callable[[str, str], None]:
    def check(name: str, value: str) -> None:
        if value not in values:
            raise _refused(name, "This value is not allowed.", f"Give {', '.join(values)}.")

    return check


def _readable(name: str, value: str) -> None:
    """Refuse a file that is not there: the driver would call the server unreachable."""
    if value == SYSTEM and name == "sslrootcert":
        return
    if not os.access(value, os.R_OK) or Path(value).is_dir():
        raise _refused(
            name, f"The file {value} cannot be read.", "Check the path and the file's permissions."
        )


def _seconds(name: str, value: str) -> None:
    if not (value.isascii() and value.isdigit()):
        raise _refused(name, "This is not a whole number of seconds.", "Give 10, for example.")


def _port(name: str, value: str) -> None:
    if not all(_is_port(port) for port in value.split(",")):
        raise _refused(name, "This is not a port.", f"Give a number from 1 to {HIGHEST_PORT}.")


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text[:6]) <= HIGHEST_PORT


def _binding(name: str, value: str) -> None:
    _one_of("prefer", "disable", "require")(name, value)
    if value == "require":
        what = "“require” is not possible: the driver does not support channel binding."
        raise _refused(name, what, "Leave it out; use sslmode=verify-full to verify the server.")


def _anything(_name: str, _value: str) -> None:
    """Accept a text that only the server can judge."""


def _refused(name: str, what: str, hint: str) -> UserError:
    shown = name[:60] if name.isprintable() else "?"
    return UserError(f"Parameter “{shown}”: {what}", hint)


_SERVER = ("application_name", "options")
_DRIVER: Mapping[str, Callable[[str, str], None]] = {
    "host": _anything,
    "port": _port,
    "dbname": _anything,
    "user": _anything,
    "password": _anything,
    "passfile": _readable,
    "sslmode": _one_of(*SSL_MODES),
    "sslrootcert": _readable,
    "sslcert": _readable,
    "sslkey": _readable,
    "sslcrl": _readable,
    "sslpassword": _anything,
    "sslnegotiation": _one_of("postgres", "direct"),
    "ssl_min_protocol_version": _one_of(*TLS_VERSIONS),
    "ssl_max_protocol_version": _one_of(*TLS_VERSIONS),
    "target_session_attrs": _one_of(*SESSIONS),
    "krbsrvname": _anything,
}
_PARAMETERS: Mapping[str, Callable[[str, str], None]] = {
    **_DRIVER,
    **dict.fromkeys(_SERVER, _anything),
    "connect_timeout": _seconds,
    "channel_binding": _binding,
    "pgbouncer": _one_of("true", "false"),
}
MORE: Mapping[str, str] = {
    "schema": "Write options=-csearch_path%3DNAME instead.",
    "search_path": "Write options=-csearch_path%3DNAME instead.",
    "statement_timeout": "Write options=-cstatement_timeout%3D5s instead.",
    "keepalives": NOTICED,
    "keepalives_idle": NOTICED,
    "keepalives_interval": NOTICED,
    "keepalives_count": NOTICED,
    "tcp_user_timeout": NOTICED,
}
"""What to write instead of what other clients call a parameter."""
