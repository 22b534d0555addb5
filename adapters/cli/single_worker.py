"""One program polls and delivers on a database at a time; another that is started waits for its end.

Who waits watches the other's beats by its own monotonic clock: what a wall clock says, here or on another
machine, decides nothing. Where the other ran on this machine and is seen to be dead, nobody waits at all.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from bot.errors import StoreError
from bot.ports import Clock

if TYPE_CHECKING:
    from adapters.store.workers import Worker

log = logging.getLogger(__name__)

BEAT = 2.0  # seconds between two signs of life, and between two looks of who waits
DEAD_AFTER = 8.0  # seconds without one; a program that was only frozen notices at its next beat and gives way
PROC = Path("/proc")


class Workers(Protocol):
    """The row in the database that says who works."""

    async def worker(self) -> Worker | None:
        """Return who holds the work, if anybody."""
        ...

    async def take_work(self, mine: Worker, after: Worker | None) -> bool:
        """Take the work that nobody holds, or that `after` held and has not touched since."""
        ...

    async def beat_work(self, holder: str) -> bool:
        """Show that the holder lives; False where it holds the work no more."""
        ...

    async def leave_work(self, holder: str) -> None:
        """Let go of the work."""
        ...


class SingleWorker:
    """This program's part in that. `begin` and `end` start and stop its work."""

    def __init__(
        self,
        workers: Workers,
        clock: Clock,
        *,
        begin: Callable[[], Awaitable[None]],
        end: Callable[[], Awaitable[None]],
        me: Worker | None = None,
    ) -> None:
        self._workers = workers
        self._clock = clock
        self._begin, self._end = begin, end
        self.me = me or this_program(clock.now())
        self.works = False
        self.other: Worker | None = None  # who works instead
        self._seen_at = 0.0  # when the other's last beat was seen, in monotonic seconds

    async def step(self) -> None:
        """Show life, or look whether it is our turn. Raises `StoreError`; then everything stays as it is."""
        if self.works:
            if not await self._workers.beat_work(self.me.holder):
                self.works = False
                log.error("another program took over polling and delivering; this one stops both and waits")
                await self._end()
            return
        found = await self._workers.worker()
        if found is not None and not self._is_dead(found):
            return
        if await self._workers.take_work(self.me, found):
            if found is not None:
                log.warning("%s has ended; this program polls and delivers from now on", named(found))
            await self._begin()
            self.works, self.other = True, None

    async def run(self) -> None:
        """Step until cancelled."""
        while True:
            await self._clock.sleep(BEAT)
            try:
                await self.step()
            except StoreError as error:
                log.warning("could not check whether this program may poll and deliver: %s", error)
            except Exception:
                log.exception("coordinating with other programs failed unexpectedly")

    async def leave(self) -> None:
        """Stop the work, and let another begin."""
        if not self.works:
            return
        self.works = False
        await self._end()
        try:
            await self._workers.leave_work(self.me.holder)
        except StoreError as error:
            log.warning("another program must wait a moment before it takes over: %s", error)

    def _is_dead(self, found: Worker) -> bool:
        now = self._clock.monotonic()
        before, self.other = self.other, found
        if before is None or (before.holder, before.beats) != (found.holder, found.beats):
            self._seen_at = now
        return _is_seen_dead(found, self.me.place) or now - self._seen_at >= DEAD_AFTER


async def at_work(workers: Workers, clock: Clock) -> Worker | None:
    """Return the program that works on a database, None where none does. Raises `StoreError`.

    Of one that ran elsewhere nobody sees whether it lives: its next sign of life is waited for.
    """
    found, mine = await workers.worker(), _place()
    if found is None or _is_seen_dead(found, mine):
        return None
    waited = 0.0
    while found.place != mine or not mine:
        if waited >= DEAD_AFTER:
            return None
        await clock.sleep(BEAT)
        waited += BEAT
        now = await workers.worker()
        if now is None or (now.holder, now.beats) != (found.holder, found.beats):
            return now
    return found


def sentence(other: Worker) -> str:
    """Say who works instead, for an operator."""
    return (
        f"{named(other)} polls and delivers on this database already. This program answers in its chats, and takes "
        "over when that one ends. Give each Clew a database of its own, or stop one of them."
    )


def named(worker: Worker) -> str:
    """Name a program so that a person finds it."""
    since = f"{worker.since:%Y-%m-%d %H:%M} UTC"
    return f"Another Clew (host {worker.host}, process {worker.pid}, since {since})"


def this_program(now: datetime) -> Worker:
    """Describe this program, as one that begins now."""
    from adapters.store.workers import Worker

    pid = os.getpid()
    return Worker(
        holder=uuid4().hex, host=socket.gethostname(), place=_place(), pid=pid, born=_born(pid), since=now
    )


def _is_seen_dead(worker: Worker, place: str) -> bool:
    """Whether the program ran where we can see it, and its process is gone or is another one by now."""
    return bool(place) and worker.place == place and _born(worker.pid) != worker.born


def _place() -> str:
    """Name this boot of the machine and the namespace that its process numbers belong to; "" if unknown."""
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {(PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def _born(pid: int) -> str:
    """Return when a process began, as the system counts; "" where there is none, or only what is left of one."""
    try:
        stat = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    state, *rest = stat.rpartition(")")[2].split()
    return "" if state in {"Z", "X"} else rest[18]
