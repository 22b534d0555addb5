"""One run that ended: read its results, compare, and make the one write that records and announces it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from bot import mentioning
from bot.actions.send import by_name
from bot.analysis import RunAnalysis, analysis_of, explained, got_through_before
from bot.cards import Card, Mention, ReportLinks
from bot.causes import READ_WITHIN
from bot.delivery.keys import cause_key, key_of, results_key, unfollowed_key
from bot.diff import reason
from bot.faults import windows_before
from bot.in_full import OF_ONE_RUN, in_full
from bot.marks import Mark, came_back, changed, looked_at, over
from bot.model import Availability, Check, Results, Run, RunStatus, VerdictKind
from bot.people import People
from bot.platform import Platform
from bot.ports import (
    Channels,
    CheckHistory,
    Conversations,
    HintStore,
    Intents,
    Links,
    MentionRules,
    Outbox,
    PropertyStates,
    Subscriptions,
    WatchStore,
)
from bot.publishing import wanted
from bot.quiet import quiets_of
from bot.replies import announcements, endings, post
from bot.replies.mentioning import FOR, LAUNCHED_BY, REOPENED
from bot.state import (
    Ending,
    Intent,
    IntentKind,
    LateCause,
    MentionRule,
    NewDelivery,
    Outcome,
    PollStep,
    PublishRule,
    Reopened,
    StoredResults,
    TrackedRun,
)
from bot.verdict import judge
from bot.watch.decide import LATE_RESULTS, PROPERTIES_LAG, Destination, destinations, lagging, provisional

log = logging.getLogger(__name__)

Render = Callable[[Card], str]


class PollStore(
    WatchStore,
    HintStore,
    CheckHistory,
    PropertyStates,
    Subscriptions,
    Channels,
    MentionRules,
    Links,
    Outbox,
    Intents,
    Conversations,
    Protocol,
):
    """What polling reads and writes."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A card, and what a chat is sent of it."""

    card: Card
    payload: str


class Drawn:
    """Draws what channels are told, each different card once for each chat: a thousand channels mostly hear the same."""

    def __init__(self, card: Callable[[Destination], Card], renderers: Mapping[str, Render]) -> None:
        self._card = card
        self._renderers = renderers
        self._known: dict[Hashable, Drawing] = {}

    async def of(self, destination: Destination) -> Drawing:
        """Return what a channel is told; others get a turn for each card that is drawn."""
        chat, every = _chat(destination.channel), destination.everything
        seen = (
            chat,
            destination.mentions,
            tuple(replace(mute, channel="") for mute in destination.muted),
            None if every is None else replace(every, channel=""),
        )
        if seen not in self._known:
            await asyncio.sleep(0)
            card = self._card(destination)
            self._known[seen] = Drawing(card, self._renderers[chat](card))
        return self._known[seen]


@dataclass(slots=True, kw_only=True)
class Finishing:
    """Makes the writes for ended runs of one connection. `renderers` by chat name, for every chat there is.

    `publish`: what of its runs is published into other connections by itself. `people`: the ids of each person that the
    settings name.
    """

    platform: Platform
    store: PollStore
    renderers: Mapping[str, Render]
    report_links: ReportLinks
    publish: Collection[PublishRule] = ()
    people: Collection[frozenset[str]] = ()
    _strange: set[str] = field(default_factory=set)
    _slow_at: datetime | None = None
    _look: tuple[datetime | None, float] = (
        None,
        0.0,
    )  # when the last one was, and seconds left in it for faults

    async def finish(
        self, run: Run, known: TrackedRun | None, now: datetime, *, together: datetime | None = None
    ) -> PollStep | None:
        """Return the write that announces a run's end; None while its results may still come.

        `together`: how long it may wait for others that ended in the same look, if it does. Raises `ServiceError` where the
        platform cannot be asked, `StoreError`.
        """
        intent = await self.store.intent_of_run(run.ref)
        if intent is not None and intent.kind is IntentKind.DEBUG:
            return self._step(run, now, final=True)
        run = await in_full(self.platform, run)
        found = await self._findings(run)
        since = known.terminal_since if known and known.status is run.status else None
        if lagging(found) and abs(now - (since or now)) < PROPERTIES_LAG:
            return None
        found = await self._reopening(found, now)
        outcomes = await self._outcomes(found)
        before = known.announced if known else None
        chosen = await self._notified(found, outcomes, intent, now)
        found = replace(found, run=await by_name(run, self.store))
        if chosen:
            found = await self._with_faults(await self._explained(found, now), now)
        if before is None and together is not None:
            chosen = tuple(_held_with_others(destination, together) for destination in chosen)
        short = endings.ending(found, outcomes)
        drawn = Drawn(lambda destination: self._card(found, destination, before, now), self.renderers)
        deliveries = [
            self._announcement(found, destination, before, await drawn.of(destination), short)
            for destination in chosen
        ]
        step = self._step(run, now, found=found, final=not provisional(found), deliveries=deliveries)
        step = replace(step, mentioned=_rules_of(chosen))
        if found.cause is not None and found.cause.awaited:
            late = (LateCause(key=d.key, run=run.ref, since=now, before=before) for d in deliveries)
            step = replace(step, late_causes=tuple(late))
        return self._published(step, run, outcomes)

    async def _explained(self, found: RunAnalysis, now: datetime) -> RunAnalysis:
        """Find out why a run broke, unless that takes too long: then it is announced without, and edited.

        After one that took too long the others of the same look, which is at `now`, are not waited for: all of them are
        to be announced soon.
        """
        found = await explained(found, within=0.0 if now == self._slow_at else READ_WITHIN)
        if found.cause is None or not found.cause.late:
            return found
        self._slow_at = now
        return replace(found, cause=replace(found.cause, awaited=True))

    async def _with_faults(self, found: RunAnalysis, now: datetime) -> RunAnalysis:
        """Read which faults were active where a run newly fails, as far as there is time; what is not read is not said.

        All runs of the same look, which is at `now`, share that time: none of them is announced much later for it.
        """
        logs, moments = found.platform.moment_logs, post.looked_at(found)
        left = self._look[1] if self._look[0] == now else READ_WITHIN
        if logs is None or not moments or left < 1 or now == self._slow_at:  # in less no window comes
            return found
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            return replace(found, windows=await windows_before(logs, found.run, moments, within=left))
        finally:
            self._look = (now, left - (loop.time() - began))

    async def shown_again(self, late: LateCause, found: RunAnalysis, now: datetime) -> Card:
        """Return what an announcement says once it is known why its run broke."""
        there = await self._there(late, found, now)
        return self._card(replace(found, run=await by_name(found.run, self.store)), there, late.before, now)

    async def held_again(self, late: LateCause, found: RunAnalysis, now: datetime) -> tuple[str, Ending]:
        """Return what an announcement that is held is to say once it is known why its run broke, whole and in short."""
        card = await self.shown_again(late, found, now)
        ending = endings.ending(found, await self._outcomes(found))
        return self.renderers[_chat(late.channel)](card), replace(ending, mentions=card.mentions)

    async def tell_below(self, late: LateCause, summary: str, found: RunAnalysis, now: datetime) -> None:
        """Say why a run broke below the message that tells of it with others. Raises `StoreError`."""
        there = Destination(
            channel=late.channel, report_links=(await self._there(late, found, now)).report_links
        )
        card = replace(await self.shown_again(late, found, now), mentions=())
        drawing = Drawing(card, self.renderers[_chat(late.channel)](card))
        delivery = self._delivery(cause_key(late.key), there, drawing, found.run, after=summary)
        await self.store.enqueue(delivery, now)

    async def _there(self, late: LateCause, found: RunAnalysis, now: datetime) -> Destination:
        intent = await self.store.intent_of_run(found.run.ref)
        chosen = await self._notified(found, await self._outcomes(found), intent, now)
        return next((d for d in chosen if d.channel == late.channel), Destination(channel=late.channel))

    async def read_whole(self, run: Run, now: datetime) -> RunAnalysis | None:
        """Read all that the post of a run says of it once more; None where a part of it cannot be read just now.

        Raises `ServiceError`, `StoreError`.
        """
        found = await self._with_faults(await explained(await self.read_again(run)), now)
        no_faults = found.platform.moment_logs is not None and post.looked_at(found) and not found.windows
        lacking = (found.cause is not None and found.cause.late) or no_faults or provisional(found)
        return None if lacking else found

    async def read_again(self, run: Run) -> RunAnalysis:
        """Read a run that ended once more, with its results. Raises `ServiceError`, `StoreError`."""
        return await self._findings(await in_full(self.platform, run))

    async def results(self, run: Run, known: TrackedRun | None, now: datetime) -> PollStep | None:
        """Return the write for results that came after a run was announced; None while they did not.

        Raises `ServiceError` where the platform cannot be asked, `StoreError`.
        """
        found = await self._findings(await in_full(self.platform, run))
        since = known.terminal_since if known and known.status is run.status else None
        late = now - (since or now) >= LATE_RESULTS
        if provisional(found):
            return self._step(run, now, final=True) if late else None
        told = await self.store.announced_results(run.ref)
        if late or found.stored is None or (told is not None and _counted(found.stored) == _counted(told)):
            return self._step(run, now, found=found, final=True)
        found = await self._reopening(found, now)
        # Notified are those who were notified that results are missing, and those who asked only for what results say.
        ended = await self._outcomes(found)
        outcomes = ended | {Outcome.INCOMPLETE}
        intent = await self.store.intent_of_run(run.ref)
        chosen = await self._notified(found, outcomes, intent, now, mentioning=ended)
        found = replace(found, run=await by_name(run, self.store))
        if chosen:
            found = await self._with_faults(found, now)
        short = endings.ending(found, outcomes)
        drawn = Drawn(lambda destination: _results_card(found, destination, now), self.renderers)
        deliveries = [
            self._results(found, destination, await drawn.of(destination), short) for destination in chosen
        ]
        step = self._step(run, now, found=found, final=True, deliveries=deliveries)
        step = replace(step, mentioned=_rules_of(chosen))
        return self._published(step, run, outcomes)

    def _published(self, step: PollStep, run: Run, outcomes: frozenset[Outcome]) -> PollStep:
        """Let a run that ended be published as rules want it, in the same write as it is announced."""
        chosen = (rule for rule in self.publish if rule.wants(run, outcomes))
        return replace(step, publications=tuple(wanted(run, rule.target, step.now) for rule in chosen))

    async def unfollowed(self, known: TrackedRun, run: Run | None, now: datetime) -> PollStep:
        """Return the write that follows a run no longer and says so; `run` None: the platform does not have it.

        Notified are those who would be of its end, however that came, and the place where it was launched.
        Raises `StoreError`.
        """
        kept = await self.store.recorded(known.ref.connection, (known.ref.run_id,))
        about = run or kept.get(known.ref.run_id) or Run.of_id(known.ref)
        intent = await self.store.intent_of_run(known.ref)
        chosen = await self._destinations(about, frozenset({Outcome.ALL, Outcome.INCOMPLETE}), intent)
        chosen = await self._quieted(chosen, about, frozenset(), now)
        card = announcements.unfollowed(about, self.platform.terms, there=run is not None)
        since = known.changed_at or now
        drawn = Drawn(lambda there: replace(card, mentions=there.mentions), self.renderers)
        deliveries = [
            self._delivery(
                unfollowed_key(known.ref, since, destination.channel),
                destination,
                await drawn.of(destination),
                about,
            )
            for destination in chosen
        ]
        return PollStep(
            connection=known.ref.connection, now=now, unfollowed=(known.ref,), deliveries=tuple(deliveries)
        )

    async def _findings(self, run: Run) -> RunAnalysis:
        """Read and compare; results that fail for this run alone count as not there yet."""
        try:
            return await analysis_of(self.platform, self.store, run)
        except OF_ONE_RUN as error:
            log.warning("the results of run %s cannot be read: %s", run.ref.run_id, error)
            missing = Results(ref=run.ref, availability=Availability.NOT_YET)
            return RunAnalysis(platform=self.platform, run=run, verdict=judge(run, missing), results=missing)

    async def _reopening(self, found: RunAnalysis, now: datetime) -> RunAnalysis:
        """Reopen what fails otherwise than when people said what it is, as far as the run can tell that.

        One that did not complete, whose environment had a problem, whose failures are not all known, or that no later run
        is compared with, tells nothing.
        """
        results, run = found.results, found.run
        if results is None or found.stored is None or results.unhealthy or run.ephemeral:
            return found
        marks = dict(found.marks)
        for check in results.failing if run.status is RunStatus.COMPLETED else ():
            mark = marks.get(check.name)
            why = await self._why(mark, check, run, now) if mark is not None and mark.state.silent else None
            if mark is not None and why is not None:
                marks[check.name] = replace(mark, state=replace(mark.state, reopened=why))
        return replace(found, marks=marks)

    async def _why(self, mark: Mark, check: Check, run: Run, now: datetime) -> Reopened | None:
        state = mark.state
        at_once = over(state, run, now) or changed(state, check, run)
        if at_once is not None:
            return at_once
        course = await self.store.check_in_runs(run.ref.connection, run.series, check.name, looked_at(state))
        return came_back(state, run, course)

    async def _outcomes(self, found: RunAnalysis) -> frozenset[Outcome]:
        """Return what the end counts as; a run that did not get through has no results, so it is no baseline."""
        outcomes = _counted_as(found)
        if found.verdict.kind is not VerdictKind.PASSED or not await self._recovery_counts(outcomes):
            return outcomes
        got_through = await got_through_before(self.platform, self.store, found.run)
        return _counted_as(found, after_incomplete=not got_through)

    async def _recovery_counts(self, outcomes: frozenset[Outcome]) -> bool:
        """Whether anybody is notified of this end only if it is a recovery; else nobody has to look for the run before."""
        wishes = (
            *(s.outcomes for s in await self.store.subscriptions(of=self.platform.connection)),
            *(rule.outcomes for rule in await self.store.mention_rules(of=self.platform.connection)),
            *(rule.outcomes for rule in self.publish),
        )
        return any(Outcome.RECOVERY in wish and wish.isdisjoint(outcomes) for wish in wishes)

    async def _notified(
        self,
        found: RunAnalysis,
        outcomes: frozenset[Outcome],
        intent: Intent | None,
        now: datetime,
        *,
        mentioning: frozenset[Outcome] | None = None,
    ) -> tuple[Destination, ...]:
        """Return where to tell of an end that counts as this, whom each message mentions, and what is held.

        `mentioning`: what rules of mentions go by, where that is something else.
        """
        chosen = await self._destinations(found.run, outcomes, intent)
        chosen = await self._mentioning(chosen, found, outcomes if mentioning is None else mentioning)
        return await self._quieted(chosen, found.run, outcomes, now)

    async def _destinations(
        self, run: Run, outcomes: frozenset[Outcome], intent: Intent | None
    ) -> tuple[Destination, ...]:
        subscriptions = await self.store.subscriptions(of=run.ref.connection)
        if intent is not None:  # the place of the launch may have wishes that are not about this connection
            subscriptions = (*subscriptions, *await self.store.subscriptions(intent.channel))
        chosen = destinations(
            run, outcomes, subscriptions, intent,
            report_links=self.report_links, by_default=self.platform.notified_by_default,
        )  # fmt: skip
        return tuple(
            [await self._placed(destination, intent) for destination in self._in_known_chats(chosen)]
        )

    async def _mentioning(
        self, chosen: tuple[Destination, ...], found: RunAnalysis, outcomes: frozenset[Outcome]
    ) -> tuple[Destination, ...]:
        """Let each channel mention those whom its own rules name for such an end, and owners of what is reopened by it."""
        rules = await self.store.mention_rules(of=found.run.ref.connection) if chosen else ()
        owners = await self._owners(found)
        failing = frozenset(check.name for check in found.failing if not check.health)
        fitted = mentioning.fitting(rules, found.run, outcomes, failing=failing, new=found.news)
        by_channel: dict[str, list[MentionRule]] = {}
        for rule in fitted:
            by_channel.setdefault(rule.channel, []).append(rule)
        return tuple(
            _with_rules(each, owners(each.channel), by_channel.get(each.channel, ())) for each in chosen
        )

    async def _owners(self, found: RunAnalysis) -> Callable[[str], tuple[Mention, ...]]:
        """Return how to mention those who own what is reopened, by their account in the chat of a channel."""
        owners = sorted({found.marks[name].state.owner for name in found.reopened} - {""})
        people = People([*self.people, *await self.store.links()]) if owners else People(())

        def there(channel: str) -> tuple[Mention, ...]:
            reached = (people.reachable(owner, channel) for owner in owners)
            return tuple(Mention(who, REOPENED) for who in reached if who is not None)

        return there

    async def _placed(self, destination: Destination, intent: Intent | None) -> Destination:
        """Tell the end of a launch under its own card where that stands in the channel, so that both are one story.

        The card's last edit notifies nobody, so whoever launched it is notified by name.
        """
        if intent is None or destination.channel != intent.channel:
            return destination
        card = await self.store.story(intent.id, destination.channel)
        if card is None or card.thread is not None:
            return destination
        launched = Mention(intent.actor, LAUNCHED_BY)
        return replace(destination, thread=card.message_id, mentions=(launched,))

    async def _quieted(
        self, chosen: Iterable[Destination], run: Run, outcomes: frozenset[Outcome], now: datetime
    ) -> tuple[Destination, ...]:
        """Hold what is for a quiet channel, but for what somebody waits for, and say of the rest what is muted.

        `outcomes`: what the end counts as; without any it is none, and no digest tells of it.
        Whoever is mentioned by a rule is woken in quiet hours; what is muted is not posted for that.
        """
        placed: list[Destination] = []
        chosen = tuple(chosen)
        quiets = await quiets_of(self.store, [destination.channel for destination in chosen])
        for destination in chosen:
            quiet = quiets[destination.channel]
            held = (
                quiet.until(run, now, outcomes, wakes=bool(destination.rules))
                if destination.top_level
                else None
            )
            placed.append(replace(destination, held_until=held, muted=() if held else quiet.muted(now)))
        return tuple(placed)

    def _in_known_chats(self, chosen: Iterable[Destination]) -> Iterable[Destination]:
        for destination in chosen:
            if _chat(destination.channel) in self.renderers:
                yield destination
            elif destination.channel not in self._strange:
                self._strange.add(destination.channel)
                log.warning("no chat posts to %s; nothing is announced there", destination.channel)

    def _announcement(
        self,
        found: RunAnalysis,
        destination: Destination,
        before: RunStatus | None,
        drawing: Drawing,
        ending: Ending,
    ) -> NewDelivery:
        ref, status = found.run.ref, found.run.status
        after = None if before is None else key_of(ref, before, destination.channel)
        key = key_of(ref, status, destination.channel)
        return self._delivery(key, destination, drawing, found.run, after=after, ending=ending)

    def _card(
        self, found: RunAnalysis, destination: Destination, before: RunStatus | None, now: datetime
    ) -> Card:
        if before is not None:
            card = announcements.corrected(found, before, now)
        else:
            card = announcements.ended(found, now, everything=destination.everything)
            card = announcements.beside_mutes(card, destination.muted, now)
        return replace(card, mentions=destination.mentions)

    def _results(
        self, found: RunAnalysis, destination: Destination, drawing: Drawing, ending: Ending
    ) -> NewDelivery:
        ref, status = found.run.ref, found.run.status
        after = key_of(ref, status, destination.channel)
        key = results_key(ref, status, destination.channel)
        return self._delivery(key, destination, drawing, found.run, after=after, ending=ending)

    def _delivery(
        self,
        key: str,
        destination: Destination,
        drawing: Drawing,
        run: Run,
        *,
        after: str | None = None,
        ending: Ending | None = None,
    ) -> NewDelivery:
        return NewDelivery(
            key=key,
            channel=destination.channel,
            payload=drawing.payload,
            thread=destination.thread,
            after=after,
            context=drawing.card.context,
            report=run.ref if run.report_url else None,
            report_links=destination.report_links,
            ending=replace(ending, mentions=drawing.card.mentions) if ending is not None else None,
            held_until=destination.held_until,
        )

    def _step(
        self,
        run: Run,
        now: datetime,
        *,
        final: bool,
        found: RunAnalysis | None = None,
        deliveries: Iterable[NewDelivery] = (),
    ) -> PollStep:
        kept, checks = (found.stored, found.checks) if found else (None, None)
        reopened = [found.marks[name].state for name in sorted(found.reopened)] if found else []
        return PollStep(
            connection=run.ref.connection,
            now=now,
            runs=(run,),
            results=(kept,) if kept else (),
            checks=(checks,) if checks else (),
            results_known=(run.ref,) if final else (),
            announced=((run.ref, run.status),),
            deliveries=tuple(deliveries),
            reopened=tuple(reopened),
        )


def _results_card(found: RunAnalysis, destination: Destination, now: datetime) -> Card:
    return replace(announcements.results_came(found, now), mentions=destination.mentions)


def _counted_as(found: RunAnalysis, *, after_incomplete: bool = False) -> frozenset[Outcome]:
    """Return all that the end of a run counts as, by what people say of its failures too."""
    return reason(found.verdict, found.diff, after_incomplete=after_incomplete, news=found.news)


def _rules_of(chosen: Iterable[Destination]) -> tuple[MentionRule, ...]:
    return tuple(rule for destination in chosen for rule in destination.rules)


def _held_with_others(destination: Destination, until: datetime) -> Destination:
    """Let an end wait for others of the same look, where it would be a message of its own."""
    if destination.held_until is not None or not destination.top_level:
        return destination
    return replace(destination, held_until=until)


def _counted(results: StoredResults) -> tuple[object, ...]:
    """Return all that a verdict is made of."""
    return (results.failing, results.excused, results.counts, results.says)


def _with_rules(
    destination: Destination, owners: tuple[Mention, ...], rules: Sequence[MentionRule]
) -> Destination:
    by_rule = (Mention(rule.who, FOR) for rule in rules)
    mentions = (*destination.mentions, *owners, *by_rule)
    return replace(destination, mentions=mentions, rules=tuple(rules))


def _chat(channel: str) -> str:
    return channel.partition(":")[0]
