"""One process that works for long: it neither grows, nor leaves a task, a file or a socket behind.

`clew run` itself is given commands and runs that end, over a real Slack on loopback, a real tenant and a real database.
After a warm-up every slice must leave it as the first one did. What it recorded is gone once retention is over.
"""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.store.store import open_store
from adapters.store.tables import inbox, outbox, rate_limits, short_texts, threads
from tests.fakes.slack_world import CROWD, TEAM
from tests.soak.group import Group
from tests.walk.deploy.company import Company, Running, company

GROWTH = 1.05  # times the memory after the warm-up
AT_ONCE = 20  # commands
LOOKS = 2
ROOM = 6  # tasks and files: of a second socket to Slack, which opens a little after the first; work leaves far more
LOG = 2_000  # bytes for each command and announcement
RETENTION = timedelta(days=800)
PATIENCE = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is done. `slices` of so many `commands`, and of `runs` that each end for so many `channels`."""

    warm_up: int  # slices
    slices: int
    commands: int
    runs: int
    channels: int


SHORT = Size(warm_up=2, slices=2, commands=24, runs=1, channels=4)
WHOLE = Size(warm_up=5, slices=95, commands=1_000, runs=2, channels=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a process holds: resident memory in MiB, open files and sockets, threads, and tasks of its loop."""

    memory: float
    files: int
    tasks: int


class Lasting:
    """A process at work, and what is around it."""

    def __init__(self, around: Company, running: Running, size: Size) -> None:
        self._around, self._running, self._size = around, running, size
        self._told = 0
        self._announced = 0

    async def slice(self) -> Held:
        """Let people ask and runs end, wait until all of it was answered, and look what the process holds then."""
        await self._commands()
        await self._runs()
        return await self._held()

    async def _commands(self) -> None:
        world = self._around.slack.world
        for begin in range(0, self._size.commands, AT_ONCE):
            before = len(world.ours())
            number = min(AT_ONCE, self._size.commands - begin)
            said = ("help", "status", "version", "nonsense")
            await asyncio.gather(
                *(self._around.slack.command(said[n % len(said)], user=f"{CROWD}{n}") for n in range(number))
            )
            await world.until(lambda: len(world.ours()) >= before + number, PATIENCE)  # noqa: B023 - awaited
            _forget(self._around)

    async def _runs(self) -> None:
        world, tenant = self._around.slack.world, self._around.tenant
        for _ in range(self._size.runs):
            run_id = tenant.add_run(launcher="Payments Nightly", age=600)
            tenant.finish_run(run_id)
            self._announced += self._size.channels
            await world.until(lambda: len(_posts(self._around)) >= self._size.channels, PATIENCE)
            _forget(self._around)

    async def _held(self) -> Held:
        """Look some times, a second apart: what still ends by itself is none that was left."""
        looks = [await self._look() for _ in range(LOOKS)]
        return Held(
            memory=looks[-1].memory,
            files=min(look.files for look in looks),
            tasks=min(look.tasks for look in looks),
        )

    async def _look(self) -> Held:
        process = self._running.process
        await asyncio.sleep(1.0)
        self._told += 1
        process.send_signal(signal.SIGUSR1)
        await self._running.sees(f"told {self._told}:")
        line = self._running.printed.partition(f"told {self._told}: ")[2]
        here = Path(f"/proc/{process.pid}")
        status = (here / "status").read_text(encoding="utf-8")
        return Held(
            memory=int(status.partition("VmRSS:")[2].split()[0]) / 1024,
            files=sum(1 for _ in (here / "fd").iterdir()),
            tasks=int(line.split()[0]),
        )


def _posts(around: Company) -> list[object]:
    return [m for m in around.slack.world.ours() if m.only_for is None and "Payments Nightly" in m.words]


def _forget(around: Company) -> None:
    """Keep the loopback Slack and the tenant small."""
    world = around.slack.world
    for kept in (world.messages, world.calls, world.response_urls, world.statuses, world.triggers):
        kept.clear()
    around.tenant.forget()


@asynccontextmanager
async def lasting(folder: Path, size: Size) -> AsyncIterator[Lasting]:
    """Start a process that all channels are served by."""
    async with company(folder) as around:
        names = [f"C1{number:04}" for number in range(size.channels)]
        around.slack.world.members |= set(names)
        watch = "".join(f'[[watch]]\nchannel = "slack:channel:{TEAM}:{name}"\n' for name in names)
        settings = folder / "clew.toml"
        settings.write_text(f"{settings.read_text(encoding='utf-8')}{watch}", encoding="utf-8")
        with closing(Group()) as group:
            through = (sys.executable, "-m", "tests.soak.tasks_told", str(group.id))
            async with around.running("run", through=through, CLEW_POLL_SECONDS="1") as running:
                await running.sees("serving Slack workspace")
                yield Lasting(around, running, size)
                assert await running.ends(signal.SIGTERM) == 0, running.printed[-2_000:]
                assert len(running.printed) <= LOG * size.commands * (size.warm_up + size.slices)


async def prove(size: Size) -> list[str]:
    """Return what was wrong, "" for nothing, and print what each slice left."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with lasting(folder, size) as it:
            warm = [await it.slice() for _ in range(size.warm_up)][-1]
            held = [warm]
            for number in range(size.slices):
                held.append(await it.slice())
                sys.stdout.write(f"slice {number + 1} of {size.slices}: {held[-1]}\n")
        return [*grown(held), *await _left(folder)]


def grown(held: list[Held]) -> list[str]:
    """Return what a process holds at last that it did not after its warm-up."""
    first, last = held[0], held[-1]
    wrong = []
    if last.memory > GROWTH * first.memory:
        wrong.append(f"memory grew from {first.memory:.1f} to {last.memory:.1f} MiB")
    if last.tasks > first.tasks + ROOM:
        wrong.append(f"tasks were left: {first.tasks}, then {last.tasks}")
    if last.files > first.files + ROOM:
        wrong.append(f"files or sockets were left: {first.files}, then {last.files}")
    return wrong


async def _left(folder: Path) -> list[str]:
    """Return what is on record once retention is over, and should not be."""
    path = folder / "clew.db"
    async with open_store(f"sqlite:///{path}") as store:
        await store.prune(datetime.now(UTC) + RETENTION)
    with sqlite3.connect(path) as database:
        counts = {
            table.name: database.execute(f"SELECT count(*) FROM {table.name} {of}").fetchone()[0]
            for table, of in (
                (inbox, ""), (threads, ""), (short_texts, ""), (rate_limits, ""),
                (outbox, "WHERE state NOT IN ('pending', 'sending', 'held')"),  # nothing that waits is ever forgotten
            )
        }  # fmt: skip
    database.close()
    return [f"{number} rows are left in {table}" for table, number in counts.items() if number]


async def main(*, short: bool) -> int:
    """Prove it; return 1 where something was left."""
    wrong = await prove(SHORT if short else WHOLE)
    for line in wrong:
        sys.stdout.write(f"{line}\n")
    return int(bool(wrong))
