"""Send a confirmed intent, once, and write down what came of it.

The row says `posting` before the request leaves, so whoever finds it after a crash knows that the platform may
have been asked. Nothing here ever sends a second time.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.actions.kinds import KINDS, Ask
from bot.errors import StoreError
from bot.model import LaunchOutcome, LaunchRequest, Refused, Run, RunQuery, RunRef, Started, Unclear
from bot.platform import Platform, can_stop, has_moments, newest_runs, terms_of
from bot.ports import Clock, Conversations, Intents, Store
from bot.publication import PublishRequest
from bot.replies import parts
from bot.replies.outlook import Outlook
from bot.state import AuditEntry, Intent, IntentState, ScheduleRequest
from bot.triage import CancelRequest

log = logging.getLogger(__name__)


class People(Intents, Conversations, Protocol):
    """What knows who launched a run."""


UNDECIDED = frozenset({IntentState.POSTING, IntentState.UNKNOWN})
MOST_OFFERED = 3  # runs that a lost launch may be
CLOCK_SLACK = timedelta(seconds=120)  # how far the platform's clock may be behind ours


async def send(intent: Intent, platform: Platform, *, store: Store, clock: Clock) -> Intent | None:
    """Send it and return it as it stands then; None where it is not ours to send (any more).

    Raises `StoreError`: then nothing was sent.
    """
    ask = KINDS[intent.kind].prepare(
        platform, intent.request
    )  # what cannot be sent must not look as if it was
    now = clock.now()
    if not await store.advance(intent.id, frozenset({IntentState.CONFIRMED}), IntentState.POSTING, now):
        return None
    posted = replace(intent, state=IntentState.POSTING, posted_at=now)
    outcome = await _outcome(ask)
    try:
        return await _settled(posted, outcome, store=store, now=clock.now())
    except StoreError:
        log.exception("the outcome of a %s could not be saved; it will be looked up", intent.kind.value)
        return _after(posted, outcome)


async def accept(
    intent: Intent, run_id: str | None, *, store: Store, now: datetime, run: Run | None = None
) -> bool:
    """Say that it was taken, and which run it became; False where that was known. A run that was started is followed.

    `run`: what is known of it from its start.
    """
    if run_id and KINDS[intent.kind].starts_run:
        await store.track(run or Run.of_id(RunRef(intent.connection, run_id)), now)
    if isinstance(intent.request, CancelRequest):
        await _follow_again(RunRef(intent.connection, intent.request.run_id), store, now)
    news = await store.advance(intent.id, UNDECIDED, IntentState.ACCEPTED, now, run_id=run_id)
    if news:
        became = f"run {run_id or 'not named'}" if KINDS[intent.kind].starts_run or run_id else intent.subject
        await note(intent, "accepted", became, store=store, now=now)
    return news


async def _follow_again(ref: RunRef, store: Store, now: datetime) -> None:
    """Follow a run again that stood still for so long that it was let go: stopping it changes that."""
    known = (await store.known(ref.connection, (ref.run_id,))).get(ref.run_id)
    if known is not None and known.settled and not known.status.terminal:
        await store.track(Run.of_id(ref), now)


async def by_name(run: Run, store: People) -> Run:
    """Return a run with the person who launched it here, whom the platform knows as an API key only."""
    intent = await store.intent_of_run(run.ref)
    name = await store.name(intent.actor) if intent else ""
    return replace(run, creator=name) if name else run


async def look(intent: Intent, platform: Platform) -> Run | None:
    """Look for the run of a launch by its key. Raises `ServiceError`."""
    request = intent.request_as(LaunchRequest)
    since = (intent.posted_at or intent.created_at) - CLOCK_SLACK
    finds = platform.finds_launched
    return await finds.find_launched(request.key, request.launcher, since) if finds else None


async def candidates(intent: Intent, platform: Platform, store: Store) -> tuple[Run, ...]:
    """Return the few newest runs that a launch may have become, where only a person can tell.

    They are of what it asked for, came after it was sent, and belong to no other launch of here. Raises
    `ServiceError`, `StoreError`.
    """
    offers, request = platform.offers_launched, intent.request
    if offers is None or not isinstance(request, LaunchRequest):
        return ()
    sent = intent.posted_at or intent.created_at
    query = RunQuery(launcher=request.launcher, launcher_key=request.launcher_key)
    recent = [run for run in await newest_runs(platform, query) if offers.fits(request, run)]
    known = await store.known(intent.connection, tuple(run.ref.run_id for run in recent))
    watched = await store.watermark(intent.connection) is not None

    def came_after(run: Run) -> bool:
        if run.created_at is not None:
            return run.created_at >= sent - CLOCK_SLACK
        there = known.get(run.ref.run_id)
        return watched if there is None else there.listed_at is not None and there.listed_at > sent

    after = [run for run in recent if came_after(run)]
    free = [run for run in after if await store.intent_of_run(run.ref) is None]
    return tuple(free[:MOST_OFFERED])


def outlook_of(intent: Intent, platform: Platform | None) -> Outlook:
    """Return what its platform says of what was asked for; nothing where that is not there any more."""
    if platform is None:
        return Outlook()
    launch, launches = intent.request, platform.launches
    cost = launches.cost(launch) if launches and isinstance(launch, LaunchRequest) else ""
    return Outlook(
        cost=cost,
        findable=platform.finds_launched is not None,
        stops=can_stop(platform, intent.run_id or ""),
        shows_logs=platform.run_logs is not None and not has_moments(platform),
        offers=platform.offers_launched is not None,
        terms=terms_of(platform),
        usage=_usage(intent, platform),
        reports=platform.reports is not None,
    )


def _usage(intent: Intent, platform: Platform) -> tuple[str, ...]:
    """Return how people go on with a run that was started."""
    if platform.guides is None or intent.run_id is None or not isinstance(intent.request, LaunchRequest):
        return ()
    return platform.guides.lines(intent.request, intent.run_id)


def target(intent: Intent) -> str:
    """Say what an intent is about, for the audit trail: its subject, and the run where that does not name it."""
    request = intent.request
    run = None if isinstance(request, LaunchRequest | PublishRequest | ScheduleRequest) else request.run_id
    return f"{intent.subject}, run {run}" if run and run not in intent.subject else intent.subject


def entry(intent: Intent, decision: str, detail: str, now: datetime, *, by: str = "") -> AuditEntry:
    """Return a line of the audit trail about an intent, in the name of who asked for it, or of somebody else."""
    return AuditEntry(
        at=now,
        actor=by or intent.actor,
        channel=intent.channel,
        action=intent.kind.value,
        decision=decision,
        detail=f"{intent.id}: {detail}",
    )


async def note(intent: Intent, decision: str, detail: str, *, store: Store, now: datetime) -> None:
    """Add what became of an intent to the audit trail, in the name of who asked for it."""
    await store.audit(entry(intent, decision, detail, now))


async def _outcome(ask: Ask) -> LaunchOutcome:
    """Ask, once. An error that should not happen says nothing about what the platform did."""
    try:
        return await ask()
    except Exception:
        log.exception("sending failed in an unexpected way")
        return Unclear(parts.SENDING_FAILED)


async def _settled(intent: Intent, outcome: LaunchOutcome, *, store: Store, now: datetime) -> Intent:
    after = _after(intent, outcome)
    if after.state is IntentState.ACCEPTED:
        run = outcome.run if isinstance(outcome, Started) else None
        await accept(intent, after.run_id, store=store, now=now, run=run)
    elif after.state is not IntentState.POSTING:
        expected = UNDECIDED if after.state is IntentState.REJECTED else frozenset({IntentState.POSTING})
        await store.advance(intent.id, expected, after.state, now, reason=after.reason)
        await note(intent, after.state.value, after.reason, store=store, now=now)
    else:
        await note(intent, "sent", after.reason, store=store, now=now)
    return after


def _after(intent: Intent, outcome: LaunchOutcome) -> Intent:
    """Return the intent as an outcome leaves it.

    A launch that stays `posting` is looked up by its key. Nothing else has a key that a list would show, so what is of
    unknown outcome is left to the person.
    """
    found = KINDS[intent.kind].found
    if isinstance(outcome, Refused):
        return replace(intent, state=IntentState.REJECTED, reason=outcome.reason)
    if isinstance(outcome, Unclear):
        state = IntentState.POSTING if found else IntentState.UNKNOWN
        return replace(intent, state=state, reason=outcome.reason)
    if found and outcome.run_id is None:
        return replace(intent, reason=parts.RUN_NOT_NAMED)
    return replace(intent, state=IntentState.ACCEPTED, run_id=outcome.run_id)
