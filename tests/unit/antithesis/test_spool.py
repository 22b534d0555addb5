"""The file of a window: private, capped, and gone unless it was handed over."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.platforms.antithesis.spool import Spool


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
@settings(max_examples=40)
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
