"""What comes in from Slack, acknowledged, the same over a socket and over HTTP.

It is bolt's first middleware after the check of the signature. Where a command is not accepted nothing is acknowledged,
so that Slack sends it again. Nothing is left to listeners, so nothing stays unacknowledged, and bolt's own reading of
payloads, which trips over odd ones, does not take place.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.conversation import Conversation
from adapters.chat.delivery import to_person
from adapters.chat.slack import events, forms, home, ids, outcomes, render, unfurl
from adapters.chat.slack.events import (
    Autocomplete,
    Challenged,
    HomeOpened,
    Incoming,
    Interaction,
    InvalidForm,
    Joined,
    LinksShared,
    NotServed,
    Picked,
    Removed,
    Self,
)
from adapters.chat.slack.markup import Json
from adapters.chat.slack.surface import SlackSurface
from adapters.chat.slack.typed import unescape
from adapters.chat.surface import Inbound, Kind
from bot.cache import Bounded
from bot.cards import Card
from bot.errors import UserError
from bot.model import Secret
from bot.ports import Clock, Halted
from bot.replies import problems
from bot.state import Actor, Place
from bot.suggest import Typing

FORMS = 1000  # open forms in which something was chosen
SHARED = 1000  # events about links that are remembered: Slack sends one again within minutes

Next = Callable[[], Awaitable[BoltResponse]]


@dataclass(kw_only=True, eq=False)
class Receiver(AsyncMiddleware):
    """Takes in what Slack sends to one workspace. `unfurls`: links that people share are answered too."""

    conversation: Conversation[Interaction]
    surface: SlackSurface
    client: AsyncWebClient
    clock: Clock
    me: Self
    unfurls: bool = False
    _shared: Bounded[str, bool] = field(default_factory=lambda: Bounded(SHARED))
    _picked: Bounded[str, str] = field(default_factory=lambda: Bounded(FORMS))  # the last choice, by form

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Next,  # noqa: A002 - bolt's name
    ) -> BoltResponse:
        """Act on a request and acknowledge it, with the answer that it wants there. Raises `StoreError` where it was not accepted in time."""
        del resp, next  # nothing comes after this
        body, ack = req.body, req.context.ack
        match events.read(body, self.me, self.clock.now(), self.conversation.handler.field_problem):
            case Inbound(kind=Kind.REPLY) as reply if not await self._is_ours(reply):
                pass
            case Inbound() as inbound:
                refusal = (await self.conversation.receive(inbound)).refusal
                if refusal is not None and inbound.shown_by_receipt:
                    return await ack(text=f"{refusal.problem} {refusal.hint}")
            case Autocomplete() as autocomplete:
                return await ack(**await self._suggest(autocomplete))
            case InvalidForm(errors=errors):
                return await ack(response_action="errors", errors=dict(errors))
            case Challenged(challenge=challenge):
                return BoltResponse(status=200, body={"challenge": challenge})
            case NotServed(sentence=sentence) as refused if "command" in body:
                self._start(replace(refused, response_url=None))
                return await ack(text=sentence)
            case other:
                self._start(other)
        return await ack()

    async def _is_ours(self, reply: Inbound[Interaction]) -> bool:
        """Whether a reply stands in a thread about a run; in any other nobody speaks to us."""
        return await self.conversation.handler.speaks_of_run(reply.invocation.place)

    def _start(self, incoming: Incoming) -> None:
        """Start what is not accepted into the inbox: it is worth nothing when it comes late."""
        match incoming:
            case HomeOpened(actor=actor):
                self.conversation.start_for(actor.id, self._show_home(actor))
            case Picked(asked=asked) as picked:
                self.conversation.start_for(asked.invocation.actor.id, self._fill_anew(picked))
            case Removed():
                self.conversation.start(self._removed())
            case LinksShared(invocation=invocation) as shared if self.unfurls:
                if self._shared.get(invocation.key) is None:
                    self._shared.put(invocation.key, True)
                    self.conversation.start_for(invocation.actor.id, self._unfurl(shared))
            case Joined(channel=channel):
                self.conversation.start(self.conversation.handler.access_restored(channel))
            case NotServed() as refused:
                self.conversation.start(self._turn_away(refused))

    async def _turn_away(self, refused: NotServed) -> None:
        """Tell somebody of another workspace, unseen by others, that nothing is done for them, and note it."""
        await self.conversation.handler.refused(refused.actor, refused.place, "workspace")
        url, card = refused.response_url, problems.denied(refused.sentence).card
        if url is not None:
            message = render.message(card)
            await to_person(self.clock, lambda: self.surface.responses.send(url, message))

    async def _unfurl(self, shared: LinksShared) -> None:
        """Show cards beside the links that lead to reports; beside others nothing, and nobody is told why."""
        try:
            invocation = await self.surface.people.complete(shared.invocation)
        except UserError:
            return
        unfurls: Json = {}
        for link in shared.links:
            card = await self.conversation.preview(invocation, Secret(unescape(link.reveal())))
            if card is not None:
                unfurls[link.reveal()] = {"blocks": unfurl.blocks(card)}
        if unfurls:
            await self.surface.chat.unfurl(invocation.place.channel, shared.message, unfurls)

    async def _removed(self) -> None:
        """Stop where Slack does not know our token any more; another token of the app may have been meant."""
        try:
            await self.client.auth_test()
        except Exception as error:  # noqa: BLE001 - the table decides what any error means
            outcome = outcomes.classify(error, self.clock.now())
            if isinstance(outcome, Halted):
                self.surface.chat.halt(outcome.reason)

    async def _show_home(self, actor: Actor) -> None:
        """Show the app's home to somebody."""
        user = ids.last(actor.id)
        try:
            known = await self.surface.people.actor(actor)
        except UserError as error:
            await self.conversation.handler.refused(actor, Place(channel=actor.id), "account", action="home")
            cards: tuple[Card, ...] = (problems.denied(error.problem).card,)
        else:
            cards = await self.conversation.home(known, lambda: home.channels(self.client, user))
        await self.client.views_publish(user_id=user, view=home.view(cards))

    async def _fill_anew(self, picked: Picked) -> None:
        """Show in a form what belongs to what was just chosen in it; where that cannot be told it stays as it is."""
        view_id = str(picked.view.get("id"))
        self._picked.put(view_id, picked.mark)
        form = await self.conversation.form_again(picked.asked, forms.untouched(picked.view))
        if form is not None and self._picked.get(view_id) == picked.mark:  # nothing was chosen since
            await self.surface.fill_anew(view_id, picked.view, forms.again(form, picked.view, picked.mark))

    async def _suggest(self, autocomplete: Autocomplete) -> Json:
        """Suggest what fits into a field of a form."""
        try:
            actor = await self.surface.people.actor(autocomplete.actor)
        except UserError:
            return forms.options(())
        typing = Typing(
            actor=actor,
            place=Place(channel=actor.id),
            typed=autocomplete.typed,
            parameter=autocomplete.parameter,
            verb=autocomplete.verb,
            given=autocomplete.given,
        )
        return forms.options(await self.conversation.suggest(typing, forms.SUGGESTIONS))


def bolt_app(receiver: Receiver, *, me: Self, api_url: str, signing_secret: str, bot_token: str) -> AsyncApp:
    """Build the bolt app around the receiver; it never asks Slack who it is, and holds no token itself."""
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
        before_authorize=receiver,
        ssl_check_enabled=False,  # it is answered unsigned
    )


def _quiet_logger() -> logging.Logger:
    """Return bolt's logger without its advice: it sees SLACK_BOT_TOKEN in the environment and warns of it."""
    logger = logging.getLogger("adapters.chat.slack.bolt")
    logger.setLevel(logging.ERROR)
    return logger
