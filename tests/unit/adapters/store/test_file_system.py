"""What the system says about mounts, and what that means for a file of SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.store.file_system import kind_of, network_of
from adapters.store.store import open_store
from bot.errors import StoreError

MOUNTS = r"""
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
23 22 0:21 / /proc rw,nosuid - proc proc rw
40 22 0:45 / /mnt/team rw,relatime shared:9 master:2 - nfs4 filer:/export/team rw,vers=4.2,addr=10.0.0.7
41 40 254:2 / /mnt/team/local rw - xfs /dev/vdb1 rw
42 22 0:46 / /mnt/two\040words rw - cifs //filer/share rw,username=ann
43 22 0:47 / /home/ann/far rw,nosuid,nodev - fuse.sshfs ann@far:/ rw,user_id=1000
44 22 0:48 / /home/ann/disk rw - fuse.mergerfs a:b rw
45 22 0:49 / /srv rw - autofs systemd-1 rw,fd=43
46 45 0:50 / /srv rw - nfs filer:/srv rw
47 22 0:51 / /c rw - 9p drvfs rw,aname=drvfs
48 22 0:52 / /old rw - nfs filer:/old rw
49 48 254:3 / /old rw - ext4 /dev/vdc1 rw
50 22 0:53 / /a\134b rw optional:1 another:2 - ceph 10.0.0.8:/ rw
this line is none
51 22 0:54 / /short
""".strip()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/clew/clew.db", "ext4"),
        ("/mnt/team/clew.db", "nfs4"),
        ("/mnt/team", "nfs4"),
        ("/mnt/team/local/clew.db", "xfs"),
        ("/mnt/teams/clew.db", "ext4"),
        ("/mnt/two words/deep/down/clew.db", "cifs"),
        ("/home/ann/far/clew.db", "fuse.sshfs"),
        ("/srv/clew.db", "nfs"),
        ("/c/clew.db", "9p"),
        ("/old/clew.db", "ext4"),
        (r"/a\b/clew.db", "ceph"),
    ],
)
def test_kind_of__the_mount_that_is_nearest(path: str, kind: str) -> None:
    """The longest mount point above a path counts, as whole names, and the last that was mounted there."""
    assert kind_of(path, MOUNTS) == kind


@pytest.mark.parametrize("mounts", ["", "this line is none", "22 1 254:1 / /elsewhere rw - nfs a:/ rw"])
def test_kind_of__nothing_is_said(mounts: str) -> None:
    """Where no mount is named, nothing is concluded."""
    assert kind_of("/var/clew.db", mounts) is None


def _mounts(folder: Path, *lines: str) -> Path:
    file = folder / "mountinfo"
    file.write_text("\n".join(["22 1 254:1 / / rw - ext4 /dev/vda1 rw", *lines]), encoding="utf-8")
    return file


def test_network_of__follows_links(tmp_path: Path) -> None:
    """A link on a disk that leads to a share is the share; what runs in user space may be a disk."""
    far, disk = tmp_path / "far", tmp_path / "disk"
    far.mkdir()
    disk.mkdir()
    (tmp_path / "link").symlink_to(far)
    mounts = _mounts(
        tmp_path, f"40 22 0:45 / {far} rw - fuse.sshfs a:/ rw", f"41 22 0:46 / {disk} rw - fuse.mergerfs a rw"
    )

    assert network_of(tmp_path / "link" / "clew.db", mounts) == "fuse.sshfs"
    assert network_of(disk / "clew.db", mounts) is None
    assert network_of(tmp_path / "clew.db", mounts) is None


def test_network_of__where_the_system_tells_nothing(tmp_path: Path) -> None:
    """Other systems have no such file, and links may lead in a circle: SQLite itself is asked then."""
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")

    assert network_of(tmp_path / "clew.db", tmp_path / "nowhere") is None
    assert network_of(tmp_path / "a" / "clew.db", _mounts(tmp_path)) is None


def test_network_of__this_machine(tmp_path: Path) -> None:
    """What this system itself says can be read, and names a disk."""
    assert network_of(tmp_path / "clew.db") is None


async def test_open_store__on_a_network_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused with the kind and the ways out, before a file is made."""
    mounts = _mounts(tmp_path, f"40 22 0:45 / {tmp_path} rw - nfs4 filer:/export rw")
    monkeypatch.setattr("adapters.store.store.network_of", lambda path: network_of(path, mounts))

    with pytest.raises(StoreError) as caught:
        async with open_store(f"sqlite:///{tmp_path / 'clew.db'}"):
            pass

    assert str(caught.value) == (
        f"The database {tmp_path / 'clew.db'} is on a network file system (nfs4), where SQLite can lose what was"
        " written. Put it on a disk of this machine, or use PostgreSQL."
    )
    assert not (tmp_path / "clew.db").exists()
