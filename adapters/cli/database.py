"""`clew db`: a copy of the database, putting one back, and forgetting what is old.

SQLite is copied and put back here. PostgreSQL has tools of its own that do both better; they are named.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from adapters.chat.terminal.events import PERSON
from adapters.cli.ask import ANSWERED, USER_ERROR
from adapters.cli.opened import load, no_database, opened, say
from adapters.clock import SystemClock
from adapters.configuration.database import SqliteFile, read_address
from adapters.private import touch
from adapters.replicas.member import at_work, named
from adapters.settings import Settings
from adapters.store import backup
from adapters.store.audit import SqlAudit, TrailBroken
from adapters.store.database import Database
from adapters.store.replicas import Replica, SqlReplicas
from adapters.store.store import open_at
from bot.errors import StoreError
from bot.replies.operating import no_backup, own_tool
from bot.replies.wording import count, listed, size_of
from bot.state import AuditEntry

DUMP = 'pg_dump --format=custom --file=FILE --dbname="$DATABASE_URL"; Clew may run meanwhile.'
LOAD = (
    'createdb --maintenance-db="$DATABASE_URL" clew_restored, then pg_restore --no-owner --single-transaction '
    "--dbname=URL FILE with the URL of that new, empty database; stop Clew before, and set DATABASE_URL to that URL."
)


async def back_up(file: Path) -> int:
    """Copy the database into a new file; return 1 where its audit trail was changed. Raises `StoreError`, `UserError`.

    Nothing of the database is brought up to date before: a new version of Clew can copy what an old one left.
    """
    loaded, clock = load(), SystemClock()
    source = _file(loaded, "Clew does not back up PostgreSQL.", DUMP)
    if not source.path.exists():
        raise no_database(source)
    with backup.part_of(file) as part:
        await asyncio.to_thread(backup.copy, source.path, part)
        lines, broken = await backup.check(part, source.path)
        backup.into_one_file(part)
        size = backup.place(part, file)
    database = Database(source)
    try:
        trail = SqlAudit(database, unconfirmed_after=0, now=clock.now)
        await trail.audit(_noted("db backup", str(file), clock.now()))
    finally:
        await database.close()
    trail_holds = "" if broken else f" {count(lines, 'line')} of the audit trail, and it holds."
    say(f"Backed up {source.name} to {file}: {size_of(size)}, checked.{trail_holds}", loaded)
    return _trail(broken, loaded)


async def restore(file: Path) -> int:
    """Put a backup in the place of the database; return 1 where its audit trail was changed.

    Raises `StoreError`, `UserError`: then everything is as it was.
    """
    loaded, clock = load(), SystemClock()
    target = _file(loaded, "Clew does not restore PostgreSQL.", LOAD)
    _refuse_file(file, target.path)
    await _refuse_beside_work(target)
    kept = target.path.with_name(f"{target.path.name}.before-restore-{clock.now():%Y%m%dT%H%M%SZ}")
    with backup.part_of(target.path) as part:
        await asyncio.to_thread(_take, file, part)
        if not backup.is_database_of_clew(part):
            raise no_backup(f"{file}", "is not a database of Clew")
        _, broken = await backup.check(part, file)
        await _as_of_now(part, _noted("db restore", f"{file}, in place of {kept.name}", clock.now()))
        backup.into_one_file(part)
        damaged = _whole(target.path)
        there = backup.replace(part, target.path, kept)
    before = f" The database before it is kept as {kept}." if there else ""
    say(f"Restored {target.name} from {file}.{before}", loaded)
    if damaged:
        say(f"That one could not be read: {damaged}", loaded, err=True)
    return _trail(broken, loaded)


async def prune() -> int:
    """Forget everything that is old, in small steps, and say what. Raises `StoreError`, `SettingsError`."""
    async with opened() as services:
        gone: Counter[str] = Counter()
        while step := +Counter(asdict(await services.store.prune(services.now))):
            gone += step
        detail = listed([f"{number:,} {kind.replace('_', ' ')}" for kind, number in gone.items()])
        await services.store.audit(_noted("db prune", detail, services.now))
        services.say(f"Forgot {detail}." if detail else "Nothing is old enough to be forgotten.")
    return ANSWERED


def _file(loaded: Settings, problem: str, tool: str) -> SqliteFile:
    address = read_address(loaded.database_url.reveal())
    if not isinstance(address, SqliteFile):
        raise own_tool(problem, tool)
    return address


def _refuse_file(file: Path, target: Path) -> None:
    if not file.is_file():
        raise no_backup(f"{file}", "is not there")
    if target.exists() and target.samefile(file):
        raise no_backup(f"{file}", "is the database itself")


def _noted(action: str, detail: str, now: datetime) -> AuditEntry:
    return AuditEntry(at=now, actor=PERSON, channel="", action=action, decision="done", detail=detail)


async def _refuse_beside_work(target: SqliteFile) -> None:
    """Refuse while a program works on the database, wherever it runs. Raises `StoreError`."""
    replica = await _at_work(target)
    if replica is not None:
        raise StoreError(f"{named(replica)} works on this database. Stop it first.")


async def _at_work(target: SqliteFile) -> Replica | None:
    if not target.path.exists() or not backup.looks_like_one(target.path):
        return None
    database, clock = Database(target), SystemClock()
    try:
        return await at_work(SqlReplicas(database, unconfirmed_after=0, now=clock.now), clock)
    except StoreError:
        return (
            None  # what cannot be read is a reason to restore; whoever has the file open is seen by its locks
        )
    finally:
        await database.close()


def _take(file: Path, part: Path) -> None:
    """Copy a file and, of a database that was copied by hand, what stands beside it. Raises `StoreError`."""
    with backup.saying(file):
        for side in ("", *backup.SIDES[:1]):
            if not side or Path(f"{file}{side}").exists():
                shutil.copyfile(f"{file}{side}", touch(Path(f"{part}{side}")))


async def _as_of_now(part: Path, noted: AuditEntry) -> None:
    """Bring a copy up to date, let nobody work on it, and note in it where it is from. Raises `StoreError`."""
    async with open_at(SqliteFile(part)) as store:
        for replica in await store.replicas():
            await store.leave(replica.id)
        await store.restored(noted.at)
        await store.audit(noted)


def _whole(target: Path) -> str:
    """Put all of the old database into its file; return why that cannot be done, "" where it is.

    Raises `StoreError` where another program has it open.
    """
    if not target.exists():
        return ""
    if not backup.looks_like_one(target):
        return f"The file {target} is no database."
    try:
        backup.into_one_file(target)
    except backup.OpenElsewhere:
        raise
    except StoreError as error:
        return str(error)
    return ""


def _trail(broken: TrailBroken | None, loaded: Settings) -> int:
    if broken is None:
        return ANSWERED
    say(f"In the backup: {broken}", loaded, err=True)
    return USER_ERROR
