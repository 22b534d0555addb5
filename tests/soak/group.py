"""A group of processes that ends with the process that made it, however that one ends."""

from __future__ import annotations

import subprocess

# Its end of the pipe closes when its maker ends, after kill -9 too; then it kills all of its group, also who stands still.
# To a group in which one stands still and that nobody looks after any more, the system sends a SIGHUP beforehand.
WITH_ITS_MAKER = 'trap "" HUP; read -r _; kill -KILL 0'


class Group:
    """Processes join it by its `id`: `os.setpgid`, or `process_group` of a new one."""

    def __init__(self) -> None:
        self._keeper = subprocess.Popen(
            ["/bin/sh", "-c", WITH_ITS_MAKER], stdin=subprocess.PIPE, process_group=0
        )

    @property
    def id(self) -> int:
        """Its number, which is nobody else's as long as it is not closed."""
        return self._keeper.pid

    def close(self) -> None:
        """End all that are in it."""
        self._keeper.communicate()
