"""A ledger for whoever opens a platform and writes nothing there."""

from __future__ import annotations

from collections.abc import Sequence

from bot.model import RunRef
from bot.publication import LedgerResult, LedgerRun


class EmptyLedger:
    """Knows of nothing, and keeps nothing."""

    async def write_run(self, run: LedgerRun) -> None:
        """Keep nothing."""

    async def written_run(self, ref: RunRef) -> LedgerRun | None:
        """Know of no record."""
        del ref
        return None

    async def write_results(self, results: Sequence[LedgerResult]) -> None:
        """Keep nothing."""

    async def written_results(self, ref: RunRef) -> tuple[LedgerResult, ...]:
        """Know of no result."""
        del ref
        return ()
