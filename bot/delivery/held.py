"""Let out what was held of a channel: as it is where it is one message, together where several runs ended.

    held -> pending   posted as it is: the only end there is, a reply to a message that is there, or no end of a run
         -> folded    a message in its place tells of it with others, and of the mutes that are over

Whether a message is still held is asked again by the rules of now: a mute that was ended or prolonged, and hours that
were changed, count at once. Every arrow is one transaction, so that no kill loses one and two processes make one message.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.delivery.digest import MANY, Summing, SummingStore, key_of
from bot.delivery.keys import announces_end
from bot.each import one_by_one
from bot.errors import StoreError
from bot.model import Run
from bot.ports import Channels, Chat, Clock, Subscriptions
from bot.quiet import Quiet, quiet_of, run_of, runs_of
from bot.replies import endings
from bot.state import Held, NewDelivery, Outcome, Subscription, concerns

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0  # seconds between two looks for what is due
LOOK_AT_ALL_EVERY = 60.0  # and for what is held by rules that changed while it was decided
TOGETHER = timedelta(seconds=30)  # how long the ends of one look may wait for each other
AHEAD = timedelta(days=3650)


class HeldStore(SummingStore, Channels, Subscriptions, Protocol):
    """What is read and written of held messages."""


class Holding:
    """Looks now and then for what is held of the channels of one chat and is due."""

    def __init__(self, chat: Chat, store: HeldStore, *, clock: Clock, summing: Summing) -> None:
        self._chat = chat
        self._chats = frozenset({chat.name})
        self._store = store
        self._clock = clock
        self._summing = summing
        self._look_at = 0.0
        self._look_at_all = 0.0

    def look_soon(self) -> None:
        """Look with the next step."""
        self._look_at = 0.0

    async def look(self) -> None:
        """Let out what is due. Raises `StoreError`."""
        now = self._clock.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_EVERY
        wall = self._clock.now()
        due_by = wall
        if now >= self._look_at_all:
            self._look_at_all, due_by = now + LOOK_AT_ALL_EVERY, wall + AHEAD
        channels = await self._store.held_channels(self._chats, due_by)
        await one_by_one(
            channels,
            lambda channel: self._channel(channel, wall),
            what="letting out what is held",
            but=StoreError,
        )

    async def _channel(self, channel: str, now: datetime) -> None:
        quiet = await quiet_of(self._store, channel)
        held = await self._store.held(channel)
        about = await runs_of(self._store, [each.delivery for each in held])
        due: list[Held] = []
        later: list[Run] = []
        for each in held:
            ending, run = each.delivery.ending, run_of(each.delivery, about)
            until = quiet.until(run, now, ending.outcomes if ending else ())
            if until is not None and until != each.due:
                await self._store.hold((each.delivery.key,), until)
            if until is None and not now < each.due <= now + TOGETHER:
                due.append(each)
            elif run is not None:
                later.append(run)
        await self._let_out(channel, due, later, quiet, now)

    async def _let_out(
        self, channel: str, due: Sequence[Held], later: Sequence[Run], quiet: Quiet, now: datetime
    ) -> None:
        """Post what is due, and announce the mutes that are over; `later`: runs of which something is held on."""
        keys = {each.delivery.key for each in due}
        ends = [
            each
            for each in due
            if announces_end(each.delivery) and (each.after is None or each.after in keys)
        ]
        number = len({each.delivery.context.run for each in ends if each.delivery.context})
        over = () if quiet.hours(now) else quiet.over(now)
        held = any(each.due - each.since > TOGETHER for each in ends)
        if over or (number > 1 and (held or number <= MANY)):
            covered = [each.delivery for each in ends]
            try:
                card = endings.together(
                    await self._summing.endings(covered),
                    held=held,
                    over=over,
                    later=any(concerns(mute, run) for mute in over for run in later),
                    narrow=await self._narrow(channel) if covered else None,
                )
                payload = self._chat.render(card)
            except StoreError:
                raise
            except Exception:
                log.exception(
                    "%d messages to %s are posted one by one, as no summary can be made", len(due), channel
                )
            else:
                message = NewDelivery(key=key_of(channel, covered, over), channel=channel, payload=payload)
                if not await self._store.fold(message, covered, now, over=over):
                    return  # another process let some of it out, or something changed: the next look sees
                due = [each for each in due if each not in ends]
        if due:
            await self._store.release([each.delivery for each in due], now)

    async def _narrow(self, channel: str) -> Subscription | None:
        """Return the subscription made in chat that notifies the channel of all runs, if any."""
        here = await self._store.subscriptions(channel)
        return next((s for s in here if Outcome.ALL in s.outcomes and not s.from_settings), None)
