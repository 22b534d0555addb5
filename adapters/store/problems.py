"""Every database error as one plain sentence: what is wrong and how to fix it, never a value or a password."""

from __future__ import annotations

import ssl

from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout

SQLITE = {
    "SQLITE_READONLY": "cannot be written. Check the permissions of the file and of its directory",
    "SQLITE_PERM": "cannot be written. Check the permissions of the file and of its directory",
    "SQLITE_CANTOPEN": "cannot be opened. Check that its directory exists and may be written",
    "SQLITE_BUSY": "is locked by another program. Stop the other program, or wait and try again",
    "SQLITE_LOCKED": "is locked by another program. Stop the other program, or wait and try again",
    "SQLITE_NOTADB": "is not a database. Give the path of another file, or move this one away",
    "SQLITE_CORRUPT": "is damaged. Restore it from a backup",
    "SQLITE_FULL": "has no space left. Free space on its disk",
    "SQLITE_IOERR": "could not be read or written. Check its disk",
}
POSTGRESQL = {
    "28": "refused the user or the password. Check DATABASE_URL",
    "3D": "does not exist. Create it, or check DATABASE_URL",
    "40": "was too busy to finish. Try again",
    "55": "was too busy to finish. Try again",
    "53": "has no space or no free connection left",
    "53100": "has no space left. Free space on its disk",
    "53300": "has no free connection left. Close others, or raise max_connections there",
    "57": "is shutting down",
    "57014": "stopped the request, which took longer than statement_timeout there permits",
    "57P03": "is starting up or shutting down, and takes no connections yet",
    "08": "broke the connection. Check that it runs and can be reached",
    "25": "cannot be written now: it is read-only",
    "42501": "does not permit this user to do that. Grant permissions on its schema",
}
UNTRUSTED = (
    "has a certificate that is not trusted, or of another host."
    " Check host, sslmode and sslrootcert in DATABASE_URL"
)
UNENCRYPTED = "does not encrypt connections, and sslmode in DATABASE_URL asks for it. Turn TLS on there, or change sslmode"
UNREACHED = "cannot be reached. Check that it runs, and the host and port in DATABASE_URL"


def sentence(error: BaseException, name: str) -> str:
    """Say what went wrong with the database of that name."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    problem = _sqlite(cause) or _postgresql(cause) or _by_type(cause) or _unknown(cause)
    return f"The database {name} {problem}."


def _sqlite(cause: BaseException) -> str | None:
    code = getattr(cause, "sqlite_errorname", None) or ""
    return next((problem for start, problem in SQLITE.items() if code.startswith(start)), None)


def _postgresql(cause: BaseException) -> str | None:
    state = getattr(cause, "sqlstate", None) or ""
    return POSTGRESQL.get(state) or POSTGRESQL.get(state[:2])


def _by_type(cause: BaseException) -> str | None:
    if isinstance(cause, ssl.SSLError):
        return UNTRUSTED
    if type(cause) is ConnectionError and "rejected SSL" in str(
        cause
    ):  # the driver has no class of its own for it
        return UNENCRYPTED
    if type(cause.__cause__).__name__ == "TargetServerAttributeNotMatched":
        return "has no host that is what target_session_attrs in DATABASE_URL asks for"
    if isinstance(cause, PoolTimeout):
        return "gave no connection in time: too much is going on at once"
    if isinstance(cause, OSError | InterfaceError):
        return UNREACHED
    return None


def _unknown(cause: BaseException) -> str:
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return f"refused the request ({code or type(cause).__name__})"
