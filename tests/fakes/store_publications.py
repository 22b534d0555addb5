"""The parts of the store in memory that know what was written elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from adapters.store.text import clean, clip
from bot.model import RunRef
from bot.publication import (
    LedgerResult,
    LedgerRun,
    Publication,
    PublicationState,
    PublishedCheck,
    PublishedResult,
    ledger_result,
)
from bot.state import Intent, IntentState
from tests.fakes.store_base import Shared, cleaned

AT_WORK = frozenset({PublicationState.WANTED, PublicationState.PLANNED})


class MemoryLedger(Shared):
    """Records and results by the platform's id."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[RunRef, LedgerRun] = {}
        self.written: dict[tuple[str, str], LedgerResult] = {}

    async def write_run(self, run: LedgerRun) -> None:
        await self._turn()
        self.records[cleaned(run.ref)] = cleaned(run)

    async def written_run(self, ref: RunRef) -> LedgerRun | None:
        await self._turn()
        return self.records.get(cleaned(ref))

    async def write_results(self, results: Sequence[LedgerResult]) -> None:
        await self._turn()
        for result in results:
            self._put(result)

    async def written_results(self, ref: RunRef) -> tuple[LedgerResult, ...]:
        await self._turn()
        wanted = cleaned(ref)
        found = (
            r for r in self.written.values() if (r.connection, r.run_id) == (wanted.connection, wanted.run_id)
        )
        return tuple(sorted(found, key=lambda r: (r.written_at, r.result_id)))

    def _put(self, result: LedgerResult) -> None:
        kept = cleaned(result)
        key = (kept.connection, kept.result_id)
        first = self.written.get(key, kept)
        self.written[key] = replace(kept, written_at=first.written_at)


class MemoryPublications(MemoryLedger):
    """Publications by key, each with its results in order."""

    intents: dict[str, Intent]

    def __init__(self) -> None:
        super().__init__()
        self.publications: dict[str, Publication] = {}
        self.steps: dict[str, list[PublishedResult]] = {}

    async def plan_publication(
        self, publication: Publication, checks: Sequence[PublishedCheck], now: datetime
    ) -> None:
        await self._turn()
        self.publications[clean(publication.key)] = cleaned(publication)
        self.steps[clean(publication.key)] = [
            PublishedResult(position=n, check=cleaned(check)) for n, check in enumerate(checks)
        ]

    async def publication(self, key: str) -> Publication | None:
        await self._turn()
        return self.publications.get(clean(key))

    async def open_publications(self) -> tuple[Publication, ...]:
        await self._turn()
        found = (p for p in self.publications.values() if p.state in AT_WORK and self._ready(p))
        return tuple(sorted(found, key=lambda p: (p.created_at, p.key)))

    def _ready(self, publication: Publication) -> bool:
        intent = self.intents.get(publication.intent_id or "")
        return publication.by_rule or (intent is not None and intent.state is IntentState.ACCEPTED)

    async def published(self, key: str) -> tuple[PublishedResult, ...]:
        await self._turn()
        return tuple(self.steps.get(clean(key), ()))

    async def save_published(self, key: str, result: PublishedResult, into: RunRef, now: datetime) -> None:
        await self._turn()
        steps = self.steps[clean(key)]
        steps[result.position] = cleaned(result)
        if (written := ledger_result(result, into, now)) is not None:
            self._put(written)

    async def end_publication(
        self, key: str, state: PublicationState, now: datetime, *, reason: str = ""
    ) -> None:
        await self._turn()
        self.publications[clean(key)] = cleaned(
            self.publications[clean(key)], state=state, reason=clip(reason)
        )

    def _want(self, wanted: Sequence[Publication]) -> None:
        for publication in wanted:
            self.publications.setdefault(clean(publication.key), cleaned(publication))
