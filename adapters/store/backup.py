"""Copying an SQLite database while programs write to it, and putting a copy in its place when none does.

A copy is one file, whole or not there: it is made beside its place under a name of its own, checked, and moved there.
https://www.sqlite.org/backup.html
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path

from adapters.clock import SystemClock
from adapters.configuration.database import SqliteFile
from adapters.private import touch
from adapters.store.audit import SqlAudit, TrailBroken
from adapters.store.database import Database
from adapters.store.problems import sentence
from adapters.store.schema import version
from bot.errors import StoreError

# The bytes of a file that stand for SQLite's locks: whoever has it open in WAL mode holds one of them.
# https://www.sqlite.org/lockingv3.html
FIRST_LOCK, LOCKS = 0x40000000, 512
BUSY_SECONDS = 5.0
SIDES = ("-wal", "-shm")
MAGIC = b"SQLite format 3\0"


class OpenElsewhere(StoreError):
    """Another program has the database open."""


@contextmanager
def part_of(target: Path) -> Iterator[Path]:
    """Give the name under which a file is made before it is moved to its place; what is left of it is removed.

    Raises `StoreError` where nothing can be written there.
    """
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with saying(target):
            touch(part)
        yield part
    finally:
        for side in ("", *SIDES):
            with suppress(OSError):
                Path(f"{part}{side}").unlink()


@contextmanager
def saying(path: Path) -> Iterator[None]:
    """Turn every failure of a file and its database into `StoreError`."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        if isinstance(error, sqlite3.Error):
            raise StoreError(sentence(error, str(path))) from error
        raise StoreError(f"{path}: {error.strerror or type(error).__name__}.") from error


def copy(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment; nobody who writes to it waits. Raises `StoreError`."""
    with saying(source), closing(_connect(source)) as there, closing(_connect(target)) as here:
        there.backup(here)


def is_database_of_clew(path: Path) -> bool:
    """Whether a file holds the tables of some version of Clew."""
    with suppress(sqlite3.Error), closing(_connect(path)) as connection:
        tables = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        return {version.name, "audit_head", "outbox"} <= tables
    return False


async def check(path: Path, source: Path) -> tuple[int, TrailBroken | None]:
    """Read all of a copy; return how many lines its audit trail has, and how it was changed if it was.

    Raises `StoreError` where it is damaged, naming what it is a copy of.
    """
    with saying(source), closing(_connect(path)) as connection:
        (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise StoreError(f"The copy of {source} is damaged. Take another one, and check the disk.")
    database = Database(SqliteFile(path))
    try:
        return await SqlAudit(database, unconfirmed_after=0, now=SystemClock().now).verify_audit(), None
    except TrailBroken as error:
        return 0, error
    finally:
        await database.close()


def looks_like_one(path: Path) -> bool:
    """Whether a file begins as a database does; SQLite removes what stands beside one that does not."""
    with saying(path), path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def into_one_file(path: Path) -> None:
    """Put what a database keeps beside its file into it, durably. Raises `OpenElsewhere`, `StoreError`."""
    with saying(path), closing(_connect(path)) as connection:
        try:
            connection.execute("PRAGMA journal_mode = DELETE").fetchall()
        except sqlite3.OperationalError as error:
            if (error.sqlite_errorname or "").startswith("SQLITE_BUSY"):
                raise OpenElsewhere(_open_elsewhere(path)) from error
            raise
    with saying(path):
        _sync(path)


def place(part: Path, target: Path) -> int:
    """Move a finished file to its place, where nothing may be; return its size in bytes. Raises `StoreError`."""
    with saying(target):
        if target.exists():
            raise FileExistsError(0, "A file of that name is there already. Give another name", str(target))
        part.replace(target)
        _sync(target.parent)
        return target.stat().st_size


def replace(part: Path, target: Path, kept: Path) -> bool:
    """Put a finished file in the place of a database that nobody has open; return whether there was one, kept as `kept`.

    At any moment there is a whole database at the place. Raises `OpenElsewhere`, `StoreError`.
    """
    with saying(target), closed_to_others(target) if target.exists() else nullcontext():
        for side in SIDES:  # of a damaged or removed database; they would be read as parts of the new one
            with suppress(FileNotFoundError):
                Path(f"{target}{side}").rename(f"{kept}{side}")
        if there := target.exists():
            _keep(target, kept)
        part.replace(target)
        _sync(target.parent)
        return there


@contextmanager
def closed_to_others(path: Path) -> Iterator[None]:
    """Let no program open a database, or go on with one that it has open. Raises `OpenElsewhere`."""
    with path.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, LOCKS, FIRST_LOCK)
        except (BlockingIOError, PermissionError):
            raise OpenElsewhere(_open_elsewhere(path)) from None
        yield


def _keep(target: Path, kept: Path) -> None:
    try:
        os.link(target, kept)
    except FileExistsError:
        raise
    except OSError:  # a file system without a second name for a file
        shutil.copyfile(target, touch(kept))


def _open_elsewhere(path: Path) -> str:
    return f"Another program has the database {path} open. Stop Clew and everything else that uses it first."


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
