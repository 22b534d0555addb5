"""The worker that publishes, to be killed: `python -m tests.faults.publish_process DATABASE_URL BASE_URL KEY PROJECT SPOOL`.

The database, the client and the worker are those of `clew run`; only the run that is published is of the platform in
memory. This process imports everything once. For each line that it reads it forks one that works until nothing is open
any more, writes its process id, and at its end its exit code.
"""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from pathlib import Path
from uuid import uuid4

from adapters.clock import SystemClock
from adapters.platforms.automated_future.client import ReportService
from adapters.platforms.automated_future.settings import Team
from adapters.platforms.http.transport import open_http
from adapters.store.store import open_store
from bot.model import Secret
from bot.watch import publish
from bot.watch.publish import Publisher
from tests.fakes.runs import MOMENT, a_line, a_run, some_results
from tests.fakes.service import FakeRunService

RUN = a_run(1)
FAILING = tuple(f"failing {n}" for n in range(4))
PASSING = tuple(f"passing {n}" for n in range(12))


def a_source() -> FakeRunService:
    """Return the platform whose run is published."""
    service = FakeRunService()
    service.add_run(RUN, some_results(RUN, failing=FAILING, passing=PASSING))
    service.set_log(RUN, MOMENT, a_line("balance 99", "398.0"))
    return service


async def work(database_url: str, base_url: str, key: str, project: str, spool: str) -> None:
    """Publish what is open, without the pauses that spare a platform."""
    publish.A_SECOND = 1_000.0
    clock = SystemClock()
    own = Team(name="af", base_url=base_url, api_key=Secret(key), project=project)
    async with open_store(database_url) as store, open_http() as http:
        service = ReportService(http, own, spool=Path(spool), ledger=store, now=clock.now)
        platforms = {"demo": a_source().platform, "af": service.platform}
        publisher = Publisher(platforms=platforms, store=store, clock=clock, new_key=lambda: uuid4().hex)
        while await store.open_publications():
            await publisher.tick()


def run(arguments: list[str]) -> int:
    """Work, and return the exit code."""
    try:
        asyncio.run(work(*arguments))
    except Exception:  # noqa: BLE001 - a forked process must not go on in its parent's code
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    for _line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(run(sys.argv[1:]))
        print(child, flush=True)  # noqa: T201 - the parent reads it
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - the parent reads it
