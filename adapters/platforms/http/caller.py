"""How one connection is called: reads with patience, costly actions exactly once, never too many at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from adapters.lanes import Lane, half, whose
from adapters.platforms.http.answers import error_of, outcome_of
from adapters.platforms.http.pause import Pause
from adapters.platforms.http.quota import Quota
from adapters.platforms.http.retries import Budget, attempts
from adapters.platforms.http.sender import Sender
from adapters.platforms.http.wire import Answer, NotSent, Request
from bot.errors import AccessRefused, RateLimited, Rejected, ServiceError, Unreachable, UserError
from bot.model import LaunchOutcome, Refused, Unclear

if TYPE_CHECKING:
    import stamina


class Caller:
    """Calls through a sender. Reads are tried up to three times; everything else is sent once.

    One person has half of what is read at once, so that no one's slow reads keep others, or Clew itself, waiting.
    When the platform asks for a pause, nobody on this connection calls before its end; `per_minute` bounds what is
    sent where the platform's limit is known.
    """

    def __init__(self, sender: Sender, per_minute: int | None = None) -> None:
        self._sender, self._limits = sender, sender.limits
        self._reads = Lane(self._limits.reads, half(self._limits.reads))
        self._streams = Lane(self._limits.streams, half(self._limits.streams))
        self._budget = Budget()
        self._pause = Pause(self._limits)
        self._quota = Quota(per_minute) if per_minute else None

    async def read(self, request: Request, *, what: str = "page") -> Answer:
        """Return a good answer. Raises the `ServiceError` of a bad one, or of none within the deadline."""
        async with self._reads.turn(whose()):
            seconds = request.deadline or self._limits.read
            await self._turn(request)
            try:
                async with asyncio.timeout(seconds):
                    return await self._patiently(request, what)
            except TimeoutError:
                raise Unreachable(f"The platform did not answer within {seconds:g} s.") from None

    async def once(self, request: Request) -> Answer:
        """Send a request once and return its answer, good or bad.

        Raises `RateLimited` where it was not sent because of a pause, `NotSent`, `ServiceError`.
        """
        seconds = request.deadline or self._limits.post
        await self._turn(request)
        try:
            async with asyncio.timeout(seconds):
                answer = await self._sender.fetch(request)
        except TimeoutError:
            raise Unreachable(f"The platform did not answer within {seconds:g} s.") from None
        if not answer.good:
            self._heard(answer, request)
        return answer

    async def start(
        self, build: Callable[[], Request], *, target: str, id_in: Callable[[bytes], str | None] | None
    ) -> LaunchOutcome:
        """Send once what starts or changes something, and return what became of it; only what surely was not taken is refused.

        `build` may raise `UserError` and `Rejected`; the rest is as in `outcome_of`.
        """
        try:
            answer = await self.once(build())
        except (UserError, Rejected, AccessRefused) as error:
            return Refused(error.problem)
        except (NotSent, RateLimited) as error:
            return Refused(f"{error.problem} Nothing was started.")
        except ServiceError as error:
            return Unclear(error.problem)
        return outcome_of(answer, target=target, check=self._sender.endpoint.check, id_in=id_in)

    @asynccontextmanager
    async def stream(self, request: Request, *, what: str = "page") -> AsyncIterator[AsyncIterator[bytes]]:
        """Give the chunks of a stream; only its opening is tried again, and only who reads it bounds its length.

        A request that is no GET is opened once.
        """
        async with self._streams.turn(whose()), AsyncExitStack() as stack:
            async for attempt in self._attempts(self._limits.tries if request.method == "GET" else 1):
                with attempt:
                    chunks = await self._opened(request, stack, what)
            yield chunks

    async def _patiently(self, request: Request, what: str) -> Answer:
        async for attempt in self._attempts(self._limits.tries):
            with attempt:
                if attempt.num > 1:
                    await self._turn(request)
                answer = await self._sender.fetch(request)
                if not answer.good:
                    raise self._heard(answer, request, what)
        return answer

    async def _turn(self, request: Request) -> None:
        """Wait until the platform may be asked; another origin is none of it."""
        if request.elsewhere is not None:
            return
        await self._pause.over()
        if self._quota is not None:
            await self._quota.turn(whose(), self._limits.longest_wait)

    async def _opened(self, request: Request, stack: AsyncExitStack, what: str) -> AsyncIterator[bytes]:
        await self._turn(request)
        async with AsyncExitStack() as trial:
            opening = self._sender.open(request, idle=self._limits.stream_idle)
            head, chunks = await trial.enter_async_context(opening)
            if not head.good:
                raise self._heard(head, request, what)
            stack.push_async_exit(trial.pop_all())
        return chunks

    def _heard(self, answer: Answer, request: Request, what: str = "page") -> ServiceError:
        """Return the error that an answer stands for, and heed the pause that it asks for."""
        error = error_of(answer, what=what, check=self._sender.endpoint.check)
        if isinstance(error, RateLimited) and request.elsewhere is None:
            self._pause.asked(error)
        return error

    def _attempts(self, tries: int) -> AsyncIterator[stamina.Attempt]:
        self._budget.earn()
        return attempts(self._limits, self._budget, tries)
