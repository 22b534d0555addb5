"""Lets the core answer: in the person's turn, and visibly where it takes long. The same in every chat."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from adapters.chat.lanes import Lanes
from bot.access import Afresh
from bot.cards import Form, Reply
from bot.errors import ClewError, ServiceError, UserError
from bot.handler import Handler
from bot.ports import Report
from bot.replies import problems
from bot.state import Invocation

log = logging.getLogger(__name__)

SAY_SO = 2.0  # seconds for saying that a restart came between
PATIENCE = 1.0  # seconds that an answer may take before the person sees that work goes on


class Progress(Protocol):
    """Shows one person that work goes on."""

    async def report(self, text: str) -> None:
        """Keep what goes on; it is shown only when the answer takes long."""
        ...

    def impatient(self) -> None:
        """Show from now on that work goes on."""
        ...

    async def interrupted(self) -> None:
        """Say that the answer will come later."""
        ...


class Answering:
    """Asks the core. `patience`: in seconds, see `PATIENCE`."""

    def __init__(self, handler: Handler, lanes: Lanes, *, patience: float = PATIENCE) -> None:
        self._handler = handler
        self._lanes = lanes
        self._patience = patience

    def is_private(self, invocation: Invocation) -> bool:
        """Whether the verb that is said answers the person alone."""
        verb = self._handler.verb_of(invocation)
        return verb is not None and verb.private

    async def reply(self, invocation: Invocation, progress: Progress, afresh: Afresh | None) -> Reply:
        """Return the answer of the core; where it takes long, the person sees that it is being worked on."""
        task = asyncio.ensure_future(self.in_turn(invocation, progress.report, afresh))
        try:
            done, _ = await asyncio.wait({task}, timeout=self._patience)
            if not done:
                progress.impatient()
            return await task
        finally:
            task.cancel()

    async def form(self, invocation: Invocation) -> Form | UserError:
        """Return the form that is asked for, else what to tell the person, who waits for nothing else."""
        try:
            async with self._lanes.turn(invocation.actor.id):
                form = await self._handler.form(invocation, _silent)
        except UserError as error:
            return error
        except ClewError as error:
            return UserError(str(error), error.detail if isinstance(error, ServiceError) else "")
        except Exception:
            log.exception("a form could not be built")
            return UserError(problems.FAULT)
        return form or UserError(problems.NO_FORM, problems.NO_FORM_HINT)

    async def in_turn(self, invocation: Invocation, report: Report, afresh: Afresh | None = None) -> Reply:
        """Return the answer of the core, worked on when it is the person's turn; `afresh`: see `Handler.handle`."""
        verb = self._handler.verb_of(invocation)
        long = verb is not None and verb.long
        async with self._lanes.turn(invocation.actor.id, report, long=long):
            return await self._handler.handle(invocation, report, afresh)


@asynccontextmanager
async def told_of_a_restart(progress: Progress) -> AsyncIterator[None]:
    """Where what is done inside is cut off, say that it is taken up again; the process does not wait for it long."""
    try:
        yield
    except asyncio.CancelledError:
        with suppress(TimeoutError):
            await asyncio.wait_for(progress.interrupted(), SAY_SO)
        raise


async def _silent(text: str) -> None:
    """Report nothing: the person waits for a form."""
