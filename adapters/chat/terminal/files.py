"""Files that come with a card: moved to where the person finds them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from bot.cards import Attachment, Card

FOLDER = Path("clew-files")
SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


def with_files_saved(card: Card, folder: Path = FOLDER) -> Card:
    """Move a card's files into the folder and name them by where they are now. Raises `OSError`."""
    return replace(card, files=tuple(_saved(file, folder) for file in card.files))


def _saved(file: Attachment, folder: Path) -> Attachment:
    """Move one file; its name cannot lead anywhere else."""
    folder.mkdir(exist_ok=True)
    target = _free(folder, "".join(c if c in SAFE else "-" for c in file.name).lstrip(".") or "file")
    shutil.move(file.path, target)
    return replace(file, path=str(target))


def _free(folder: Path, name: str) -> Path:
    """Return a path in the folder that nothing has yet."""
    stem, dot, ending = name.rpartition(".")
    number = 1
    target = folder / name
    while target.exists():
        number += 1
        target = folder / (f"{stem}-{number}{dot}{ending}" if stem else f"{name}-{number}")
    return target
