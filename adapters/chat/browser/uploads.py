"""Files that the person attaches: kept on this machine while the page is served, the newest few of them."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from typing import IO

from adapters.chat import local_file
from adapters.private import OWNER_FOLDER, touch
from bot.ports import OpenedFile
from bot.replies import reported
from bot.state import AttachedFile

MOST = 20
MOST_BYTES = 10 << 20  # of one file
NAME = 255  # characters
PIECE = 1 << 18  # bytes
_REF = re.compile(r"[0-9a-f]{16}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Kept:
    name: str
    path: Path


class Uploads:
    """Keeps files under names of its own: what a page calls one leads nowhere."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def keep(self, name: str, content: IO[bytes]) -> AttachedFile:
        """Keep a file. Raises `OSError`."""
        ref = token_hex(8)
        self._folder.mkdir(mode=OWNER_FOLDER, parents=True, exist_ok=True)
        path = self._folder / f"upload-{ref}"
        size = 0
        with touch(path).open("wb") as file:
            while piece := content.read(PIECE):
                size += file.write(piece)
        self._kept[ref] = _Kept(name[-NAME:] or "file", path)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)[1].path.unlink(missing_ok=True)
        return AttachedFile(ref=ref, name=self._kept[ref].name, size=size)

    @asynccontextmanager
    async def open(self, ref: str) -> AsyncIterator[OpenedFile]:
        """Open a file. Raises `UserError` for one that is not kept, or not any more."""
        kept = self._kept.get(ref)
        if kept is None:
            raise reported.gone() if _REF.fullmatch(ref) else reported.not_attached()
        async with local_file.open_file(str(kept.path)) as opened:
            yield replace(opened, name=kept.name)

    def forget(self) -> None:
        """Remove all of them."""
        while self._kept:
            self._kept.popitem()[1].path.unlink(missing_ok=True)
