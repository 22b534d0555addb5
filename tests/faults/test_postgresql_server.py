"""The tests' own PostgreSQL: one for all workers, found where it is, and gone with them however they end."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy.engine import make_url

from tests import postgresql as server
from tests.postgresql import ABSENT, PATIENCE, ROOT, Server, a_cluster, binaries

# Says where its database is, and stays until it is killed.
STAYING = """
import asyncio, os, pytest

@pytest.mark.parametrize("number", range(2))
async def test_it(number, postgresql_server, postgresql):
    _, writer = await asyncio.open_connection("127.0.0.1", {port})
    writer.write(f"{{os.getpid()}} {{postgresql}} {{postgresql_server.run}}\\n".encode())
    await asyncio.Event().wait()
"""


async def test_server__is_one_for_all_and_ends_with_them(tmp_path: Path, postgresql_server: Server) -> None:
    """Two workers have a database each on one server; after kill -9 of all of them neither it nor its files are left."""
    said: asyncio.Queue[bytes] = asyncio.Queue()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said.put_nowait(await reader.readline())
        await reader.read()
        writer.close()

    async with asyncio.timeout(PATIENCE), await asyncio.start_server(hear, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        (tmp_path / "test_staying.py").write_text(STAYING.format(port=port))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "pytest", "-p", "tests.postgresql", "-c", os.devnull, "-o", "asyncio_mode=auto",
            "-p", "no:cacheprovider", "-n", "2", f"--rootdir={tmp_path}", tmp_path / "test_staying.py",
            cwd=ROOT, env={"PATH": os.environ["PATH"]}, stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        lines = [(await said.get()).decode().split() for _ in range(2)]
        workers, urls, runs = zip(*lines, strict=True)
        folder = server.folder_of(runs[0])
        ended = asyncio.Event()
        connection = await asyncpg.connect(urls[0])
        connection.add_termination_listener(lambda _: ended.set())
        for each in (process.pid, *map(int, workers)):
            os.kill(each, signal.SIGKILL)
        await process.wait()
        with (folder / "users").open() as users:
            await ended.wait()
            fcntl.flock(users, fcntl.LOCK_SH)  # it is let go by the one that cleans up, behind its last act

    assert urls[0] != urls[1]
    assert make_url(urls[0]).query == make_url(urls[1]).query
    assert make_url(urls[0]).query != make_url(postgresql_server.url).query
    assert runs[0] == runs[1]
    assert not folder.exists()
    assert not Path(str(make_url(urls[0]).query["host"])).parent.exists()


@pytest.mark.parametrize("places", [server.PLACES, ()], ids=["installed", "wheel"])
async def test_cluster__stops_and_starts(
    places: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was committed is there after it crashed, under the same address."""
    monkeypatch.setattr(server, "PLACES", places)
    if not places:
        monkeypatch.setenv("PATH", "")
    found = binaries()
    if found is None:
        pytest.skip(ABSENT)
    if not places:  # as in a .venv of root's, which the server's account cannot enter
        (tmp_path / "packages").symlink_to(found.parents[2])
        there = tmp_path / "packages" / found.relative_to(found.parents[2])
        monkeypatch.setattr(server, "binaries", lambda: there)
    with a_cluster() as cluster:
        for how in (signal.SIGQUIT, signal.SIGINT):
            connection = await asyncpg.connect(cluster.url)
            await connection.execute(f"CREATE TABLE {how.name} ()")
            cluster.stop(how)
            with pytest.raises((ConnectionError, FileNotFoundError)):
                await asyncpg.connect(cluster.url)
            cluster.start()
            connection = await asyncpg.connect(cluster.url)
            assert await connection.fetch(f"SELECT * FROM {how.name}") == []
            await connection.close()


def test_binaries__where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That on PATH is meant; else the newest is taken, and a folder with a part of it is none."""
    for name, programs in {
        "9/bin": "initdb postgres",
        "15/bin": "initdb postgres",
        "16/bin": "initdb",
        "mine": "initdb postgres",
    }.items():
        (tmp_path / name).mkdir(parents=True)
        for program in programs.split():
            (tmp_path / name / program).touch(mode=0o755)
    monkeypatch.setattr(server, "PLACES", (f"{tmp_path}/*/bin",))
    monkeypatch.setenv("PATH", "")

    assert binaries() == tmp_path / "15" / "bin"

    monkeypatch.setenv("PATH", f"{tmp_path / 'mine'}")
    assert binaries() == tmp_path / "mine"


@pytest.mark.parametrize(("given", "skipped"), [("", True), ("own", False), ("postgresql://h/x", False)])
def test_absent__is_said_where_it_need_not_be_had(
    given: str, skipped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without PostgreSQL skips by name; who asked for it is not passed over."""
    monkeypatch.setattr(server, "GIVEN", given)
    monkeypatch.setattr(server, "binaries", lambda: None)
    outcome: Any = (
        pytest.raises(pytest.skip.Exception, match="PostgreSQL is not installed")
        if skipped
        else nullcontext()
    )

    with outcome:
        server.skip_where_absent()
