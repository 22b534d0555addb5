"""What is done once something came in: tell Discord at once, then answer, open a form, or offer what fits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import replace
from functools import partial
from typing import Any

from adapters.chat.delivering import RESUMED, post_key, too_old
from adapters.chat.discord import forms, ids, metrics, outcomes, render
from adapters.chat.discord.calls import (
    CHOICES,
    DEFERRED_MESSAGE,
    DEFERRED_UPDATE,
    EPHEMERAL,
    MESSAGE,
    MODAL,
)
from adapters.chat.discord.incoming import Opening, Refused, Said, Suggesting, Ticket, Way
from adapters.chat.discord.markup import Json
from adapters.chat.discord.screen import Screen, Stage, Told, first_word
from adapters.chat.discord.suggest import Suggestions
from bot.cards import Card, Reply
from bot.commands import fields
from bot.commands.registry import VERBS
from bot.errors import ClewError, ServiceError, UserError
from bot.handler import Handler
from bot.ports import Found
from bot.replies import problems
from bot.state import Invocation, MessageRef

log = logging.getLogger(__name__)

PATIENCE = 1.0  # seconds before a note says that work goes on
SAY_SO = 2.0  # seconds for saying that a restart came between
FIRST_WORD = 2.9  # seconds that Discord waits, less a little
FORM = 2.0  # seconds for preparing a form, which has to be the first word
TOO_LATE = "Preparing the form took longer than Discord waits. Try once more."
NO_FORM = "There is no form for that. Say it with /clew instead."
FAULT = "That did not work because of a fault in Clew. It was written to Clew's log."

_KINDS = {
    Told.PUBLIC: (DEFERRED_MESSAGE, None),
    Told.PRIVATE: (DEFERRED_MESSAGE, {"flags": EPHEMERAL}),
    Told.UPDATE: (DEFERRED_UPDATE, None),
}


class Work:
    """Acts on what came in, through the one door of the core."""

    def __init__(
        self, handler: Handler, stage: Stage, suggestions: Suggestions, *, patience: float = PATIENCE
    ) -> None:
        self._handler = handler
        self._stage = stage
        self._suggestions = suggestions
        self._patience = patience

    async def acknowledge(self, said: Said) -> Told:
        """Tell Discord that an answer comes; return what it knows, nothing where that came too late."""
        told = first_word(said, private=self.is_private(said.invocation))
        if said.ticket is None or told is Told.NOTHING:
            return Told.NOTHING
        kind, data = _KINDS[told]
        error = await self._first(said.ticket, kind, data)
        if error and outcomes.code(error) == outcomes.UNKNOWN_INTERACTION:
            metrics.LATE.inc()
            return Told.NOTHING
        return told

    async def said(self, said: Said, told: Told) -> None:
        """Answer, and say in the end that it was answered."""
        await self._answer(said, told, None)

    async def resume(self, invocation: Invocation) -> None:
        """Answer what a restart cut off; an answer that is there already is completed, not doubled."""
        said = Said(invocation=invocation, way=Way.COMMAND)
        if self._stage.clock.now() - invocation.at > RESUMED:
            await Screen(self._stage, said, Told.NOTHING, private=True).show(too_old(invocation))
            await self._handler.desk.store.finish(ids.CHAT, invocation.key)
            return
        place = invocation.place
        seen = await self._stage.sender.find_posted(
            place.channel, place.thread, post_key(invocation.key), invocation.at
        )
        note = None
        if isinstance(seen, Found):
            note = MessageRef(channel=place.channel, message_id=seen.message_id, thread=place.thread)
        await self._answer(said, Told.NOTHING, note)

    async def opening(self, opening: Opening) -> None:
        """Show a form, which has to be the first word, so it is prepared in the time that Discord waits."""
        try:
            async with asyncio.timeout(FORM):
                form = await self._handler.form(opening.invocation, _silent)
        except TimeoutError:
            reply = problems.mistake(UserError(TOO_LATE))
        except UserError as error:
            reply = problems.mistake(error)
        except ClewError as error:
            reply = problems.mistake(
                UserError(str(error), error.detail if isinstance(error, ServiceError) else "")
            )
        except Exception:
            log.exception("a form could not be built")
            reply = problems.mistake(UserError(FAULT))
        else:
            if form is not None:
                await self._first(opening.ticket, MODAL, forms.modal(form))
                return
            reply = problems.mistake(UserError(NO_FORM))
        await self._say(opening.ticket, reply.card)

    async def suggest(self, suggesting: Suggesting) -> None:
        """Offer what fits."""
        choices = await self._suggestions.offer(suggesting)
        await self._first(suggesting.ticket, CHOICES, {"choices": choices})

    async def refuse(self, refused: Refused) -> None:
        """Say why nothing is done; who is not served stands in the audit trail, but not for every letter typed."""
        if refused.ticket is not None and refused.suggesting:
            await self._first(refused.ticket, CHOICES, {"choices": []})
            return
        if refused.ticket is not None:
            await self._say(refused.ticket, problems.mistake(UserError(refused.sentence)).card)
        if refused.actor is not None and refused.place is not None:
            await self._handler.turned_away(refused.actor, refused.place, "server")

    async def fail(self, said: Said, told: Told, error: ClewError) -> None:
        """Say that a command could not be kept; nothing of it is done."""
        await Screen(self._stage, said, told, private=True).show(problems.failure(error))

    def is_private(self, invocation: Invocation) -> bool:
        """Whether the verb that is said answers the person alone."""
        first = invocation.words.split(None, 1)[:1]
        verb = self._handler.verbs.get(first[0].lower()) if first else None
        return verb is not None and verb.private

    async def _answer(self, said: Said, told: Told, note: MessageRef | None) -> None:
        private = self.is_private(said.invocation)
        screen = Screen(self._stage, said, told, private=private, note=note)
        try:
            await self._answer_on(screen, said)
        except asyncio.CancelledError:
            await asyncio.wait_for(screen.interrupted(), SAY_SO)
            raise

    async def _answer_on(self, screen: Screen, said: Said) -> None:
        channel = said.invocation.place.channel
        shared = await self._stage.sender.is_shared(channel)
        invocation = replace(said.invocation, place=replace(said.invocation.place, shared=shared))
        afresh = partial(self._stage.people.afresh, invocation)
        clean = replace(said, invocation=self._handler.clean(invocation))
        reply = _mistaken(clean) or await self._patiently(
            self._handler.handle(invocation, screen.report, afresh), screen
        )
        if said.way is Way.FORM and reply.failed:
            reply = fields.correctable(reply, clean.invocation)
        message = await screen.show(reply)
        took = self._stage.clock.now() - said.invocation.at
        metrics.ANSWERED.observe(max(0.0, took.total_seconds()))
        await self._handler.answered(invocation, reply, message)

    async def _patiently(self, handling: Coroutine[Any, Any, Reply], screen: Screen) -> Reply:
        """Wait for the reply; where it takes long, let the screen say so."""
        task: asyncio.Task[Reply] = asyncio.ensure_future(handling)
        try:
            done, _ = await asyncio.wait({task}, timeout=self._patience)
            if not done:
                screen.impatient()
            return await task
        finally:
            task.cancel()

    async def _first(self, ticket: Ticket, kind: int, data: Json | None) -> Exception | None:
        """Give the one first response; return what went wrong, which the person sees as silence at worst."""
        try:
            async with asyncio.timeout(FIRST_WORD):
                await self._stage.calls.answer(ticket, kind, data)
        except Exception as error:  # noqa: BLE001 - there is nobody else to tell
            if outcomes.code(error) != outcomes.ALREADY_ANSWERED:
                log.warning("an interaction could not be answered: %s", outcomes.named(error))
            return error
        return None

    async def _say(self, ticket: Ticket, card: Card) -> None:
        body, _ = await self._stage.sender.prepared(render.message(card))
        await self._first(ticket, MESSAGE, body | {"flags": EPHEMERAL})


async def _silent(text: str) -> None:
    """Report nothing: the person waits for a form."""


def _mistaken(said: Said) -> Reply | None:
    """Say at once what is wrong with the fields of a form: Discord shows no errors beside them."""
    verb = VERBS.get(said.invocation.words) if said.way is Way.FORM else None
    wrong = fields.problems(verb, said.invocation.values) if verb else ()
    return problems.mistake(UserError(" ".join(wrong))) if wrong else None
