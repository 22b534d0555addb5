"""Files that a person names at the terminal: read where they are, and what is none is said to be none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapters.chat.local_file import open_file
from bot.errors import UserError


async def test_open__reads_a_file(tmp_path: Path) -> None:
    """Its name, its size, and its bytes in pieces."""
    path = tmp_path / "junittests.xml"
    path.write_bytes(b"x" * 600_000)
    async with open_file(str(path)) as file:
        pieces = [piece async for piece in file.pieces]

    assert (file.name, file.size, sum(map(len, pieces))) == ("junittests.xml", 600_000, 600_000)
    assert len(pieces) > 1


async def test_open__knows_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a shell."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.xml").write_bytes(b"")
    async with open_file("~/a.xml") as file:
        assert file.name == "a.xml"


@pytest.mark.parametrize("what", ["missing", "folder", "pipe", "nul", "long", "nobody", "unreadable"])
async def test_open__what_is_no_file(tmp_path: Path, what: str) -> None:
    """A pipe that nobody writes to would wait for ever."""
    paths = {"nul": "a\0b", "long": "x" * 5_000, "nobody": "~nobody-has-this-name/x", "folder": str(tmp_path)}
    path = paths.get(what, str(tmp_path / what))
    if what == "pipe":
        os.mkfifo(path)
    if what == "unreadable":
        (tmp_path / "loop").symlink_to(tmp_path / "loop")
        path = str(tmp_path / "loop")
    with pytest.raises(UserError, match="is not a file that can be read"):
        async with open_file(path):
            pass
