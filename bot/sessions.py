"""Multiverse debugging sessions: how one stands, and whether one is open at a moment already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import NotFound, ServiceError
from bot.model import DebugRequest, Run, RunStatus
from bot.platform import Platform
from bot.ports import Intents
from bot.state import Intent, IntentKind, IntentState

LASTS = timedelta(hours=6)  # how long the platform keeps a session open
SOON = timedelta(
    minutes=30
)  # how long before its end people are warned, so that they can save what they have
_STEPS = (
    (timedelta(hours=1), timedelta(minutes=30)),
    (timedelta(0), timedelta(minutes=15)),
)  # counted down so, above
GOING = frozenset({IntentState.CONFIRMED, IntentState.POSTING, IntentState.ACCEPTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A debugging session as it stands: what was asked, and its run once that is seen."""

    intent: Intent
    now: datetime
    run: Run | None = None

    @property
    def ends(self) -> datetime | None:
        """When its six hours are over, counted from when it was up, or else from when it was asked for."""
        started = (self.run.started_at or self.run.created_at) if self.run else None
        start = started or self.intent.posted_at
        return start + LASTS if start else None

    @property
    def left(self) -> timedelta | None:
        """At most how much of the six hours is left, in steps so large that it is told anew rarely; None: not known."""
        if self.ends is None:
            return None
        exact = min(max(self.ends - self.now, timedelta(0)), LASTS)
        step = next(step for above, step in _STEPS if exact > above or not above)
        return -(-exact // step) * step

    @property
    def ending(self) -> bool:
        """Whether it is up, and soon no more."""
        return self.ready and not self.over and self.ends is not None and self.ends - self.now <= SOON

    @property
    def ready(self) -> bool:
        """Whether the platform says that it is up."""
        return self.run is not None and self.run.status is RunStatus.IN_PROGRESS

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        ended = self.run is not None and self.run.status.terminal
        late = self.ends is not None and self.now >= self.ends
        return ended or late or self.intent.state not in GOING


def subject(request: DebugRequest) -> str:
    """Name what a second person would ask for too: the run or session, and the moment."""
    return f"{request.run_id or request.session_id} {request.moment.text}"


async def stand(intent: Intent, platform: Platform | None, now: datetime) -> Session:
    """Look how a session stands. Its run may take minutes to appear, and is left out until then.

    Raises `ServiceError` where that is not known just now.
    """
    return Session(intent=intent, now=now, run=await _run(intent, platform) if platform else None)


async def open_at(wanted: str, *, platform: Platform, store: Intents, now: datetime) -> Session | None:
    """Return the session that was asked for at a subject (`wanted`) and may be open still."""
    found = next(iter(await store.sent(IntentKind.DEBUG, platform.connection, wanted, now - LASTS)), None)
    if found is None:
        return None
    try:
        session = await stand(found, platform, now)
    except ServiceError:  # what cannot be looked at may be open
        session = await stand(found, None, now)
    unknown = found.state is IntentState.UNKNOWN
    return session if unknown or not session.over else None


async def _run(intent: Intent, platform: Platform) -> Run | None:
    if not intent.run_id:
        return None
    try:
        return await platform.reads.run(intent.run_id)
    except NotFound:
        return None
