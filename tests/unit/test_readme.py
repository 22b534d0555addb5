from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from adapters import settings
from adapters.configuration.example import settings_table
from bot.commands.registry import VERBS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme__verbs() -> None:
    """The table of verbs is the registry."""
    rows = [f"| `{verb.name}` | {verb.summary} |" for verb in VERBS.values() if not verb.hidden]

    assert "\n".join(["| verb | does |", "|---|---|", *rows, ""]) in README


def test_readme__settings() -> None:
    """The table of settings is the one that the settings write."""
    assert settings_table(settings.SECTIONS) in README


def test_readme__settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of the settings file is one, and leaves no table out."""
    text = README.split("```toml")[1].split("```")[0]
    (tmp_path / "clew.toml").write_text(re.sub(r"/run/secrets/[\w-]+", "key", text), encoding="utf-8")
    (tmp_path / "key").write_text("a-secret-of-24-characters", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in settings.environment_names():
        monkeypatch.delenv(name, raising=False)

    assert [connection.name for connection in settings.load().connections] == ["prod", "qa", "ath", "af"]
    assert settings.KEYS - {"read_only"} == tomllib.loads(text).keys()


def test_readme__make_targets() -> None:
    """What the README tells people to make can be made."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert all(f"\n{target}:" in makefile for target in ("demo", "test", "check", "bench"))
