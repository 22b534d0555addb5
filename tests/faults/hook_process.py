"""A Clew that webhooks tell of a run, and that never gets to read it: `python -m tests.faults.hook_process URL`."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field

from adapters.cli import hooks
from adapters.cli.background import working
from adapters.store.store import open_store
from bot.model import Run
from bot.watch import hints
from tests.fakes.service import FakeRunService
from tests.fakes.stage import silent
from tests.walk.hooks.program import ONCE, parts_of


@dataclass
class Mute(FakeRunService):
    """A platform without a list, which lets whoever reads a run wait for ever."""

    lacks: frozenset[str] = field(default_factory=lambda: frozenset({"lists"}))

    async def run(self, run_id: str) -> Run:
        """Say that it was asked, and do not answer."""
        print(f"reads {run_id}", flush=True)  # noqa: T201 - the parent reads it
        await asyncio.Event().wait()
        raise AssertionError


async def main(url: str) -> None:
    """Say where deliveries are taken, and live."""
    hints.GAP = 0.0  # the clock stands still
    async with open_store(url) as store:
        parts = parts_of(store, Mute())
        async with (
            working(parts, {}, intervals=ONCE, notify=silent) as background,
            hooks.receiving(parts, background.work, lambda _: None) as listener,
        ):
            assert listener is not None
            print(listener.url, flush=True)  # noqa: T201 - the same
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
