from __future__ import annotations

import tomllib
from pathlib import Path

from adapters.configuration.example import settings_table
from adapters.configuration.file import File
from bot.commands.registry import VERBS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme__verbs() -> None:
    """The table of verbs is the registry."""
    rows = [f"| `{verb.name}` | {verb.summary} |" for verb in VERBS.values() if not verb.hidden]

    assert "\n".join(["| verb | does |", "|---|---|", *rows, ""]) in README


def test_readme__settings() -> None:
    """The table of settings is the one that the settings write."""
    assert settings_table() in README


def test_readme__settings_file() -> None:
    """The example of the settings file is one, and leaves no table out."""
    example = tomllib.loads(README.split("```toml")[1].split("```")[0])

    File.model_validate(example)

    assert File.model_fields.keys() - {"read_only"} == example.keys()


def test_readme__make_targets() -> None:
    """What the README tells people to make can be made."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert all(f"\n{target}:" in makefile for target in ("demo", "test", "check", "bench"))
