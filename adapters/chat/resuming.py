"""What a process before this one accepted and never answered is taken up once: the same in every chat."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from adapters.chat.delivering import RESUMED, post_key
from adapters.chat.lanes import Lanes
from bot.errors import StoreError
from bot.handler import Handler
from bot.ports import Chat, Clock, Found
from bot.state import Invocation, MessageRef

log = logging.getLogger(__name__)

SINCE = RESUMED * 8  # older ones were told so long ago that nobody waits


class Resuming:
    """Takes up, once in a process, what was left over in a chat.

    `begin` is awaited before anything can come in. So nothing that comes in is among what it reads, and no
    comparison of clocks or keys has to tell the two apart.
    """

    def __init__(self, chat: str, handler: Handler, lanes: Lanes, clock: Clock) -> None:
        self._chat = chat
        self._handler = handler
        self._lanes = lanes
        self._clock = clock
        self._begun = False

    async def begin(self, answer: Callable[[Invocation], Coroutine[Any, Any, None]]) -> None:
        """Read what is left over, and start answering it; nothing the second time."""
        if self._begun:
            return
        self._begun = True
        try:
            left = await self._handler.unanswered(self._chat, self._clock.now() - SINCE)
        except StoreError:
            log.warning("what was left unanswered could not be read; it is taken up at the next start")
            return
        for invocation in left:
            self._lanes.start(invocation.actor.id, answer(invocation))


async def shown_before(chat: Chat, invocation: Invocation) -> MessageRef | None:
    """Return the message of an answer that was posted before the restart, None where none is found."""
    place = invocation.place
    seen = await chat.find_posted(place.channel, place.thread, post_key(invocation.key), invocation.at)
    if not isinstance(seen, Found):
        return None
    return MessageRef(channel=place.channel, message_id=seen.message_id, thread=place.thread)
