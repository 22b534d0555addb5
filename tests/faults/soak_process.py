"""A long proof that is killed: replicas work for it, one of which stands still."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.soak.delivery import first_look, lite, prepared
from tests.soak.replicas import Replicas
from tests.soak.world import hostile_world


async def main(folder: Path) -> None:
    """Let one work and stand still, start another, say their process numbers, and wait to be killed."""
    async with lite(folder) as base, hostile_world(1, well=True) as world:
        replicas = Replicas(folder=folder, environment=await prepared(folder, base, world))
        still = replicas.start()
        await first_look(base)
        replicas.freeze(still)
        print(still.pid, replicas.start().pid, flush=True)  # noqa: T201 - the parent reads it
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
