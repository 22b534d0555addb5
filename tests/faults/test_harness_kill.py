"""kill -9 on Clew while it follows executions that no list shows: each end is told once; nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from adapters.simulator.ai_test_harness import SimulatedHarness, simulated_harness
from adapters.store.store import open_store
from adapters.store.text import provider_key
from bot.delivery.keys import key_of
from bot.model import Run, RunRef, RunStatus
from bot.state import Subscription
from tests.fakes.chat_server import ChatServer
from tests.fakes.judged import judged
from tests.fakes.striker import Striker
from tests.faults.asking import asked
from tests.faults.test_kill_loop import ROOT, SETTLE, Listener, Nursery, digests, folded

CONNECTION = "ai-test-harness"
CHANNEL = "fake:channel:C0"
EXECUTIONS, KILLS = 12, 4
POINTS = ("asked for a run", "asked to post", "stored")
FOLLOWED = "SELECT run_id, status, launcher, source FROM runs WHERE NOT settled"
READ = POINTS[:1]  # once for each; what ends in one look is one message


async def test_kill__while_following(database: str, tmp_path: Path) -> None:
    """Some ends are seen before a kill, some while Clew is down, and one execution goes on all the time.

    Each is told once, by itself or in a message about all of one look.
    """
    chance, striker = random.Random(20260516), Striker()
    server = ChatServer(chance=random.Random(20260517), happened=striker.happened)
    port = await server.start()
    async with judged(simulated_harness(living=False, speed=1.0)) as harness:
        harness.limit(per_minute=100_000)
        plan = harness.add_plan("Release", tests=["Login", "Pay"])
        going = [harness.hold_execution(plan, environment="staging") for _ in range(EXECUTIONS + 1)]
        await _follow(database, going)
        tell = partial(striker.happened, "asked for a run")
        harness.rules.add(Listener(path="/api/v1/executions/[^/]+", tell=tell))
        nursery = await _open(database, tmp_path, harness, port)
        codes = [await nursery.deliver()]
        ended = []
        for _ in range(KILLS):
            for execution in going[: EXECUTIONS // KILLS]:
                going.remove(execution)
                ended.append(execution)
                harness.finish_execution(execution, failing=["Login"], shape="name and error")
            point = chance.choice(POINTS)
            striker.after(chance.randint(1, 3) if point in READ else 1, point)
            codes.append(await nursery.deliver(striker.now, pause=chance.uniform(0.0, 0.02)))
        codes.append(await nursery.deliver())
        errors = await nursery.close()
    await server.stop()

    keys = [key_of(RunRef(CONNECTION, execution), RunStatus.COMPLETED, CHANNEL) for execution in ended]
    assert errors.splitlines() == []
    assert codes == [0] + [-signal.SIGKILL] * KILLS + [0]
    told = {(CHANNEL, provider_key(key)) for key in keys}
    assert sorted(told | await digests(database)) == sorted([*server.keys, *await folded(database)])
    assert await asked(database, FOLLOWED) == [(going[0], "in_progress", "Release", "staging")]


async def _follow(database: str, executions: list[str]) -> None:
    """Put executions on record as their launches do, and let a channel watch."""
    now = datetime.now(UTC)
    async with open_store(database) as store:
        await store.subscribe(Subscription(channel=CHANNEL, connection=CONNECTION), now)
        for execution in executions:
            run = Run(ref=RunRef(CONNECTION, execution), status=RunStatus.STARTING, status_text="starting",
                      launcher="Release", launcher_key="plan_1", source="staging")  # fmt: skip
            await store.track(run, now)


async def _open(database: str, folder: Path, harness: SimulatedHarness, port: int) -> Nursery:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.faults.deliver_process", str(port), str(SETTLE)),
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(folder),
            "DATABASE_URL": database,
            **harness.environment(),
        },
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    return Nursery(process)
