"""A program that holds a lease and stops in the middle of what it writes under it, as one that is frozen there."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import update

from adapters.replicas.member import this_program
from adapters.store import database
from adapters.store.fence import fenced
from adapters.store.store import open_store
from adapters.store.tables import outbox

database.LONGEST_PAUSE = 0.5


async def main(url: str) -> None:
    """Take it, write under it, and freeze before that is committed."""
    async with open_store(url) as store:
        me = replace(this_program(datetime.now(UTC)), id="frozen")
        await store.join(me)
        epoch = await store.take_lease("deliver slack", me.id, 0)
        assert epoch is not None
        with fenced("deliver slack", epoch):
            async with store._db.writing() as connection:
                await connection.execute(update(outbox).values(error="by the one that froze"))
                os.kill(os.getpid(), signal.SIGSTOP)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
