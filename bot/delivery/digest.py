"""Put one message in the place of many that wait for a channel: a channel that gets hundreds is read by nobody.

    20 wait       each is posted by itself
    more wait     one summary stands for all of them; for a short time it takes in what still comes, then it goes out

Only messages that announce how runs ended are summed up; all others have words of their own and stay as they are.

The rows that it stands for point to it, in the transaction that makes it; its key is made of theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from bot.cards import Card
from bot.delivery.keys import announces_end
from bot.model import RunRef
from bot.notify_operator import NotifyOperator, notify_carefully
from bot.ports import Chat, Clock, Outbox, WatchStore
from bot.replies import endings, operating
from bot.replies.endings import TermsOf
from bot.state import Delivery, DeliveryState, Ending, Mute, NewDelivery

MANY = 20  # messages that wait one by one for a channel; more become one
LOOK_EVERY = 5.0  # seconds between two looks for channels where many wait
TAKES_IN = 30.0  # seconds that a summary waits for more of the kind
LONGEST_TAKING_IN = 120.0  # seconds after which it goes out although more come
QUIET = 600.0  # seconds without a summary, then the next one is news to the operator


class SummingStore(Outbox, WatchStore, Protocol):
    """What is read and written to sum up."""


class Summing:
    """Sums up for one chat; `now` is the wall clock's, `terms` gives the nouns of a connection."""

    def __init__(
        self, chat: Chat, store: SummingStore, now: Callable[[], datetime], *, terms: TermsOf
    ) -> None:
        self._chat = chat
        self._terms = terms
        self._store = store
        self._now = now

    async def sum_up(
        self,
        channel: str,
        *,
        more_than: int,
        say: Callable[[Sequence[Ending]], Card],
        threads: bool = True,
    ) -> int:
        """Put one message in the place of those that tell how runs ended, where many wait; return for how many.

        `threads`: also of those that answer in a thread.
        """
        waiting = await self._store.waiting(channel)
        summed = [d for d in waiting if announces_end(d) and (threads or d.thread is None)]
        if len(summed) <= more_than or all(d.state is DeliveryState.FOLDED for d in summed):
            return 0
        card = say(await self.endings(summed))
        digest = NewDelivery(key=key_of(channel, summed), channel=channel, payload=self._chat.render(card))
        return len(summed) if await self._store.fold(digest, summed, self._now()) else 0

    async def endings(self, deliveries: Sequence[Delivery]) -> tuple[Ending, ...]:
        """Return how the runs ended that messages are about, each once and as it was told last, the newest first."""
        told = {d.context.run: d.ending for d in deliveries if d.context and d.context.run}
        kept = await self._kept([ref for ref, ending in told.items() if ending is None])
        return tuple(ending or kept[ref] for ref, ending in reversed(told.items()))

    async def _kept(self, refs: Sequence[RunRef]) -> dict[RunRef, Ending]:
        """Return how runs ended by what is on record, for messages that do not say it."""
        kept: dict[RunRef, Ending] = {}
        for connection in {ref.connection for ref in refs}:
            ids = tuple(ref.run_id for ref in refs if ref.connection == connection)
            known = await self._store.known(connection, ids)
            results = await self._store.results_kept(connection, ids)
            for run_id in ids:
                ref = RunRef(connection, run_id)
                kept[ref] = endings.on_record(
                    ref, known.get(run_id), results.get(run_id), self._terms(connection)
                )
        return kept


class Crowds:
    """Looks now and then for channels of one chat where many messages wait, and sums them up."""

    def __init__(
        self, chat: Chat, store: SummingStore, *, clock: Clock, summing: Summing, notify: NotifyOperator
    ) -> None:
        self._chats = frozenset({chat.name})
        self._store = store
        self._clock = clock
        self._summing = summing
        self._notify = notify
        self._look_at = 0.0
        self._goes_out_at: dict[str, float] = {}
        self._quiet_at: dict[str, float] = {}
        self._sentences: dict[str, str] = {}

    async def look(self, due: Callable[[float], datetime]) -> None:
        """Sum up where more than a few wait. `due`: says at which time of the store so many seconds are over."""
        now = self._clock.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_EVERY
        for channel in await self._store.crowded(self._chats, MANY):
            number = await self._summing.sum_up(channel, more_than=MANY, say=endings.many, threads=False)
            if number:
                await self._take_in(channel, now, due)
                await self._say_once(channel, number, now)

    async def _take_in(self, channel: str, now: float, due: Callable[[float], datetime]) -> None:
        """Let the summary wait for what still comes; it is replaced by one that stands for that too."""
        over = self._goes_out_at.setdefault(channel, now + LONGEST_TAKING_IN)
        if now >= over:
            del self._goes_out_at[channel]
            return
        await self._store.rate_limit_channel(channel, due(min(TAKES_IN, over - now)))

    async def _say_once(self, channel: str, number: int, now: float) -> None:
        """Notify the operator, unless the channel has been crowded all the time."""
        news = now >= self._quiet_at.get(channel, now)
        self._quiet_at[channel] = now + QUIET
        if news:
            self._sentences[channel] = operating.summed_up(channel, number)
            await notify_carefully(self._notify, self._sentences[channel])

    @property
    def crowded(self) -> Mapping[str, str]:
        """The channels that got a summary lately, each with the sentence that the operator got."""
        now = self._clock.monotonic()
        return {c: said for c, said in self._sentences.items() if now < self._quiet_at[c]}


def key_of(channel: str, covered: Sequence[Delivery], over: Sequence[Mute] = ()) -> str:
    """Return a key made of all that it covers and ends, so that the same summary is never made twice."""
    ended = [f"{mute.runs} {mute.since:%Y%m%dT%H%M%S.%f} {mute.until:%Y%m%dT%H%M%S.%f}" for mute in over]
    keys = "\n".join(sorted([*(d.key for d in covered), *ended]))
    return f"digest:{sha256(keys.encode('utf-8', 'replace')).hexdigest()[:32]}:{channel}"
