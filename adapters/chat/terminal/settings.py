"""Where the chat in the terminal keeps what it needs after a restart."""

from __future__ import annotations

from pathlib import Path

from adapters.configuration.table import Table


class Terminal(Table):
    """Two files in the folder that Clew is started in; no setting names others."""

    transcript: Path = Path("clew-terminal.jsonl")
    history: Path = Path("clew-history")
