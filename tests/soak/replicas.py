"""Replicas of Clew: started, killed, frozen and stopped, each a process of its own.

Everything is imported once, in a server that forks them, so that one starts in the time that Clew itself takes.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from tests.soak.group import Group
from tests.soak.process import live

PATIENCE = 60.0  # seconds in which a replica ends that is asked to; on a busy machine it may take long

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.soak.process"])


@dataclass(eq=False, kw_only=True)
class Replica:
    """One of them. `gone`: it was killed, or asked to end, by us."""

    process: ForkServerProcess
    log: Path
    gone: bool = False
    frozen: bool = False

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self.process.pid is not None
        return self.process.pid

    @property
    def stands_still(self) -> bool:
        """Whether it stopped itself."""
        state = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        return state == "T"


@dataclass(kw_only=True)
class Replicas:
    """Those that were started with one environment; `wrong`: the designs that each of them has instead of Clew's own."""

    folder: Path
    environment: Mapping[str, str]
    wrong: Sequence[str] = ()
    all: list[Replica] = field(default_factory=list)
    left: list[Replica] = field(default_factory=list)  # those that ended by themselves
    kills: int = 0
    group: Group = field(default_factory=Group)  # all of them

    @property
    def living(self) -> list[Replica]:
        """Those that were not ended by us."""
        return [replica for replica in self.all if not replica.gone]

    def start(self, *wrong: str) -> Replica:
        """Start one more; `wrong`: what is wrong with this one only."""
        log = self.folder / f"replica-{len(self.all)}.log"
        environment = {"HOME": str(self.folder), "TMPDIR": str(self.folder), **self.environment}
        process = _CONTEXT.Process(
            target=live, args=(environment, str(log), self.group.id, (*self.wrong, *wrong)), daemon=True
        )
        process.start()
        self.all.append(Replica(process=process, log=log))
        return self.all[-1]

    async def kill(self, replica: Replica) -> None:
        """Kill it, and wait until it is dead."""
        replica.gone = True
        replica.process.kill()
        if await _ended(replica) == -signal.SIGKILL:
            self.kills += 1
        else:
            self.left.append(replica)

    def freeze(self, replica: Replica) -> None:
        """Let it stand still."""
        replica.frozen = True
        os.kill(replica.pid, signal.SIGSTOP)

    def wake(self, replica: Replica) -> None:
        """Let it go on."""
        replica.frozen = False
        os.kill(replica.pid, signal.SIGCONT)

    async def stop(self) -> list[int]:
        """Ask all that live to end; return their exit codes."""
        self.bury()
        asked = self.living
        for replica in asked:
            replica.gone = True
            os.kill(replica.pid, signal.SIGTERM)
        return list(await asyncio.gather(*map(_ended, asked)))

    def bury(self) -> None:
        """Take down which ended by themselves, as one does that finds no database when it starts."""
        for replica in self.living:
            if replica.process.exitcode is not None:
                replica.gone = True
                self.left.append(replica)

    def died(self) -> list[str]:
        """Return the last words of those that ended by themselves."""
        self.bury()
        return [
            f"{each.log.stem} left with {each.process.exitcode}: {_last_line(each.log)}" for each in self.left
        ]

    def close(self) -> None:
        """End whatever is left."""
        self.group.close()
        for replica in self.all:
            replica.process.join(PATIENCE)

    def said(self, level: str) -> list[str]:
        """Return the lines of all logs that hold a text."""
        return [
            f"{replica.log.stem}: {line}"
            for replica in self.all
            if replica.log.exists()
            for line in replica.log.read_text(encoding="utf-8", errors="replace").splitlines()
            if level in line
        ]


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1] if lines else ""


async def _ended(replica: Replica) -> int:
    """Wait until a process has ended; return its exit code."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(replica.process.sentinel, ended.set)
    try:
        async with asyncio.timeout(PATIENCE):
            await ended.wait()
    finally:
        loop.remove_reader(replica.process.sentinel)
    replica.process.join()
    assert replica.process.exitcode is not None
    return replica.process.exitcode
