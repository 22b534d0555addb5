"""What is done after a request was acknowledged: answer, open a form, fill the home, offer launchers."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace

from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.answering import PATIENCE, Answering, told_of_a_restart
from adapters.chat.delivering import RESUMED, to_one, too_old
from adapters.chat.lanes import MOST, Lanes
from adapters.chat.resuming import shown_before
from adapters.chat.slack import forms, home, ids, metrics, outcomes, render
from adapters.chat.slack.incoming import HomeOpened, Opening, Refused, Said, Suggesting, Way
from adapters.chat.slack.markup import Json
from adapters.chat.slack.screen import Screen, Stage
from bot import access
from bot.access import Role
from bot.cards import Form, Reply
from bot.commands.fields import correctable
from bot.errors import UserError
from bot.handler import Handler
from bot.ports import Halted
from bot.replies import load, problems
from bot.state import Invocation, MessageRef, Place

log = logging.getLogger(__name__)

OPEN_ALREADY, CLOSED = "exchanged_trigger_id", "not_found"  # what Slack says of a view
TOO_LATE = "Slack gave too little time to open the form. Press the button once more."


class Work:
    """Acts on what came in, through the one door of the core."""

    def __init__(
        self,
        handler: Handler,
        stage: Stage,
        client: AsyncWebClient,
        lanes: Lanes,
        *,
        patience: float = PATIENCE,
    ) -> None:
        self._handler = handler
        self._stage = stage
        self._client = client
        self._lanes = lanes
        self._answering = Answering(handler, lanes, patience=patience)

    async def said(self, said: Said) -> None:
        """Answer, and say in the end that it was answered."""
        await self._answer(said, None)

    async def left_out(self, said: Said) -> None:
        """Say that so many commands of this person are under way that no more are accepted.

        Who used a slash command was told with its acknowledgement.
        """
        reply = problems.mistake(load.too_many(MOST))
        if said.way is not Way.COMMAND:
            screen = Screen(self._stage, said, private=True)
            await self._lanes.refuse(said.invocation.actor.id, lambda: screen.show(reply))
        await self._handler.answered(said.invocation, reply, None)

    async def resume(self, invocation: Invocation) -> None:
        """Answer what a restart cut off; an answer that is there already is completed, not doubled."""
        said = Said(invocation=invocation, way=Way.COMMAND)
        if self._stage.clock.now() - invocation.at > RESUMED:
            await self._settle(said, too_old(invocation))
            return
        with suppress(UserError):  # who is not known any more is answered as such
            invocation = await self._stage.people.complete(invocation)
            said = replace(said, invocation=invocation)
        await self._answer(said, await shown_before(self._stage.sender, invocation))

    async def opening(self, opening: Opening) -> None:
        """Open a view at once, then put the form into it: a trigger lives three seconds."""
        verb = opening.invocation.text.split(None, 1)[0][:40]
        title = verb.capitalize()
        try:
            opened = await self._client.views_open(trigger_id=opening.trigger_id, view=forms.waiting(title))
        except Exception as error:  # noqa: BLE001 - the person is told whatever the reason
            if outcomes.code(error) == OPEN_ALREADY:  # the press came twice
                return
            log.warning("a form was not opened: %s", outcomes.code(error) or type(error).__name__)
            said = Said(invocation=opening.invocation, way=Way.BUTTON)
            await Screen(self._stage, said, private=True).show(problems.mistake(UserError(TOO_LATE)))
            return
        view = await self._form_view(opening, title)
        await self._fill(opened["view"]["id"], view, title)

    async def _fill(self, view_id: str, view: Json, title: str) -> None:
        """Put the form into the view that is open; where Slack does not take it, say so there."""
        for shown in (view, forms.problem(title, (problems.FAULT,))):
            try:
                await self._client.views_update(view_id=view_id, view=shown)
            except Exception as error:  # noqa: BLE001 - a person who closed it needs nothing more
                log.warning("a form was not shown: %s", outcomes.code(error) or type(error).__name__)
                if outcomes.code(error) == CLOSED:
                    return
            else:
                return

    async def home(self, opened: HomeOpened) -> None:
        """Show the app's home to somebody."""
        user = ids.last(opened.actor.id)
        async with self._lanes.turn(opened.actor.id):
            view = await home.view(self._handler, self._client, self._stage, opened.actor)
        await self._client.views_publish(user_id=user, view=view)

    async def suggest(self, suggesting: Suggesting) -> Json:
        """Offer the launchers of runs seen and of the settings, to those who may read."""
        try:
            actor = await self._stage.people.actor(suggesting.actor)
        except UserError:
            return {"options": []}
        services = self._handler.services
        nowhere = Place(channel=actor.id)
        decision = access.decide(services.policy, actor, nowhere, need=Role.READ, changes=False)
        if isinstance(decision, access.Denied):
            return {"options": []}
        known: list[str] = []
        for connection in services.platforms:
            known += services.launchers.get(connection, ())
            known += await services.store.launchers(connection)
        return forms.options(tuple(dict.fromkeys(known)), suggesting.typed)

    async def removed(self) -> None:
        """Stop where Slack does not know our token any more; another token of the app may have been meant."""
        try:
            await self._client.auth_test()
        except Exception as error:  # noqa: BLE001 - the table decides what any error means
            outcome = outcomes.classify(error, self._stage.clock.now())
            if isinstance(outcome, Halted):
                self._stage.sender.halt(outcome.reason)

    async def refuse(self, refused: Refused) -> None:
        """Tell somebody of another workspace, privately, that nothing is done for them, and note it."""
        await self._handler.refused(refused.actor, refused.place, "workspace")
        url, card = refused.response_url, problems.denied(refused.sentence).card
        if url is not None:
            message = render.message(card)
            await to_one(self._stage.clock, lambda: self._stage.responses.send(url, message))

    async def _answer(self, said: Said, note: MessageRef | None) -> None:
        screen = Screen(self._stage, said, private=self._answering.is_private(said.invocation), note=note)
        async with told_of_a_restart(screen):
            await self._answer_on(screen, said)

    async def _answer_on(self, screen: Screen, said: Said) -> None:
        try:
            invocation = await self._complete(said.invocation)
        except UserError as error:
            await self._settle(said, problems.mistake(error))
            return
        screen.move(invocation.place)
        reply = await self._answering.reply(invocation, screen, self._stage.people.afresh)
        if said.way is Way.FORM and reply.failed:
            reply = correctable(reply, self._handler.clean(invocation))
        if reply.card.form is not None and await self._opened(reply.card.form, said, invocation):
            message = None
        else:
            message = await screen.show(reply)
        took = self._stage.clock.now() - said.invocation.at
        metrics.ANSWERED.observe(max(0.0, took.total_seconds()))
        await self._handler.answered(invocation, reply, message)

    async def _complete(self, invocation: Invocation) -> Invocation:
        """Find out who and where it is. Raises `UserError` for an account that is nobody's, and notes it."""
        try:
            return await self._stage.people.complete(invocation)
        except UserError:
            await self._handler.refused(invocation.actor, invocation.place, "account")
            raise

    async def _settle(self, said: Said, reply: Reply) -> None:
        """Answer without asking the core."""
        await Screen(self._stage, said, private=True).show(reply)
        await self._handler.answered(said.invocation, reply, None)

    async def _opened(self, form: Form, said: Said, invocation: Invocation) -> bool:
        """Open a form that a verb answers with; False where Slack's time for it is over."""
        if said.trigger_id is None:
            return False
        view = forms.modal(form, invocation, channel=ids.last(invocation.place.channel))
        try:
            await self._client.views_open(trigger_id=said.trigger_id, view=view)
        except Exception as error:  # noqa: BLE001 - the card with a button for the form is shown instead
            log.info("a form was not opened: %s", outcomes.code(error) or type(error).__name__)
            return False
        return True

    async def _form_view(self, opening: Opening, title: str) -> Json:
        try:
            invocation = await self._complete(opening.invocation)
        except UserError as error:
            return forms.problem(title, (error.problem, error.hint))
        form = await self._answering.form(invocation)
        if isinstance(form, UserError):
            return forms.problem(title, (form.problem, form.hint))
        channel = ids.last(invocation.place.channel) if opening.placed else ""
        return forms.modal(form, invocation, channel=channel)
