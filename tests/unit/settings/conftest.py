from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapters.settings import environment_names


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty working directory, and an environment without any of our settings."""
    monkeypatch.chdir(tmp_path)
    for name in set(os.environ):
        if name in environment_names() or name.startswith("CLEW_"):
            monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the least that is needed."""
    monkeypatch.setenv("ANTITHESIS_TENANT", "acme")
    monkeypatch.setenv("ANTITHESIS_API_KEY", "canary-key")
