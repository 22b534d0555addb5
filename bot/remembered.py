"""Reads of a platform that does not say of a run which launcher and source it is of: what the record has of that is kept.

A platform without a list says it once, to whoever starts a run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.model import Results, Run
from bot.platform import Platform, Reads
from bot.ports import WatchStore


@dataclass(frozen=True, slots=True)
class RememberedReads:
    """Fills `bot.platform.Reads` with another one's answers and what is on record. `run` raises `StoreError` too."""

    reads: Reads
    connection: str
    store: WatchStore

    def owns(self, run_id: str, /) -> bool:
        """Whether a text can be the whole id of a run here."""
        return self.reads.owns(run_id)

    async def version(self) -> str:
        """Return the platform's release."""
        return await self.reads.version()

    async def run(self, run_id: str) -> Run:
        """Return a run, of the launcher and source that are on record where the platform does not say them."""
        run = await self.reads.run(run_id)
        if run.launcher and run.source is not None:
            return run
        kept = (await self.store.recorded(self.connection, (run_id,))).get(run_id)
        if kept is None or (run.launcher_key or kept.launcher_key) != kept.launcher_key:
            return run
        return replace(
            run,
            launcher=run.launcher or kept.launcher,
            launcher_key=run.launcher_key or kept.launcher_key,
            source=run.source if run.source is not None else kept.source,
        )

    async def results(self, run: Run) -> Results:
        """Return a run's results."""
        return await self.reads.results(run)


def remembering(platform: Platform, store: WatchStore) -> Platform:
    """Return a platform whose reads know what is on record, where it has no list that says it again."""
    if platform.lists is not None:
        return platform
    return replace(platform, reads=RememberedReads(platform.reads, platform.connection, store))
