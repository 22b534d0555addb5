"""Slack's own status under a thread ("Clew is working on it…") while work goes on, where the settings ask for it.

Slack takes it away when the app posts into the thread, and two minutes after it was last set: so it is set again in time,
taken back where no post follows, and gone by itself where this process is. Where Slack refuses it, the progress message
stands for it; what Slack refuses the app, and not one thread, is not asked for again.
https://docs.slack.dev/reference/methods/assistant.threads.setStatus
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.pace import Bucket
from adapters.chat.slack import ids, outcomes
from adapters.chat.tasks import Tasks
from bot import cleaning
from bot.ports import Clock, NotDelivered
from bot.replies import conversation
from bot.state import Place
from bot.waiting import first_of

log = logging.getLogger(__name__)

RENEW_SECONDS = 90.0  # of the 120 that Slack shows it for
PACE_SECONDS = 3.0  # between two texts in one thread
INTERVAL, BURST = (
    0.2,
    10,
)  # half of the 600 a minute that Slack takes: https://docs.slack.dev/apis/web-api/rate-limits
SETTLE_SECONDS = 2.0  # that an answer waits for a status that is on its way, lest that come after it and stay
LENGTH = 100  # characters; Slack names no limit
# Slack says nowhere whether it formats a status: escaped, they might be shown escaped; so nothing needs escaping.
INERT = str.maketrans("<>", "()")
OF_ONE_THREAD = outcomes.LOST | outcomes.LATER | outcomes.RATE | {"invalid_thread_ts", "thread_not_found"}


@dataclass(eq=False, kw_only=True)
class _Shown:
    """The status of one command. `stands`: Slack may be showing it; `refused`: the progress message stands for it."""

    place: Place
    text: str
    wanted: Callable[[], bool]
    instead: Callable[[], None]
    stands: bool = False
    refused: bool = False
    keeping: asyncio.Task[None] | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class ThreadStatus:
    """The statuses of one workspace, by the key of the command that each belongs to. `on`: the settings ask for them."""

    def __init__(self, client: AsyncWebClient, clock: Clock, *, on: bool) -> None:
        self.tasks = Tasks()
        self._client = client
        self._clock = clock
        self._on = on
        self._bucket = Bucket(clock, interval=INTERVAL, burst=BURST)
        self._paused_until = 0.0
        self._shown: dict[str, _Shown] = {}

    def show(
        self, key: str, place: Place, text: str, wanted: Callable[[], bool], instead: Callable[[], None]
    ) -> bool:
        """Show what goes on in the thread; False where that cannot be. `instead` is called where Slack refuses it later."""
        shown = self._shown.get(key)
        if shown is not None:
            shown.text = text
            shown.changed.set()
            return not shown.refused
        if not self._on or self._clock.monotonic() < self._paused_until:
            return False
        shown = _Shown(place=place, text=text, wanted=wanted, instead=instead)
        shown.keeping = self.tasks.start(self._keep(shown))
        if shown.keeping is None:
            return False
        self._shown[key] = shown
        return True

    async def settle(self, key: str) -> None:
        """Set no more for this command, so that its answer is the last word; what is on its way is waited for."""
        shown = self._shown.get(key)
        if shown is None or shown.keeping is None or shown.wanted():
            return  # the progress message itself is being posted
        shown.ended.set()
        shown.changed.set()
        await asyncio.wait({shown.keeping}, timeout=SETTLE_SECONDS)

    def posted(self, key: str, place: Place) -> None:
        """Know that something was posted there: Slack has taken the status away, also that of another command."""
        for other, shown in self._shown.items():
            if _thread(shown) == (place.channel, place.thread):
                shown.stands = False
                if other != key:
                    shown.changed.set()

    async def end(self, key: str) -> None:
        """Take the status back, unless Slack has done so for the answer, or somebody else's work goes on there."""
        await self.settle(key)
        shown = self._shown.pop(key, None)
        if shown is None or shown.keeping is None:
            return
        await asyncio.wait({shown.keeping})
        if not shown.stands:
            return
        others = [other for other in self._shown.values() if _thread(other) == _thread(shown)]
        for other in others:
            other.changed.set()
        if not others:
            await self._set(shown, "")

    async def _keep(self, shown: _Shown) -> None:
        """Set it, again when there is more to tell, and before Slack takes it away."""
        while shown.wanted():
            await self._bucket.turn()
            if not shown.wanted():
                return
            shown.changed.clear()
            if not await self._set(shown, said(shown.text)):
                shown.refused = True
                shown.instead()
                return
            await first_of(self._clock.sleep(PACE_SECONDS), shown.ended.wait())
            await first_of(self._clock.sleep(RENEW_SECONDS - PACE_SECONDS), shown.changed.wait())

    async def _set(self, shown: _Shown, status: str) -> bool:
        """Set it once, "" takes it back; False where Slack does not take it, or did not say so."""
        try:
            await self._client.assistant_threads_setStatus(
                channel_id=ids.last(shown.place.channel), thread_ts=shown.place.thread or "", status=status
            )
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the progress message stands for it
            shown.stands |= not outcomes.code(error)  # where no answer came, it may be there
            self._learn(error)
            return False
        shown.stands = bool(status)
        return True

    def _learn(self, error: Exception) -> None:
        """Ask for no more where Slack refused the app; where it asks for a pause, not before that has passed."""
        code, outcome = outcomes.code(error), outcomes.classify(error, self._clock.now())
        if isinstance(outcome, NotDelivered) and outcome.retry_after:
            self._paused_until = self._clock.monotonic() + outcome.retry_after
        if code and code not in OF_ONE_THREAD and self._on:
            self._on = False
            log.warning(
                "Slack refuses to show a status in threads (%s); progress messages are posted instead", code
            )
        else:
            log.info("Slack did not show a status: %s", outcomes.named(error))


def said(text: str) -> str:
    """Return a status: Slack puts the app's name before it. On one line, bounded, with nothing in it that is live."""
    return cleaning.cut(cleaning.one_line(conversation.status(text)), LENGTH).translate(INERT)


def _thread(shown: _Shown) -> tuple[str, str | None]:
    return shown.place.channel, shown.place.thread
