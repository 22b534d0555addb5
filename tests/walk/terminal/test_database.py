"""`clew db` as an operator types it: copied beside a program that writes, put back when none does, whole at any moment."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import update

from adapters.replicas.member import this_program
from adapters.store import backup
from adapters.store.schema import HEAD
from adapters.store.store import open_store
from adapters.store.tables import audit
from bot.errors import StoreError
from bot.state import AuditEntry, AuditQuery, IntentState, Schedule, Subscription
from tests import earlier
from tests.contract.store.kit import an_intent, an_invocation
from tests.contract.store.test_schedules import a_draft, a_schedule
from tests.fakes.inbox import ME
from tests.walk.terminal.served import set_up
from tests.walk.terminal.shell import A_TENANT, run

ROOT = Path(__file__).parents[3]
clew = partial(run, "db")
NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Set Clew up in an empty directory; return where its database is to be."""
    with set_up(A_TENANT, tmp_path, monkeypatch):
        yield tmp_path / "clew.db"


def channels(path: Path) -> list[str]:
    """Return which channels are subscribed in a database, and that it is whole."""

    async def look() -> list[str]:
        async with open_store(f"sqlite:///{path}") as store:
            await store.check()
            await store.verify_audit()
            return [s.channel for s in await store.subscriptions()]

    return asyncio.run(look())


def subscribe(path: Path, channel: str) -> None:
    async def add() -> None:
        async with open_store(f"sqlite:///{path}") as store:
            await store.subscribe(Subscription(channel=channel), NOW)
            await store.audit(AuditEntry(at=NOW, actor="a", channel=channel, action="watch", decision="done"))

    asyncio.run(add())


def trail(path: Path) -> list[str]:
    async def look() -> list[str]:
        async with open_store(f"sqlite:///{path}") as store:
            lines, _ = await store.audit_lines(AuditQuery(), skip=0, limit=99)
            return [line.entry.action for line in lines]

    return asyncio.run(look())


@contextmanager
def program(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Let a program run that says a line when it is at work."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline()
            yield process
        finally:
            process.kill()


def left(db: Path) -> set[str]:
    """Return what stands in the folder beside the database."""
    return {path.name for path in db.parent.iterdir()} - {db.name}


def test_backup_and_restore__come_back_to_what_was(db: Path) -> None:
    """What was there at the backup is there again; what came after it is kept in a file of its own."""
    subscribe(db, "before")
    saved = clew("backup", "saved.db")
    subscribe(db, "after")
    back = clew("restore", "saved.db")
    (kept,) = (db.parent / name for name in left(db) if "before-restore" in name)

    assert (saved.exit_code, back.exit_code) == (0, 0), back.output
    assert saved.stdout.startswith("Backed up clew.db to saved.db: ")
    assert saved.stdout.endswith(" checked. 1 line of the audit trail, and it holds.\n")
    assert back.stdout == f"Restored clew.db from saved.db. The database before it is kept as {kept.name}.\n"
    assert channels(db) == ["before"]
    assert channels(kept) == ["before", "after"]
    assert (trail(db), trail(kept)) == (["db restore", "watch"], ["watch", "db backup", "watch"])
    assert (db.stat().st_mode & 0o077, Path("saved.db").stat().st_mode & 0o077) == (0, 0)


def test_restore__launches_nothing_a_second_time(db: Path) -> None:
    """What waited for a person at the backup is forgotten, what was confirmed is looked for, what was due is dealt with."""
    states = (IntentState.DRAFT, IntentState.ASKED, IntentState.CONFIRMED, IntentState.ACCEPTED)
    long_ago = NOW - timedelta(hours=1)
    made = [an_intent(state.value, state=state, created_at=long_ago) for state in states]
    due = a_schedule(done_until=long_ago, last_intent="draft", told=False)

    async def fill() -> None:
        async with open_store(f"sqlite:///{db}") as store:
            for intent in made:
                await store.draft(intent)
            await store.draft(a_draft(due))
            await store.schedule(due, NOW)

    async def look() -> tuple[dict[str, IntentState], Schedule]:
        async with open_store(f"sqlite:///{db}") as store:
            found = [await store.intent(intent.id) for intent in made]
            (schedule,) = await store.schedules()
            return {intent.id: intent.state for intent in found if intent}, schedule

    asyncio.run(fill())
    clew("backup", "saved.db")
    back = clew("restore", "saved.db")
    kept, schedule = asyncio.run(look())

    assert back.exit_code == 0, back.output
    assert kept == {"confirmed": IntentState.POSTING, "accepted": IntentState.ACCEPTED}
    assert (schedule.told, schedule.last_intent) == (True, None)
    assert schedule.done_until >= NOW


def test_backup__is_one_file(db: Path) -> None:
    """It needs nothing beside it, and nothing half is left."""
    subscribe(db, "c")
    clew("backup", "saved.db")

    assert left(db) == {"saved.db"}
    with closing(sqlite3.connect("saved.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_backup__beside_a_program_that_writes(db: Path) -> None:
    """It is whole, has what was committed before it began, and nobody is stopped by it."""
    with program("tests.faults.store_writer", f"sqlite:///{db}", "1") as writer:
        assert writer.stdout is not None
        last = [writer.stdout.readline() for _ in range(3)][-1]
        answer = clew("backup", "saved.db")
        assert writer.stdout.readline()
        assert writer.poll() is None

    assert answer.exit_code == 0, answer.output
    with closing(sqlite3.connect("saved.db")) as connection:
        (said,) = connection.execute("SELECT max(CAST(detail AS INTEGER)) FROM audit").fetchone()
    assert said >= int(last)
    assert channels(Path("saved.db")) == []


def test_backup__of_an_earlier_version(db: Path) -> None:
    """It is copied as it is: what a new version finds can be kept before that version changes it."""
    asyncio.run(earlier.load(f"sqlite:///{db}"))
    answer = clew("backup", "saved.db")

    assert answer.exit_code == 0, answer.output
    assert [_schema(path) for path in (db, Path("saved.db"))] == [earlier.SCHEMA] * 2

    assert clew("restore", "saved.db").exit_code == 0
    assert _schema(db) == HEAD


def _schema(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def test_backup__overwrites_nothing(db: Path) -> None:
    """A file that is there stays."""
    subscribe(db, "c")
    Path("saved.db").write_text("mine", encoding="utf-8")
    answer = clew("backup", "saved.db")

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert "is there already" in answer.stderr
    assert Path("saved.db").read_text(encoding="utf-8") == "mine"
    assert left(db) == {"saved.db"}


@pytest.mark.parametrize(
    ("url", "command", "tool"),
    [
        ("postgresql://ann:canary-password@h/clew", "backup", "pg_dump --format=custom"),
        ("postgresql://ann:canary-password@h/clew", "restore", "pg_restore --no-owner --single-transaction"),
    ],
)
def test_db__postgresql_has_its_own_tool(
    url: str, command: str, tool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command is named, and no password is."""
    monkeypatch.setenv("DATABASE_URL", url)
    answer = clew(command, "saved.db")

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert tool in answer.stderr
    assert "canary-password" not in answer.output


def test_restore__not_beside_a_program_that_works(db: Path) -> None:
    """It is named, nothing is changed; once it is killed nobody waits, and what it wrote last is kept with the old one."""
    subscribe(db, "before")
    clew("backup", "saved.db")
    with program("tests.faults.replica_process", f"sqlite:///{db}") as worker:
        subscribe(db, "after")
        refused = clew("restore", "saved.db")
        assert worker.poll() is None

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert f"process {worker.pid}" in refused.stderr
    assert "Stop it first." in refused.stderr
    assert channels(db) == ["before", "after"]
    if this_program(NOW).place:
        assert clew("restore", "saved.db").exit_code == 0
        (kept,) = (db.parent / name for name in left(db) if name.startswith("clew.db.before"))
        assert (channels(db), channels(kept)) == (["before"], ["before", "after"])


def test_restore__not_beside_one_that_only_has_it_open(db: Path) -> None:
    """A program that waits for its turn, or answers one question, would go on with the old file."""
    subscribe(db, "before")
    clew("backup", "saved.db")
    reading = "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM audit').fetchall(); print('open', flush=True); time.sleep(600)"
    command = [sys.executable, "-c", reading, str(db)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(backup, "BUSY_SECONDS", 0.1)
            answer = clew("restore", "saved.db")
        other.kill()

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert "Another program has the database clew.db open." in answer.stderr
    assert left(db) - {"clew.db-wal", "clew.db-shm"} == {"saved.db"}
    assert clew("restore", "saved.db").exit_code == 0


@pytest.mark.parametrize("step", ["_keep", "_sync"])
def test_restore__that_fails_leaves_a_whole_database(
    db: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stops it before the last step, the old database is there as it was."""
    subscribe(db, "before")
    clew("backup", "saved.db")
    subscribe(db, "after")

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, step, fails)
    answer = clew("restore", "saved.db")

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert "No space left on device" in answer.stderr
    assert channels(db) == ["before", "after"]
    assert left(db) == {"saved.db"}


def test_restore__of_a_damaged_database(db: Path) -> None:
    """What cannot be read is no reason to stop; it is kept, and said, with what stands beside it."""
    subscribe(db, "before")
    clew("backup", "saved.db")
    db.write_bytes(b"nothing that anybody could read" * 999)
    Path(f"{db}-wal").write_bytes(b"old")
    answer = clew("restore", "saved.db")

    assert answer.exit_code == 0, answer.output
    assert "That one could not be read: The file clew.db is no database." in answer.stderr
    assert channels(db) == ["before"]
    assert {name.rpartition("Z")[2] for name in left(db) if "before-restore" in name} == {"", "-wal"}


def test_restore__where_none_is(db: Path) -> None:
    """On a new machine; what is left of a database that somebody removed is not read into it."""
    subscribe(db, "before")
    clew("backup", "saved.db")
    db.unlink()
    Path(f"{db}-wal").write_bytes(b"old")
    answer = clew("restore", "saved.db")

    assert (answer.exit_code, answer.stdout) == (0, "Restored clew.db from saved.db.\n")
    assert channels(db) == ["before"]


def test_restore__refuses_what_is_no_backup(db: Path) -> None:
    """Another program's database, a text, an empty file, the database itself, one of a newer Clew, no file at all."""
    subscribe(db, "mine")
    clew("backup", "newer.db")
    with closing(sqlite3.connect("newer.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with closing(sqlite3.connect("other.db")) as connection:
        connection.execute("CREATE TABLE notes (text)")
    Path("text.db").write_text("hello" * 999, encoding="utf-8")
    Path("empty.db").touch()
    said = {
        name: clew("restore", f"{name}.db") for name in ("other", "text", "empty", "clew", "newer", "none")
    }

    assert {answer.exit_code for answer in said.values()} == {2}
    for name in ("other", "text", "empty"):
        assert said[name].stderr.startswith(f"{name}.db is not a database of Clew."), name
    assert "is the database itself" in said["clew"].stderr
    assert "was written by a newer Clew (schema 9999" in said["newer"].stderr
    assert "none.db is not there." in said["none"].stderr
    assert channels(db) == ["mine"]
    assert not {name for name in left(db) if "part" in name or "before" in name}


def test_backup_and_restore__say_that_the_trail_was_changed(db: Path) -> None:
    """It is done all the same, and leaves with 1."""
    subscribe(db, "c")

    async def damage() -> None:
        async with open_store(f"sqlite:///{db}") as store, store._db.writing() as connection:
            await connection.execute(update(audit).values(actor="b"))

    asyncio.run(damage())
    answers = [clew("backup", "saved.db"), clew("restore", "saved.db")]

    assert [answer.exit_code for answer in answers] == [1, 1]
    assert all("Line 1 was changed." in answer.stderr for answer in answers)


def test_restore__of_files_that_were_copied_by_hand(db: Path) -> None:
    """What a copy of the running files has beside it belongs to it."""
    subscribe(db, "before")
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("INSERT INTO names VALUES ('a', 'Ann')")
        connection.commit()
        for side in ("", "-wal"):
            Path(f"copied.db{side}").write_bytes(Path(f"{db}{side}").read_bytes())
    assert clew("restore", "copied.db").exit_code == 0

    async def name() -> str:
        async with open_store(f"sqlite:///{db}") as store:
            return await store.name("a")

    assert asyncio.run(name()) == "Ann"


def test_prune__says_what_is_forgotten(db: Path) -> None:
    """What is old goes, and is counted in the audit trail; the rest stays."""
    subscribe(db, "c")

    async def fill() -> None:
        async with open_store(f"sqlite:///{db}") as store:
            for number, days in enumerate((400, 400, 1)):
                asked = an_invocation(at=NOW - timedelta(days=days))
                await store.accept("slack", f"{number}", asked, ME)

    asyncio.run(fill())
    answers = [clew("prune"), clew("prune")]

    assert [answer.exit_code for answer in answers] == [0, 0]
    assert answers[0].stdout == "Forgot 2 commands.\n"
    assert answers[1].stdout == "Nothing is old enough to be forgotten.\n"
    assert trail(db)[:2] == ["db prune", "db prune"]


def test_copy__that_cannot_be_written(db: Path, tmp_path: Path) -> None:
    """A folder that is not there is said."""
    subscribe(db, "c")
    with pytest.raises(StoreError, match="No such file"), backup.part_of(tmp_path / "no" / "saved.db"):
        raise AssertionError("nothing can be written there")
