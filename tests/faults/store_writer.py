"""A process that writes to a store until it is killed; it says each number once its step is committed."""

from __future__ import annotations

import asyncio
import sys
from itertools import count

from adapters.store.store import open_store
from bot.state import AuditEntry
from tests.contract.store.kit import NOW, a_delivery, a_run, a_step

PAYLOAD = "x" * 40_000  # several pages of the database, so that a kill can fall between them


async def write(url: str, first: int) -> None:
    """Record a run and its delivery per step, from `first` on."""
    async with open_store(url) as store:
        for number in count(first):
            delivery = a_delivery(f"{number}", channel=f"slack:c{number}", payload=PAYLOAD)
            await store.record(a_step(runs=(a_run(number),), deliveries=(delivery,)))
            await store.audit(
                AuditEntry(
                    at=NOW, actor="a", channel="c", action="launch", decision="allowed", detail=f"{number}"
                )
            )
            print(number, flush=True)  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1], int(sys.argv[2])))
