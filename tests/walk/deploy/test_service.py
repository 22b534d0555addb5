"""Clew as a service: what systemd thinks of the unit, and what the process tells it."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.links import ROOT
from tests.walk.deploy.company import PATIENCE, company

UNIT = ROOT / "deploy/clew.service"
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not here")


@needs_systemd
def test_unit__is_understood(tmp_path: Path) -> None:
    """Every key and value is one that systemd knows, once the program is where the unit has it."""
    program = tmp_path / "clew"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / UNIT.name
    unit.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={program}", UNIT.read_text(), flags=re.MULTILINE))

    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
def test_unit__is_hardened() -> None:
    """What it may do of all that a service may do, on systemd's scale from 0 (nothing) to 10 (everything)."""
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=15", UNIT],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-300:]


async def test_process__tells_the_service_manager(tmp_path: Path) -> None:
    """Ready once it serves, alive and how it is, and stopping as soon as it is asked to."""
    heard: asyncio.Queue[str] = asyncio.Queue()
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(tmp_path / "notify"))
    manager.setblocking(False)
    loop = asyncio.get_running_loop()
    loop.add_reader(manager, lambda: heard.put_nowait(manager.recv(4096).decode()))
    environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"}
    async with company(tmp_path) as operator, operator.running("run", "--no-terminal", **environment) as clew:
        async with asyncio.timeout(PATIENCE):
            first = await heard.get()
            alive = await heard.get()
            while not re.match(
                "STATUS=Ready: slack connected, default read [0-9]+ s ago$", await heard.get()
            ):
                pass
            code = await clew.ends(signal.SIGTERM)
            rest = [heard.get_nowait() for _ in range(heard.qsize())]
    loop.remove_reader(manager)
    manager.close()

    assert (first, alive) == ("READY=1\nSTATUS=Started", "WATCHDOG=1")
    assert rest[-1] == "STOPPING=1\nSTATUS=Stopping"
    assert code == 0, clew.printed
