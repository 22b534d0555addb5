"""A person at a terminal: a real process on a real pseudo-terminal, typed at and read."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from fcntl import ioctl
from pathlib import Path

PATIENCE = 60.0  # seconds; only a failing test waits that long
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[=>()][0-9A-B]?|\r")

CLEW = (sys.executable, "-m", "adapters.main")
ROOT = Path(__file__).parents[3]


class Keyboard:
    """Types into a process and waits for what it shows."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        self.process = process
        self._terminal = terminal
        self._raw = b""
        self._read = 0

    @property
    def screen(self) -> str:
        """Everything that was shown, without colours and cursor moves."""
        return ESCAPES.sub("", self._raw.decode("utf-8", "replace"))

    def type(self, text: str) -> None:
        """Wait for the prompt and type a line at it."""
        self.sees(r"clew[^>\n]*>")
        self.fill(text)

    def fill(self, text: str) -> None:
        """Type a line at whatever asks for one."""
        os.write(self._terminal, text.encode() + b"\r")

    def keys(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._terminal, keys)

    def sees(self, pattern: str) -> re.Match[str]:
        """Wait until something is shown after what was seen before, and return it."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = re.compile(pattern).search(self.screen, self._read)
            if found:
                self._read = found.end()
                return found
            if not self._more(deadline):
                raise AssertionError(f"{pattern!r} never came up after {self.screen[self._read :]!r}")

    def ends(self) -> int:
        """Wait for the end of the process and return its exit code."""
        deadline = time.monotonic() + PATIENCE
        while self._more(deadline):
            pass
        return self.process.wait(PATIENCE)

    def _more(self, deadline: float) -> bool:
        """Read what comes next; False where nothing comes any more."""
        ready, _, _ = select.select([self._terminal], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            piece = os.read(self._terminal, 65_536)
        except OSError:  # what Linux answers once the other side is closed
            return False
        self._raw += piece
        return bool(piece)


@contextlib.contextmanager
def at_keyboard(
    *arguments: str, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Keyboard]:
    """Run `clew ARGUMENTS` on a terminal of 80 columns; the process never outlives the block."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
    process = subprocess.Popen(
        (*CLEW, *arguments),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        start_new_session=True,
        env=surroundings(environment or {}),
    )
    os.close(theirs)
    try:
        yield Keyboard(process, ours)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
        os.close(ours)


def surroundings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment with nothing in it that would set Clew up by accident."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in {"PATH", "HOME", "LANG"} or name.startswith("COVERAGE_")
    }
    return {
        **kept,
        "TERM": "xterm-256color",
        "PROMPT_TOOLKIT_NO_CPR": "1",
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        **environment,
    }
