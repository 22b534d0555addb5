"""What a tick does about each run, and who is notified: pure decisions with no I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.analysis import RunAnalysis
from bot.cards import Mention, ReportLinks
from bot.diff import wanted
from bot.model import Availability, Run, RunStatus
from bot.state import Intent, MentionRule, Mute, Outcome, Subscription, TrackedRun

HISTORY_AGE = timedelta(hours=24)  # an ended run this much older than the newest, and never seen, is history
PROPERTIES_LAG = timedelta(minutes=10)  # properties may appear so long after the run ended
LATE_RESULTS = timedelta(hours=24)  # results that come later than this are not announced any more
SHORTEST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)


class Act(StrEnum):
    """What a tick does about one run."""

    NOTHING = "nothing"
    KEEP = "keep its state"
    HISTORY = "keep it as one that was there before"
    FINISH = "announce that it ended"
    RESULTS = "look whether its results have come"


def act(run: Run, known: TrackedRun | None, *, followed: bool, watermark: datetime) -> Act:
    """Decide about a run that was just read. `followed`: the store still waits for something of it."""
    if known is None:
        return _unseen(run, watermark)
    changed = known.status is not run.status
    if not run.status.terminal:
        moved = run.progress not in {"", known.progress}
        return Act.KEEP if changed or moved else Act.NOTHING
    if known.results_known and not changed:
        return Act.NOTHING
    if known.announced is not run.status:
        return Act.FINISH
    return Act.RESULTS if changed or followed else Act.NOTHING


def _unseen(run: Run, watermark: datetime) -> Act:
    if not run.status.terminal:
        return Act.KEEP
    old = run.created_at is not None and run.created_at < watermark - HISTORY_AGE
    return Act.HISTORY if old else Act.FINISH


def lagging(found: RunAnalysis) -> bool:
    """Whether results may still come: not written yet, or a completed run that has none at all."""
    if found.results is None:
        return False
    if found.results.availability is Availability.READY:
        return not found.results.total.all and found.run.status is RunStatus.COMPLETED
    return found.results.availability is Availability.NOT_YET


def provisional(found: RunAnalysis) -> bool:
    """Whether later looks may find more: results still come, or their list could not be read whole."""
    return lagging(found) or (found.results is not None and not found.results.comparable)


def next_look(first: datetime, now: datetime) -> datetime:
    """Return when to ask again for something that was first missed at `first`: ever more seldom."""
    return now + min(max((now - first) / 4, SHORTEST_WAIT), LONGEST_WAIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A channel to notify. `everything`: the subscription made in chat that notifies it of all runs, if any.

    `awaited`: somebody launched the run there and waits for its end.
    `held_until`: it is quiet till then. `muted`: what it is not notified of for now.
    """

    channel: str
    thread: str | None = None
    report_links: ReportLinks = ReportLinks.POST
    everything: Subscription | None = None
    mentions: tuple[Mention, ...] = ()
    rules: tuple[MentionRule, ...] = ()  # for which somebody is mentioned
    awaited: bool = False
    held_until: datetime | None = None
    muted: tuple[Mute, ...] = ()

    @property
    def top_level(self) -> bool:
        """Whether it is a message of its own for the channel, and no answer to somebody who launched the run there."""
        return self.thread is None and not self.awaited


def destinations(
    run: Run,
    outcomes: Iterable[Outcome],
    subscriptions: Iterable[Subscription],
    intent: Intent | None,
    *,
    report_links: ReportLinks,
    by_default: bool = True,
) -> tuple[Destination, ...]:
    """Return one destination per channel, however many subscriptions match, and where the run was launched.

    `report_links` is the connection's setting; a subscription's own overrides it, and `private` wins over
    `post` where two of a channel differ. What is for a channel that cannot be reached waits. Where the run was
    launched, a channel that wants links private keeps them so although it did not ask for this end. `by_default`:
    whether a subscription that names no connection means this one too.
    """
    asked = frozenset(outcomes)
    channels: dict[str, list[Subscription]] = {}
    launching: list[Subscription] = []
    for subscription in subscriptions:
        if wanted(subscription, run, asked) and (by_default or subscription.connection is not None):
            channels.setdefault(subscription.channel, []).append(subscription)
        if intent is not None and subscription.channel == intent.channel:
            launching.append(subscription)
    found = [_destination(channel, matching, report_links) for channel, matching in channels.items()]
    if intent is not None and intent.channel not in channels:
        links = _links(launching, report_links)
        found.append(
            Destination(channel=intent.channel, thread=intent.thread, report_links=links, awaited=True)
        )
    return tuple(found)


def _destination(channel: str, matching: list[Subscription], default: ReportLinks) -> Destination:
    all_runs = (s for s in matching if Outcome.ALL in s.outcomes and not s.from_settings)
    return Destination(
        channel=channel, report_links=_links(matching, default), everything=next(all_runs, None)
    )


def _links(subscriptions: list[Subscription], default: ReportLinks) -> ReportLinks:
    said = {s.report_links or default for s in subscriptions} or {default}
    return ReportLinks.PRIVATE if ReportLinks.PRIVATE in said else ReportLinks.POST
