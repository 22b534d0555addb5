"""Files that only their owner may read: what people said and what a system under test printed stands in them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

OWNER_ONLY = 0o600
OWNER_FOLDER = 0o700
OTHERS = 0o077


def touch(path: Path) -> Path:
    """Create the file, or take everybody else's permissions away. Raises `OSError`."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY))
    found = path.stat()
    if stat.S_ISREG(found.st_mode) and found.st_mode & OTHERS and found.st_uid == os.getuid():
        path.chmod(OWNER_ONLY)
    return path
