"""The file of a window: private, capped, and gone unless it was handed over."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.platforms.http.spool import File, Spool, Writer


def test_spool__is_private(tmp_path: Path) -> None:
    """Folder and file are closed to other users."""
    folder = tmp_path / "deep" / "spool"
    with Spool(folder, "run", 100) as spool:
        spool.write(b"a\n")
        path, size = spool.finish()

    assert Path(path).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o077 == 0
    assert (Path(path).read_bytes(), size) == (b"a\n", 2)


def test_spool__is_removed_unless_finished(tmp_path: Path) -> None:
    """Whatever happens inside, no file is left behind."""
    with Spool(tmp_path, "run", 4) as spool:
        spool.write(b"abc\n")
        spool.write(b"abc\n")
        assert len(list(tmp_path.iterdir())) == 2

    assert list(tmp_path.iterdir()) == []


@given(st.lists(st.integers(1, 30), max_size=20))
@settings(max_examples=40, deadline=None)
def test_spool__keeps_the_end(tmp_path_factory: pytest.TempPathFactory, sizes: list[int]) -> None:
    """However it is written, the file is an end of the stream, no larger than the cap and not much smaller."""
    folder = tmp_path_factory.mktemp("spool")
    blocks = [bytes([65 + n]) * size for n, size in enumerate(sizes)]
    with Spool(folder, "run", 100) as spool:
        for block in blocks:
            spool.write(block)
        path, size = spool.finish()
    kept, written = Path(path).read_bytes(), b"".join(blocks)

    assert written.endswith(kept)
    assert len(kept) == size <= 100
    assert spool.dropped == len(written) - len(kept)
    assert len(kept) >= min(len(written), 20)
    assert [str(p) for p in folder.iterdir()] == [path]


async def test_writer__everything_in_order(tmp_path: Path) -> None:
    """Small blocks are gathered, large ones go on at once; all of them end up in the file."""
    blocks = [b"%d\n" % n * 1_000 for n in range(900)]
    async with Writer(Spool(tmp_path, "run", 1 << 30)) as writer:
        for block in blocks:
            writer.add(block)
            await writer.turn()
        file = await writer.finish()

    assert file.path is not None
    assert _content(file) == b"".join(blocks)
    assert (file.size, file.trouble) == (len(b"".join(blocks)), None)


def _content(file: File) -> bytes:
    return Path(file.path or "").read_bytes()


async def test_writer__nothing_written_is_no_file(tmp_path: Path) -> None:
    """Where nothing was found nothing is handed over, or left behind."""
    async with Writer(Spool(tmp_path, "run", 100)) as writer:
        assert await writer.finish() == File()

    assert _names(tmp_path) == []


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_writer__leaves_no_file_behind(tmp_path: Path) -> None:
    """A reader that ends early, with a batch still on its way to the disk, leaves nothing."""
    async with Writer(Spool(tmp_path, "run", 1 << 30)) as writer:
        writer.add(b"x" * (1 << 20))
        await writer.turn()

    assert _names(tmp_path) == []


@pytest.mark.parametrize("method", ["write", "finish"])
async def test_writer__a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """The trouble is told once, whenever it comes, and nothing is raised."""

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    spool = Spool(tmp_path, "run", 1 << 30)
    monkeypatch.setattr(spool, method, full)
    async with Writer(spool) as writer:
        for _ in range(3):
            writer.add(b"x" * (1 << 20))
            await writer.turn()
        file = await writer.finish()

    assert file == File(trouble="the file could not be written")
    assert _names(tmp_path) == []


async def test_writer__at_the_cap(tmp_path: Path) -> None:
    """The end is what is kept, and that is told."""
    async with Writer(Spool(tmp_path, "run", 20)) as writer:
        for n in range(10):
            writer.add(b"line %d\n" % n)
        file = await writer.finish()

    assert b"".join(b"line %d\n" % n for n in range(10)).endswith(_content(file))
    assert file.size <= 20
    assert file.trouble == "the file holds the last 0 MB only"


async def test_writer__no_place_for_files(tmp_path: Path) -> None:
    """Where no file can be made, the window is told without one."""
    (tmp_path / "taken").touch()

    async with Writer(Spool(tmp_path / "taken", "run", 1 << 30)) as writer:
        writer.add(b"{}\n")
        file = await writer.finish()

    assert (file.path, file.trouble) == (None, "the file could not be written")
