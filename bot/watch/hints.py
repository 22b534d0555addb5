"""What webhooks tell the poller of their connection: that something changed, and perhaps of which runs.

A hint is never the truth. It takes the wait out of the next poll, which reads what it says from the platform. Whichever program
a webhook reaches puts it on record; the one that polls takes it from there, and it stays until a poll has answered it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from math import inf

from bot.errors import StoreError
from bot.ports import Clock, HintStore
from bot.state import Hint
from bot.waiting import first_of

log = logging.getLogger(__name__)

GAP = 5.0  # seconds from the beginning of a poll to the next one that is hinted at
LOOK = 5.0  # seconds from one look at the record to the next where nobody tells of a hint
NAMED_AT_ONCE = 200  # runs that wait to be read; above that the oldest are forgotten
NAMED_FOR = 600.0  # seconds; a run may come into being so much later than it was named


class Hints:
    """The hints for one connection. `owns`: whether an id can be one of a run there."""

    def __init__(self, connection: str, store: HintStore, clock: Clock, owns: Callable[[str], bool]) -> None:
        self._connection = connection
        self._store = store
        self._clock = clock
        self._owns = owns
        self._given = asyncio.Event()
        self._begun = -inf  # the last poll, in monotonic seconds
        self._named: dict[str, float] = {}  # runs that are to be read, since when
        self._new: set[str] = set()
        self._told = asyncio.Event()
        self._recorded = asyncio.Lock()
        self._taken: frozenset[Hint] = frozenset()  # from the record, where they wait to be answered
        self._before_poll: frozenset[Hint] = frozenset()  # those that had been taken when the last one began

    def give(self, run_ids: Iterable[str] = (), *, age: float = 0.0) -> None:
        """Let the next poll come now, or once `GAP` seconds have passed since the last one began.

        `age`: for how many seconds the runs have been named.
        """
        for run_id in filter(self._owns, run_ids):
            self._named.pop(run_id, None)
            self._named[run_id] = self._clock.monotonic() - age
            self._new.add(run_id)
        while len(self._named) > NAMED_AT_ONCE:
            oldest = next(iter(self._named))
            log.warning("run %s, which a webhook named, is forgotten: too many wait to be read", oldest)
            self.read(oldest)
        self._given.set()

    def named(self) -> tuple[str, ...]:
        """Return the ids that are to be read, oldest first."""
        return tuple(self._named)

    def is_new(self, run_id: str) -> bool:
        """Whether an id was named since this was asked of it last."""
        new = run_id in self._new
        self._new.discard(run_id)
        return new

    def read(self, run_id: str) -> None:
        """Note that a run was read, or need not be."""
        self._named.pop(run_id, None)
        self._new.discard(run_id)

    def missing(self, run_id: str) -> None:
        """Note that the platform has no such run; it may still come, but not for ever."""
        if self._clock.monotonic() - self._named.get(run_id, inf) >= NAMED_FOR:
            self.read(run_id)

    def tell(self) -> None:
        """Look at the record now: there is a hint, perhaps for another connection."""
        self._told.set()

    async def take(self) -> None:
        """Give what is new on record. Raises `StoreError`."""
        async with self._recorded:
            found = await self._store.hints(self._connection)
            now = self._clock.now()
            for hint in found:
                if hint not in self._taken:
                    self.give(hint.run_ids, age=max(0.0, (now - hint.at).total_seconds()))
            self._taken = frozenset(found)

    def polling(self) -> None:
        """Note that a poll begins, whoever asked for it: it answers every hint so far."""
        self._begun = self._clock.monotonic()
        self._given.clear()
        self._before_poll = self._taken

    async def polled(self) -> None:
        """Note on record what is answered now that the poll has gone well. Raises `StoreError`.

        What names a run that is still to be read stays, for whoever polls next if this program ends before.
        """
        async with self._recorded:
            done = frozenset(
                hint
                for hint in self._before_poll & self._taken
                if self._named.keys().isdisjoint(hint.run_ids)
            )
            await self._store.answer_hints(done)
            self._taken -= done

    async def run(self, poll: Callable[[], Awaitable[None]]) -> None:
        """Poll when there is a hint that no other poll has answered in time, until cancelled."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._look(), name=f"hints for {self._connection}")
            both.create_task(self._poll(poll), name=f"hinted polls of {self._connection}")

    async def _look(self) -> None:
        """Take from the record whenever somebody tells of a hint, and now and then in case nobody could."""
        blind = False
        while True:
            try:
                await self.take()
                blind = False
            except StoreError as error:
                if not blind:
                    log.warning("%s: what webhooks told cannot be read now: %s", self._connection, error)
                blind = True
            await first_of(self._told.wait(), self._clock.sleep(LOOK))
            self._told.clear()

    async def _poll(self, poll: Callable[[], Awaitable[None]]) -> None:
        while True:
            await self._given.wait()
            wait = self._begun + GAP - self._clock.monotonic()
            if wait > 0:
                await self._clock.sleep(wait)  # and look again: another poll may come meanwhile
            else:
                self._given.clear()
                await poll()
