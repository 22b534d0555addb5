"""Which kind of file system a path is on, and whether a file of SQLite is safe there.

SQLite's write-ahead log lives in memory that all its readers map, and its locks are those of the file system: across
machines neither holds (https://www.sqlite.org/wal.html, https://www.sqlite.org/useovernet.html).
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

MOUNTS = Path("/proc/self/mountinfo")  # proc_pid_mountinfo(5)

# As the kernel names them. What runs in user space is "fuse." and a name; only those that are known to lead to
# another machine are here, as many others are disks of this one.
NETWORK = frozenset({
    *("9p", "acfs", "afs", "beegfs", "ceph", "cifs", "coda", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs"),
    *("nfs4", "ocfs2", "orangefs", "panfs", "pvfs2", "smb2", "smb3", "smbfs", "vboxsf"),
    *("fuse.beegfs", "fuse.blobfuse", "fuse.blobfuse2", "fuse.ceph", "fuse.ceph-fuse", "fuse.curlftpfs"),
    *("fuse.davfs", "fuse.gcsfuse", "fuse.glusterfs", "fuse.goofys", "fuse.juicefs", "fuse.lizardfs", "fuse.mfs"),
    *("fuse.mount-s3", "fuse.rclone", "fuse.s3fs", "fuse.seaweedfs", "fuse.smbnetfs", "fuse.sshfs"),
    "fuse.vmhgfs-fuse",
})  # fmt: skip
_POINT = re.compile("(?:[^ ]+ ){4}([^ ]+) ")  # the fifth field


def network_of(path: Path, mounts: Path = MOUNTS) -> str | None:
    """Return the kind of network file system that a file is or would be on; None for a disk, and where nobody tells."""
    try:
        kind = kind_of(os.fspath(path.resolve()), os.fsdecode(mounts.read_bytes()))
    except (OSError, RuntimeError):  # not Linux, or links that lead in a circle: opening it will say so
        return None
    return kind if kind in NETWORK else None


def kind_of(path: str, mounts: str) -> str | None:
    """Return the kind of file system that an absolute path without links is on, as the lines of mountinfo say."""
    above = {path, *map(str, PurePosixPath(path).parents)}
    found = [(point, kind) for point, kind in map(_mounted, mounts.split("\n")) if point in above]
    longest = max((len(point) for point, _ in found), default=0)
    here = [kind for point, kind in found if len(point) == longest]
    return here[-1] if here else None  # of several at one place the last hides the others


def _mounted(line: str) -> tuple[str, str]:
    """Return where a line says that something is mounted, and its kind; of another line, nothing."""
    mount, _, rest = line.partition(" - ")
    if (found := _POINT.match(mount)) is None or not rest:
        return "", ""
    return _unescaped(found[1]), rest.partition(" ")[0]


def _unescaped(text: str) -> str:
    r"""Return a path as it is: spaces, tabs, line feeds and back-slashes stand in octal there, as \040."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)
