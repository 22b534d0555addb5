"""Files that come with a card, for chats on this machine: moved to where the person finds them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from adapters.private import OWNER_FOLDER, touch
from bot.cards import Attachment, Card, Line
from bot.replies import prompt

FOLDER = Path("clew-files")
SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


def with_files_saved(card: Card, folder: Path = FOLDER) -> Card:
    """Move a card's files into the folder and name them by where they are now; what cannot be saved is said."""
    saved: list[Attachment] = []
    troubles: list[Line] = []
    for file in card.files:
        try:
            saved.append(_saved(file, folder))
        except OSError as error:
            troubles.append(prompt.file_not_saved(file, error.strerror or type(error).__name__))
    return replace(card, files=tuple(saved), body=(*card.body, *troubles))


def _saved(file: Attachment, folder: Path) -> Attachment:
    """Write one file, or move it from where it lies; its name cannot lead anywhere else."""
    folder.mkdir(mode=OWNER_FOLDER, exist_ok=True)
    target = _free(folder, "".join(c if c in SAFE else "-" for c in file.name).lstrip(".") or "file")
    try:
        if file.path:
            shutil.move(file.path, target)
        else:
            touch(target).write_bytes(file.content)
    except OSError:
        target.unlink(missing_ok=True)  # half of a file looks like a whole one
        raise
    return replace(file, path=str(touch(target)), content=b"")


def _free(folder: Path, name: str) -> Path:
    """Return a path in the folder that nothing has yet."""
    stem, dot, ending = name.rpartition(".")
    number = 1
    target = folder / name
    while target.exists():
        number += 1
        target = folder / (f"{stem}-{number}{dot}{ending}" if stem else f"{name}-{number}")
    return target
