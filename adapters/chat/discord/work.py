"""What is done once something came in: tell Discord at once, then answer, open a form, or offer what fits."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from functools import partial

from adapters.chat.answering import PATIENCE, Answering, told_of_a_restart
from adapters.chat.delivering import RESUMED, too_old
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
from adapters.chat.lanes import MOST, Lanes
from adapters.chat.resuming import shown_before
from adapters.lanes import acting
from bot.cards import Card, Reply
from bot.commands import fields
from bot.commands.registry import VERBS
from bot.errors import ClewError, UserError
from bot.handler import Handler
from bot.replies import load, problems
from bot.state import Invocation, MessageRef
from bot.suggest import Limits

log = logging.getLogger(__name__)

FIRST_WORD = 2.9  # seconds that Discord waits, less a little
FORM = 2.0  # seconds for preparing a form, which has to be the first word
SUGGESTIONS = Limits(count=25, label=100, text=100, echo=True)
TOO_LATE = "Preparing the form took longer than Discord waits. Try once more."

_KINDS = {
    Told.PUBLIC: (DEFERRED_MESSAGE, None),
    Told.PRIVATE: (DEFERRED_MESSAGE, {"flags": EPHEMERAL}),
    Told.UPDATE: (DEFERRED_UPDATE, None),
}


class Work:
    """Acts on what came in, through the one door of the core."""

    def __init__(
        self,
        handler: Handler,
        stage: Stage,
        lanes: Lanes,
        *,
        patience: float = PATIENCE,
    ) -> None:
        self._handler = handler
        self._stage = stage
        self._lanes = lanes
        self._answering = Answering(handler, lanes, patience=patience)

    async def acknowledge(self, said: Said) -> Told:
        """Tell Discord that an answer comes; return what it knows, nothing where that came too late."""
        told = first_word(said, private=self._answering.is_private(said.invocation))
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
            await self._handler.services.store.finish(ids.CHAT, invocation.key)
            return
        await self._answer(said, Told.NOTHING, await shown_before(self._stage.sender, invocation))

    async def opening(self, opening: Opening) -> None:
        """Show a form, which has to be the first word, so it is prepared in the time that Discord waits."""
        try:
            async with asyncio.timeout(FORM):
                form = await self._answering.form(opening.invocation)
        except TimeoutError:
            form = UserError(TOO_LATE)
        if isinstance(form, UserError):
            await self._say(opening.ticket, problems.mistake(form).card)
        else:
            await self._first(opening.ticket, MODAL, forms.modal(form))

    async def suggest(self, suggesting: Suggesting) -> None:
        """Offer what fits."""
        with acting(suggesting.typing.actor.id):
            found = await self._handler.suggest(suggesting.typing, SUGGESTIONS)
        choices = [{"name": s.label, "value": s.text} for s in found]
        await self._first(suggesting.ticket, CHOICES, {"choices": choices})

    async def refuse(self, refused: Refused) -> None:
        """Say why nothing is done; who is not served stands in the audit trail, but not for every letter typed."""
        if refused.ticket is not None and refused.suggesting:
            await self._first(refused.ticket, CHOICES, {"choices": []})
            return
        if refused.ticket is not None:
            await self._say(refused.ticket, problems.mistake(UserError(refused.sentence)).card)
        if refused.actor is not None and refused.place is not None:
            await self._handler.refused(refused.actor, refused.place, "server")

    async def fail(self, said: Said, told: Told, error: ClewError) -> None:
        """Say that a command could not be kept; nothing of it is done."""
        await Screen(self._stage, said, told, private=True).show(problems.failure(error))

    async def left_out(self, said: Said, told: Told) -> None:
        """Say that so many commands of this person are under way that no more are accepted."""
        reply = problems.mistake(load.too_many(MOST))
        screen = Screen(self._stage, said, told, private=True)
        if said.ticket is not None:
            await screen.show(reply)
        else:
            await self._lanes.refuse(said.invocation.actor.id, lambda: screen.show(reply))
        await self._handler.answered(said.invocation, reply, None)

    async def _answer(self, said: Said, told: Told, note: MessageRef | None) -> None:
        private = self._answering.is_private(said.invocation)
        screen = Screen(self._stage, said, told, private=private, note=note)
        async with told_of_a_restart(screen):
            await self._answer_on(screen, said)

    async def _answer_on(self, screen: Screen, said: Said) -> None:
        channel = said.invocation.place.channel
        shared = await self._stage.sender.is_shared(channel)
        invocation = replace(said.invocation, place=replace(said.invocation.place, shared=shared))
        afresh = partial(self._stage.people.afresh, invocation)
        clean = replace(said, invocation=self._handler.clean(invocation))
        reply = _mistaken(clean) or await self._answering.reply(invocation, screen, afresh)
        if said.way is Way.FORM and reply.failed:
            reply = fields.correctable(reply, clean.invocation)
        message = await screen.show(reply)
        took = self._stage.clock.now() - said.invocation.at
        metrics.ANSWERED.observe(max(0.0, took.total_seconds()))
        await self._handler.answered(invocation, reply, message)

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


def _mistaken(said: Said) -> Reply | None:
    """Say at once what is wrong with the fields of a form: Discord shows no errors beside them."""
    verb = VERBS.get(said.invocation.text) if said.way is Way.FORM else None
    wrong = fields.problems(verb, said.invocation.values) if verb else ()
    return problems.mistake(UserError(" ".join(wrong))) if wrong else None
