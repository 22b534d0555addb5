"""Real processes of `clew` share a PostgreSQL database: killed, frozen and stopped, each end of a run is announced once."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapters.replicas.member import this_program
from adapters.store.store import SqlStore, open_store
from bot.state import Subscription
from tests.fakes.clock import ManualClock
from tests.fakes.slack_world import MAIN, TEAM
from tests.walk.deploy.company import Company, company

PATIENCE = 300.0  # seconds; only a failing test waits that long
LOOK = 0.1
RUNS = 5
POLL, DELIVER = "poll default", "deliver slack"
ALL = {
    POLL, DELIVER, "launches", "schedules", "publish", "live", "expected", "audit", "audit trail", "tidy",
}  # fmt: skip


@dataclass
class Cluster:
    """A company's replicas, by process number, and the runs that go on."""

    company: Company
    store: SqlStore
    programs: dict[int, asyncio.subprocess.Process] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def replica(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """Run one more."""
        with (self.company.folder / "log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.faults.clew_process", "run", "--no-terminal",
                cwd=self.company.folder, env=self.company.environment, stdin=asyncio.subprocess.DEVNULL,
                stdout=log, stderr=log,
            )  # fmt: skip
        self.programs[process.pid] = process
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def held(self) -> dict[int, set[str]]:
        """Return which duties each process has."""
        pids = {each.id: each.pid for each in await self.store.replicas()}
        held: dict[int, set[str]] = {pid: set() for pid in pids.values()}
        for lease in await self.store.leases():
            if lease.holder in pids:
                held[pids[lease.holder]].add(lease.name)
        return held

    async def shared_by(self, number: int) -> None:
        """Wait until so many processes have everything, each as much as the others."""
        async with asyncio.timeout(PATIENCE):
            while not _is_even(await self.held(), number):  # noqa: ASYNC110 - other processes write it
                await asyncio.sleep(LOOK)

    async def holder(self, name: str, *, but: int = 0) -> int:
        """Return the process that has a duty, once it is another one than this."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for pid, names in (await self.held()).items():
                    if name in names and pid != but:
                        return pid
                await asyncio.sleep(LOOK)

    async def known(self) -> None:
        """Wait until the first look is over: what ends after it is news."""
        async with asyncio.timeout(PATIENCE):
            while len(await self.store.tracked("default")) < RUNS:  # noqa: ASYNC110 - other processes write it
                await asyncio.sleep(LOOK)

    async def ends(self) -> None:
        """Let a run end, and wait until that is announced."""
        run_id = self.runs.pop()
        self.ended.append(run_id)
        self.company.tenant.finish_run(run_id, failing=("Every order is paid once",))
        await self.company.slack.world.until(lambda: self.posted(run_id), PATIENCE)

    def posted(self, run_id: str) -> bool:
        """Whether a post tells of a run; none that is older mentions it."""
        return any(run_id[:8] in message.words for message in self.company.slack.world.ours())

    async def told(self) -> Counter[str]:
        """Return how many posts told of each run, once all did that ended here."""
        async with asyncio.timeout(PATIENCE):
            while not set(self.ended) <= set(told := Counter(await self._runs_told())):  # noqa: ASYNC110 - other processes write it
                await asyncio.sleep(LOOK)
        return told

    async def _runs_told(self) -> list[str]:
        posts = self.company.slack.world.ours()
        known = [await self.store.context(f"slack:channel:{TEAM}:{post.channel}", post.ts) for post in posts]
        alone = [each.run.run_id for each in known if each and each.run]
        # What waited behind a frozen one may be told of in one post together, whose thread is about no run.
        together = [post.words for post, each in zip(posts, known, strict=True) if not each]
        return alone + [run_id for run_id in self.ended for words in together if run_id[:8] in words]


def _is_even(held: Mapping[int, set[str]], number: int) -> bool:
    sizes = [len(names) for names in held.values()]
    return len(held) == number and set().union(*held.values()) == ALL and max(sizes) - min(sizes) <= 1


@pytest.mark.skipif(
    not this_program(ManualClock().now()).place, reason="the system tells nothing of processes"
)
async def test_replicas__killed_frozen_and_stopped(postgresql: str, tmp_path: Path) -> None:
    """The others go on where one was killed, frozen for longer than it counts as alive, or asked to end; nothing is told twice."""
    async with company(tmp_path) as operator, open_store(postgresql) as store, AsyncExitStack() as stack:
        operator.environment["DATABASE_URL"] = postgresql
        channel = f"slack:channel:{TEAM}:{MAIN}"
        it = Cluster(operator, store, runs=[operator.tenant.add_run() for _ in range(RUNS)])
        await store.subscribe(Subscription(channel=channel), ManualClock().now())
        await stack.enter_async_context(it.replica())
        await it.shared_by(1)
        await it.known()
        await it.ends()

        for _ in range(2):
            await stack.enter_async_context(it.replica())
        await it.shared_by(3)

        killed = await it.holder(POLL)
        it.programs[killed].kill()
        await it.ends()
        await it.holder(POLL, but=killed)

        frozen = await it.holder(DELIVER)
        it.programs[frozen].send_signal(signal.SIGSTOP)
        await it.ends()
        await it.shared_by(1)
        it.programs[frozen].send_signal(signal.SIGCONT)
        await it.shared_by(2)
        await it.ends()

        stopped = await it.holder(DELIVER)
        it.programs[stopped].send_signal(signal.SIGTERM)
        code = await it.programs[stopped].wait()
        await it.ends()
        await it.shared_by(1)

        told = await it.told()  # the tenant's own runs, that end meanwhile, among them

    assert code == 0
    assert set(told.values()) == {1}
    keys = [json.dumps(post.metadata) for post in operator.slack.world.ours() if post.metadata]
    assert len(keys) == len(set(keys)) >= len(told)  # a second post of a run is on record nowhere
