"""Programs on a database as they see each other: what each is, and whether it lives.

Who watches goes by its own monotonic clock and the other's beats: what a wall clock says, here, there or in the database,
decides nothing. Of one that ran on this machine and is seen to be gone nobody awaits a beat.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from adapters.replicas import timing
from bot.ports import Clock
from bot.replies import operating

if TYPE_CHECKING:
    from adapters.store.replicas import Lease, Replica

PROC = Path("/proc")


class ReplicaTable(Protocol):
    """Where programs say that they run and which leases they hold (`adapters.store.replicas`). Raises `StoreError`."""

    @property
    def shared(self) -> bool:
        """Whether several programs may work on it at the same time."""

    async def join(self, replica: Replica) -> None:
        """Say that a program runs."""

    async def beat(self, replica: str, report: str) -> bool:
        """Show that it lives, and what it sees; False where it was buried."""

    async def replicas(self) -> tuple[Replica, ...]:
        """Return every program that runs, or was not yet found to have ended, the eldest first."""

    async def bury(self, seen: Replica) -> bool:
        """Take away one that is dead, and free its leases; False where it showed life since it was seen."""

    async def leave(self, replica: str) -> bool:
        """Say that a program ends, and free its leases; False where it was buried before."""

    async def leases(self) -> tuple[Lease, ...]:
        """Return every lease that was ever taken."""

    async def take_lease(self, name: str, me: str, seen_epoch: int) -> int | None:
        """Take a free lease as it was seen, 0 for one that nobody ever took; return its new epoch."""

    async def drop_lease(self, name: str, me: str, epoch: int) -> bool:
        """Let go of a lease; False where it was lost before."""


class Watch:
    """Sees for how long other programs have shown no life.

    What passed while this program was frozen, or could not read the database, counts as two beats: the others could not
    show anything either, or had no eyes on them.
    """

    def __init__(self, clock: Clock, place: str) -> None:
        self._clock = clock
        self._place = place
        self._looked = clock.monotonic()
        self._silent: dict[
            str, tuple[int, float]
        ] = {}  # the last beat that was seen, and for how long no other

    def look(self, others: Iterable[Replica]) -> list[Replica]:
        """Take note of their beats, and return those that are dead."""
        now = self._clock.monotonic()
        passed, self._looked = min(now - self._looked, 2 * timing.BEAT), now
        self._silent = {other.id: (other.beats, self._silence(other, passed)) for other in others}
        return [other for other in others if self._is_dead(other)]

    def is_fresh(self, other: str) -> bool:
        """Whether one showed life at the last looks."""
        return other in self._silent and self.silence(other) <= timing.BEAT

    def silence(self, other: str) -> float:
        """Return for how many seconds one has shown no life, as far as was looked."""
        return self._silent[other][1] if other in self._silent else 0.0

    def _silence(self, other: Replica, passed: float) -> float:
        beats, silent = self._silent.get(other.id, (None, 0.0))
        return silent + passed if beats == other.beats else 0.0

    def _is_dead(self, other: Replica) -> bool:
        return is_seen_dead(other, self._place) or self._silent[other.id][1] >= timing.DEAD_AFTER


async def at_work(table: ReplicaTable, clock: Clock) -> Replica | None:
    """Return a program that runs on a database, None where none does. Raises `StoreError`.

    Of those that ran elsewhere nobody sees whether they live: their next sign of life is waited for.
    """
    mine = place()
    found = [each for each in await table.replicas() if not is_seen_dead(each, mine)]
    before = {each.id: each.beats for each in found}
    waited = 0.0
    while found:
        seen = (each for each in found if _is_here(each, mine) or before.get(each.id) != each.beats)
        if (alive := next(seen, None)) is not None:
            return alive
        if waited >= timing.DEAD_AFTER:
            break
        await clock.sleep(timing.BEAT)
        waited += timing.BEAT
        found = list(await table.replicas())
    return None


def waits_for(other: Replica) -> str:
    """Say who works instead, for an operator."""
    return operating.works_instead(named(other))


def named(replica: Replica) -> str:
    """Name a program so that a person finds it."""
    return operating.another_program(replica.host, replica.pid, replica.since)


def this_program(now: datetime, version: str = "") -> Replica:
    """Describe this program, as one that begins now."""
    from adapters.store.replicas import Replica

    pid = os.getpid()
    return Replica(
        id=uuid4().hex, host=socket.gethostname(), place=place(), pid=pid, born=_born(pid), since=now,
        version=version,
    )  # fmt: skip


def is_seen_dead(replica: Replica, here: str) -> bool:
    """Whether it ran where we can see it, and its process is gone or is another one by now."""
    return _is_here(replica, here) and _born(replica.pid) != replica.born and not _is_hidden(replica.pid)


def _is_hidden(pid: int) -> bool:
    """Whether there is a process that /proc does not show: `hidepid` hides those of other users (systemd's ProtectProc)."""
    if (PROC / str(pid)).exists():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is another user's
    return True


def _is_here(replica: Replica, here: str) -> bool:
    return bool(here) and replica.place == here


def place() -> str:
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
