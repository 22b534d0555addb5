from __future__ import annotations

from pathlib import Path

import pytest

from adapters import settings
from adapters.configuration import example
from tests.unit.settings.test_settings import only

ROOT = Path(__file__).parents[3]


def test_env_example__is_what_the_settings_say() -> None:
    """The file in the repository is the one that the settings write."""
    assert example.env_example(settings.SECTIONS) == (ROOT / ".env.example").read_text(encoding="utf-8")


def test_env_example__loads(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copied to `.env` with two values filled in, it starts Clew."""
    filled = example.env_example(settings.SECTIONS).replace("#ANTITHESIS_API_KEY=", "ANTITHESIS_API_KEY=k")
    (folder / ".env").write_text(filled, encoding="utf-8")
    monkeypatch.setenv("ANTITHESIS_TENANT", "acme")

    assert only().tenant == "acme"


def test_env_example__what_it_says_of_names_in_values(folder: Path) -> None:
    """`${NAME}` is replaced between single quotes too, as the file warns."""
    (folder / ".env").write_text(
        "ANTITHESIS_TENANT=acme\nANTITHESIS_API_KEY='a${ANTITHESIS_TENANT}b'\n", encoding="utf-8"
    )

    assert only().api_key.reveal() == "aacmeb"
    assert "also between single quotes" in example.env_example(settings.SECTIONS)
