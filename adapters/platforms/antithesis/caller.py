"""How one connection is called: reads with patience, costly actions exactly once, never too many at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import stamina

from adapters.lanes import Lane, half, whose
from adapters.platforms.antithesis.answers import error_of
from adapters.platforms.antithesis.pause import Pause
from adapters.platforms.antithesis.retries import Again, Budget
from adapters.platforms.antithesis.sender import Sender
from adapters.platforms.antithesis.wire import Answer, Request
from bot.errors import RateLimited, ServiceError, Unreachable


class Caller:
    """Calls through a sender. Reads are tried up to three times; everything else is sent once.

    One person has half of what is read at once, so that no one's slow reads keep others, or Clew itself, waiting.
    When the platform asks for a pause, nobody on this connection calls before its end.
    """

    def __init__(self, sender: Sender) -> None:
        self._sender, self._limits = sender, sender.limits
        self._reads = Lane(self._limits.reads, half(self._limits.reads))
        self._streams = Lane(self._limits.streams, half(self._limits.streams))
        self._budget = Budget()
        self._pause = Pause(self._limits)

    async def read(self, request: Request, *, what: str = "page") -> Answer:
        """Return a good answer. Raises the `ServiceError` of a bad one, or of none within the deadline."""
        async with self._reads.turn(whose()):
            await self._pause.over()
            try:
                async with asyncio.timeout(self._limits.read):
                    return await self._patiently(request, what)
            except TimeoutError:
                raise Unreachable(f"The platform did not answer within {self._limits.read:g} s.") from None

    async def once(self, request: Request) -> Answer:
        """Send a request once and return its answer, good or bad.

        Raises `RateLimited` where it was not sent because of a pause, `NotSent`, `ServiceError`.
        """
        await self._pause.over()
        try:
            async with asyncio.timeout(self._limits.post):
                answer = await self._sender.fetch(request)
        except TimeoutError:
            raise Unreachable(f"The platform did not answer within {self._limits.post:g} s.") from None
        if not answer.good:
            self._heard(answer)
        return answer

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[AsyncIterator[bytes]]:
        """Give the chunks of a stream; only its opening is tried again, and only the caller bounds its length."""
        async with self._streams.turn(whose()), AsyncExitStack() as stack:
            async for attempt in self._attempts():
                with attempt:
                    chunks = await self._opened(request, stack)
            yield chunks

    async def _patiently(self, request: Request, what: str) -> Answer:
        async for attempt in self._attempts():
            with attempt:
                await self._pause.over()
                answer = await self._sender.fetch(request)
                if not answer.good:
                    raise self._heard(answer, what=what)
        return answer

    async def _opened(self, request: Request, stack: AsyncExitStack) -> AsyncIterator[bytes]:
        await self._pause.over()
        async with AsyncExitStack() as trial:
            opening = self._sender.open(request, idle=self._limits.stream_idle)
            head, chunks = await trial.enter_async_context(opening)
            if not head.good:
                raise self._heard(head)
            stack.push_async_exit(trial.pop_all())
        return chunks

    def _heard(self, answer: Answer, *, what: str = "page") -> ServiceError:
        """Return the error that an answer stands for, and heed the pause that it asks for."""
        error = error_of(answer, what=what)
        if isinstance(error, RateLimited):
            self._pause.asked(error)
        return error

    def _attempts(self) -> AsyncIterator[stamina.Attempt]:
        self._budget.earn()
        return stamina.retry_context(
            on=Again(self._limits, self._budget),
            attempts=self._limits.tries,
            timeout=None,  # the deadline around it ends it
            wait_initial=self._limits.wait,
            wait_max=self._limits.longest_wait,
            wait_jitter=self._limits.wait,
        ).__aiter__()
