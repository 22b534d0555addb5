"""A program that does what there is to do on a database, and shows life until it is killed."""

from __future__ import annotations

import asyncio
import sys
from contextlib import nullcontext

from adapters.clock import SystemClock
from adapters.replicas.duties import Duties, Duty
from adapters.replicas.member import this_program
from adapters.store.store import open_store


async def main(url: str) -> None:
    """Take it, say so, and live."""
    clock = SystemClock()
    async with open_store(url) as store:
        duty = Duty("everything", nullcontext)
        replicas = Duties(store, clock, able=lambda: [duty], me=this_program(clock.now()))
        await replicas.step()
        print(bool(replicas.held), flush=True)  # noqa: T201 - the parent reads it
        await replicas.run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
