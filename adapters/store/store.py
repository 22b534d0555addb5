"""The whole store: its parts joined, and the way to open it."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from adapters.clock import SystemClock
from adapters.configuration.database import DatabaseAddress, SqliteFile, read_address
from adapters.private import touch
from adapters.store.audit import SqlAudit
from adapters.store.by_channel import SqlByChannel
from adapters.store.channels import SqlChannels
from adapters.store.checks import SqlChecks
from adapters.store.condition import SqlCondition
from adapters.store.conversations import SqlConversations
from adapters.store.database import Database
from adapters.store.digests import SqlDigests
from adapters.store.expectations import SqlExpectations
from adapters.store.file_system import network_of
from adapters.store.folding import SqlFolding
from adapters.store.hints import SqlHints
from adapters.store.inbox import SqlInbox
from adapters.store.intents import SqlIntents
from adapters.store.ledger import SqlLedger
from adapters.store.links import SqlLinks
from adapters.store.marks import SqlPropertyStates
from adapters.store.mentions import SqlMentions
from adapters.store.notices import SqlNotices
from adapters.store.outbox import SqlOutbox
from adapters.store.outbox_admin import SqlOutboxAdmin
from adapters.store.publications import SqlPublications
from adapters.store.replicas import SqlReplicas
from adapters.store.schedules import SqlSchedules
from adapters.store.schema import bring_up_to_date
from adapters.store.subscriptions import SqlSubscriptions
from adapters.store.switches import SqlSwitches
from adapters.store.upkeep import SqlUpkeep
from adapters.store.wakeups import SqlWakeups
from adapters.store.watch import SqlWatch
from bot.errors import StoreError, UserError

_CLOCK = SystemClock()
OLDEST_SQLITE = (3, 35, 0)  # the first with RETURNING


class SqlStore(
    SqlInbox,
    SqlWatch,
    SqlHints,
    SqlChecks,
    SqlPropertyStates,
    SqlSubscriptions,
    SqlExpectations,
    SqlMentions,
    SqlLinks,
    SqlChannels,
    SqlOutbox,
    SqlFolding,
    SqlDigests,
    SqlOutboxAdmin,
    SqlByChannel,
    SqlNotices,
    SqlConversations,
    SqlIntents,
    SqlSchedules,
    SqlPublications,
    SqlLedger,
    SqlAudit,
    SqlSwitches,
    SqlUpkeep,
    SqlCondition,
    SqlWakeups,
    SqlReplicas,
):
    """Fills `bot.ports.Store` in one database."""


@asynccontextmanager
async def open_store(
    url: str,
    *,
    unconfirmed_after: float = 30.0,
    busy_seconds: float = 5.0,
    now: Callable[[], datetime] = _CLOCK.now,
) -> AsyncIterator[SqlStore]:
    """Open the database of that URL, bring its schema up to date, and close it at the end.

    `unconfirmed_after`: seconds from a claim until its outcome is looked for, at least the longest settle time of
    the chats. `busy_seconds`: how long to wait for another program's lock.
    `now`: the wall clock. Raises `StoreError`.
    """
    try:
        address = read_address(url)
    except UserError as error:
        raise StoreError(f"DATABASE_URL: {error.problem} {error.hint}") from None
    async with open_at(
        address, unconfirmed_after=unconfirmed_after, busy_seconds=busy_seconds, now=now
    ) as store:
        yield store


@asynccontextmanager
async def open_at(
    address: DatabaseAddress,
    *,
    unconfirmed_after: float = 30.0,
    busy_seconds: float = 5.0,
    now: Callable[[], datetime] = _CLOCK.now,
) -> AsyncIterator[SqlStore]:
    """Do the same with the database at an address that was read already."""
    if isinstance(address, SqliteFile):
        _prepare_file(address.path)
    database = Database(address, busy_seconds=busy_seconds)
    try:
        await bring_up_to_date(database, busy_seconds=busy_seconds)
        yield SqlStore(database, unconfirmed_after=unconfirmed_after, now=now)
    finally:
        await database.close()


def _prepare_file(path: Path) -> None:
    """Create an SQLite file that only its owner can read; its journal takes the same mode."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreError(
            f"SQLite {sqlite3.sqlite_version} is too old: Clew needs 3.35 or newer."
            " Use a newer Python, or PostgreSQL."
        )
    if kind := network_of(path):
        raise StoreError(
            f"The database {path} is on a network file system ({kind}), where SQLite can lose what was written."
            " Put it on a disk of this machine, or use PostgreSQL."
        )
    try:
        touch(path)
    except OSError as error:
        raise StoreError(f"The database {path} {_file_problem(path, error)}.") from error


def _file_problem(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"cannot be created: there is no directory {path.parent}. Create it, or check DATABASE_URL"
    if isinstance(error, IsADirectoryError):
        return "is a directory. Give the path of a file in it"
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return "cannot be written. Check the permissions of the file and of its directory"
    return f"cannot be opened: {os.strerror(error.errno or 0)}"
