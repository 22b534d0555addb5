"""What systemd is told of a service of `Type=notify`: that it is ready, that it still runs, how it is, that it stops.

One datagram of lines each to the socket that NOTIFY_SOCKET names, as sd_notify(3) has it. Without that variable nobody asked.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from bot.ports import Clock

log = logging.getLogger(__name__)

LONGEST_PAUSE = 30.0  # seconds between two words of how it is, where there is no watchdog
LONGEST_STATUS = 500  # characters

Status = Callable[[], Awaitable[str]]
"""Say in one line how it is. Never raises."""


class Notify:
    """The way to the service manager that started this process; `pause`: seconds between two signs of life."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._said = False
        self.pause = min(LONGEST_PAUSE, _watchdog(environment) / 2)

    @property
    def wanted(self) -> bool:
        """Whether somebody listens."""
        return bool(self._address)

    def send(self, *lines: str) -> None:
        """Send lines like READY=1; where that fails, the log says so once, and nothing else changes."""
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as way:
                way.setblocking(False)
                way.sendto("\n".join(lines).encode(), address)
        except OSError as error:
            level = logging.DEBUG if self._said else logging.WARNING
            self._said = True
            log.log(level, "the service manager could not be told %s: %s", lines[0], error.strerror or error)


@asynccontextmanager
async def notified(
    clock: Clock, status: Status, environment: Mapping[str, str] = os.environ
) -> AsyncIterator[None]:
    """Tell the service manager that all is started, give signs of life inside the block, and tell that it stops."""
    notify = Notify(environment)
    if not notify.wanted:
        yield
        return
    notify.send("READY=1", "STATUS=Started")
    living = asyncio.create_task(_live(notify, clock, status), name="service manager")
    try:
        yield
    finally:
        living.cancel()
        notify.send("STOPPING=1", "STATUS=Stopping")


async def _live(notify: Notify, clock: Clock, status: Status) -> None:
    """Give a sign of life before asking how it is: the database may take long to say so, and the loop turns all the same."""
    while True:
        notify.send("WATCHDOG=1")
        said = " ".join((await status()).split())[:LONGEST_STATUS]
        notify.send(f"STATUS={said}")
        await clock.sleep(notify.pause)


def _watchdog(environment: Mapping[str, str]) -> float:
    """Return the seconds after which the service manager takes this process for dead; infinite where it does not."""
    microseconds, process = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    ours = not process or process == str(os.getpid())
    return (
        int(microseconds) / 1e6 if ours and microseconds.isdecimal() and int(microseconds) else float("inf")
    )
