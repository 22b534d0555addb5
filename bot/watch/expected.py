"""Look every minute whether what channels expect happened, and notify them once where not, and once when it is over.

It judges by the record alone, and only once the list of runs was read behind a deadline: a list that cannot be read, or
that was cut, says nothing of it. What a channel was notified of is a notice, written with its message in one transaction;
the message's key has the deadline in it. So a restart at any point and a second process change nothing of what is told.
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

from bot.cards import Card
from bot.errors import NotFound, ServiceError, StoreError
from bot.expecting import (
    Found,
    Start,
    counts_from,
    first_since,
    in_a_row,
    judge,
    last_due,
    next_window,
)
from bot.launchers import is_called
from bot.model import Run, RunQuery, RunRef, RunStatus, Secret
from bot.notices import key_of
from bot.platform import Platform, can_stop, has_moments
from bot.ports import (
    Channels,
    Clock,
    Expectations,
    Intents,
    Notices,
    Outbox,
    Schedules,
    Subscriptions,
    WatchStore,
)
from bot.quiet import quiet_of
from bot.recent import newest_here
from bot.redact import masked
from bot.replies import expected as replies
from bot.replies.outlook import Outlook
from bot.starts import Starts, starts_of, why_not
from bot.state import EXPECTED, Cause, Expectation, IntentState, NewDelivery, Notice, Schedule
from bot.usual import Times, times
from bot.watch.auditor import Polled
from bot.watch.finish import Render

log = logging.getLogger(__name__)

SILENT = timedelta(hours=1)  # without a good look at a connection, until channels are notified
ENOUGH = 5  # runs that say how long one takes, before one takes unusually long


class ExpectStore(
    WatchStore, Subscriptions, Expectations, Notices, Intents, Schedules, Outbox, Channels, Protocol
):
    """What is read and written of what is expected."""


class _Scheduled(Enum):
    """How a channel's own schedules stand to a deadline."""

    NONE = "none launches that"
    DUE = "one has still to say what became of it"
    TOLD = "one has said that it was not launched"


@dataclass(slots=True)
class _Look:
    """What one look found: what is open, and what of it still belongs to something."""

    now: datetime
    open: Mapping[tuple[Cause, str], Notice]
    silent: Mapping[str, timedelta]  # since when connections cannot be watched, also before a restart
    kept: set[tuple[Cause, str]] = field(default_factory=set)


class Expected:
    """Looks when `tick` is called. `polls`: how reading each connection goes; `on_rows` as for a poller.

    `secrets` are masked in what a platform answered.

    `watched_too`: where nobody expects anything of a connection that cannot be read, the channels that watch it are
    notified, since there is no operator's channel.
    """

    def __init__(
        self,
        platforms: Mapping[str, Platform],
        store: ExpectStore,
        clock: Clock,
        *,
        renderers: Mapping[str, Render],
        polls: Callable[[], Mapping[str, Polled]],
        on_rows: Callable[[], None],
        secrets: Iterable[Secret] = (),
        watched_too: bool = False,
    ) -> None:
        self._platforms = platforms
        self._store = store
        self._clock = clock
        self._renderers = renderers
        self._polls = polls
        self._on_rows = on_rows
        self._secrets = tuple(secrets)
        self._watched_too = watched_too
        self._usual: dict[RunRef, tuple[datetime, Times] | None] = {}
        self._ended: dict[RunRef, datetime] = {}
        self._told: set[str] = set()  # keys of what was recorded, so that each look writes nothing

    async def tick(self) -> None:
        """Look once; never raises for what a platform or the database does."""
        try:
            await self._look()
        except StoreError as error:
            log.warning("whether what is expected happened could not be looked at: %s", error)

    async def _look(self) -> None:
        found = await self._store.notices()
        now = self._clock.now()
        look = _Look(
            now,
            open={(n.cause, n.subject): n for n in found if n.cause in EXPECTED},
            silent={n.subject: now - n.since for n in found if n.cause is Cause.POLL},
        )
        expected: dict[str, list[Expectation]] = defaultdict(list)
        for expectation in await self._store.expectations():
            expected[expectation.connection].append(expectation)
        for connection, polled in self._polls().items():
            platform = self._platforms[connection]
            await self._silence(look, connection, polled, expected[connection])
            if polled.read_at is None:
                look.kept |= {k for k, n in look.open.items() if n.about[1] == connection}
            elif await why_not(platform, self._store) is None:
                await self._connection(look, platform, polled.read_at, expected[connection])
        for key, notice in look.open.items():
            if key not in look.kept:  # nobody expects that any more
                await self._store.close_notice(notice.cause, notice.subject, None, look.now)

    async def _connection(
        self, look: _Look, platform: Platform, read_at: datetime, expected: Sequence[Expectation]
    ) -> None:
        going: dict[tuple[str, RunRef], Run] = {}
        for e in expected:
            starts = await starts_of(self._store, e.connection, e.launcher, e.source, look.now)
            await self._start(look, e, starts, read_at, platform)
            going |= {(e.channel, run.ref): run for run in starts.going}
        for (channel, _), run in going.items():
            await self._length(look, channel, run, read_at, platform)
        for key, notice in look.open.items():
            channel, connection, *run_id = notice.about
            if notice.cause is Cause.LONG and connection == platform.connection:
                await self._end_of_long(look, key, RunRef(connection, run_id[0]), platform, expected, channel)
        seen = {ref for _, ref in going}
        self._usual = {
            ref: usual
            for ref, usual in self._usual.items()
            if ref in seen or ref.connection != platform.connection
        }

    # A start ------------------------------------------------------------------------------------

    async def _start(
        self, look: _Look, e: Expectation, starts: Starts, read_at: datetime, platform: Platform
    ) -> None:
        alarm = look.open.get((Cause.MISSING, e.subject))
        if alarm is not None and (e.by is None or alarm.since <= e.since):
            alarm = None  # of a deadline that is none any more
        if alarm is not None:
            look.kept.add((alarm.cause, alarm.subject))
        at = first_since(e, alarm.since, starts.all) if alarm is not None else None
        if alarm is not None and at is not None:
            again = at >= next_window(e, alarm.since)
            await self._over(look, alarm, replies.started(e, alarm.since, at, told=True, again=again))
            return
        due = last_due(e, read_at)
        if due is None or (alarm is not None and alarm.since >= due):
            return
        exact = replace(starts, all=tuple(await self._exact(e, due, starts.all, platform)))
        judged = judge(e, due, exact.all, exact.whole_since)
        after = first_since(e, due, exact.all)
        if judged.found is Found.MISSING and after is None:
            await self._missing(look, e, due, exact, platform)
        elif judged.found in {Found.LATE, Found.MISSING} and after is not None:
            again = after >= next_window(e, due)
            await self._say(
                look, _notice(e, due), "over", replies.started(e, due, after, told=False, again=again)
            )
        elif judged.found is Found.UNKNOWN:
            await self._say(look, _notice(e, due), "unknown", replies.not_known(e, due, starts.whole_since))

    async def _missing(
        self, look: _Look, e: Expectation, due: datetime, starts: Starts, platform: Platform
    ) -> None:
        """Notify of a deadline that was missed; that of an earlier night is no longer the news.

        Where the channel heard already that its own schedule launched nothing, it stays open without another message.
        """
        scheduled = await self._scheduled(e, due, platform)
        if scheduled is _Scheduled.DUE:
            return
        row = in_a_row(e, due, starts.all, starts.whole_since)
        last = max((start.at for start in starts.all if start.at <= due), default=None)
        card = replies.missing(e, due, row, last, platform)
        notice = _notice(e, due)
        if (notice.cause, notice.subject) in look.open:
            await self._store.close_notice(notice.cause, notice.subject, None, look.now)
        if scheduled is _Scheduled.TOLD:
            await self._store.open_notice(notice, None, look.now)
        else:
            await self._begin(look, notice, card)

    async def _scheduled(self, e: Expectation, due: datetime, platform: Platform) -> _Scheduled:
        """Say how a schedule of the same channel stands to a deadline: it tells of a launch that it did not make."""
        begin, stands = counts_from(e, due), _Scheduled.NONE
        for schedule in await self._store.schedules(e.channel):
            if not _launches(schedule, e, platform):
                continue
            coming = schedule.times.next(schedule.done_until, schedule.request.zone)
            if not schedule.told or (not schedule.paused and coming is not None and begin <= coming <= due):
                return _Scheduled.DUE
            if schedule.last_due is not None and begin <= schedule.last_due <= due:
                intent = await self._store.intent(schedule.last_intent or "")
                if intent is None or intent.state is not IntentState.ACCEPTED:
                    stands = _Scheduled.TOLD
        return stands

    async def _exact(
        self, e: Expectation, due: datetime, starts: Sequence[Start], platform: Platform
    ) -> list[Start]:
        """Ask when a run from before ended of which only later it was seen that it had: Clew may have been down."""
        begin, exact = counts_from(e, due), list[Start]()
        for start in starts:
            if start.at < begin and start.until is not None and start.until > due:
                exact.append(replace(start, until=await self._end_of(start, platform)))
            else:
                exact.append(start)
        return exact

    async def _end_of(self, start: Start, platform: Platform) -> datetime | None:
        if start.run not in self._ended:
            try:
                run = await platform.reads.run(start.run.run_id)
            except ServiceError:
                return start.until
            self._ended[start.run] = run.completed_at or start.until or start.at
        return self._ended[start.run]

    # How long a run takes -----------------------------------------------------------------------

    async def _length(
        self, look: _Look, channel: str, run: Run, read_at: datetime, platform: Platform
    ) -> None:
        """Notify of a run that went on at the last good look, and takes twice its usual time."""
        subject = json.dumps([channel, run.ref.connection, run.ref.run_id])
        usual = await self._usual_of(run, platform) if (Cause.LONG, subject) not in look.open else None
        if usual is None or usual[1].whole is None:
            return
        going = read_at - usual[0]
        if going < replies.FACTOR * usual[1].whole or await self._is_over(run, platform):
            return
        notice = Notice(
            cause=Cause.LONG,
            subject=subject,
            problem=replies.long_problem(run, usual[1], going),
            since=run.created_at or usual[0],
            channel=channel,
        )
        await self._begin(look, notice, replies.overlong(run, usual[1], going, _outlook(platform, run)))

    async def _is_over(self, run: Run, platform: Platform) -> bool:
        """Whether a run has ended, or whether it goes on cannot be told: the list may lag."""
        try:
            return (await platform.reads.run(run.ref.run_id)).status.terminal
        except ServiceError:
            return True

    async def _usual_of(self, run: Run, platform: Platform) -> tuple[datetime, Times] | None:
        """Return when a run started, and how long those like it take; asked once for each run that has started."""
        if run.ref in self._usual or run.status is RunStatus.STARTING:
            return self._usual.get(run.ref)
        query = RunQuery(status=RunStatus.COMPLETED, launcher=run.launcher, launcher_key=run.launcher_key)
        try:
            fresh = await platform.reads.run(run.ref.run_id)
            others = await newest_here(platform, self._store, query, anew=False)
        except ServiceError as error:
            log.info("how long run %s usually takes could not be read: %s", run.ref.run_id, error)
            return None
        begun = fresh.started_at or fresh.created_at
        if fresh.status is RunStatus.STARTING or begun is None:
            return None
        usual = times(fresh, others)
        self._usual[run.ref] = (begun, usual) if usual.runs >= ENOUGH else None
        return self._usual[run.ref]

    async def _end_of_long(
        self,
        look: _Look,
        key: tuple[Cause, str],
        ref: RunRef,
        platform: Platform,
        expected: Collection[Expectation],
        channel: str,
    ) -> None:
        """Say that a run which took long has ended, as long as its channel still expects anything of the connection."""
        if all(e.channel != channel for e in expected):
            return
        look.kept.add(key)
        known = (await self._store.recorded(ref.connection, (ref.run_id,))).get(ref.run_id)
        if known is None or not known.status.terminal:
            return
        run = known
        try:
            run = await platform.reads.run(ref.run_id)
        except NotFound:
            pass
        except ServiceError:
            return
        begun = run.started_at or run.created_at
        took = run.took or (run.completed_at - begun if run.completed_at and begun else None)
        await self._over(look, look.open[key], replies.ended(run, took))

    # A connection -------------------------------------------------------------------------------

    async def _silence(
        self, look: _Look, connection: str, polled: Polled, expected: Sequence[Expectation]
    ) -> None:
        """Notify of a connection that cannot be read for an hour, and when it is read again."""
        for key, notice in look.open.items():
            if notice.cause is Cause.UNREAD and notice.about[1] == connection:
                look.kept.add(key)
                if polled.looked and not polled.problem and polled.age < SILENT.total_seconds():
                    card = replies.read_again(connection, notice.since, look.now)
                    await self._over(look, notice, card)
        silent = max(timedelta(seconds=polled.age), look.silent.get(connection, timedelta()))
        if silent < SILENT or (polled.looked and polled.age < SILENT.total_seconds()):
            return
        reason = masked(polled.problem, self._secrets)
        problem = replies.unread_problem(connection, silent, reason)
        for channel in await self._hearing(connection, expected):
            subject = json.dumps([channel, connection])
            if (Cause.UNREAD, subject) not in look.open:
                notice = Notice(
                    cause=Cause.UNREAD, subject=subject, problem=problem, since=look.now, channel=channel
                )
                await self._begin(look, notice, replies.unread(connection, problem))

    async def _hearing(self, connection: str, expected: Sequence[Expectation]) -> list[str]:
        channels = [e.channel for e in expected]
        if not channels and self._watched_too:
            default = self._platforms[connection].notified_by_default
            watching = await self._store.subscriptions()
            channels = [
                s.channel
                for s in watching
                if s.connection == connection or (s.connection is None and default)
            ]
        return list(dict.fromkeys(channels))

    # Telling ------------------------------------------------------------------------------------

    async def _begin(self, look: _Look, notice: Notice, card: Card) -> None:
        message = await self._message(look, notice, "begun", card)
        look.kept.add((notice.cause, notice.subject))
        if await self._store.open_notice(notice, message, look.now):
            log.warning("%s", notice.problem)
            self._on_rows()

    async def _over(self, look: _Look, notice: Notice, card: Card) -> None:
        message = await self._message(look, notice, "over", card)
        if await self._store.close_notice(notice.cause, notice.subject, message, look.now):
            self._on_rows()

    async def _say(self, look: _Look, notice: Notice, what: str, card: Card) -> None:
        """Say something once that nothing is left open of."""
        if key_of(notice, what) in self._told:
            return
        message = await self._message(look, notice, what, card)
        if message is not None and await self._store.enqueue(message, look.now):
            self._on_rows()
        self._told.add(key_of(notice, what))

    async def _message(self, look: _Look, notice: Notice, what: str, card: Card) -> NewDelivery | None:
        """Return a message, held while its channel is quiet; None for a chat that nobody knows of."""
        render = self._renderers.get(notice.channel.partition(":")[0])
        if render is None:
            log.warning("no chat posts to %s; it is not notified: %s", notice.channel, notice.problem)
            return None
        quiet = await quiet_of(self._store, notice.channel)
        return NewDelivery(
            key=key_of(notice, what),
            channel=notice.channel,
            payload=render(card),
            context=card.context,
            held_until=quiet.until(await self._about(notice), look.now),
        )

    async def _about(self, notice: Notice) -> Run | None:
        """Return a run as one that a notice is about, by which a mute knows what it holds; None for a connection."""
        _, connection, *about = notice.about
        if notice.cause is Cause.MISSING:
            launcher, source = about
            run = Run.of_id(RunRef(connection, ""))
            return replace(run, launcher=launcher, launcher_name=launcher, source=source or None)
        run_ids = tuple(about)
        return (await self._store.recorded(connection, run_ids)).get(run_ids[0]) if run_ids else None


def _launches(schedule: Schedule, e: Expectation, platform: Platform) -> bool:
    """Whether a schedule launches what is expected."""
    launch = schedule.request.launch
    if schedule.connection != e.connection or not is_called(e.launcher, launch.launcher):
        return False
    group = platform.launches.group(launch) if platform.launches is not None and e.source else None
    return e.source is None or (group is not None and group.series[1] == e.source)


def _notice(expectation: Expectation, due: datetime) -> Notice:
    return Notice(
        cause=Cause.MISSING,
        subject=expectation.subject,
        problem=replies.missing_problem(expectation, due),
        since=due,
        channel=expectation.channel,
    )


def _outlook(platform: Platform, run: Run) -> Outlook:
    return Outlook(
        stops=can_stop(platform, run.ref.run_id),
        shows_logs=platform.run_logs is not None and not has_moments(platform),
        terms=platform.terms,
    )
