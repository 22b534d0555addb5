"""What the messages that live on should say now, and whether that is their last word."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot import sessions
from bot.actions import second, send
from bot.actions.kinds import KINDS
from bot.analysis import analysis_of, stop_asked
from bot.cards import Card
from bot.errors import NotFound, ServiceError, Unreachable
from bot.model import Run, RunQuery, RunRef, RunStatus
from bot.platform import Platform
from bot.ports import Clock, Store
from bot.publication import OVER
from bot.recent import GOING, newest_here
from bot.replies import debugging, intents, launching, parts, post, publishing
from bot.state import Intent, IntentKind, IntentState, TrackedRun
from bot.triage import CancelRequest
from bot.usual import UNKNOWN, Times, times
from bot.watch.decide import provisional

RESULTS_WAIT = 1800.0  # seconds; how long after its end a run's properties are waited for
HOPE = timedelta(hours=24)  # how long a launch may take to turn up
FINAL = frozenset({IntentState.REJECTED, IntentState.DECLINED, IntentState.EXPIRED})


@dataclass(frozen=True, slots=True)
class View:
    """What a message should say, and whether that is its last word. `warning`: what its thread is told of once."""

    card: Card
    last: bool
    warning: Card | None = None


class Views:
    """Knows since when runs are seen ended, so that lagging results are waited for, but not for ever."""

    def __init__(self, *, platforms: Mapping[str, Platform], store: Store) -> None:
        self.platforms = platforms
        self.store = store
        self._ended: dict[str, float] = {}
        self._usual: dict[str, tuple[object, Times]] = {}

    def at(self, clock: Clock) -> Snapshot:
        """Return the views of this moment."""
        return Snapshot(self, clock.now(), clock.monotonic())

    def ended_for(self, intent: Intent, monotonic: float) -> float:
        """Return for how many seconds the run of an intent has been seen ended."""
        return monotonic - self._ended.setdefault(intent.id, monotonic)

    def keep(self, intent_ids: frozenset[str]) -> None:
        """Forget all others."""
        self._ended = {intent_id: at for intent_id, at in self._ended.items() if intent_id in intent_ids}
        self._usual = {intent_id: of for intent_id, of in self._usual.items() if intent_id in intent_ids}

    async def usual(self, intent: Intent, run: Run, platform: Platform) -> Times:
        """Return how long runs like that of an intent take, looked up once; what cannot be read is not known."""
        like = (run.series, run.requested_minutes)  # a platform may say them only later
        known = self._usual.get(intent.id)
        if known is None or known[0] != like:
            known = like, UNKNOWN
            with suppress(ServiceError):
                known = like, times(run, await self._before(run, platform))
            self._usual[intent.id] = known
        return known[1]

    async def _before(self, run: Run, platform: Platform) -> list[Run]:
        """Return the newest completed runs of a run's launcher; how long they took, where only the record tells.

        What was launched here was followed from its beginning to its end.
        """
        query = RunQuery(status=RunStatus.COMPLETED, launcher=run.launcher, launcher_key=run.launcher_key)
        found = await newest_here(platform, self.store, query, anew=False)
        if platform.lists is not None:
            return found
        known = await self.store.known(platform.connection, tuple(each.ref.run_id for each in found))
        return [await self._timed(each, known.get(each.ref.run_id)) for each in found]

    async def _timed(self, run: Run, known: TrackedRun | None) -> Run:
        if known is None or known.terminal_since is None or known.listed_at is None:
            return run
        here = await self.store.intent_of_run(run.ref) is not None
        return replace(run, took=known.terminal_since - known.listed_at) if here else run


class Snapshot:
    """What messages should say at one moment; each intent is looked at once, however many messages show it."""

    def __init__(self, views: Views, now: datetime, monotonic: float) -> None:
        self._views = views
        self._now = now
        self._monotonic = monotonic
        self._seen: dict[str, asyncio.Task[View | None]] = {}

    async def of(self, intent_id: str) -> View | None:
        """Return what an intent's messages say; None where there is no such intent.

        Raises `ServiceError` where that is not known just now.
        """
        if intent_id not in self._seen:
            self._seen[intent_id] = asyncio.ensure_future(self._view(intent_id))
        return await self._seen[intent_id]

    async def _view(self, intent_id: str) -> View | None:
        intent = await self._views.store.intent(intent_id)
        if intent is None:
            return None
        platform, store = self._views.platforms.get(intent.connection), self._views.store
        if intent.approve_by is not None and intent.state in second.UNSENT:
            return View(
                await second.card(intent, platform, store), last=intent.state is not IntentState.ASKED
            )
        view = await self._of_sent(intent, platform)
        if not intent.decided_by:
            return view
        return replace(view, card=second.told(view.card, intent, await second.names_of(intent, store)))

    async def _of_sent(self, intent: Intent, platform: Platform | None) -> View:
        if intent.kind is IntentKind.DEBUG:
            session = await sessions.stand(intent, platform, self._now)
            warning = debugging.ending(session)
            return View(debugging.of_session(session), last=session.over, warning=warning)
        if intent.kind is IntentKind.PUBLISH and intent.state is IntentState.ACCEPTED:
            return await self._of_publication(intent)
        followed = _followed(intent)
        if followed is None:
            card = intents.card(intent, self._now, send.outlook_of(intent, platform))
            return View(card, last=self._hopeless(intent))
        if platform is None:
            raise Unreachable(parts.NOT_CONFIGURED)
        return await self._of_run(followed, intent, platform)

    async def _of_publication(self, intent: Intent) -> View:
        """Say how much is written; what was planned is kept long enough for every message to say how it ended."""
        publication = await self._views.store.publication(intent.id)
        results = await self._views.store.published(intent.id)
        over = publication is None or publication.state in OVER
        return View(publishing.standing(intent, publication, results), last=over)

    async def _of_run(self, followed: str, intent: Intent, platform: Platform) -> View:
        outlook = send.outlook_of(intent, platform)
        try:
            run = await self._run(RunRef(intent.connection, followed), platform)
        except NotFound:  # it may take a while to appear
            return View(intents.card(intent, self._now, outlook), last=self._late(intent))
        if run.status.terminal:
            return await self._verdict(intent, platform, run)
        if followed != intent.run_id:
            return View(intents.card(intent, self._now, outlook), last=self._late(intent))
        if run.series[0] and not outlook.usage:
            outlook = replace(outlook, usual=await self._views.usual(intent, run, platform))
        outlook = replace(outlook, stop=await stop_asked(self._views.store, run.ref))
        card = launching.progress(intent, run, outlook, self._now)
        return View(card, last=await self._let_go(run))

    async def _run(self, ref: RunRef, platform: Platform) -> Run:
        """Read a run; of one that is followed by its id the record says how far it was at the last poll."""
        if platform.lists is None:
            kept = (await self._views.store.recorded(ref.connection, (ref.run_id,))).get(ref.run_id)
            if kept is not None and kept.status in GOING:
                return kept
        return await platform.reads.run(ref.run_id)

    async def _let_go(self, run: Run) -> bool:
        """Whether a run that goes on is no longer followed; channels are notified of that."""
        known = await self._views.store.known(run.ref.connection, (run.ref.run_id,))
        return any(tracked.settled and not tracked.status.terminal for tracked in known.values())

    async def _verdict(self, intent: Intent, platform: Platform, run: Run) -> View:
        found = await analysis_of(platform, self._views.store, run)
        last = not provisional(found) or self._views.ended_for(intent, self._monotonic) >= RESULTS_WAIT
        found = replace(found, run=await send.by_name(found.run, self._views.store))
        return View(post.card(found, self._now), last=last)

    def _hopeless(self, intent: Intent) -> bool:
        """Whether it will say nothing else any more: only the outcome of a launch may be found out late."""
        if not KINDS[intent.kind].found:
            return intent.state not in {IntentState.CONFIRMED, IntentState.POSTING}
        if intent.state is not IntentState.UNKNOWN:
            return intent.state in FINAL
        platform = self._views.platforms.get(intent.connection)
        return self._late(intent) or (platform is not None and platform.finds_launched is None)

    def _late(self, intent: Intent) -> bool:
        return self._now - (intent.posted_at or intent.created_at) >= HOPE


def _followed(intent: Intent) -> str | None:
    """Return the id of the run that an intent's messages tell of: the one it became, or that it stops."""
    if isinstance(intent.request, CancelRequest):
        return intent.request.run_id if intent.state in {IntentState.ACCEPTED, IntentState.UNKNOWN} else None
    return intent.run_id if intent.state is IntentState.ACCEPTED and KINDS[intent.kind].starts_run else None
