"""The settings on the operator's page: values are written as the file has them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapters import settings
from adapters.cli.page.settings import sections

SETTINGS = """
[[connection]]
name = "qa"
kind = "testhide"
base_url = "https://testhide.example.com"
api_key = "th_live_canary"
projects = [1, 3]
[[preset]]
name = "nightly"
launcher = "Payments Nightly"
free = []
approve = "launch"
[[preset]]
name = "open"
launcher = "Payments Nightly"
[[channel]]
channel = "slack:channel:T01:C01"
quiet = "22:00-07:00"
digest = "08:30"
digest_days = "sat,mon"
"""


def test_values__as_the_file_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Roles and days by name, times as clocks; a list that is given empty is not one that is left out."""
    for name in settings.environment_names() & os.environ.keys():
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clew.toml").write_text(SETTINGS, encoding="utf-8")

    values = {row.name: row.value for section in sections(settings.load()) for row in section.rows}

    assert (
        values["[[preset]] 1"]
        == "name = nightly, launcher = Payments Nightly, free = nothing, approve = launch"
    )
    assert values["[[preset]] 2"] == "name = open, launcher = Payments Nightly"
    assert values["[[channel]] 1"] == (
        "channel = slack:channel:T01:C01, quiet = 22:00-07:00, digest = 08:30, digest_days = mon, sat"
    )
    assert values["projects"] == "1, 3"
