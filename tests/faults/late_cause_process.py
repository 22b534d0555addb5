"""A worker that announces a run without its cause and is killed: `python -m tests.faults.late_cause_process DATABASE_URL WHEN`.

WHEN is "before" or "after" the post. The database, the poller and the deliverer are those of `clew run`; platform and
chat are in memory, as they are in the process that goes on (`test_late_cause_kill`).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping

from adapters.clock import SystemClock
from adapters.store.store import SqlStore, open_store
from bot.delivery.deliver import Deliverer, Pace
from bot.errors import Unreachable
from bot.model import RunStatus
from bot.state import Subscription
from bot.watch.finish import Render
from bot.watch.poll import Poller
from tests.fakes.chat import FakeChat
from tests.fakes.runs import MOMENT, a_line, a_run
from tests.fakes.service import FakeRunService

RUN = a_run(1, status=RunStatus.IN_PROGRESS)
CRASH = "panic: lock lost"


def a_platform(*, broken: bool) -> FakeRunService:
    """Return a platform with one run, and what its log says where it broke."""
    service = FakeRunService()
    service.add_run(RUN)
    if broken:
        service.change(RUN, status=RunStatus.INCOMPLETE, failure_moment=MOMENT)
        service.set_log(RUN, MOMENT, a_line(CRASH, "398.1"))
    return service


def a_poller(service: FakeRunService, store: SqlStore, renderers: Mapping[str, Render]) -> Poller:
    """Return what watches it."""
    return Poller(
        service.platform,
        store,
        clock=SystemClock(),
        renderers=renderers,
        on_rows=lambda: None,
        notify_operator=nobody,
    )


async def nobody(_: str) -> None:
    """Notify nobody."""


async def deliver(store: SqlStore, chat: FakeChat) -> None:
    """Post what waits."""
    deliverer = Deliverer(
        chat, store, platforms={}, clock=SystemClock(), notify_operator=nobody, pace=Pace(per_channel=0)
    )
    while (await store.depth()).waiting:
        await deliverer.step()


async def work(url: str, when: str) -> None:
    """Announce the end of the run with a log that cannot be read now, and die."""
    async with open_store(url) as store:
        chat = FakeChat(clock=SystemClock())
        renderers: dict[str, Render] = {chat.name: chat.render}
        await store.subscribe(Subscription(channel="fake:channel:C1"), SystemClock().now())
        await a_poller(a_platform(broken=False), store, renderers).tick()
        broken = a_platform(broken=True)
        broken.fail("logs", Unreachable("No answer came."))
        await a_poller(broken, store, renderers).tick()
        if when == "after":
            await deliver(store, chat)
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
