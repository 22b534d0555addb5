"""The file a window goes to: written as it comes, closed to others, and never larger than its cap.

`Spool` is the file; `Writer` feeds it from the event loop, which never waits for the disk by itself; `part` makes a
file of a part of one.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import BinaryIO, Self
from uuid import uuid4

log = logging.getLogger(__name__)

_MODE = 0o600
_PREFIX = "clew-logs-"
_BATCH = 1 << 20  # bytes handed to the disk at once, while the next are read


@contextmanager
def folder() -> Iterator[Path]:
    """Give a folder for files, which is gone at the end of the block.

    What a process left that was killed is deleted first. Where no folder can be made it is one that does not exist:
    logs come without files then.
    """
    with ExitStack() as stack:
        try:
            _sweep(Path(tempfile.gettempdir()))
            made = TemporaryDirectory(prefix=_PREFIX)
            with suppress(OSError):  # not every file system has locks; there nothing is ever swept
                stack.callback(os.close, _claim(made.name))
            path = Path(stack.enter_context(made))
        except OSError as error:
            path = Path("clew-files")  # the next best; it is made when something is to be stored
            log.warning("log files cannot be stored: %s", error)
        yield path


def _claim(path: Path | str, how: int = fcntl.LOCK_EX) -> int:
    """Lock a folder for as long as this process lives; return what holds the lock. Raises `OSError`."""
    held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(held, how)
    except OSError:
        os.close(held)
        raise
    return held


def _sweep(place: Path) -> None:
    """Delete the folders with files whose processes are gone: the locks went with them.

    An empty one may be somebody's who is about to lock it.
    """
    for path in place.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # it is in use, or somebody else's
            held = _claim(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
            try:
                if any(path.iterdir()):
                    shutil.rmtree(path)
            finally:
                os.close(held)


@dataclass(frozen=True, slots=True)
class File:
    """A window's file, or the trouble why there is none, or none of it; the receiver deletes it.

    `dropped`: bytes before it that the cap let go.
    """

    path: str | None = None
    size: int = 0
    trouble: str | None = None
    dropped: int = 0


NOT_WRITTEN = File(trouble="the file could not be written")


def part(source: File, begin: int) -> File:
    """Return a file of its own of what was written from a byte on: a link, where that is all of another file.

    Takes its time: call it off the event loop.
    """
    lost = max(0, source.dropped - begin)
    begin = max(0, begin - source.dropped)
    if source.path is None or begin >= source.size:
        return File(trouble=source.trouble)
    path = Path(source.path).with_name(f"{uuid4().hex}.ndjson")
    try:
        _fill(path, Path(source.path), begin)
    except OSError:
        path.unlink(missing_ok=True)
        return NOT_WRITTEN
    return _written(str(path), source.size - begin, lost)


def _written(path: str, size: int, dropped: int) -> File:
    return File(
        path, size, f"the file holds the last {size / 1e6:,.0f} MB only" if dropped else None, dropped
    )


def _fill(path: Path, source: Path, begin: int) -> None:
    if not begin:
        with suppress(OSError):  # not every file system has links
            path.hardlink_to(source)
            return
    with (
        source.open("rb") as whole,
        os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb") as file,
    ):
        whole.seek(begin)
        shutil.copyfileobj(whole, file, _BATCH)


class Writer:
    """Writes blocks in a thread, one batch at a time: at most two batches are in memory.

    Use it in an `async with` block: a file that `finish` did not hand over is gone at its end.
    """

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._batch: list[bytes] = []
        self._size = 0
        self._running: asyncio.Future[None] | None = None
        self._failed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running is not None:
            await asyncio.wait([self._running])
        self._spool.__exit__(kind, error, trace)

    def add(self, block: bytes) -> None:
        """Take a block of whole lines."""
        self._batch.append(block)
        self._size += len(block)

    async def turn(self, at_least: int = _BATCH) -> None:
        """Hand on what was taken, if it is enough; waits only while the batch before it is being written."""
        if self._size < at_least or self._failed:
            return
        batch, self._batch, self._size = self._batch, [], 0
        await self._settle()
        self._running = asyncio.get_running_loop().run_in_executor(None, self._write, batch)

    async def finish(self) -> File:
        """Write the rest and hand the file over."""
        await self.turn(at_least=1)
        await self._settle()
        if self._failed:
            return NOT_WRITTEN
        if not self._spool.size:
            return File()
        try:
            path, size = await asyncio.to_thread(self._spool.finish)
        except OSError:
            return NOT_WRITTEN
        return _written(path, size, self._spool.dropped)

    def _write(self, batch: list[bytes]) -> None:
        for block in batch:
            self._spool.write(block)

    async def _settle(self) -> None:
        if self._running is None:
            return
        running, self._running = self._running, None
        try:
            await running
        except OSError:
            self._failed = True


class Spool:
    """Keeps the end of what is written: two halves, of which the older one gives way when the newer is full.

    The failure stands at the end of a log, so it is the begin that is let go. Use it in a `with` block: a
    file that was not handed over by `finish` is removed at its end.
    """

    def __init__(self, folder: Path, name: str, cap: int) -> None:
        self._folder, self._name, self._half = folder, name, max(1, cap // 2)
        self._old: Path | None = None
        self._path: Path | None = None
        self._file: BinaryIO | None = (
            None  # opened by the first write: without room, only the file is missing
        )
        self._size = self._old_size = 0
        self.dropped = 0  # bytes that the cap let go

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
        for path in (self._path, self._old):
            if path is not None:
                path.unlink(missing_ok=True)

    @property
    def size(self) -> int:
        """Bytes that the file holds."""
        return self._size + self._old_size

    def write(self, block: bytes) -> None:
        """Append whole lines."""
        if self._size and self._size + len(block) > self._half:
            self._turn()
        if self._file is None:
            self._path, self._file = self._open()
        self._file.write(block)
        self._size += len(block)

    def finish(self) -> tuple[str, int]:
        """Close the file and hand it over: its path and size in bytes. The caller deletes it."""
        if self._path is None:
            self._path, self._file = self._open()
        self._close()
        if self._old is not None:
            with self._old.open("ab") as older, self._path.open("rb") as newer:
                shutil.copyfileobj(newer, older, 1 << 20)
            self._path.unlink()
            self._path, self._old = self._old, None
        kept, self._path = self._path, None
        return str(kept), self._size + self._old_size

    def _turn(self) -> None:
        self._close()
        if self._old is not None:
            self._old.unlink(missing_ok=True)
            self.dropped += self._old_size
        self._old, self._old_size = self._path, self._size
        self._path = None
        self._size = 0

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _open(self) -> tuple[Path, BinaryIO]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number, path = tempfile.mkstemp(prefix=f"{self._name}-", suffix=".ndjson", dir=self._folder)
        os.fchmod(number, _MODE)
        return Path(path), os.fdopen(number, "wb")
