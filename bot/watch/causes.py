"""Edit the announcements of runs whose logs could not be read in time: they say why the run broke as soon as that is known.

What is held is changed before it is posted; below a message that tells of several runs it is said in a reply. Those of the
last hours are edited too where people say something of what fails in them (`marked.py`).

A clock calls `tick`. Which announcements wait is on record with them, so a kill between the post and the edit loses
nothing. What still cannot be read after half an hour is said as such.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.analysis import RunAnalysis, as_announced, explained
from bot.cards import Card
from bot.causes import RunCause
from bot.delivery.keys import key_of
from bot.each import each
from bot.errors import NotFound, ServiceError
from bot.ports import Chat, Clock, Delivered, Undeliverable
from bot.replies.causes import goes_on
from bot.state import LateCause, MessageRef
from bot.waiting import Backoff
from bot.watch.decide import provisional
from bot.watch.finish import Finishing

log = logging.getLogger(__name__)

READ_WITHIN = 120.0  # seconds for one try
GIVEN_UP = timedelta(minutes=30)
FIRST_WAIT, LONGEST_WAIT = 15.0, 300.0  # seconds between two tries for one announcement


class LateCauses:
    """Looks for the causes of one connection's runs; ticks must not overlap."""

    def __init__(
        self, finishing: Finishing, *, clock: Clock, chats: Mapping[str, Chat], on_rows: Callable[[], None]
    ) -> None:
        self._finishing = finishing
        self._clock = clock
        self._chats = chats
        self._on_rows = on_rows
        self._tries: dict[str, tuple[float, Backoff]] = {}  # by key: when the next one is, and the waits

    async def tick(self) -> None:
        """Try what is due. Raises `StoreError` where that cannot be read."""
        waiting = await self._finishing.store.late_causes(self._finishing.platform.connection)
        self._tries = {late.key: self._tries[late.key] for late in waiting if late.key in self._tries}
        due = [late for late in waiting if self._is_due(late)]
        await each(due, self._tell, what="editing an announcement")

    def _is_due(self, late: LateCause) -> bool:
        return late.key not in self._tries or self._tries[late.key][0] <= self._clock.monotonic()

    def _later(self, late: LateCause) -> None:
        """Put the next try off before this one is made, so that one that is cut off does not come first again."""
        _, waits = self._tries.get(late.key) or (0.0, Backoff(FIRST_WAIT, LONGEST_WAIT))
        self._tries[late.key] = (self._clock.monotonic() + waits.next(), waits)

    async def _tell(self, late: LateCause) -> None:
        self._later(late)
        now = self._clock.now()
        chat = self._chats.get(late.channel.partition(":")[0])
        if chat is None:
            return
        over = abs(now - late.since) >= GIVEN_UP
        found = await (self._marked(late, now) if late.marked else self._found(late, over=over))
        if found is None:
            if late.marked and over:  # the next card says it
                await self._finishing.store.end_late_cause(late)
            return
        if late.message is not None:
            await self._edit(chat, late, late.message, await self._finishing.shown_again(late, found, now))
        elif late.summary is None:
            payload, ending = await self._finishing.held_again(late, found, now)
            await self._finishing.store.tell_late_cause(late.key, payload=payload, ending=ending)
        else:
            if not over and not late.marked:
                await self._finishing.tell_below(late, late.summary, found, now)
                self._on_rows()
            await self._finishing.store.end_late_cause(late)

    async def _edit(self, chat: Chat, late: LateCause, message: MessageRef, card: Card) -> None:
        outcome = await chat.edit(message, card)
        if isinstance(outcome, Delivered):
            await self._finishing.store.end_late_cause(late)
        elif isinstance(outcome, Undeliverable):
            log.info("an announcement is no longer edited: %s", outcome.reason)
            await self._finishing.store.end_late_cause(late)

    async def _marked(self, late: LateCause, now: datetime) -> RunAnalysis | None:
        """Return a run as it was announced, with what people say of it; None where its post would say less, or another end."""
        try:
            run = await self._finishing.platform.reads.run(late.run.run_id)
            found = await self._finishing.read_whole(run, now)
        except ServiceError:
            return None
        return found if late.key == key_of(run.ref, run.status, late.channel) else None

    async def _found(self, late: LateCause, *, over: bool) -> RunAnalysis | None:
        """Return the run with why it broke; None where a later try may tell. `over`: there is none."""
        try:
            run = await self._finishing.platform.reads.run(late.run.run_id)
            found = await explained(await self._finishing.read_again(run), within=READ_WITHIN)
        except ServiceError as error:
            if over or isinstance(error, NotFound):
                return await self._as_announced(late, error.problem)
            return None
        if over and not run.status.terminal:
            return await self._as_announced(
                late, goes_on(run, self._finishing.platform.terms, self._clock.now())
            )
        return found if over or _is_known(found) else None

    async def _as_announced(self, late: LateCause, trouble: str) -> RunAnalysis:
        """Return a run as its end was announced, and why its cause is not known: it cannot be read, or goes on again."""
        found = await as_announced(self._finishing.platform, self._finishing.store, late.run)
        return replace(found, cause=RunCause(trouble=trouble))


def _is_known(found: RunAnalysis) -> bool:
    """Whether nothing more is to come: neither the cause nor, of a run that ended otherwise after all, its end and results."""
    if found.cause is not None:
        return not found.cause.late
    return found.run.status.terminal and not provisional(found)
