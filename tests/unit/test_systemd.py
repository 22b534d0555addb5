"""What a service manager is told, read from a real socket."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.systemd import LONGEST_PAUSE, notified
from tests.fakes.clock import ManualClock


class Manager:
    """A service manager's socket, and what came to it."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self._socket.setblocking(False)
        self.address = address

    def heard(self) -> list[str]:
        """Return what came since the last time."""
        found = []
        while True:
            try:
                found.append(self._socket.recv(65_536).decode())
            except BlockingIOError:
                return found

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    found = Manager(str(tmp_path / "notify") if request.param == "path" else f"@clew-test-{os.getpid()}")
    yield found
    found.close()


async def well() -> str:
    return "Ready"


async def test_notified__ready_alive_and_stopping(manager: Manager) -> None:
    """Ready comes first, then a sign of life with how it is at half the watchdog's time, and at the end that it stops."""
    clock = ManualClock()
    environment = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "10000000"}

    async with notified(clock, well, environment):
        started = manager.heard()
        await clock.advance(0)
        first = manager.heard()
        await clock.advance(4.9)
        early = manager.heard()
        await clock.advance(0.2)
        second = manager.heard()

    assert started == ["READY=1\nSTATUS=Started"]
    assert first == second == ["WATCHDOG=1", "STATUS=Ready"]
    assert early == []
    assert manager.heard() == ["STOPPING=1\nSTATUS=Stopping"]


async def test_notified__alive_while_the_database_is_silent(manager: Manager) -> None:
    """How it is may take long to find out; the sign of life does not wait for that."""
    clock = ManualClock()

    async def hangs() -> str:
        return str(await asyncio.Event().wait())

    async with notified(clock, hangs, {"NOTIFY_SOCKET": manager.address}):
        await clock.advance(0)
        assert manager.heard()[1:] == ["WATCHDOG=1"]


async def test_notified__one_line(manager: Manager) -> None:
    """What a status says cannot say anything else to the service manager."""

    async def hostile() -> str:
        return "Not ready: no\nMAINPID=1\r\nREADY=0" + 1000 * "x"

    clock = ManualClock()
    async with notified(clock, hostile, {"NOTIFY_SOCKET": manager.address}):
        await clock.advance(0)
        (said,) = manager.heard()[2:]

    assert said.startswith("STATUS=Not ready: no MAINPID=1 READY=0xxx")
    assert "\n" not in said
    assert len(said) < 600


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "1"},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "soon"},
    ],
)
async def test_notified__no_watchdog_of_ours(manager: Manager, environment: dict[str, str]) -> None:
    """Without a watchdog, or with one that waits for another process, how it is comes every half minute."""
    clock = ManualClock()
    async with notified(clock, well, {"NOTIFY_SOCKET": manager.address, **environment}):
        await clock.advance(LONGEST_PAUSE - 1)
        assert manager.heard()[1:] == ["WATCHDOG=1", "STATUS=Ready"]
        await clock.advance(2)
        assert manager.heard() == ["WATCHDOG=1", "STATUS=Ready"]


async def test_notified__nobody_asked() -> None:
    """Without a socket, how it is is never asked for."""
    clock = ManualClock()

    async def never() -> str:
        raise AssertionError

    async with notified(clock, never, {}):
        await clock.advance(100)


async def test_notified__the_manager_is_gone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A socket that nobody reads is said once, and work goes on."""
    clock = ManualClock()
    with caplog.at_level(logging.WARNING):
        async with notified(clock, well, {"NOTIFY_SOCKET": str(tmp_path / "gone")}):
            await clock.advance(100)

    assert [record.getMessage() for record in caplog.records] == [
        "the service manager could not be told READY=1: No such file or directory"
    ]
