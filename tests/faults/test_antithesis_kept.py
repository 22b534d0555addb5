"""Windows that are kept: asked for once, true afterwards, bounded, and gone with whoever kept them."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.platforms.antithesis.client import AntithesisService
from adapters.platforms.antithesis.settings import Tenant
from adapters.platforms.http import spool as spools
from adapters.platforms.http.limits import Limits
from adapters.platforms.http.spool import Spool, folder
from adapters.platforms.http.transport import open_http
from bot.errors import ServiceError
from bot.model import LogExcerpt, LogQuery, Moment, Secret
from tests.fakes.loop_time import stopped_time
from tests.fakes.raw_http import RawServer, Reply, json_says, raw_server, streams

RUN_ID = "9043254f65c9c65d63fe043a0abfc7fc-64-1"
MOMENT = Moment("-3625518438076122494", "500")
NOW = datetime(2026, 5, 1, tzinfo=UTC)


def _line(vtime: float, text: str, source: str = "etcd0") -> bytes:
    event = {"moment": {"input_hash": "1", "vtime": vtime}, "output_text": text, "source": {"name": source}}
    return json.dumps(event).encode() + b"\n"


def _fault(vtime: float) -> bytes:
    fault = {"name": "kill", "type": "t", "affected_nodes": ["etcd1"], "max_duration": "0", "details": {}}
    event = {"moment": {"vtime": vtime}, "fault": fault, "source": {"name": "fault_injector"}}
    return json.dumps(event).encode() + b"\n"


def _log(begin: int) -> bytes:
    """Return a log from a second on, and what a platform sends past the moment."""
    lines = [
        _line(n + 0.5, f"line {n}" if n % 50 else f"panic: {n}", f"etcd{n % 2}") for n in range(begin, 500)
    ]
    return b"".join([*lines[:-4], _fault(495.9), *lines[-4:], _line(501.0, "later")])


NEAR, FAR = _log(380), _log(100)
"""A log as it is served for a window of 120 virtual seconds, from which on faults are followed, and for one of 400."""


class _Team:
    """A connection and its server."""

    def __init__(self, server: RawServer, service: AntithesisService, spool: Path) -> None:
        self.server, self.service, self.spool = server, service, spool

    async def look(self, **query: Any) -> LogExcerpt:
        """Look at a window."""
        return await self.service.logs(LogQuery(**{"run_id": RUN_ID, "moment": MOMENT, **query}), _quiet)

    @property
    def asked(self) -> int:
        """How many requests the platform got."""
        return len(self.server.requests)

    async def left(self, many: int) -> None:
        """Wait until so many files are there: what is let go of is deleted off the loop."""
        async with asyncio.timeout(20):
            while len([*self.spool.glob("*")]) != many:  # noqa: ASYNC110 - nothing tells when a folder has changed
                await asyncio.sleep(0.001)


@asynccontextmanager
async def _team(spool: Path, *replies: Reply, cap: int = 1 << 28, **limits: Any) -> AsyncIterator[_Team]:
    bounds = Limits(**{"wait": 0.001, "spool": cap, **limits})
    async with raw_server(*replies) as server, open_http(limits=bounds) as http:
        tenant = Tenant(name="prod", base_url=server.base_url, api_key=Secret("k"))
        yield _Team(
            server, AntithesisService(http, tenant, spool=spool, now=lambda: NOW, limits=bounds), spool
        )


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """Return the folder for windows of logs."""
    return tmp_path / "spool"


async def _quiet(_: str) -> None:
    """Hear nothing."""


def _shown(excerpt: LogExcerpt) -> tuple[object, ...]:
    content = Path(excerpt.path).read_bytes() if excerpt.path else b""
    return (excerpt.lines, excerpt.matched, excerpt.total, excerpt.mentions, excerpt.faults, excerpt.faults_since,
            excerpt.faults_left_out, excerpt.size, excerpt.cut, excerpt.file_trouble, content)  # fmt: skip


LOOKS: Sequence[dict[str, Any]] = (
    {"window": 400.0, "lines": 7},
    {"window": 400.0},
    {"window": 400.0, "errors": True},
    {"window": 400.0, "grep": "line 4", "lines": 300},
    {"window": 200.0, "source": "etcd1"},
    {"window": 9.9},
    {"window": 0.2},
    {"window": 10.0, "file": False},
)


async def test_kept__a_second_look_makes_no_request(spool: Path) -> None:
    """The same window and every narrower one show what reading them anew shows, and hand over files of their own."""
    async with _team(spool, streams(FAR)) as team:
        excerpt = await team.look(window=400.0)
        again = [_shown(await team.look(**look)) for look in LOOKS]
        assert team.asked == 1
    fresh = []
    for look in LOOKS:
        async with _team(spool / "other", streams(FAR)) as team:
            fresh.append(_shown(await team.look(**look)))

    assert again == fresh
    assert [fault.name for fault in excerpt.faults] == ["kill"]


async def test_kept__files_are_closed_to_others_and_outlive_each_other(spool: Path) -> None:
    """Whoever sends a file deletes it; what is kept stays, in a folder of its own."""
    async with _team(spool, streams(FAR)) as team:
        for window in (400.0, 50.0, 400.0, 50.0):
            excerpt = await team.look(window=window)
            path = Path(excerpt.path or "")
            assert path.stat().st_mode & 0o777 == 0o600  # noqa: ASYNC240 - looks at one file in a test
            path.unlink()  # noqa: ASYNC240

        assert team.asked == 1
        await team.left(1)


async def test_kept__a_wider_look_reads_only_what_is_missing(spool: Path) -> None:
    """The stream is left where it meets what is known, and the whole is kept in its place."""
    begin = FAR.index(_line(380.5, "line 380"))
    missing = FAR[: begin + 300]  # nothing more ever comes
    replies = (streams(NEAR), streams(missing, hold=asyncio.Event()))
    async with _team(spool, *replies, stream=20.0, stream_idle=20.0) as team:
        await team.look(window=10.0, file=False)
        wide = await team.look(window=400.0, lines=500)
        again = await team.look(window=400.0, lines=500)
        assert team.asked == 2
        await team.left(3)
        assert "begin_vtime=100.0" in team.server.requests[1].target
    async with _team(spool / "other", streams(FAR)) as team:
        fresh = await team.look(window=400.0, lines=500)

    assert _shown(wide) == _shown(again) == _shown(fresh)
    assert (wide.total, wide.cut) == (401, None)


async def test_kept__a_log_that_does_not_meet_it_is_read_anew(spool: Path) -> None:
    """Where another line stands, what was kept is not believed to be its end."""
    other = FAR.replace(b"line 381", b"another ")
    async with _team(
        spool, streams(NEAR.replace(b"panic: 380", b"line 380").split(b"\n", 1)[1]), streams(other)
    ) as team:
        await team.look(window=10.0)
        wide = await team.look(window=400.0, lines=500)

    assert wide.total == 401
    assert "another" in [line.text for line in wide.lines]


@pytest.mark.parametrize(
    ("reply", "cut"),
    [
        (streams(FAR[:9000], cut=True), "the stream broke off"),
        (streams(FAR[:9000], b'\n{"error":"gone"}\n'), "the platform broke off: gone"),
        (streams(b"x" * 60_000 + b"\n", FAR[:9000]), "the log is larger than 0 MB"),
    ],
)
async def test_kept__a_window_that_was_cut_is_not(reply: Reply, cut: str, spool: Path) -> None:
    """It is said to be cut, and asked for again; what was kept of a narrower one stays true."""
    async with _team(spool, streams(NEAR), reply, streams(FAR), stream_bytes=60_000) as team:
        await team.look(window=10.0, file=False)
        first = await team.look(window=400.0, file=False)
        narrow = await team.look(window=20.0, file=False)
        assert (first.cut, narrow.cut, narrow.total) == (cut, None, 21)
        assert (await team.look(window=400.0, file=False)).total == 401
        assert team.asked == 3
        await team.left(1)


async def test_kept__one_log_is_read_once_however_many_want_it(spool: Path) -> None:
    """Whoever comes later waits for the first one, and hears so."""
    heard: list[str] = []
    going = asyncio.Event()

    async def hear(text: str) -> None:
        heard.append(text)
        going.set()

    async with _team(spool, streams(FAR[:9000], FAR[9000:], hold=going)) as team:
        query = LogQuery(run_id=RUN_ID, moment=MOMENT, window=400.0)
        found = await asyncio.gather(*(team.service.logs(query, hear) for _ in range(5)))

        assert team.asked == 1
        assert {excerpt.total for excerpt in found} == {401}
        assert len({excerpt.path for excerpt in found}) == 5
        assert set(heard) == {"waiting for this log, which is being read already"}


async def test_kept__a_failure_is_nobody_elses(spool: Path) -> None:
    """Who waited for a read that failed, or was given up, asks for himself."""
    refused = json_says('{"message": "no"}', "403 Forbidden")
    async with _team(spool, refused, streams(FAR)) as team:
        found = await asyncio.gather(team.look(window=10.0), team.look(window=10.0), return_exceptions=True)

    assert isinstance(found[0], ServiceError)
    assert isinstance(found[1], LogExcerpt)


async def test_kept__another_moment_or_run_is_another_log(spool: Path) -> None:
    """Moments that differ in digits which a float drops are two; the same number written otherwise is one."""
    moments = [
        Moment("1", "500"),
        Moment("1", "500.00000000000000001"),
        Moment("2", "500"),
        Moment("1", "500.0"),
    ]
    async with _team(spool, streams(NEAR)) as team:
        for moment in moments:
            await team.look(moment=moment)
        await team.look(run_id=RUN_ID.replace("-1", "-2"), moment=moments[0])

        assert team.asked == 4


@pytest.mark.parametrize("limits", [{"kept": 2}, {"kept_bytes": 2 * len(NEAR)}])
async def test_kept__within_bounds(spool: Path, limits: dict[str, int]) -> None:
    """The oldest make room, on disk too."""
    moments = [Moment("1", f"500.{n}") for n in range(4)]
    async with _team(spool, streams(NEAR), **limits) as team:
        for moment in moments:
            await team.look(moment=moment, file=False)
        for moment in reversed(moments[2:]):
            await team.look(moment=moment, file=False)
        assert team.asked == 4
        await team.look(moment=moments[0], file=False)
        assert team.asked == 5
        await team.left(2)


@pytest.mark.parametrize(("left", "many"), [(3, 3), (1, 1), (0.5, 0)])
async def test_kept__leaves_room_on_a_small_disk(
    spool: Path, monkeypatch: pytest.MonkeyPatch, left: float, many: int
) -> None:
    """Half of what the disk has room for is for what comes: a window too large for that is not kept at all."""
    usage = shutil.disk_usage(spool.parent)._replace(free=int(left * len(NEAR)))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    async with _team(spool, streams(NEAR)) as team:
        for n in range(4):
            excerpt = await team.look(moment=Moment("1", f"500.{n}"))
            assert excerpt.file_trouble is None
            Path(excerpt.path or "").unlink()  # noqa: ASYNC240 - as a chat does that has sent it
        await team.left(many)


async def test_kept__for_an_hour(spool: Path) -> None:
    """Then it is deleted, whether somebody looks or not."""
    async with _team(spool, streams(NEAR)) as team:
        await team.look(file=False)
        with stopped_time() as time:
            await time.pass_by(3599.0)
            await team.look(file=False)
            assert team.asked == 1
            await time.pass_by(2.0)
        await team.left(0)
        await team.look(file=False)
        assert team.asked == 2


async def test_kept__for_an_hour_since_it_was_read_last(spool: Path) -> None:
    """A longer window in its place has an hour of its own."""
    async with _team(spool, streams(NEAR), streams(FAR)) as team:
        await team.look(window=10.0, file=False)
        with stopped_time() as time:
            await time.pass_by(1800.0)
            await team.look(window=400.0, file=False)
            await time.pass_by(1900.0)
            await team.look(window=400.0, file=False)

        assert team.asked == 2


@pytest.mark.parametrize("harm", ["changed", "gone", "folder"])
async def test_kept__what_is_no_longer_as_it_was_is_read_anew(spool: Path, harm: str) -> None:
    """Somebody wrote into a file that was handed over, or cleared the place: the platform is asked again."""
    async with _team(spool, streams(FAR)) as team:
        excerpt = await team.look(window=400.0)
        for path in spool.iterdir():  # noqa: ASYNC240 - looks at one folder in a test
            if harm == "changed" and str(path) == excerpt.path:
                path.write_bytes(path.read_bytes().replace(b"line 4", b"LINE 4"))
            elif harm == "gone":
                path.unlink()
        if harm == "folder":
            shutil.rmtree(spool)
        again = await team.look(window=400.0)

        assert team.asked == 2
        assert (again.total, again.cut, again.file_trouble) == (401, None, None)
        assert b"LINE" not in Path(again.path or "").read_bytes()  # noqa: ASYNC240


async def test_kept__gone_while_a_wider_one_needs_it(spool: Path) -> None:
    """What the longer window met is no longer there: all of it is read."""
    async with _team(spool, streams(NEAR), streams(FAR)) as team:
        await team.look(window=10.0, file=False)
        shutil.rmtree(spool)
        wide = await team.look(window=400.0)

        assert (team.asked, wide.total) == (3, 401)


class _Full:
    """A disk that has no room."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch

    def for_windows(self) -> None:
        """Let no window be written."""
        self._patch.setattr(Spool, "write", self._fail)

    def for_parts(self) -> None:
        """Let no part of one be copied."""
        self._patch.setattr(spools.shutil, "copyfileobj", self._fail)  # type: ignore[attr-defined]  # its import

    def _fail(self, *_: object) -> None:
        raise OSError("no space left on device")


async def test_kept__a_full_disk(spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines are shown, the file is said to be missing, nothing half stays, and what is kept makes room."""
    async with _team(spool, streams(NEAR)) as team:
        await team.look(moment=Moment("1", "500"), file=False)
        _Full(monkeypatch).for_windows()
        first = await team.look(lines=5)
        second = await team.look(lines=5)

        assert first.lines == second.lines != ()
        assert {(e.path, e.file_trouble) for e in (first, second)} == {
            (None, "the file could not be written")
        }
        assert team.asked == 3
        await team.left(0)


async def test_kept__no_room_for_a_part(spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second look shows what the first one did, without a file, and leaves none."""
    async with _team(spool, streams(NEAR)) as team:
        first = await team.look(lines=5, file=False)
        _Full(monkeypatch).for_parts()
        second = await team.look(lines=5)

        assert (second.lines, second.total, second.faults) == (first.lines, first.total, first.faults)
        assert (second.path, second.file_trouble) == (None, "the file could not be written")
        assert team.asked == 1
        await team.left(1)


async def test_kept__without_links(spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that has none gets a copy."""

    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "hardlink_to", refused)
    async with _team(spool, streams(FAR)) as team:
        await team.look(window=400.0, file=False)
        excerpt = await team.look(window=400.0)
        content = Path(excerpt.path or "").read_bytes()  # noqa: ASYNC240 - looks at one file in a test

    assert content == FAR[: FAR.rindex(b"\n", 0, -1) + 1]


async def test_kept__at_the_cap_of_a_file(spool: Path) -> None:
    """A log too large for a file is not kept; of a short window that the file still holds nothing is missing."""
    large = FAR.replace(b'"line ', b'"' + b"x" * 3000 + b"line ")
    async with _team(spool, streams(large), cap=len(large) // 2) as team:
        short = await team.look(window=10.0)
        long = await team.look(window=400.0)

        assert team.asked == 2
        assert (short.file_trouble, long.file_trouble) == (None, "the file holds the last 0 MB only")
        assert Path(short.path or "").read_bytes().count(b"\n") == short.total == 11  # noqa: ASYNC240
        assert 0 < long.size < len(large) // 2
        await team.left(2)


async def test_kept__given_up_leaves_nothing(spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second look that is given up while its file is being made leaves only what is kept."""
    begun, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    copy = shutil.copyfileobj

    def slow(*args: Any) -> None:
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()
        copy(*args)

    async with _team(spool, streams(NEAR)) as team:
        await team.look(file=False)
        monkeypatch.setattr(spools.shutil, "copyfileobj", slow)  # type: ignore[attr-defined]  # its import
        looking = asyncio.create_task(team.look())
        await begun.wait()
        looking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await looking
        go_on.set()
        await team.left(1)


HOLDER = """
import sys
from adapters.platforms.http.spool import folder
with folder() as place:
    (place / "window.ndjson").write_text("{}")
    print(place, flush=True)
    sys.stdin.read()
"""


async def test_folder__what_a_killed_process_left_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one that starts clears up after it, and leaves alone who still lives."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    killed, living = await _holder(), await _holder()
    killed.send_signal(signal.SIGKILL)
    await killed.wait()
    left = _names(tmp_path)
    with folder() as own:
        there = _names(tmp_path)
    assert living.stdin is not None
    living.stdin.close()
    await living.wait()

    assert len(left) == 2
    assert len(there) == 2
    assert own.name in there
    assert _names(tmp_path) == []


def _names(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir())


async def _holder() -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline()
    return process
