"""Windows of logs that are kept on disk for a while, so that a second look at one asks the platform nothing.

A log up to a moment does not change, so what was read whole once is true later. A file that somebody else changed, or
took away, is not looked at: it is read anew.
"""

from __future__ import annotations

import asyncio
import math
import os
import shutil
from bisect import bisect_left
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from weakref import WeakValueDictionary

from adapters.platforms.antithesis.intake import Known, Seam, last_vtime, lines_of, vtime_of
from adapters.platforms.antithesis.window import Window
from adapters.platforms.http.limits import PIECE, Limits
from adapters.platforms.http.spool import File
from bot.model import LogQuery
from bot.ports import Report

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Mark:
    """A place between two lines of a file: its byte, how many lines come before, and the latest time of those."""

    byte: int = 0
    lines: int = 0
    seconds: float = -math.inf


class Index:
    """Where the lines of a file stand, fed with its blocks in their order: a look reads only the pieces it needs."""

    def __init__(self) -> None:
        self._marks = [_Mark()]
        self._end = _Mark()
        self.seam: Seam | None = None  # what a longer window, read later, meets
        self._seam_at = 0

    def add(self, block: bytes, count: int) -> None:
        """Take the next block of whole lines, of so many."""
        before, last = self._end, last_vtime(block)
        if not before.byte:
            self._find_seam(block)
        latest = max(before.seconds, float(last)) if last else before.seconds
        self._end = _Mark(before.byte + len(block), before.lines + count, latest)
        if self._end.byte - self._marks[-1].byte >= PIECE:
            self._marks.append(self._end)

    def feed(self, file: BinaryIO, window: Window, begin: float) -> None:
        """Show a window what it needs of the file to show the lines from a time on."""
        first = max(0, bisect_left(self._marks, begin, key=lambda mark: mark.seconds) - 1)
        if self._marks[first].seconds < 0:  # lines without a time may be of the window
            first = 0
        window.early = self._marks[first].byte
        for here, after in zip(self._marks[first:], [*self._marks[first + 1 :], self._end], strict=True):
            if window.may_pass(self._end.lines - after.lines):
                window.pass_by(after.lines - here.lines)
            elif after.byte > here.byte:
                file.seek(here.byte)
                window.take(file.read(after.byte - here.byte), after.lines - here.lines)

    def behind_seam(self, file: BinaryIO) -> Iterator[bytes]:
        """Yield the file in blocks of whole lines, from its first line that has a time."""
        start = self._seam_at
        for end in [*(mark.byte for mark in self._marks if mark.byte > start), self._end.byte]:
            file.seek(start)
            yield file.read(end - start)
            start = end

    def _find_seam(self, block: bytes) -> None:
        start = 0
        for line in lines_of(block):
            if vtime := vtime_of(line):
                self.seam, self._seam_at = Seam(float(vtime), line + b"\n"), start
                return
            start += len(line) + 1


class Gone(Exception):
    """A window that was kept is no longer there, or not as it was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A log that was read whole, from `begin` (virtual seconds) up to a moment.

    `left`: bytes that the disk still had room for behind it.
    """

    file: File
    state: tuple[int, int, int]
    index: Index
    known: Known
    begin: float
    left: int

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Open the file for reading. Raises `Gone` where it is not as it was written."""
        try:
            with Path(self.file.path or "").open("rb") as file:
                if _state(os.fstat(file.fileno())) != self.state:
                    raise Gone
                yield file
        except OSError as error:
            raise Gone from error


def kept(file: File, index: Index, known: Known, begin: float) -> Kept | None:
    """Return what is worth keeping of a log that was read; None where it is not whole, or would fill the disk."""
    if known.cut or file.trouble or file.path is None:
        return None
    path = Path(file.path)
    try:
        state, left = _state(path.stat()), shutil.disk_usage(path).free
    except OSError:
        return None
    if file.size > left:
        return None
    return Kept(file=file, state=state, index=index, known=known, begin=begin, left=left)


def _state(stat: os.stat_result) -> tuple[int, int, int]:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


class Shelf:
    """Keeps windows for a while, the newest of them: what is let go of is deleted."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._kept: dict[Key, tuple[Kept, asyncio.TimerHandle]] = {}  # the oldest first
        self._turns: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, key: Key, report: Report) -> AsyncIterator[Kept | None]:
        """Give what is kept; whoever wants the same meanwhile waits, so that it is read once."""
        lock = self._turns.setdefault(key, asyncio.Lock())
        if lock.locked():
            await report("waiting for this log, which is being read already")
        async with lock:
            yield self._kept[key][0] if key in self._kept else None

    def put(self, key: Key, kept: Kept) -> None:
        """Keep a window, in place of the one before it; the oldest make room.

        What is kept takes at most half of the disk's room, so that the next window, and whoever else writes, has some.
        """
        self.drop(key)
        half = (self._size + kept.file.size + kept.left) // 2
        room = min(self._limits.kept_bytes, half) - kept.file.size
        while self._kept and (len(self._kept) >= self._limits.kept or self._size > room):
            self.drop(next(iter(self._kept)))
        timer = asyncio.get_running_loop().call_later(self._limits.kept_for, self.drop, key)
        self._kept[key] = kept, timer

    def drop(self, key: Key) -> None:
        """Let go of a window, if it is kept."""
        if key in self._kept:
            kept, timer = self._kept.pop(key)
            timer.cancel()
            asyncio.get_running_loop().run_in_executor(None, delete, kept.file)

    def clear(self) -> None:
        """Let go of everything."""
        for key in [*self._kept]:
            self.drop(key)

    @property
    def _size(self) -> int:
        return sum(kept.file.size for kept, _ in self._kept.values())


def key_of(query: LogQuery) -> Key:
    """Return what makes two windows one log."""
    return query.run_id, query.moment.input_hash, query.moment.exact


def delete(file: File) -> None:
    """Delete a file that is not wanted any more."""
    if file.path is not None:
        with suppress(OSError):  # somebody was faster, or the folder is gone
            Path(file.path).unlink()
