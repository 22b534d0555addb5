"""kill -9 in the middle of publishing, again and again: no record is doubled, no check is lost, no secret stays behind."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.simulator.automated_future import SimulatedReports, simulated_reports
from adapters.simulator.common.misbehave import Rule
from adapters.store.store import open_store
from bot.model import RunRef
from bot.publication import PublicationState
from bot.publishing import wanted
from bot.state import PollStep
from tests.fakes.judged import judged
from tests.faults.asking import SQLITE, asked
from tests.faults.publish_process import FAILING, PASSING, RUN

KILLS = 7
PATIENCE = 60.0  # seconds until a process that hangs is given up; nothing is measured by it
ROOT = Path(__file__).parents[2]
WRITING = ".*/(result|artifact).*"  # what follows the record, which only a person may ask for once more


class Strike:
    """Wakes the test at the so manieth request from now on."""

    def __init__(self) -> None:
        self.left = 0
        self.now = asyncio.Event()

    def after(self, requests: int) -> None:
        """Begin to count."""
        self.left = requests
        self.now.clear()

    def asked(self) -> None:
        """Count one."""
        self.left -= 1
        if self.left == 0:
            self.now.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener(Rule):
    """Spoils nothing; tells of each request that writes before it is answered."""

    tell: Callable[[], None]

    def matches(self, method: str, path: str) -> bool:
        # Without arguments, `super` does not find its class in a dataclass with slots.
        if Rule.matches(self, method, path):
            self.tell()
        return False


@asynccontextmanager
async def _nursery(
    server: SimulatedReports, url: str, spool: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the process that forks those that work."""
    nursery = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.publish_process", url, server.base_url, server.api_key,
        server.project_id, str(spool), cwd=ROOT, stdin=PIPE, stdout=PIPE,
    )  # fmt: skip
    try:
        yield nursery
    finally:
        if nursery.stdin is not None:
            nursery.stdin.close()  # no line comes any more, so it ends
        await nursery.wait()


async def _work(nursery: asyncio.subprocess.Process, strike: Strike | None) -> int:
    """Let one process work until it is done, or killed; return its exit code."""
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write(b"go\n")
    pid = int(await nursery.stdout.readline())
    ended = asyncio.create_task(nursery.stdout.readline())
    struck = asyncio.create_task((strike.now if strike else asyncio.Event()).wait())
    try:
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait({ended, struck}, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                os.kill(pid, signal.SIGKILL)
            return int(await ended)
    finally:
        struck.cancel()


async def _texts(database: str) -> str:
    """Return all that the database holds, as text."""
    if database.startswith(SQLITE):  # also what was deleted
        path = Path(database.removeprefix(SQLITE))
        return "".join(each.read_bytes().decode("latin-1") for each in path.parent.glob(f"{path.name}*"))
    tables = await asked(
        database, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    return "".join([str(await asked(database, f'SELECT * FROM "{name}"')) for (name,) in tables])


async def test_kill__while_publishing(database: str, tmp_path: Path) -> None:
    """After every death the next process goes on where the database says; at the end everything is there and confirmed."""
    luck, strike, killed = random.Random(11), Strike(), 0
    async with judged(simulated_reports(seed=5, living=False)) as server:
        server.rules.add(Listener(path=WRITING, times=None, tell=strike.asked))
        publication = wanted(RUN, "af", server.now())
        async with open_store(database) as store:
            await store.record(PollStep(connection="demo", now=server.now(), publications=(publication,)))
        async with _nursery(server, database, tmp_path) as nursery:
            for _ in range(KILLS):
                strike.after(luck.randint(1, 6))
                killed += await _work(nursery, strike) == -signal.SIGKILL
            assert await _work(nursery, None) == 0

        async with open_store(database) as store:
            kept = await store.publication(publication.key)
            results = await store.published(publication.key)
            assert kept is not None
            intent = await store.intent(kept.intent_id or "")
            assert intent is not None
            ledger = await store.written_results(RunRef("af", intent.run_id or ""))
        record, there = server.run(intent.run_id or ""), server.results_of(intent.run_id or "")
        secrets = server.secrets()
        assert len(server.requests("POST", ".*/run/$")) == 1

    assert killed == KILLS
    assert kept.state is PublicationState.DONE
    assert record.status == "Completed"
    written = Counter(result.test_name for result in there)
    assert written.keys() == {*FAILING, *PASSING}
    assert max(written.values()) <= 2
    assert written.total() <= len(results) + KILLS
    assert [result.trouble for result in results] == [""] * len(results)
    assert {result.result_id for result in results} == {result.result_id for result in ledger}
    assert {result.result_id for result in ledger} <= {result.test_result_id for result in there}
    assert all(result.attached for result in results if result.check.name in FAILING)
    texts = await _texts(database)
    assert [secret for secret in secrets if secret in texts] == []
