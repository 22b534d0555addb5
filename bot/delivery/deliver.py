"""Deliver the outbox to one chat: claim, post, record; what is unconfirmed is looked for before it is sent again.

    held -> pending       it is time: see `held.py`
    pending -> sending -> sent
                      -> pending   certainly not delivered
                      -> sending   unconfirmed: wait, look for it in the channel, then sent or pending
                      -> pending   it can never be found out: once more, marked as a possible repeat
                      -> unknown   nor can it then
                      -> dead      it can never be delivered
            -> folded              a summary tells of it: too many waited for a channel that refused us

Every arrow is one commit, and no transaction is open while the chat is called. Several channels are posted to at a time,
each gets one message after the other; while something is wrong with the chat only one is under way at all.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.cache import Cache
from bot.delivery.backoff import LONGEST_FOUND, Steady, backoff, pause
from bot.delivery.daily import Digesting, DigestStore
from bot.delivery.digest import MANY, Crowds, Summing
from bot.delivery.held import HeldStore, Holding
from bot.delivery.lost_channels import Lost, LostStore
from bot.delivery.post import LINKS_KEPT, Broken, Sending, Stale
from bot.delivery.unconfirmed import Reconciler
from bot.errors import StoreError
from bot.notify_operator import NotifyOperator, notify_carefully
from bot.platform import Platform, terms_of
from bot.ports import (
    Chat,
    Clock,
    Delivered,
    Found,
    Halted,
    Missing,
    NotDelivered,
    PostOutcome,
    Span,
    Trace,
    Unconfirmed,
    Undeliverable,
    Unreadable,
    untraced,
)
from bot.replies import operating
from bot.state import Delivery, MessageRef
from bot.waiting import first_of

log = logging.getLogger(__name__)

FAULTS_ALLOWED = 3
LOOKUPS_BEFORE_ALARM = 5
AFTER_TROUBLE = 5.0
WHILE_HALTED = 3600.0


class DeliveryStore(LostStore, HeldStore, DigestStore, Protocol):
    """What delivering reads and writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things may take, in seconds. `per_channel`: the least time between two posts to a channel.

    `at_once`: to how many channels messages may be on their way at a time: a chat takes some 0.2 s for one.
    """

    at_once: int = 8
    post: float = 10.0
    lookup: float = 30.0
    idle: float = 2.0
    per_channel: float = 1.0


@dataclass(frozen=True, slots=True)
class _Claim:
    """A row that is ours to send, taken at the monotonic time `at`; `failures`: how many there had been in a row by then."""

    delivery: Delivery
    at: float
    failures: int


class Deliverer:
    """Delivers to one chat, one row at a time to each channel; a chat that is slow or down holds up no other.

    `counts` tells how often each thing happened; `halted` why nothing is sent, "" while all is well.
    """

    def __init__(
        self,
        chat: Chat,
        store: DeliveryStore,
        *,
        platforms: Mapping[str, Platform],
        clock: Clock,
        notify_operator: NotifyOperator,
        pace: Pace | None = None,
        chance: Callable[[], float] = random.random,
        trace: Trace = untraced,
    ) -> None:
        self.chat = chat
        self.store = store
        self.clock = clock
        self.pace = pace or Pace()
        self.halted = ""
        self.counts: Counter[str] = Counter()
        self._sending = Sending(
            chat=chat,
            platforms=platforms,
            clock=clock,
            deadline=self.pace.post,
            links=Cache(clock, LINKS_KEPT),
        )
        self._reconciler = Reconciler(chat, store, clock=clock, deadline=self.pace.lookup)
        self._notify_operator = notify_operator
        self._chance = chance
        self._trace = trace
        self._chats = frozenset({chat.name})
        summing = Summing(chat, store, clock.now, terms=lambda name: terms_of(platforms.get(name)))
        self._lost = Lost(chat, store, summing)
        self._digesting = Digesting(chat, store, clock=clock, summing=summing, platforms=platforms)
        self._holding = Holding(chat, store, clock=clock, summing=summing)
        self._crowds = Crowds(chat, store, clock=clock, summing=summing, notify=notify_operator)
        self._failures = 0
        self._rests_until = 0.0
        self._flying: dict[str, Delivery] = {}  # what is under way, by channel
        self._tasks: set[asyncio.Task[None]] = set()
        self._troubled = False  # what was under way could not be recorded
        self._woken = asyncio.Event()
        self._steady = Steady(clock)
        self._begun = False
        self._stopping = False

    # The loop -----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Deliver until stopped, and end what is under way then; raises for cancelling only."""
        try:
            while not self._stopping:
                wait = await self._carefully(self._start()) if len(self._flying) < self._most else math.inf
                if wait > 0 and not self._stopping:
                    await first_of(self._woken.wait(), *self._passing(wait))
                    self._woken.clear()
            while self._tasks:
                await asyncio.wait(self._tasks)
        finally:
            await self._ground()

    def wake(self) -> None:
        """Say that rows were committed."""
        self._holding.look_soon()
        self._woken.set()

    def stop(self) -> None:
        """Finish what is under way, then end `run`."""
        self._stopping = True
        self._woken.set()

    async def step(self) -> float:
        """Do one thing, to its end; return the seconds until there is another, 0 for at once.

        Raises `StoreError`; then nothing is lost, the row is unconfirmed.
        """
        claim, wait = await self._next()
        return wait if claim is None else await self._deliver(claim)

    async def _next(self) -> tuple[_Claim | None, float]:
        """Do what comes before a post; return what is to be posted, if anything, and the seconds until there may be more."""
        await self._begin()
        await self._digesting.look()
        await self._holding.look()
        await self._crowds.look(self._due)
        resting = self._rests_until - self.clock.monotonic()
        if resting > 0:
            return None, resting
        unconfirmed, wait = await self._reconciler.next(but=frozenset(self._flying.values()))
        if unconfirmed is not None:
            await self._reconcile(unconfirmed)
            return None, 0.0
        claimed = self.clock.monotonic()  # before the claim: the time that it takes is none to post in
        now, due_by = self.clock.now(), self._steady.now()
        delivery = await self.store.claim(self._chats, now, due_by=due_by, busy=frozenset(self._flying))
        if delivery is None:
            return None, min(wait, self.pace.idle)
        return _Claim(delivery, claimed, self._failures), 0.0

    async def _deliver(self, claim: _Claim) -> float:
        await self._record(claim, await self._sending.send(claim.delivery, claim.at))
        return 0.0

    @property
    def _most(self) -> int:
        """How many messages may be under way: while nobody knows whether the chat takes any, one finds out."""
        return 1 if self._failures or self.halted else self.pace.at_once

    async def _start(self) -> float:
        """Begin one thing, which goes on by itself where it is a post; return the seconds until there is another."""
        if self._troubled:
            self._troubled = False
            return AFTER_TROUBLE
        claim, wait = await self._next()
        if claim is not None:
            self._flying[claim.delivery.channel] = claim.delivery
            task = asyncio.create_task(self._fly(claim), name=f"post {claim.delivery.id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return wait

    async def _fly(self, claim: _Claim) -> None:
        try:
            self._troubled |= await self._carefully(self._deliver(claim)) > 0
        finally:
            del self._flying[claim.delivery.channel]
            self._woken.set()  # its channel is free, and so is its place

    async def _ground(self) -> None:
        """Let go of what is still under way; it is looked for by whoever delivers next."""
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._flying.clear()

    def _passing(self, seconds: float) -> Iterator[Awaitable[None]]:
        if seconds < math.inf:
            yield self.clock.sleep(seconds)

    @property
    def lost(self) -> Mapping[str, str]:
        """The channels that take no messages, and why."""
        return self._lost.reasons

    @property
    def crowded(self) -> Mapping[str, str]:
        """The channels that got a summary lately, each with a sentence for the operator."""
        return self._crowds.crowded

    async def _begin(self) -> None:
        """Once: bound the waits of earlier processes, whose clock may have been wrong, and try lost channels again."""
        if not self._begun:
            await self.store.bound_waits(self._chats, self._steady.now() + LONGEST_FOUND)
            await self._lost.forgive()
            self._begun = True

    async def _carefully(self, work: Awaitable[float]) -> float:
        """Do something; return the seconds that it says, or those to wait where it failed for no reason of the chat's."""
        try:
            return await work
        except StoreError as error:
            log.warning("delivering to %s waits for the database: %s", self.chat.name, error)
        except Exception:
            log.exception("delivering to %s failed unexpectedly", self.chat.name)
        self.counts["trouble"] += 1
        return AFTER_TROUBLE

    # After a post -------------------------------------------------------------------------------

    async def _record(self, claim: _Claim, outcome: PostOutcome | Stale | Broken) -> None:
        delivery = claim.delivery
        match outcome:
            case Delivered(message_id):
                self._failures, self.halted = 0, ""
                await self._sent(delivery, message_id)
            case NotDelivered():
                await self._later(claim, outcome)
            case Undeliverable(reason, channel_lost):
                await self._undeliverable(delivery, reason, channel_lost=channel_lost)
            case Halted(reason):
                await self._halt(delivery, reason)
            case Unconfirmed(reason):
                self._failed(claim)
                await self._unconfirmed(delivery, reason)
            case Broken(reason):
                await self._unconfirmed(delivery, reason, broken=reason)
            case _:
                self.counts["stale"] += 1

    async def _sent(self, delivery: Delivery, message_id: str) -> None:
        message = MessageRef(channel=delivery.channel, message_id=message_id, thread=delivery.thread)
        now = self.clock.now()
        # The pause of the channel goes with it: who delivers after this process may not post at once either.
        pause = self._due(self.pace.per_channel) if self.pace.per_channel > 0 else None
        await self.store.mark_sent(delivery, message, now, channel_waits=pause)
        self.counts["sent"] += 1
        self._trace(_span(delivery, now))
        await self._lost.took(delivery.channel)

    async def _later(self, claim: _Claim, outcome: NotDelivered) -> None:
        """Try again later; younger rows of the channel wait too, so that their order is kept."""
        delivery = claim.delivery
        self.counts["later"] += 1
        if not outcome.limits_channel:
            self._failed(claim)
        wait = backoff(delivery.attempts, outcome.retry_after, self._chance())
        due = self._due(wait)
        await self.store.rate_limit_channel(delivery.channel, due)
        await self.store.mark_retry(delivery, outcome.reason, due)

    async def _undeliverable(self, delivery: Delivery, reason: str, *, channel_lost: bool) -> None:
        self._failures = 0
        if not channel_lost:
            await self._dead(delivery, reason)
            return
        self.counts["lost"] += 1
        wait, news = await self._lost.refused(delivery.channel, reason)
        if news:
            await self._notify(operating.lost(delivery.channel, reason))
        # The channel waits, not the row: the rows behind it must not overtake it.
        await self.store.rate_limit_channel(delivery.channel, self._due(wait))
        await self.store.mark_retry(delivery, reason, self._due(0))
        await self._lost.sum_up(delivery.channel, more_than=MANY)

    async def _halt(self, delivery: Delivery, reason: str) -> None:
        """Stop all calls but one an hour, which finds out whether the chat takes us again."""
        self.counts["halted"] += 1
        self._rests_until = self.clock.monotonic() + WHILE_HALTED
        before, self.halted = self.halted, reason  # at once: several may come back with it
        if before != reason:
            await self._notify(operating.halted(self.chat.name, reason))
        await self.store.mark_retry(delivery, reason, self._due(0))

    async def _unconfirmed(self, delivery: Delivery, reason: str, *, broken: str = "") -> None:
        self.counts["unconfirmed"] += 1
        wait = self._reconciler.add(delivery, broken=broken)
        await self.store.mark_unconfirmed(delivery, reason, self._due(wait))

    async def _dead(self, delivery: Delivery, reason: str, *, unknown: bool = False) -> None:
        self.counts["unknown" if unknown else "dead"] += 1
        await self._notify(operating.one_message(delivery.channel, delivery.key, reason, unknown=unknown))
        await self.store.mark_dead(delivery, reason, unknown=unknown)

    def _failed(self, claim: _Claim) -> None:
        """Count a failure; after some in a row the whole chat rests, and one probe follows each rest.

        Those that were under way together failed of one thing: they count as one.
        """
        before, self._failures = self._failures, max(self._failures, claim.failures + 1)
        resting = pause(self._failures) if self._failures > before else 0.0
        if resting:
            self._rests_until = self.clock.monotonic() + resting
            log.warning("%s failed %d times in a row; resting %g s", self.chat.name, self._failures, resting)

    # Finding out --------------------------------------------------------------------------------

    async def _reconcile(self, delivery: Delivery) -> None:
        match await self._reconciler.find(delivery):
            case Found(message_id):
                self.counts["found"] += 1
                await self._sent(delivery, message_id)
            case Missing():
                self.counts["missing"] += 1
                await self._missing(delivery, self._reconciler.lookups(delivery).broken)
            case Unreadable(reason, for_good=True):
                await self._never_readable(delivery, reason)
            case Unreadable(reason, channel_lost=True):
                await self._still_lost(delivery, reason)
            case unreadable:
                await self._unreadable(delivery, unreadable.reason)

    async def _missing(self, delivery: Delivery, broken: str) -> None:
        """Send it again; a row over which the sender keeps breaking is dead after a few times."""
        if not broken:
            await self.store.mark_retry(delivery, "it was not there", self._due(0))
            return
        wait = backoff(delivery.attempts, None, self._chance())
        faults = await self.store.count_fault(delivery, broken, self._due(wait))
        if faults >= FAULTS_ALLOWED:
            await self._dead(delivery, broken)

    async def _never_readable(self, delivery: Delivery, reason: str) -> None:
        """Post it once more, marked as a possible repeat; should that be unconfirmed too, an operator decides."""
        if delivery.repeat:
            await self._dead(delivery, reason, unknown=True)
            return
        self.counts["repeated"] += 1
        await self._notify(operating.posted_once_more(delivery.channel, reason))
        await self.store.mark_repeat(delivery, reason, self._due(0))

    async def _still_lost(self, delivery: Delivery, reason: str) -> None:
        """Look again once the channel is back: to post there once more would not help before that either."""
        self.counts["lost"] += 1
        _, news = await self._lost.refused(delivery.channel, reason)
        if news:
            await self._notify(operating.lost(delivery.channel, reason))
        _, wait = self._reconciler.postpone(delivery)
        await self.store.mark_unconfirmed(delivery, reason, self._due(wait))

    async def _unreadable(self, delivery: Delivery, reason: str) -> None:
        self.counts["unreadable"] += 1
        lookups, wait = self._reconciler.postpone(delivery)
        if lookups.failures == LOOKUPS_BEFORE_ALARM:
            await self._notify(operating.not_found_out_yet(delivery.channel, reason))
        await self.store.mark_unconfirmed(delivery, reason, self._due(wait))

    def _due(self, seconds: float) -> datetime:
        return self._steady.now() + timedelta(seconds=seconds)

    async def _notify(self, sentence: str) -> None:
        """Notify the operator before the outcome is recorded, so that a crash repeats it rather than loses it."""
        await notify_carefully(self._notify_operator, sentence)


def _span(delivery: Delivery, posted: datetime) -> Span:
    """Return how long a message took from the look that found what it tells of to its channel."""
    run = delivery.context.run if delivery.context else None
    about = {
        "chat": delivery.channel.partition(":")[0],
        "channel": delivery.channel,
        "attempts": str(delivery.attempts),
    }
    if run is not None:
        about |= {"connection": run.connection, "run": run.run_id}
    return Span(name="message", began=delivery.recorded_at, ended=posted, attributes=about)
