"""`python -m tests.soak.tasks_told GROUP PYTHON -m adapters.main ...`: that command, which tells on SIGUSR1 how many tasks there are.

It ends with a group of processes (`group.py`).
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
from types import FrameType

_numbers = itertools.count(1)


def _tell(_: int, __: FrameType | None) -> None:
    """Say it on a line of its own: how often it was told, and how many tasks the loop has."""
    sys.stdout.write(f"\ntold {next(_numbers)}: {len(asyncio.all_tasks())} tasks\n")
    sys.stdout.flush()


def main() -> None:
    """Run the command that follows in this process."""
    signal.signal(signal.SIGUSR1, _tell)
    os.setpgid(0, int(sys.argv[1]))
    sys.argv = ["clew", *sys.argv[5:]]
    from adapters.main import app

    app()


if __name__ == "__main__":
    main()
