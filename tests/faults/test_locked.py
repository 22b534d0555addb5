"""What is installed is what the lock files say, to the byte; else nothing is."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import venv
import zipfile
from pathlib import Path

import pip
import pytest

ROOT = Path(__file__).parents[2]
LOCKS = (".ci/uv.lock", "requirements.lock", "requirements-dev.lock")
REQUIREMENT = re.compile(
    r"(?P<name>[a-z0-9.-]+)==\S+(?: ; .+?)? \\\n(?P<hashes>(?: {4}--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)"
)
WHEEL = "canary-1.0-py3-none-any.whl"


@pytest.mark.parametrize("lock", LOCKS)
def test_lock__says_the_hash_of_each_package_and_nothing_else(lock: str) -> None:
    """Every line belongs to a pinned version with its hashes: no address, no option, nothing without a hash."""
    rest = REQUIREMENT.sub("", (ROOT / lock).read_text(encoding="utf-8"))

    assert rest == ""


def test_install__only_by_hash() -> None:
    """Wherever a lock file is installed, pip and uv are told to refuse what has another hash."""
    for file in ("Makefile", "deploy/Dockerfile"):
        lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
        by_list = [
            part
            for line in lines
            for part in re.split("&&|[|][|]", line)
            if re.search(r" -r \S+\.lock", part)
        ]

        assert by_list
        assert [part for part in by_list if "--require-hashes" not in part] == []


def test_make__installs_nothing_of_another_hash(tmp_path: Path) -> None:
    """A package that was changed after it was locked is not installed, by neither way; the one that was locked is."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / "index").mkdir()
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    with zipfile.ZipFile(tmp_path / "index" / WHEEL, "w") as wheel:
        wheel.writestr("canary.py", "")
        about = "canary-1.0.dist-info"
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: canary\nVersion: 1.0\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    venv.create(tmp_path / ".venv", symlinks=True)
    (packages,) = tmp_path.glob(".venv/lib/python*/site-packages")
    (packages / "pip").symlink_to(Path(pip.__file__).parent)  # to unpack it anew takes seconds
    good = hashlib.sha256((tmp_path / "index" / WHEEL).read_bytes()).hexdigest()
    for digest, installed in ((good[::-1], False), (good, True)):
        for lock in (".ci/uv.lock", "requirements-dev.lock"):
            (tmp_path / lock).write_text(f"canary==1.0 --hash=sha256:{digest}\n", encoding="utf-8")
        made = subprocess.run(
            ["make", ".venv/ready"],
            cwd=tmp_path,
            env={
                "PATH": os.environ["PATH"],
                "PIP_NO_INDEX": "1",
                "PIP_FIND_LINKS": str(tmp_path / "index"),
            },
            capture_output=True,
            text=True,
            check=False,
        )

        assert made.returncode != 0  # also where all is well: there is no project to install at the end
        assert (packages / "canary.py").exists() == installed, made.stderr
        assert installed or "DO NOT MATCH THE HASHES" in made.stderr
        assert not (tmp_path / ".venv/ready").exists()
