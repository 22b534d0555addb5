"""The way in, the same over a socket and over HTTP: read, keep durably, acknowledge, then work.

It is bolt's first middleware after the check of the signature: it runs before any acknowledgement, and where
keeping fails nothing is acknowledged, so that Slack sends it again. Nothing is left to listeners, so nothing
stays unacknowledged, and bolt's own reading of payloads, which trips over odd ones, does not take place.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.calm import Calm
from adapters.chat.lanes import MOST, Lanes
from adapters.chat.slack import events, metrics
from adapters.chat.slack.events import Self
from adapters.chat.slack.incoming import (
    Challenged,
    HomeOpened,
    Joined,
    Mistaken,
    Nothing,
    Opening,
    Refused,
    Removed,
    Said,
    Suggesting,
    Way,
)
from adapters.chat.slack.markup import Json
from adapters.chat.slack.work import Work
from adapters.chat.tasks import Tasks
from bot.errors import StoreError, UserError
from bot.handler import Handler
from bot.ports import Clock
from bot.replies import load

Next = Callable[[], Awaitable[BoltResponse]]

YIELD = 1.5  # seconds that answering lets keeping go first; Slack waits three for an acknowledgement
PATIENCE = 2.5  # seconds for keeping; Slack waits three


class Intake(AsyncMiddleware):
    """Takes in what Slack sends to one workspace."""

    def __init__(
        self, handler: Handler, work: Work, lanes: Lanes, tasks: Tasks, clock: Clock, *, me: Self
    ) -> None:
        self._handler = handler
        self._work = work
        self._lanes = lanes
        self._tasks = tasks
        self._clock = clock
        self._me = me
        self._keeping: set[asyncio.Task[UserError | None]] = set()
        self._calm = Calm(YIELD)

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Next,  # noqa: A002 - bolt's name
    ) -> BoltResponse:
        """Acknowledge a request. Raises `StoreError` where it could not be kept in time."""
        del resp, next  # nothing comes after this
        start = time.perf_counter()
        response = await self._take(req.body, req.context.ack)
        metrics.ACKED.observe(time.perf_counter() - start)
        return response

    async def _take(self, body: Json, ack: AsyncAck) -> BoltResponse:
        """Act on what came in; what wants an answer with its acknowledgement gets it."""
        match events.read(body, self._me, self._clock.now(), self._handler.services.secrets):
            case Said() as said:
                refusal = await self._keep(said)
                if refusal is not None and said.way is Way.COMMAND:
                    return await ack(text=f"{refusal.problem} {refusal.hint}")
            case Suggesting() as suggesting:
                return await ack(**await self._work.suggest(suggesting))
            case Mistaken(errors=errors):
                return await ack(response_action="errors", errors=dict(errors))
            case Challenged(challenge=challenge):
                return BoltResponse(status=200, body={"challenge": challenge})
            case Refused(sentence=sentence) as refused if "command" in body:
                self._start(replace(refused, response_url=None))
                return await ack(text=sentence)
            case other:
                self._start(other)
        return await ack()

    def _start(self, incoming: Opening | HomeOpened | Removed | Joined | Refused | Nothing) -> None:
        """Start what is not kept: it is worth nothing when it comes late."""
        match incoming:
            case Opening(invocation=invocation) if self._lanes.is_full(invocation.actor.id):
                self._tasks.start(self._work.left_out(Said(invocation=invocation, way=Way.BUTTON)))
            case Opening(invocation=invocation) as opening:
                self._lanes.start(invocation.actor.id, self._work.opening(opening))
            case HomeOpened(actor=actor) as opened if not self._lanes.is_full(actor.id):
                self._lanes.start(actor.id, self._work.home(opened))
            case Removed():
                self._tasks.start(self._work.removed())
            case Joined(channel=channel):
                self._tasks.start(self._handler.access_restored(channel))
            case Refused() as refused:
                self._tasks.start(self._work.refuse(refused))
            case _:
                pass

    async def _keep(self, said: Said) -> UserError | None:
        """Keep what was said and start the work; a slow database leaves it to Slack to send it again.

        Returns why it is left out, where too much of the person's is under way.
        Keeping goes on even then: should it succeed late, the work is done, and the repetition is known.
        """
        task = asyncio.create_task(self._kept(said))
        self._keeping.add(task)
        task.add_done_callback(self._keeping.discard)
        done, _ = await asyncio.wait({task}, timeout=PATIENCE)
        if not done:
            metrics.UNSTORED.inc()
            task.add_done_callback(_seen)
            raise StoreError("The database took too long to keep a command.")
        return await task

    async def _kept(self, said: Said) -> UserError | None:
        try:
            with self._calm.urgent():
                new = await self._handler.accept(said.invocation)
        except StoreError:
            metrics.UNSTORED.inc()
            raise
        if not new:
            metrics.REPEATED.inc()
            return None
        metrics.SAID.labels(said.way).inc()
        person = said.invocation.actor.id
        if self._lanes.is_full(person):
            self._tasks.start(self._work.left_out(said))
            return load.too_many(MOST)
        self._lanes.start(person, self._answer(said))
        return None

    async def _answer(self, said: Said) -> None:
        """Answer when no command waits to be kept."""
        await self._calm.wait()
        await self._work.said(said)


def bolt_app(intake: Intake, *, me: Self, api_url: str, signing_secret: str, bot_token: str) -> AsyncApp:
    """Build the bolt app around the intake; it never asks Slack who it is, and holds no token itself."""
    installed = AuthorizeResult(
        enterprise_id=None, team_id=me.team, bot_token=bot_token, bot_id=me.bot, bot_user_id=me.user
    )

    async def authorize(**_: Any) -> AuthorizeResult:
        return installed

    return AsyncApp(
        name="clew",
        logger=_quiet_logger(),
        client=AsyncWebClient(base_url=api_url, retry_handlers=[]),
        authorize=authorize,
        signing_secret=signing_secret,
        process_before_response=True,
        before_authorize=intake,
        ssl_check_enabled=False,  # it is answered unsigned
    )


def _quiet_logger() -> logging.Logger:
    """Return bolt's logger without its advice: it sees SLACK_BOT_TOKEN in the environment and warns of it."""
    logger = logging.getLogger("adapters.chat.slack.bolt")
    logger.setLevel(logging.ERROR)
    return logger


def _seen(task: asyncio.Task[UserError | None]) -> None:
    """Take note of a late failure; it was counted already."""
    if not task.cancelled():
        task.exception()
