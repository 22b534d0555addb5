"""Files of this machine, by their path: they are read where they are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from bot.ports import OpenedFile
from bot.replies import reported

PIECE = 1 << 18  # bytes


@asynccontextmanager
async def open_file(ref: str) -> AsyncIterator[OpenedFile]:
    """Open a file by its path. Raises `UserError` for what is none: a folder, a device, a pipe nobody writes to."""
    name, file, size = await asyncio.to_thread(_opened, ref)
    try:
        yield OpenedFile(name=name, pieces=_pieces(file, ref), size=size)
    finally:
        await asyncio.to_thread(file.close)


def _opened(ref: str) -> tuple[str, BinaryIO, int]:
    try:
        path = Path(ref).expanduser()
        if not path.is_file():
            raise reported.no_such_file(ref)
        return path.name, path.open("rb"), path.stat().st_size
    except (OSError, ValueError, RuntimeError) as error:  # no right, a NUL in it, a home that nobody has
        raise reported.no_such_file(ref) from error


async def _pieces(file: BinaryIO, ref: str) -> AsyncIterator[bytes]:
    try:
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece
    except OSError as error:
        raise reported.no_such_file(ref) from error
