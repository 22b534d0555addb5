"""What all chats and platforms share names none of them: adding one touches its folder and its registry alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.chat.registry import CHATS
from adapters.platforms.registry import PLATFORMS

ROOT = Path(__file__).parents[2]
SHARED = [
    "adapters/main.py",
    "adapters/settings.py",
    "adapters/tables.py",
    "adapters/logs.py",
    "adapters/redact.py",
    "adapters/kinds.py",
    "adapters/cli/doctor.py",
    "adapters/cli/startup_report.py",
    "bot/access.py",
    "bot/redact.py",
    "bot/authorization.py",
    *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "adapters/configuration").glob("*.py"))),
    *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "adapters/web").glob("*.py"))),
]
NAMES = [*(kind.name for kind in PLATFORMS), *(chat.name for chat in CHATS if chat.switch)]


@pytest.mark.parametrize("path", SHARED)
def test_shared__names_no_kind(path: str) -> None:
    """The terminal is no service of anybody: it is where Clew runs, and may be named."""
    text = (ROOT / path).read_text(encoding="utf-8").lower()

    assert [name for name in NAMES if name in text] == []


def test_registries__list_every_folder() -> None:
    """A chat's or a platform's folder that nobody lists is dead."""
    chats = {path.parent.name for path in (ROOT / "adapters/chat").glob("*/__init__.py")}
    platforms = {path.parent.name for path in (ROOT / "adapters/platforms").glob("*/kind.py")}

    assert chats == {chat.name for chat in CHATS}
    assert platforms == {kind.name.replace("-", "_") for kind in PLATFORMS}
