"""What Slack answers to the engine: it sends again what is not acknowledged, and shows each thing in a way of its own.

A form opens within three seconds of what asked for it, so a view is opened at once and filled later. What one person
alone sees goes by the `response_url` that Slack gave, else by an ephemeral message. No file can be sent along with a
message, so files follow it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace

from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.delivery import is_shown, to_person
from adapters.chat.slack import forms, ids, outcomes, render
from adapters.chat.slack.addressees import Addressees, named
from adapters.chat.slack.attached import AttachedFiles
from adapters.chat.slack.events import Command, Interaction
from adapters.chat.slack.files import Files
from adapters.chat.slack.markup import Json
from adapters.chat.slack.people import People
from adapters.chat.slack.responses import Responses
from adapters.chat.slack.sender import Sender
from adapters.chat.slack.status import ThreadStatus
from adapters.chat.surface import Deadlines, FormOrError, Surface
from bot.access import Denied
from bot.cache import Bounded
from bot.cards import Card, Form
from bot.errors import UserError
from bot.grammar import first_verb
from bot.ports import Clock, Delivered, OpenedFile, Post, PostOutcome, Undeliverable
from bot.replies import conversation, problems
from bot.replies.forms import NO_TITLE, TITLES
from bot.state import Actor, Addressee, Invocation, MessageRef

log = logging.getLogger(__name__)

FORMS = 1000  # open forms of which is known how they were shown last
OPEN_ALREADY, CLOSED = "exchanged_trigger_id", "not_found"  # what Slack says of a view


@dataclass(kw_only=True, eq=False)
class SlackSurface(Surface[Interaction]):
    """One workspace. An acknowledgement shows nothing, so nothing stands there while it is worked on."""

    redelivers = True
    uninvited = conversation.NOT_INVITED

    chat: Sender
    client: AsyncWebClient
    clock: Clock
    people: People
    responses: Responses
    files: Files
    status: ThreadStatus
    attached: AttachedFiles
    addressees: Addressees
    reads_files: Callable[[Invocation], bool]
    deadlines: Deadlines
    _hashes: Bounded[str, str] = field(
        default_factory=lambda: Bounded(FORMS)
    )  # of forms that were shown anew

    async def resolve(self, invocation: Invocation) -> Invocation:
        """Ask Slack who it is, who reads the channel, and for files that the event may have left out."""
        if not invocation.attached and self.reads_files(invocation):
            invocation = replace(invocation, attached=await self.attached.missing(invocation))
        return await self.people.complete(invocation)

    def open_file(self, inbound: Command, ref: str) -> AbstractAsyncContextManager[OpenedFile]:
        """Open it where it is shown."""
        return self.attached.open(ref, inbound.invocation)

    async def afresh(self, invocation: Invocation, actor: Actor) -> Actor | Denied:  # noqa: ARG002 - the protocol's
        """Ask Slack who it is now."""
        return await self.people.afresh(actor)

    async def find_addressee(self, invocation: Invocation, typed: str) -> Addressee:
        """Read Slack's markup or an id, and ask Slack about it."""
        return await self.addressees.find(named(typed, invocation.place.channel))

    # While it is worked on -----------------------------------------------------------------------------

    async def defer(self, inbound: Command, *, ephemeral: bool) -> Command:
        """Note whether the person alone is answered; it is acknowledged by `receive` returning."""
        return replace(inbound, interaction=replace(_interaction(inbound), private=ephemeral))

    def progress(
        self, inbound: Command, text: str, wanted: Callable[[], bool], instead: Callable[[], None]
    ) -> bool:
        """Show Slack's status where a thread goes on already, and where all who read it are answered.

        Of what is resumed it is not known; a progress message may be there from before.
        """
        invocation, interaction = inbound.invocation, inbound.interaction
        if interaction is None or interaction.thread is None or interaction.thread != invocation.place.thread:
            return False
        if interaction.private and not invocation.place.direct:
            return False
        return self.status.show(invocation.key, invocation.place, text, wanted, instead)

    async def interrupted(self, inbound: Command, card: Card) -> bool:
        """Take the status back; that the answer comes later has to be said elsewhere."""
        del card
        await self.status.end(inbound.invocation.key)
        return False

    async def dismiss(self, inbound: Command) -> None:
        """Take the status back."""
        await self.status.end(inbound.invocation.key)

    # The answer ----------------------------------------------------------------------------------------

    async def post(self, inbound: Command, card: Card, key: str) -> PostOutcome:
        """Post a message; the sender sends after it what had no room."""
        place = inbound.invocation.place
        payload = render.render(card, signed=place.direct)
        await self.status.settle(inbound.invocation.key)
        outcome = await self.chat.post(
            Post(channel=place.channel, payload=payload, key=key, thread=place.thread)
        )
        if isinstance(outcome, Delivered):
            self.status.posted(inbound.invocation.key, place)
        return outcome

    async def edit(self, inbound: Command, message: MessageRef, card: Card, key: str) -> PostOutcome:  # noqa: ARG002 - the protocol's
        """Edit a message, which keeps its key; what has no room follows it."""
        outcome = await self.chat.edit(message, card)
        if isinstance(outcome, Delivered) and (overflow := render.message(card).get("overflow")):
            thread = message.thread or message.message_id
            await self.files.send_text(ids.last(message.channel), thread, str(overflow))
        return outcome

    async def delete(self, message: MessageRef) -> None:
        """Take a message back."""
        await self.chat.delete(message)

    async def ephemeral(self, inbound: Command, card: Card, *, replaces: bool = False) -> PostOutcome:
        """Show a card to the person by the way Slack gave, else unseen by others."""
        message = render.message(card, signed=True)
        if replaces:
            return await self._respond(inbound, message, replaces=True)
        outcome = await self._respond(inbound, message)
        if not is_shown(outcome) and not inbound.invocation.place.direct:
            channel, user = inbound.invocation.place.channel, ids.last(inbound.invocation.actor.id)
            thread = _interaction(inbound).thread
            outcome = await to_person(self.clock, lambda: self.chat.ephemeral(channel, thread, user, card))
        if is_shown(outcome):
            await self._overflow_to_person(inbound, message)
        return outcome

    async def direct_channel(self, inbound: Command) -> str | None:
        """Open the conversation with the person."""
        opened = await self.people.conversation(ids.last(inbound.invocation.actor.id))
        channel = inbound.invocation.place.channel
        return channel.removesuffix(ids.last(channel)) + opened if opened else None

    async def finish(self, inbound: Command, card: Card, message: MessageRef | None) -> None:
        """Send the files into the thread of the answer, or to the person where only they see it."""
        await self.status.end(inbound.invocation.key)
        for attachment in card.files:
            place = inbound.invocation.place
            channel, thread = ids.last(place.channel), place.thread
            if message is not None:
                channel, thread = ids.last(message.channel), message.thread or message.message_id
            elif not place.direct:
                channel, thread = await self.people.conversation(ids.last(inbound.invocation.actor.id)), None
            await self.files.send(channel, thread, attachment)

    async def _respond(self, inbound: Command, message: Json, *, replaces: bool = False) -> PostOutcome:
        """Answer by a `response_url`.

        In a thread only where one goes on already: Slack shows nobody an ephemeral message in one that has no replies.
        """
        url = _interaction(inbound).response_url
        if url is None:
            return Undeliverable("Slack gave no way to answer.", channel_lost=False)
        thread = None if replaces else _interaction(inbound).thread
        return await to_person(
            self.clock, lambda: self.responses.send(url, message, thread=thread, replace=replaces)
        )

    async def _overflow_to_person(self, inbound: Command, message: Json) -> None:
        """Send what had no room to the person alone: a file cannot be hidden from others in a channel."""
        overflow = message.get("overflow")
        user = ids.last(inbound.invocation.actor.id)
        if overflow and (conversation := await self.people.conversation(user)):
            await self.files.send_text(conversation, None, str(overflow))

    # Forms ---------------------------------------------------------------------------------------------

    async def open_form(self, inbound: Command, form: FormOrError) -> UserError | None:
        """Open a view at once, then put the form into it: a trigger lives three seconds."""
        interaction = _interaction(inbound)
        title = TITLES.get(first_verb(inbound.invocation.text), NO_TITLE)
        try:
            opened = await self.client.views_open(
                trigger_id=interaction.trigger_id or "", view=forms.waiting(title)
            )
        except Exception as error:  # noqa: BLE001 - the person is told whatever the reason
            if outcomes.code(error) == OPEN_ALREADY:  # the press came twice
                return None
            log.warning("a form was not opened: %s", outcomes.named(error))
            return conversation.form_too_late("Slack")
        channel = ids.last(inbound.invocation.place.channel) if interaction.placed else ""
        prepared = await form()
        if isinstance(prepared, UserError):
            view = forms.problem(title, (prepared.problem, prepared.hint))
        else:
            view = forms.modal(prepared, inbound.invocation, channel=channel)
        await self._fill(opened["view"]["id"], view, title)
        return None

    async def show_form(self, inbound: Command, form: Form) -> bool:
        """Open a form in place of an answer, as long as Slack gives time for it."""
        trigger = _interaction(inbound).trigger_id
        if trigger is None:
            return False
        view = forms.modal(form, inbound.invocation, channel=ids.last(inbound.invocation.place.channel))
        try:
            await self.client.views_open(trigger_id=trigger, view=view)
        except Exception as error:  # noqa: BLE001 - the card with a button for the form is shown instead
            log.info("a form was not opened: %s", outcomes.named(error))
            return False
        return True

    async def fill_anew(self, view_id: str, view: Json, anew: Json) -> None:
        """Show an open form anew, unless it was closed, or is another one by now."""
        seen = self._hashes.get(view_id) or view.get("hash")
        try:
            shown = await self.client.views_update(view_id=view_id, hash=seen, view=anew)
            self._hashes.put(view_id, str(shown["view"]["hash"]))
        except Exception as error:  # noqa: BLE001 - the form is there as it was
            log.info("a form was not filled in anew: %s", outcomes.named(error))

    async def _fill(self, view_id: str, view: Json, title: str) -> None:
        """Put the form into the view that is open; where Slack does not take it, say so there."""
        for shown in (view, forms.problem(title, (problems.FAULT,))):
            try:
                await self.client.views_update(view_id=view_id, view=shown)
            except Exception as error:  # noqa: BLE001 - a person who closed it needs nothing more
                log.warning("a form was not shown: %s", outcomes.named(error))
                if outcomes.code(error) == CLOSED:
                    return
            else:
                return


def _interaction(inbound: Command) -> Interaction:
    """Return what Slack gave along, nothing for what is resumed."""
    return inbound.interaction or Interaction()
