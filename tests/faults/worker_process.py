"""A program that takes the work on a database and shows life until it is killed."""

from __future__ import annotations

import asyncio
import sys

from adapters.cli.single_worker import SingleWorker
from adapters.clock import SystemClock
from adapters.store.store import open_store


async def nothing() -> None:
    """Begin and end no work."""


async def main(url: str) -> None:
    """Take it, say so, and live."""
    async with open_store(url) as store:
        alone = SingleWorker(store, SystemClock(), begin=nothing, end=nothing)
        await alone.step()
        print(alone.works, flush=True)  # noqa: T201 - the parent reads it
        await alone.run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
