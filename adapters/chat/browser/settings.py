"""Where the chat in the browser is served, and where it keeps files."""

from __future__ import annotations

from pathlib import Path

from adapters.chat.saved_files import FOLDER
from adapters.configuration.table import Table


class Browser(Table):
    """Whoever starts Clew gives them; `port` 0 takes a free one."""

    port: int = 0
    folder: Path = FOLDER
