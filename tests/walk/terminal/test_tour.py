from __future__ import annotations

import subprocess
from pathlib import Path

from tests.walk.terminal.keyboard import CLEW, surroundings


def test_demo__without_a_terminal_plays_the_tour(tmp_path: Path) -> None:
    """Where nobody can type, the demo shows everything by itself and ends well only if all of it happened."""
    tour = subprocess.run(
        (*CLEW, "demo", "--speed", "150"),
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        env=surroundings({}),
        check=False,
    )

    assert tour.returncode == 0, tour.stdout + tour.stderr
    assert tour.stderr == ""
    for shown in (
        "clew> launch basic_test",
        "Launch basic_test?",
        "is in progress",
        "✗ basic_test: 1 failure",
        "clew> #",
        "failing property in basic_test",
        "Logs before",
        "The debugging session is ready",
        "✗ Regression Suite on main: 2 new failures",
        "2 failing tests in Regression Suite",
        "FAILED tests/test_auth.py::test_token_refresh",
        "What Testhide's model makes of Regression Suite",
        "That was the tour.",
    ):
        assert shown in tour.stdout
    assert "\x1b" not in tour.stdout
    assert max(map(len, tour.stdout.splitlines())) <= 80
    (saved,) = (tmp_path / "clew-files").iterdir()
    assert saved.read_bytes().count(b"\n") > 10
