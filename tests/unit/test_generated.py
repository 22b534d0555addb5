"""What is written from the code is what stands in the repository, and writing it anew mends it."""

from __future__ import annotations

from pathlib import Path

from tests import generated


def test_generated__is_what_the_repository_has() -> None:
    """`make generate` would change nothing."""
    assert [path for path, text in generated.files().items() if text != path.read_text("utf-8")] == []


def test_generated__mends_what_is_old(tmp_path: Path) -> None:
    """A table that lost a row gets it back, and what stands around it stays."""
    (tmp_path / "deploy").mkdir()
    whole = (generated.ROOT / "README.md").read_text("utf-8")
    lost = whole.replace("| `logs` |", "| `logz` |").replace("| `CLEW_CONFIG` |", "| `CLEW_CONF` |")
    (tmp_path / "README.md").write_text(lost, encoding="utf-8")

    generated.main(tmp_path)

    assert lost != whole
    assert (tmp_path / "README.md").read_text("utf-8") == whole
    assert (tmp_path / ".env.example").exists()
