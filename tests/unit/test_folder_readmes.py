"""A folder's README names each module of the folder, and none that is not there: newcomers find rooms by it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from adapters.chat.registry import CHATS
from bot.commands.registry import FILES
from tests.links import ROOT, markdown_files

VERB_FILES = {file.rpartition(".")[2] for file in FILES}
READMES = [
    file.parent
    for file in markdown_files(ROOT)
    if file.name == "README.md" and file.relative_to(ROOT).parts[0] in {"adapters", "bot"}
]
WALKS = (
    (ROOT / "README.md").read_text(encoding="utf-8").partition("```text\na command ")[2].partition("```")[0]
)


def folder_name(folder: Path) -> str:
    return str(folder.relative_to(ROOT))


@pytest.mark.parametrize("folder", READMES, ids=folder_name)
def test_readme__names_each_module(folder: Path) -> None:
    """With its ending or without; verbs are listed by their registry."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    modules = {file.stem for file in folder.glob("*.py")} - {"__init__", *VERB_FILES}

    assert [name for name in sorted(modules) if not re.search(rf"[`\[/]{name}(\.py)?[`\].]", text)] == []


@pytest.mark.parametrize("folder", READMES, ids=folder_name)
def test_readme__names_no_file_that_is_gone(folder: Path) -> None:
    """A NAME stands for one that is to be made; what each of several folders has is named without the folder."""
    named = re.findall(r"`((?:\w+/)*\w+\.py)`", (folder / "README.md").read_text(encoding="utf-8"))

    assert [name for name in named if "NAME" not in name and not _is_there(folder, name)] == []


def test_readme__walks_through_files_that_are_there() -> None:
    """Each room of the two walks is a file or a folder, in every chat where NAME stands for one."""
    rooms = re.findall(r"(?<![\w(])(?:bot|chat)/[\w/]+", WALKS)
    assert len(rooms) > 12
    for room in rooms:
        for chat in CHATS:
            path = (
                room.replace("NAME", chat.name)
                .replace("VERB", "status")
                .replace("chat/", "adapters/chat/", 1)
            )
            assert (ROOT / f"{path}.py").exists() or (ROOT / path).is_dir(), room


def _is_there(folder: Path, name: str) -> bool:
    return (ROOT / name).exists() or any(folder.rglob(name))
