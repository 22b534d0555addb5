"""A database that is full, locked, damaged, replaced or half restored: said in a sentence, nothing sent, nothing lost."""

from __future__ import annotations

import asyncio
import os
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.main import app
from adapters.settings import environment_names
from adapters.store.store import open_store
from adapters.web.health import ASKED_AGAIN, Health
from bot.delivery.deliver import Deliverer, Pace
from bot.errors import StoreError
from bot.state import AuditEntry, NewDelivery, Subscription
from tests.contract.store.kit import an_invocation
from tests.fakes.chat import FakeChat
from tests.fakes.clock import ManualClock
from tests.fakes.inbox import ME
from tests.fakes.runs import some_results
from tests.fakes.stage import silent
from tests.fakes.watching import CHANNEL, Watching


@contextmanager
def full_disk() -> Iterator[None]:
    """Let the system refuse to make any file longer, as a disk does that has no room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_disk_full__no_post_not_ready_and_well_by_itself(tmp_path: Path) -> None:
    """What cannot be recorded is not sent; when there is room again it goes out, and nobody had to help."""
    clock = ManualClock()
    chat = FakeChat(clock=clock, name="slack")
    async with open_store(f"sqlite:///{tmp_path / 'clew.db'}") as store:
        health = Health(store=store, clock=clock, chats=lambda: {"slack": True})
        deliverer = Deliverer(
            chat, store, platforms={}, clock=clock, notify_operator=silent, pace=Pace(per_channel=0)
        )
        await store.enqueue(NewDelivery(key="a", channel="slack:channel:T1:C1", payload="{}"), clock.now())
        with full_disk():
            ready, figures = await health.ready()
            with pytest.raises(StoreError, match=r"Check its disk|has no space left"):
                await deliverer.step()
        posts = list(chat.posts)
        clock.pass_time(ASKED_AGAIN)
        again, _ = await health.ready()
        await deliverer.step()

    assert (ready, again) == (False, True)
    assert "could not be read or written. Check its disk." in figures["database"]
    assert posts == []
    assert len(chat.messages) == 1


async def test_disk_full__the_end_of_a_run_is_told_once_there_is_room(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What ends while nothing can be written down is not announced, is not forgotten, and is announced once."""
    async with open_store(f"sqlite:///{tmp_path / 'clew.db'}") as store:
        it = Watching(store=store)  # type: ignore[arg-type]  # the real one, in the place of the fake
        deliverer = Deliverer(it.chat, store, platforms={}, clock=it.clock, notify_operator=silent)
        await it.begin(Subscription(channel=CHANNEL))
        run = it.starts()
        await it.tick()
        it.service.finish(run, some_results(run, failing=("Ledger balances",)))
        with full_disk():
            await it.tick()
            await deliverer.step()
        full, good = list(it.chat.posts), it.poller.health.last_good
        for _ in range(5):
            await it.tick()
            it.clock.pass_time(await deliverer.step())

    assert full == []
    assert good is not None
    assert good < (it.poller.health.last_good or 0.0)
    assert len(it.chat.messages) == 1
    assert "Check its disk" in caplog.text


async def test_disk_full__a_command_is_not_taken_and_acts_when_it_comes_again(tmp_path: Path) -> None:
    """Who is refused is not acknowledged, so the chat delivers again; nothing of the first time is left."""
    async with open_store(f"sqlite:///{tmp_path / 'clew.db'}") as store:
        with full_disk(), pytest.raises(StoreError, match=r"Check its disk|has no space left"):
            await store.accept("slack", "E1", an_invocation(), ME)
        nothing = await store.owner_of("slack", "E1")

        assert nothing is None
        assert await store.accept("slack", "E1", an_invocation(), ME)


async def test_ready__not_while_another_program_keeps_the_lock(tmp_path: Path) -> None:
    """Reading works all the while, and nothing that anybody asks for could be recorded."""
    path, clock = tmp_path / "clew.db", ManualClock()
    async with open_store(f"sqlite:///{path}", busy_seconds=0.01) as store:
        health = Health(store=store, clock=clock)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await store.depth()
            ready, figures = await health.ready()
        clock.pass_time(ASKED_AGAIN)
        again, _ = await health.ready()

    assert (ready, again) == (False, True)
    assert "is locked by another program" in figures["database"]


@pytest.mark.parametrize("how", ["replaced", "taken away"])
async def test_ready__not_when_the_file_is_another(tmp_path: Path, how: str) -> None:
    """What is written would go to a file that nobody finds any more."""
    path, clock = tmp_path / "clew.db", ManualClock()
    async with open_store(f"sqlite:///{path}") as store:
        health = Health(store=store, clock=clock)
        before, _ = await health.ready()
        path.rename(tmp_path / "old.db")
        if how == "replaced":
            path.write_bytes(b"")
        clock.pass_time(ASKED_AGAIN)
        after, figures = await health.ready()

    assert (before, after) == (True, False)
    assert "was replaced or taken away while Clew runs" in figures["database"]
    assert "start it again" in figures["database"]


async def _laid(path: Path) -> str:
    """Make a database with enough in it to fill pages."""
    clock = ManualClock()
    async with open_store(f"sqlite:///{path}") as store:
        for number in range(200):
            line = AuditEntry(
                at=clock.now(), actor=f"a{number}", channel="c", action="x", decision="y", detail="z" * 200
            )
            await store.audit(line)
    return f"sqlite:///{path}"


async def _opened(url: str) -> None:
    async with open_store(url) as store:
        await store.check()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("DELETE FROM alembic_version", "has no version of its tables in alembic_version"),
        ("INSERT INTO alembic_version VALUES ('0001')", "has several versions of its tables"),
        ("DROP TABLE parked", "lacks tables of its version (parked)"),
        ("UPDATE alembic_version SET version_num = '9999'", "was written by a newer Clew"),
    ],
)
async def test_open__tables_that_do_not_fit(tmp_path: Path, damage: str, said: str) -> None:
    """A version that is missing, doubled, too new or not what is there is said, with what helps."""
    url = await _laid(tmp_path / "clew.db")
    with closing(sqlite3.connect(tmp_path / "clew.db")) as other, other:
        other.execute(damage)

    with pytest.raises(StoreError) as caught:
        await _opened(url)

    assert said in str(caught.value)
    assert "backup" in str(caught.value)


@pytest.mark.parametrize("where", ["every page but the first", "one page"])
async def test_check__damaged_pages(tmp_path: Path, where: str) -> None:
    """Pages that nobody would read for weeks are found at start."""
    url = await _laid(tmp_path / "clew.db")
    content = bytearray((tmp_path / "clew.db").read_bytes())
    begin, end = (4096, len(content)) if where != "one page" else (len(content) - 4096, len(content))
    content[begin:end] = b"\xa5" * (end - begin)
    (tmp_path / "clew.db").write_bytes(content)

    with pytest.raises(StoreError, match=r"is damaged. Restore it from a backup."):
        await _opened(url)


async def test_open__another_file(tmp_path: Path) -> None:
    """A file that is no database at all is said as such."""
    (tmp_path / "clew.db").write_bytes(b"hello, I am a letter\n" * 400)

    with pytest.raises(StoreError, match=r"is not a database. Give the path of another file"):
        await _opened(f"sqlite:///{tmp_path / 'clew.db'}")


@pytest.mark.parametrize("command", ["run", "doctor"])
def test_start__says_that_the_database_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """One sentence and how to fix it, before any chat is served."""
    for name in environment_names() & os.environ.keys():
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    settings = {
        "ANTITHESIS_BASE_URL": "http://127.0.0.1:9",
        "ANTITHESIS_API_KEY": "canary-key",
        "SLACK_BOT_TOKEN": "xoxb-1234567890",
        "SLACK_APP_TOKEN": "xapp-1234567890",
        "SLACK_API_URL": "http://127.0.0.1:9/api",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    asyncio.run(_laid(tmp_path / "clew.db"))
    content = bytearray((tmp_path / "clew.db").read_bytes())
    content[-4096:] = b"\xa5" * 4096
    (tmp_path / "clew.db").write_bytes(content)

    answer = CliRunner().invoke(app, [command])

    assert answer.exit_code == (2 if command == "run" else 1)
    assert "is damaged. Restore it from a backup." in answer.output
    assert "Traceback" not in answer.output
    assert "canary" not in answer.output
