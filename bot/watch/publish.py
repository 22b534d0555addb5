"""Write what is planned into the other platform, one request at a time, and keep each id before the next step.

    by a rule: results are read and planned, the record is opened by an intent   (sent once; a lost answer stops it)
    a record is there: running ─ each result ─ its message ─ its log ─ completed

Whatever stops it, the next tick goes on where the database says that it is. A record is never opened twice. A result
whose answer was lost is written once more, and no third time; all else can be said again without harm.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.actions import send
from bot.analysis import analysis_of
from bot.delivery.backoff import Steady
from bot.errors import (
    ClewError,
    NotAvailable,
    NotFound,
    Rejected,
    ServiceError,
    StoreError,
    Unreachable,
)
from bot.model import LogExcerpt, LogQuery, RunLogQuery, RunRef, Secret
from bot.platform import Platform, Publishes
from bot.ports import Clock, Store
from bot.publication import Publication, PublicationState, PublishedCheck, PublishedResult
from bot.publishing import planned
from bot.redact import scrub
from bot.replies import publishing as replies
from bot.state import Intent, IntentState
from bot.waiting import Backoff
from bot.watch.decide import LATE_RESULTS, lagging

log = logging.getLogger(__name__)

A_SECOND = 5.0  # requests
SLICE = 1.5  # seconds of work in one tick, so that stopping need not cut a request off
TRIES = 2  # requests that may have made one result
GIVE_UP = timedelta(hours=24)
LOG_LINES = 500
LOG_WINDOW = 10.0  # virtual seconds before a moment
LOG_DEADLINE = 120.0
FIRST_PAUSE, LONGEST_PAUSE = 15.0, 900.0
BY_RULE = "clew"  # who asks for what a rule wants
OPENABLE = frozenset({IntentState.DRAFT})
NOT_OPENED = frozenset({IntentState.REJECTED, IntentState.DECLINED, IntentState.EXPIRED})
"""A record was certainly not opened, so asking again makes no second one."""


@dataclass(slots=True)
class _Pause:
    """When a publication is looked at again after trouble, in monotonic seconds."""

    backoff: Backoff
    until: float = 0.0


class _LaterError(Exception):
    """Nothing is wrong, but it cannot go on yet."""


class Publisher:
    """Writes everything that is open; ticks must not overlap."""

    def __init__(
        self,
        *,
        platforms: Mapping[str, Platform],
        store: Store,
        clock: Clock,
        new_key: Callable[[], str],
        secrets: Collection[Secret] = (),
        read_only: Callable[[], bool] = lambda: False,
    ) -> None:
        self._platforms = platforms
        self._store = store
        self._clock = clock
        self._new_key = new_key
        self._secrets = secrets
        self._read_only = read_only  # by the settings as they are now; an admin's switch is in the store
        self._steady = Steady(clock)
        self._turn_at = 0.0
        self._pauses: dict[str, _Pause] = {}

    async def tick(self) -> None:
        """Go on with what is open, for a while. Raises `StoreError` where it cannot be read."""
        until = self._clock.monotonic() + SLICE
        found = await self._store.open_publications()
        self._pauses = {p.key: self._pause_of(p) for p in found}
        for publication in found:
            if self._pauses[publication.key].until <= self._clock.monotonic() < until:
                await self._carefully(publication, until)

    async def _carefully(self, publication: Publication, until: float) -> None:
        """Go on with one; what keeps it from that never hides the others. Raises `StoreError`."""
        try:
            await self._go_on(publication, until)
        except StoreError:
            raise
        except _LaterError:
            self._wait(publication)
        except Exception as error:
            foreseen = isinstance(error, ClewError)  # else the log needs the whole story
            why = str(error) if foreseen else type(error).__name__
            log.warning("publishing %s waits: %s", publication.key, why, exc_info=not foreseen)
            if self._steady.now() - publication.created_at >= GIVE_UP:
                await self._stop(publication, why)
            else:
                self._wait(publication)
        else:
            self._pause_of(publication).backoff.reset()

    async def _go_on(self, publication: Publication, until: float) -> None:
        target = self._platforms.get(publication.target)
        if target is None or target.publishes is None:
            await self._stop(publication, replies.NO_TARGET)
            return
        if publication.state is PublicationState.WANTED:
            publication = await self._planned(publication, target.publishes)
        intent = await self._store.intent(publication.intent_id or "")
        if publication.by_rule and (intent is None or intent.state is not IntentState.ACCEPTED):
            intent = await self._opened(publication, intent, target)
        if intent is not None and intent.run_id is not None:
            into = RunRef(publication.target, intent.run_id)
            writing = _Writing(publication=publication, target=target, publishes=target.publishes, into=into,
                               source=self._platforms.get(publication.source.connection), store=self._store,
                               clock=self._clock, secrets=self._secrets, turn=self._turn)  # fmt: skip
            await self._write(writing, until)

    # What a rule wants --------------------------------------------------------------------------

    async def _planned(self, publication: Publication, publishes: Publishes) -> Publication:
        """Read the run as it ended, and keep what is to be written of it."""
        source = self._source(publication)
        run = await source.reads.run(publication.source.run_id)
        found = await analysis_of(source, self._store, run)
        if lagging(found) and self._steady.now() - publication.created_at < LATE_RESULTS:
            raise _LaterError
        plan = planned(found, publishes.most, self._secrets)
        now = self._clock.now()
        intent = Intent(id=self._new_key(), connection=publication.target, actor=BY_RULE, channel="", thread=None,
                        request=plan.request, subject=publication.source.text, state=IntentState.DRAFT,
                        created_at=now)  # fmt: skip
        await self._store.draft(intent)
        kept = replace(publication, state=PublicationState.PLANNED, intent_id=intent.id)
        await self._store.plan_publication(kept, plan.checks, now)
        return kept

    async def _opened(
        self, publication: Publication, intent: Intent | None, target: Platform
    ) -> Intent | None:
        """Open the record that a rule wants, once; return its intent where it is there."""
        if intent is None or intent.state in NOT_OPENED:
            await self._open_anew(publication, intent)
            raise _LaterError
        if intent.state is IntentState.UNKNOWN:
            await self._stop(publication, replies.NOT_KNOWN)
            return None
        if self._read_only() or await self._store.read_only() is not None:
            raise _LaterError
        if intent.state is not IntentState.DRAFT:
            raise _LaterError  # it is on its way, or a restart came between: whoever follows intents says so
        await self._turn()
        if not await self._store.advance(intent.id, OPENABLE, IntentState.CONFIRMED, self._clock.now()):
            raise _LaterError
        now = self._clock.now()
        await send.note(intent, "confirmed", f"{send.target(intent)}, by a rule", store=self._store, now=now)
        sent = await send.send(intent, target, store=self._store, clock=self._clock)
        if sent is None or sent.state is not IntentState.ACCEPTED:
            raise _LaterError
        return sent

    async def _open_anew(self, publication: Publication, intent: Intent | None) -> None:
        """Plan again what was certainly not opened, unless that has gone on for too long."""
        if self._steady.now() - publication.created_at >= GIVE_UP:
            await self._stop(publication, intent.reason if intent else replies.NOT_OPENED)
            return
        wanted = replace(publication, state=PublicationState.WANTED, intent_id=None)
        await self._store.plan_publication(wanted, (), self._clock.now())

    # Writing ------------------------------------------------------------------------------------

    async def _write(self, writing: _Writing, until: float) -> None:
        """Write what is left, as far as the time goes; at the end say that it is complete."""
        key = writing.publication.key
        results = await self._store.published(key)
        await writing.begin(results)
        for result in results:
            while not result.over:
                if self._clock.monotonic() >= until:
                    return
                result = await writing.step(result)  # noqa: PLW2901 - how far it is now
        await writing.complete()
        await self._store.end_publication(key, PublicationState.DONE, self._clock.now())

    # Trouble ------------------------------------------------------------------------------------

    async def _stop(self, publication: Publication, reason: str) -> None:
        log.warning("publishing %s stopped: %s", publication.key, reason)
        now = self._clock.now()
        await self._store.end_publication(publication.key, PublicationState.STOPPED, now, reason=reason)

    def _wait(self, publication: Publication) -> None:
        pause = self._pause_of(publication)
        pause.until = self._clock.monotonic() + pause.backoff.next()

    def _pause_of(self, publication: Publication) -> _Pause:
        known = self._pauses.get(publication.key)
        return known or _Pause(Backoff(first=FIRST_PAUSE, longest=LONGEST_PAUSE))

    def _source(self, publication: Publication) -> Platform:
        """Return where the run is from. Raises `NotAvailable` where that is not configured any more."""
        source = self._platforms.get(publication.source.connection)
        if source is None:
            raise NotAvailable(replies.no_source(publication.source.connection))
        return source

    async def _turn(self) -> None:
        """Wait until the next request may be sent."""
        now = self._clock.monotonic()
        if now < self._turn_at:
            await self._clock.sleep(self._turn_at - now)
        self._turn_at = max(now, self._turn_at) + 1 / A_SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writing:
    """One publication whose record is there. `source`: where its run is from, None where that is gone."""

    publication: Publication
    target: Platform
    publishes: Publishes
    into: RunRef
    source: Platform | None
    store: Store
    clock: Clock
    secrets: Collection[Secret]
    turn: Callable[[], Awaitable[None]]

    async def begin(self, results: Collection[PublishedResult]) -> None:
        """Say that it is running, once. After a lost answer see first that the platform answers again: a try is dear."""
        if not any(result.tries for result in results):
            await self.turn()
            await self.publishes.begin(self.into.run_id)
        elif any(result.tries and not result.result_id and not result.over for result in results):
            await self.turn()
            await self.target.reads.version()

    async def complete(self) -> None:
        """Say that nothing more comes."""
        await self.turn()
        await self.publishes.complete(self.into.run_id)

    async def step(self, result: PublishedResult) -> PublishedResult:
        """Do the next step of one check, and return how far it is then."""
        if result.result_id is None:
            return await self._written(result)
        if not result.told:
            await self.turn()
            await self.publishes.tell(result.result_id, result.check)
            return await self._keep(replace(result, told=True))
        return await self._with_log(result, result.result_id)

    async def _written(self, result: PublishedResult) -> PublishedResult:
        """Write a result; that it is tried is kept before it is."""
        if result.tries >= TRIES:
            return await self._keep(replace(result, trouble=replies.UNCONFIRMED))
        await self.turn()
        tried = await self._keep(replace(result, tries=result.tries + 1))
        try:
            result_id = await self.publishes.write(self.into.run_id, result.check)
        except Rejected as error:
            return await self._keep(replace(tried, trouble=f"{error.problem} {error.detail}".strip()))
        except ServiceError:
            await self._keep(result)  # it certainly is not there, so this was no try
            raise
        if result_id is None:
            raise Unreachable(replies.LOST)
        return await self._keep(
            replace(tried, result_id=result_id, told=not self.publishes.unsaid(result.check))
        )

    async def _with_log(self, result: PublishedResult, result_id: str) -> PublishedResult:
        """Let the log of a check go along; one that was announced and not kept is announced anew."""
        if result.file_id and await self._is_kept(result_id, result.file_id):
            return await self._keep(replace(result, attached=True))
        try:
            content = await self._log(result.check)
            if not content:
                return await self._keep(replace(result, trouble=replies.NO_LOG))
            await self.turn()
            upload = await self.publishes.announce_file(
                result_id, replies.file_name(result.check), len(content)
            )
            announced = await self._keep(replace(result, file_id=upload.file_id))
            await self.publishes.send_file(upload, content)
            await self.turn()
            await self.publishes.keep_file(upload.file_id)
        except (Rejected, NotAvailable, NotFound) as error:
            return await self._keep(replace(result, trouble=f"{replies.NO_LOG}: {error.problem}"))
        return await self._keep(replace(announced, attached=True))

    async def _is_kept(self, result_id: str, file_id: str) -> bool:
        await self.turn()
        return await self.publishes.is_kept(result_id, file_id)

    async def _log(self, check: PublishedCheck) -> bytes:
        """Read the log of a check. Raises `NotAvailable` where it takes too long, `ServiceError`."""
        if self.source is None:
            return b""
        try:
            async with asyncio.timeout(LOG_DEADLINE):
                excerpt = await self._excerpt(self.source, check)
        except TimeoutError:
            raise NotAvailable(replies.LOG_TOO_SLOW) from None
        return (
            scrub(replies.log_text(excerpt), self.secrets).text.encode("utf-8", "replace") if excerpt else b""
        )

    async def _excerpt(self, source: Platform, check: PublishedCheck) -> LogExcerpt | None:
        run_id = self.publication.source.run_id
        if check.moment is not None and source.moment_logs is not None:
            window = LogQuery(
                run_id=run_id, moment=check.moment, window=LOG_WINDOW, lines=LOG_LINES, file=False
            )
            return await source.moment_logs.logs(window, _nobody)
        if source.run_logs is not None:
            of_run = RunLogQuery(run_id=run_id, lines=LOG_LINES, check=check.name)
            return await source.run_logs.run_log(of_run, _nobody)
        return None

    async def _keep(self, result: PublishedResult) -> PublishedResult:
        """Keep how far a check is."""
        await self.store.save_published(self.publication.key, result, self.into, self.clock.now())
        return result


async def _nobody(_progress: str) -> None:
    """Tell nobody how long it takes."""
