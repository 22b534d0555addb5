"""Reading DATABASE_URL: what managed databases hand out works, or the parameter that cannot is named."""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from adapters import settings
from adapters.configuration.database import PostgresServer, SqliteFile, read_address
from adapters.configuration.problems import SettingsError
from adapters.store.store import open_store
from bot.errors import StoreError, UserError

SECRET = "hunter2"
SERVER = "postgresql://u@db/clew"


def server(text: str) -> PostgresServer:
    found = read_address(text)
    assert isinstance(found, PostgresServer)
    assert SECRET not in repr(found)
    return found


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("sqlite:///clew.db", "clew.db"),
        (" sqlite:////var/lib/clew.db\n", "/var/lib/clew.db"),
        ("sqlite+aiosqlite:///clew.db", "clew.db"),
        ("sqlite:///a #1/100%.db", "a #1/100%.db"),
    ],
)
def test_read_address__file(text: str, path: str) -> None:
    """An SQLite address is a path, whatever stands in it."""
    assert SqliteFile(Path(path)) == read_address(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"postgresql://u:{SECRET}@db.example/clew", "db.example:5432/clew"),
        (f"postgres://u:{SECRET}@db:6432/clew", "db:6432/clew"),
        (f"postgresql+psycopg://u:{SECRET}@/clew", "localhost:5432/clew"),
        (f"postgresql://db/?password={SECRET}", "db:5432/"),
        (f"postgresql://u:{SECRET}@a:1,b,[::1]:3/clew", "a:1,b:5432,[::1]:3/clew"),
        (f"postgresql://u:{SECRET}@/clew?host=/cloudsql/p:r:i", "/cloudsql/p:r:i/clew"),
        (f"postgresql://u:a@b{SECRET}@db/clew", "db:5432/clew"),
    ],
)
def test_read_address__name_of_a_server(text: str, name: str) -> None:
    """Sentences name hosts and database, never user, password or a parameter."""
    assert name == server(text).name


def test_read_address__hosts_of_which_one_is_an_ip_address() -> None:
    """The driver takes such a list, but not where Python reads an address: newer ones refuse it there."""
    found = server(f"postgresql://u:{SECRET}@a:1,b,[::1]:3/clew?sslmode=disable")
    asked = parse_qs(found.dsn.partition("?")[2])
    assert found.dsn.startswith("postgresql:///clew?")
    assert asked == {"sslmode": ["disable"], "host": ["a:1,b,[::1]:3"]}


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("connect_timeout=10", {"timeout": 10.0}),
        ("connect_timeout=0", {}),
        ("application_name=clew%20prod", {"server_settings": {"application_name": "clew prod"}}),
        ("options=-csearch_path%3Dx", {"server_settings": {"options": "-csearch_path=x"}}),
        ("channel_binding=prefer", {}),
        ("pgbouncer=false", {}),
    ],
)
def test_read_address__what_is_set_on_the_connection(query: str, options: dict[str, object]) -> None:
    """What the driver's own parser does not take is given to it in its own way."""
    found = server(f"{SERVER}?{query}")

    assert found.dsn == "postgresql://db/clew"
    assert found.options == {"user": "u", **options}


@pytest.mark.parametrize(
    ("query", "passed"),
    [
        ("sslmode=require", "sslmode=require"),
        ("ssl=true", "sslmode=require"),
        ("ssl=verify-full&sslrootcert=/dev/null", "sslrootcert=%2Fdev%2Fnull&sslmode=verify-full"),
        ("target_session_attrs=read-write", "target_session_attrs=read-write"),
    ],
)
def test_read_address__what_the_driver_reads(query: str, passed: str) -> None:
    """What the driver reads from an address is passed on in one."""
    assert server(f"{SERVER}?{query}").dsn == f"postgresql://db/clew?{passed}"


def test_read_address__certificates_of_this_machine() -> None:
    """`sslrootcert=system` checks the server's certificate and name against what this machine trusts."""
    context = server(f"{SERVER}?sslmode=verify-full&sslrootcert=system").options["ssl"]

    assert isinstance(context, ssl.SSLContext)
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)


def test_read_address__behind_a_pooler() -> None:
    """`pgbouncer=true` is no setting of the server but a fact to go by."""
    found = server(f"{SERVER}?pgbouncer=true")

    assert (found.pooled, found.dsn) == (True, "postgresql://db/clew")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "clew.db",
        f"{SECRET}",
        f"mysql://u:{SECRET}@db/clew",
        f"postgresql://u:{SECRET}@[/clew",
        "sqlite://",
        "sqlite:///",
        "sqlite://clew.db",
        "sqlite:///:memory:",
    ],
)
def test_read_address__refused(text: str) -> None:
    """A wrong address is refused with the two right forms, and is never repeated."""
    with pytest.raises(UserError) as caught:
        read_address(text)

    assert "Write sqlite:///clew.db or postgresql://" in caught.value.hint
    assert SECRET not in f"{caught.value.problem} {caught.value.hint}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{SERVER}?keepalives=1", "Parameter “keepalives”: Clew does not support this parameter."),
        (f"{SERVER}?keepalives_idle=30", "Leave it out of DATABASE_URL. Clew notices by itself"),
        (f"{SERVER}?tcp_user_timeout=9000", "Leave it out of DATABASE_URL. Clew notices by itself"),
        (f"{SERVER}?schema=public", "options=-csearch_path%3DNAME"),
        (f"{SERVER}?channel_binding=require", "Parameter “channel_binding”: “require” is not possible"),
        (f"{SERVER}?sslmode=on", "Parameter “sslmode”: This value is not allowed. Give disable, allow"),
        (f"{SERVER}?sslmode=verify-full&sslrootcert=/no/such.pem", "Parameter “sslrootcert”: The file"),
        (f"{SERVER}?sslmode=require&sslrootcert=system", "Parameter “sslrootcert”: “system” works only with"),
        (f"{SERVER}?sslmode=verify-ca", "Parameter “sslmode”: “verify-ca” needs to know"),
        (f"{SERVER}?connect_timeout=soon", "Parameter “connect_timeout”: This is not a whole number"),
        (
            f"{SERVER}?target_session_attrs=leader",
            "Parameter “target_session_attrs”: This value is not allowed",
        ),
        (f"{SERVER}?pgbouncer=1", "Parameter “pgbouncer”: This value is not allowed. Give true, false."),
        (f"{SERVER}?host=a&port=70000", "Parameter “port”: This is not a port."),
        (f"postgresql://u:{SECRET}@db:port/clew", "A host's port is not a number"),
        (f"postgresql://u:{SECRET}#1@db/clew", "It contains a #. Write it as %23"),
        ("sqlite:///clew.db?mode=ro", "Parameter “mode”: An SQLite address takes no parameters."),
    ],
)
def test_read_address__refused_by_name(
    text: str, said: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be done is said with the parameter's name, and what to write instead."""
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("PGSSLROOTCERT", raising=False)

    with pytest.raises(UserError) as caught:
        read_address(text)

    assert said in f"{caught.value.problem} {caught.value.hint}"
    assert SECRET not in f"{caught.value.problem} {caught.value.hint}"


@pytest.mark.usefixtures("complete")
def test_load__says_it_with_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that cannot be used is told with the other settings, before anything is opened."""
    monkeypatch.setenv("DATABASE_URL", f"{SERVER}?keepalives=1")
    monkeypatch.setenv("CLEW_POLL_SECONDS", "0")

    with pytest.raises(SettingsError) as caught:
        settings.load()

    assert {problem.where for problem in caught.value.problems} == {"DATABASE_URL", "CLEW_POLL_SECONDS"}


async def test_open_store__says_it_by_itself() -> None:
    """Whoever opens a store without the settings hears the same sentence."""
    with pytest.raises(StoreError, match=r"^DATABASE_URL: Parameter “keepalives”"):
        async with open_store(f"{SERVER}?keepalives=1"):
            pass
