"""Watch the runs of one connection: a tick reads what changed, decides, and records.

    pages down to the watermark ─┐                                  (one write each, with the mark how far they reach)
    pages of open runs ──────────┼─ first what changed of any run   (one write)
    tracked runs in neither ─────┘  then ended: results, diff, rows (one write each)

What changed is on record before anything is concluded from the record, so nothing is announced while a part of the list
is unread. A run on record that ended is followed until it was announced; whatever stops a tick, the next one goes on, and
the outbox key makes finding a run twice harmless.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.cards import ReportLinks
from bot.delivery.backoff import Steady
from bot.delivery.held import TOGETHER
from bot.errors import (
    AccessRefused,
    ClewError,
    NotFound,
    RateLimited,
    ServiceError,
    StoreError,
    TooLarge,
    Unreachable,
)
from bot.model import Run, RunRef, RunStatus
from bot.notify_operator import NotifyOperator, notify_carefully
from bot.platform import Platform
from bot.ports import Clock
from bot.replies import operating
from bot.state import Coverage, Held, PollStep, PublishRule, TrackedRun
from bot.waiting import doubled
from bot.watch import followed, listing
from bot.watch.catch_up import CatchUp, Caught, write_down
from bot.watch.decide import Act, act, next_look
from bot.watch.finish import Finishing, PollStore, Render
from bot.watch.hints import Hints
from bot.watch.untimed import STEP

log = logging.getLogger(__name__)

REFUSED_WAIT, LONGEST_REFUSED_WAIT = 60.0, 900.0
TROUBLE_WAIT, LONGEST_TROUBLE_WAIT = 1.0, 60.0
RATE_WAIT, LONGEST_RATE_WAIT = 60.0, 900.0  # a platform that asks for a day is asked again much sooner
RUN_DEADLINE = 180.0  # seconds for all that is read of one run and the waits for a turn, so that none holds up the others
BY_ID_AT_ONCE = 50  # runs that are read by their ids before those that ended are announced
UNREACHABLE_AT_MOST = 3  # runs in one tick; then it is the platform, not the run


@dataclass(slots=True)
class Health:
    """How polling a connection goes. `problem`: what is wrong now, "" while it is well."""

    last_good: float | None = None  # monotonic seconds
    problem: str = ""
    failures: int = 0  # in a row
    refused: bool = False  # by the platform, so that no later try helps by itself


@dataclass(slots=True)
class _Tick:
    """What one tick knows and collects."""

    now: datetime
    steady: datetime  # by this, waits are kept
    watermark: datetime
    tracked: Mapping[RunRef, TrackedRun] = field(default_factory=dict)
    known: Mapping[str, TrackedRun] = field(default_factory=dict)
    missing: list[RunRef] = field(default_factory=list)  # read by their ids, and not there
    unreachable: int = 0
    together: bool = False  # several runs of the look ended: they are announced when all of them are recorded
    held: list[str] = field(default_factory=list)  # keys of what waits for that


class Poller:
    """Polls one connection; ticks must not overlap. `on_rows` is called when there is something to deliver.

    `notify_operator` is called with limits that keep runs from being announced. `hints` takes what webhooks say.
    """

    def __init__(
        self,
        platform: Platform,
        store: PollStore,
        *,
        clock: Clock,
        renderers: Mapping[str, Render],
        on_rows: Callable[[], None],
        notify_operator: NotifyOperator,
        report_links: ReportLinks = ReportLinks.POST,
        publish: Collection[PublishRule] = (),
        people: Collection[frozenset[str]] = (),
        run_deadline: float = RUN_DEADLINE,
    ) -> None:
        self.platform = platform
        self.store = store
        self.clock = clock
        self.health = Health()
        self.hints = Hints(platform.connection, store, clock, platform.reads.owns)
        self._notify = notify_operator
        self.behind = ""  # what is still to be read of a long list, as a sentence
        self.unlisted = ""  # which part of the list cannot be read, as a sentence
        self.read_at: datetime | None = None  # when the last look began that brought the whole list on record
        self.too_large: dict[RunRef, str] = {}  # runs that cannot be read, each with its sentence
        self._catch_up = CatchUp(platform, store, self._cut_off)
        self.finishing = Finishing(
            platform=platform, store=store, renderers=renderers, report_links=report_links,
            publish=publish, people=people,
        )  # fmt: skip
        self._renderers = renderers
        self._on_rows = on_rows
        self._run_deadline = run_deadline
        self._not_before = 0.0
        self._steady = Steady(clock)
        self._missed_since: dict[RunRef, datetime] = {}
        self._looks: dict[RunRef, datetime] = {}
        self._troubled: set[RunRef] = set()
        self._ticks = 0
        self._began = False

    async def tick(self) -> None:
        """Look once; never raises for what the platform or the database does.

        One line is logged when the connection goes bad and one when it is well again.
        """
        if self.clock.monotonic() < self._not_before:
            return
        try:
            await self._end_earlier_look()
            await self.hints.take()
            self.hints.polling()
            await self._poll(self.clock.now())
            await self.hints.polled()
        except (ServiceError, StoreError) as error:
            self._went_bad(error)
        else:
            self._is_well()

    async def _end_earlier_look(self) -> None:
        """Let out the ends that a look before this poller's first one held for each other: it is over, or its process is dead.

        Ends that are found from now on would overtake them otherwise.
        """
        if self._began:
            return
        now = self.clock.now()
        by = now + TOGETHER
        left: list[str] = []
        for channel in await self.store.held_channels(frozenset(self._renderers), by):
            held = await self.store.held(channel)
            left += [each.delivery.key for each in held if now < each.due <= by and self._is_about(each)]
        if left:
            await self.store.hold(left, now)
            self._on_rows()
        self._began = True

    def _is_about(self, held: Held) -> bool:
        run = held.delivery.context.run if held.delivery.context else None
        return run is not None and run.connection == self.platform.connection

    async def _poll(self, now: datetime) -> None:
        connection = self.platform.connection
        watermark = await self.store.watermark(connection)
        if watermark is None:
            await self._baseline(now)
            return
        caught = await self._catch_up.read(watermark, now)
        await self._say_if_behind(caught)
        if caught.unread:  # what is new can be told only of a list without a hole
            return
        seen = caught.runs if caught.by_rows else caught.runs | await listing.still_open(self.platform)
        tick = _Tick(now=now, steady=self._steady.now(), watermark=watermark)
        await self._write_down(tick, seen)
        self.read_at = now if self.platform.lists is not None else None
        tick.tracked = {run.ref: run for run in await self.store.tracked(connection)}
        hinted = self._hinted(tick.tracked)
        unlisted = [*hinted, *self._to_read([ref for ref in tick.tracked if ref not in seen])]
        # In slices, so that a tick that is stopped has announced some of what it read.
        while len(unlisted) > BY_ID_AT_ONCE:
            await self._conclude(tick, await self._by_id(tick, unlisted[:BY_ID_AT_ONCE]))
            del unlisted[:BY_ID_AT_ONCE]
        await self._conclude(tick, seen | await self._by_id(tick, unlisted))

    def _hinted(self, tracked: Collection[RunRef]) -> list[RunRef]:
        """Return the runs that a webhook alone knows of; whatever it named is looked at now, also what waits.

        Where there is a list, that says what is new.
        """
        found = []
        for run_id in self.hints.named():
            ref = RunRef(self.platform.connection, run_id)
            if self.hints.is_new(run_id):
                self._looks.pop(ref, None)
            if self.platform.lists is None and ref not in tracked:
                found.append(ref)
            else:
                self.hints.read(run_id)
        return found

    def _to_read(self, refs: list[RunRef]) -> list[RunRef]:
        """Return which runs are read by their ids now; where no list shows them that is a bounded number."""
        self._ticks += 1
        return refs if self.platform.lists is not None else followed.turn(refs, self._ticks)

    async def _say_if_behind(self, caught: Caught) -> None:
        """Notify the operator once that there is more to read than fits into a tick, and log when that is over."""
        before, self.behind = self.behind, ""
        if caught.unread:
            self.behind = operating.behind(self.platform.connection, caught.unread[0])
        if self.behind and not before:
            await notify_carefully(self._notify, self.behind)
        if before and not self.behind:
            log.info("%s", operating.caught_up(self.platform.connection))

    async def _cut_off(self, sentence: str) -> None:
        self.unlisted = sentence
        await self._notify(sentence)

    async def _conclude(self, tick: _Tick, runs: Mapping[RunRef, Run]) -> None:
        """Record what changed of some runs, then announce those that ended, each in a write of its own."""
        await self._write_down(tick, runs)
        tick.known = await self.store.known(self.platform.connection, tuple(ref.run_id for ref in runs))
        acts = [
            (run, self._act(tick, run))
            for run in sorted(runs.values(), key=lambda run: self._turn(tick, run))
        ]
        tick.together = sum(what is Act.FINISH for _, what in acts) > 1
        for run, what in acts:
            if what in {Act.FINISH, Act.RESULTS}:
                await self._end(tick, run, what)
        await self._let_out(tick)
        for ref in runs:
            self.hints.read(ref.run_id)
        if self.platform.lists is None:
            await self._let_go(tick, runs)

    def _act(self, tick: _Tick, run: Run) -> Act:
        known = tick.known.get(run.ref.run_id)
        return act(run, known, followed=run.ref in tick.tracked, watermark=tick.watermark)

    async def _let_out(self, tick: _Tick) -> None:
        """Let the ends that waited for each other be posted: all of the look are recorded."""
        if tick.held:
            await self.store.hold(tick.held, self.clock.now())
            tick.held.clear()
            self._on_rows()

    async def _let_go(self, tick: _Tick, runs: Mapping[RunRef, Run]) -> None:
        """Follow no longer what has stood still for long, or was not there for as long, and say so once."""
        read = [*runs, *(ref for ref in tick.missing if ref not in runs)]
        tick.missing.clear()
        for ref in read:
            known = tick.tracked.get(ref)
            if known is None or not followed.stands_still(known, runs.get(ref), tick.now):
                continue
            step = await self.finishing.unfollowed(known, runs.get(ref), tick.now)
            if await self.store.record(step):
                self._on_rows()
            self._missed_since.pop(ref, None)
            self._looks.pop(ref, None)

    async def _write_down(self, tick: _Tick, runs: Mapping[RunRef, Run]) -> None:
        step = PollStep(connection=self.platform.connection, now=tick.now)
        await write_down(self.store, runs.values(), watermark=tick.watermark, step=step)

    async def _baseline(self, now: datetime) -> None:
        """Take what is there as given; only runs that end from now on are announced."""
        connection = self.platform.connection
        tracked = {run.ref for run in await self.store.tracked(connection)}
        if self.platform.lists is None:
            await self.store.record(PollStep(connection=connection, now=now, watermark=now))
            return
        recent = await listing.newest(self.platform)
        if recent.untimed:
            await self._baseline_of_rows(recent, tracked, now)
            return
        seen = recent.runs | await listing.still_open(self.platform)
        ended = tuple(run for run in seen.values() if run.status.terminal and run.ref not in tracked)
        going = tuple(run for run in seen.values() if not run.status.terminal)
        newest = listing.watermark_of(seen.values(), now)
        coverage = listing.covered(None, recent.since, newest)
        step = PollStep(
            connection=connection, now=now, runs=going, watermark=newest or now, coverage=coverage
        )
        await self._take_as_given(ended, step)

    async def _baseline_of_rows(
        self, recent: listing.Listing, tracked: Collection[RunRef], now: datetime
    ) -> None:
        """Take a list without times as given, in its order: everything on it that has ended was there before."""
        placed = [replace(run, seen_at=now - n * STEP) for n, run in enumerate(recent.runs.values())]
        still = [
            run for ref, run in (await listing.still_open(self.platform)).items() if ref not in recent.runs
        ]
        ended = tuple(run for run in placed if run.status.terminal and run.ref not in tracked)
        going = (*(run for run in placed if run not in ended), *still)
        since = recent.since or placed[-1].seen_at or now
        step = PollStep(connection=self.platform.connection, now=now, runs=going, watermark=now,
                        coverage=Coverage(since, now))  # fmt: skip
        await self._take_as_given(ended, step)

    async def _take_as_given(self, ended: tuple[Run, ...], step: PollStep) -> None:
        """Record the runs that were there before, then what the first step says beyond."""
        refs = tuple(run.ref for run in ended)
        await self.store.record(
            PollStep(connection=step.connection, now=step.now, runs=ended, baseline=True, results_known=refs)
        )
        await self.store.record(step)
        log.info("%s: first look, %d runs were there before", step.connection, len(ended))

    # Reading by id ------------------------------------------------------------------------------

    async def _by_id(self, tick: _Tick, refs: Iterable[RunRef]) -> dict[RunRef, Run]:
        """Read followed runs that no page showed; those that keep missing ever more seldom."""
        found: dict[RunRef, Run] = {}
        for ref in refs:
            if self._looks.get(ref, tick.steady) > tick.steady:
                continue
            run = await self._one(tick, ref)
            if run is None or run.status is RunStatus.UNKNOWN:
                self._look_later(ref, tick.steady)
            if run is not None:
                found[ref] = run
        return found

    async def _one(self, tick: _Tick, ref: RunRef) -> Run | None:
        found: list[Run] = []

        async def read() -> None:
            found.append(await self.platform.reads.run(ref.run_id))

        await self._carefully(tick, ref, read())
        return found[0] if found else None

    # Deciding -----------------------------------------------------------------------------------

    def _turn(self, tick: _Tick, run: Run) -> tuple[bool, datetime]:
        """Order runs by their end, else by the list; one that made trouble last time comes after the others."""
        known = tick.known.get(run.ref.run_id)
        ended = run.completed_at or run.created_at or (known.listed_at if known is not None else None)
        return (run.ref in self._troubled, ended or tick.now)

    async def _end(self, tick: _Tick, run: Run, what: Act) -> None:
        """Record and announce one run; one that has to wait, or fails, is found again."""
        if what is Act.RESULTS and self._looks.get(run.ref, tick.steady) > tick.steady:
            return
        known = tick.known.get(run.ref.run_id)
        if run.created_at is None and known is not None:
            run = replace(run, seen_at=known.listed_at)  # when it was listed first, not now
        recorded: list[int] = []

        async def record() -> None:
            step = await self._step(tick, run, known, what)
            if step is not None:
                recorded.append(await self.store.record(step))
                tick.held += [d.key for d in step.deliveries if d.held_until is not None]

        well = await self._carefully(tick, run.ref, record())
        if recorded:
            self._missed_since.pop(run.ref, None)
            self._looks.pop(run.ref, None)
            if recorded[0]:
                self._on_rows()
        elif what is Act.RESULTS or not well:
            self._look_later(run.ref, tick.steady)

    async def _step(self, tick: _Tick, run: Run, known: TrackedRun | None, what: Act) -> PollStep | None:
        if what is Act.RESULTS:
            return await self.finishing.results(run, known, tick.now)
        together = self.clock.now() + TOGETHER if tick.together else None
        return await self.finishing.finish(run, known, tick.now, together=together)

    async def _carefully(self, tick: _Tick, ref: RunRef, work: Awaitable[None]) -> bool:
        """Do something for one run; what concerns it alone never hides the rest.

        Raises `ServiceError` where the platform as a whole is at fault, `StoreError`.
        """
        try:
            async with asyncio.timeout(self._run_deadline):
                await work
        except (AccessRefused, RateLimited, StoreError):
            raise
        except Unreachable:
            tick.unreachable += 1
            if tick.unreachable >= UNREACHABLE_AT_MOST:
                raise
            log.info("run %s could not be read in time", ref.run_id)
        except NotFound:
            log.debug("run %s is not there", ref.run_id)
            tick.missing.append(ref)
            self.hints.missing(ref.run_id)
            return False
        except TimeoutError:
            log.warning("run %s took longer than %g s and is left for later", ref.run_id, self._run_deadline)
        except Exception as error:
            foreseen = isinstance(error, ServiceError)  # else the log needs the whole story
            why = str(error) if foreseen else type(error).__name__
            log.warning("run %s is left for later: %s", ref.run_id, why, exc_info=not foreseen)
            await self._name_too_large(ref, error)
        else:
            self._troubled.discard(ref)
            return True
        self._troubled.add(ref)
        return False

    async def _name_too_large(self, ref: RunRef, error: Exception) -> None:
        """Notify the operator once of a run that no later look will be able to read."""
        if isinstance(error, TooLarge) and ref not in self.too_large:
            self.too_large[ref] = operating.too_large(ref)
            await notify_carefully(self._notify, self.too_large[ref])

    def _look_later(self, ref: RunRef, now: datetime) -> None:
        first = self._missed_since.setdefault(ref, now)
        self._looks[ref] = next_look(first, now)

    # Health -------------------------------------------------------------------------------------

    def _went_bad(self, error: ClewError) -> None:
        failures = self.health.failures
        self._not_before = self.clock.monotonic() + _wait(error, failures)
        if not self.health.problem:
            log.error("%s cannot be watched: %s%s", self.platform.connection, error, _cut(error))
        self.health.problem = str(error)
        self.health.refused = isinstance(error, AccessRefused)
        self.health.failures = failures + 1

    def _is_well(self) -> None:
        if self.health.problem:
            log.warning(
                "%s is watched again, after %d failures", self.platform.connection, self.health.failures
            )
        self.health = Health(last_good=self.clock.monotonic())


def _wait(error: ClewError, failures: int) -> float:
    """Return the seconds until the next try: a wrong key is not going to fix itself soon."""
    if isinstance(error, RateLimited):
        asked = RATE_WAIT if error.retry_after is None else error.retry_after
        return min(max(0.0, asked), LONGEST_RATE_WAIT)
    if isinstance(error, AccessRefused):
        return doubled(REFUSED_WAIT, failures, LONGEST_REFUSED_WAIT)
    return doubled(TROUBLE_WAIT, failures, LONGEST_TROUBLE_WAIT)


def _cut(error: ClewError) -> str:
    """Say that a wait longer than any that is sensible is not kept."""
    asked = error.retry_after if isinstance(error, RateLimited) else None
    if asked is None or asked <= LONGEST_RATE_WAIT:
        return ""
    return f" {operating.waits_less(LONGEST_RATE_WAIT)}"
