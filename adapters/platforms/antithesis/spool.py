"""The file a window goes to: written as it comes, closed to others, and never larger than its cap."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

_MODE = 0o600


class Spool:
    """Keeps the end of what is written: two halves, of which the older one gives way when the newer is full.

    The failure stands at the end of a log, so it is the begin that is let go. Use it in a `with` block: a
    file that was not handed over by `finish` is removed at its end.
    """

    def __init__(self, folder: Path, name: str, cap: int) -> None:
        self._folder, self._name, self._half = folder, name, max(1, cap // 2)
        self._old: Path | None = None
        self._path, self._file = self._open()
        self._size = self._old_size = 0
        self.dropped = 0  # bytes that the cap let go

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        for path in (self._path, self._old):
            if path is not None:
                path.unlink(missing_ok=True)

    def write(self, block: bytes) -> None:
        """Append whole lines. A block is small (256 KiB): it goes to the page cache in well under 1 ms."""
        if self._size and self._size + len(block) > self._half:
            self._turn()
        self._file.write(block)
        self._size += len(block)

    def finish(self) -> tuple[str, int]:
        """Close the file and hand it over: its path and size in bytes. The caller deletes it."""
        self._file.close()
        if self._old is not None:
            with self._old.open("ab") as older, self._path.open("rb") as newer:
                shutil.copyfileobj(newer, older, 1 << 20)
            self._path.unlink()
            self._path, self._old = self._old, None
        kept, self._path = self._path, self._folder / "handed-over"
        return str(kept), self._size + self._old_size

    def _turn(self) -> None:
        self._file.close()
        if self._old is not None:
            self._old.unlink(missing_ok=True)
            self.dropped += self._old_size
        self._old, self._old_size = self._path, self._size
        self._path, self._file = self._open()
        self._size = 0

    def _open(self) -> tuple[Path, BinaryIO]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number, path = tempfile.mkstemp(prefix=f"{self._name}-", suffix=".ndjson", dir=self._folder)
        os.fchmod(number, _MODE)
        return Path(path), os.fdopen(number, "wb")
