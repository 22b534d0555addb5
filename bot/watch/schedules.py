"""Launch what is scheduled when it is due, once each time, in the name of who scheduled it; tell its channel of it.

    due --- may it? --- draft, and the time dealt with: one write --- confirmed --- sent --- told
         +-- no: told why; paused where that will not change by itself
    late by more than `GRACE` --- told as missed, not made up for

The draft's id comes from the schedule and the time, and both are kept in one conditional write: so a time becomes one draft,
whatever dies and however many processes look. From there on it is a launch like any other (`bot.actions.confirm`): a
draft that nobody went on with is let go once it is late, and what was confirmed and never sent, or was sent without an
answer, is what `bot.watch.launches` follows. What came of it is told under a key of its own, from what the draft became.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from bot import authorization, launch_rules
from bot.access import TERMINAL, Denied
from bot.actions import confirm, scheduling, send
from bot.actions.kinds import KINDS
from bot.authorization import READ_ONLY, UNTOLD
from bot.cards import Card, Context, Line, Reply, plain
from bot.command import Asked, Services
from bot.each import each
from bot.errors import Forbidden, ServiceError, UserError
from bot.launchers import resolved
from bot.model import LaunchRequest, Run, RunRef
from bot.parsed import ParsedCommand
from bot.platform import Launches, Platform
from bot.ports import report_to_nobody
from bot.quiet import quiet_of
from bot.replies import intents
from bot.replies import scheduling as replies
from bot.replies.confirming import just_confirmed
from bot.state import (
    Actor,
    AuditEntry,
    Intent,
    IntentKind,
    IntentState,
    Invocation,
    NewDelivery,
    Place,
    Schedule,
)
from bot.watch.finish import Render

log = logging.getLogger(__name__)

GRACE = timedelta(minutes=5)  # after a time at which it is still launched: a restart takes less

AskPerson = Callable[[Invocation, Actor], Awaitable[Actor | Denied]]
"""Asks a chat who somebody is now, in the place of an invocation."""


@dataclass(frozen=True, slots=True)
class _No:
    """Why something is not launched; `stays`: that will not change by itself, so its schedule is paused."""

    why: str
    stays: bool = False


@dataclass(frozen=True, slots=True)
class _NotYet:
    """It cannot be told whether it may be launched; `why` is a sentence."""

    why: str


@dataclass(frozen=True, slots=True)
class _Yes:
    """It may be launched, in the name of a person as they are now."""

    request: LaunchRequest
    actor: Actor


_GOES_ON = frozenset({IntentState.DRAFT, IntentState.CONFIRMED, IntentState.POSTING})


class Schedules:
    """Looks when `tick` is called. `services` as they are now; `people` asks each chat who somebody is.

    `renderers` and `on_rows` as for a poller.
    """

    def __init__(
        self,
        services: Callable[[], Services],
        *,
        people: Mapping[str, AskPerson],
        renderers: Mapping[str, Render],
        on_rows: Callable[[], None],
    ) -> None:
        self._services = services
        self._people = people
        self._renderers = renderers
        self._on_rows = on_rows
        self._waits: dict[str, str] = {}  # why what is due is not launched yet, by the id of its draft

    async def tick(self) -> None:
        """Look at every schedule. Raises `StoreError` where they cannot be read."""
        await each(await self._services().store.schedules(), self._look, what="looking at a schedule")

    async def _look(self, schedule: Schedule) -> None:
        services = self._services()
        if not schedule.told:
            await self._go_on(schedule, services)  # the next look sees what is kept by then
            return
        if schedule.paused:
            return
        differs = scheduling.differences(schedule.request, schedule.connection, services)
        if differs:
            await self._suspend(schedule, differs, services)
            return
        now = services.clock.now()
        dues = [*schedule.times.between(schedule.done_until, now, schedule.request.zone)]
        late = [due for due in dues if now - due > GRACE]
        if late:
            await self._missed(schedule, late, services)
        elif dues:
            await self._due(schedule, dues[-1], services)

    # What is due ---------------------------------------------------------------------------------

    async def _due(self, schedule: Schedule, due: datetime, services: Services) -> None:
        """Launch what is due, where it may be launched."""
        key = key_of(schedule, due)
        asked = await self._may(schedule, key, services)
        now = services.clock.now()
        if isinstance(asked, _NotYet):
            self._waits[key] = asked.why
            return
        self._waits.pop(key, None)
        after = replace(schedule, done_until=due, last_due=due, last_intent=None, last="")
        if isinstance(asked, _No):
            await self._refused(schedule, after, due, asked, services)
            return
        intent = Intent(
            id=key, connection=schedule.connection, actor=schedule.actor, channel=schedule.channel, thread=None,
            request=asked.request, subject=asked.request.launcher, state=IntentState.DRAFT, created_at=now,
            preset=schedule.request.preset,
        )  # fmt: skip
        after = replace(after, last_intent=key, told=False)
        if not await services.store.change_schedule(schedule, after, now, draft=intent):
            return
        await self._note(schedule, "due", f"{key}: {_named(schedule)}", services)
        await self._launch(replace(after, version=schedule.version + 1), intent, asked.actor, services)

    async def _may(self, schedule: Schedule, key: str, services: Services) -> _Yes | _No | _NotYet:
        """Ask again, for the person who scheduled it, all that was asked when they did."""
        actor = await self._allowed(schedule, services)
        if not isinstance(actor, Actor):
            return actor
        platform = services.platforms.get(schedule.connection)
        if platform is None or platform.launches is None:
            return _No(replies.gone(schedule.connection), stays=True)
        try:
            return await self._possible(schedule, key, platform, platform.launches, actor, services)
        except Forbidden as error:
            by, of_people = await self._by(schedule, services), error.about == "people"
            why = replies.preset_not_for(by, schedule.request.preset) if of_people else error.problem
            return _No(why, stays=True)
        except UserError as error:
            return _No(f"{error.problem} {error.hint}".strip())
        except ServiceError as error:
            return _NotYet(error.problem)

    async def _possible(
        self,
        schedule: Schedule,
        key: str,
        platform: Platform,
        launches: Launches,
        actor: Actor,
        services: Services,
    ) -> _Yes | _No:
        """Ask what is launched: whether its platform takes it, the settings allow it, and nobody just did it.

        Raises `UserError`, `Forbidden`, `ServiceError`.
        """
        preset, place = schedule.request.preset, Place(channel=schedule.channel)
        scheduling.check_approval(preset, services)
        request = await resolved(replace(schedule.request.launch, key=key), platform)
        launches.parameters(request)
        await launch_rules.check(request, preset, platform, services, actor=actor, place=place)
        name, subject = platform.connection, request.launcher
        same = await confirm.repeated(request, name, services, key=key, subject=subject)
        if same is None:
            return _Yes(request, actor)
        return _No(replies.just_launched(just_confirmed(same, platform, services.clock.now())))

    async def _allowed(self, schedule: Schedule, services: Services) -> Actor | _No | _NotYet:
        """Return who scheduled it as they are now, where they may launch there still."""
        actor, place = await self._person(schedule), Place(channel=schedule.channel)
        found: Actor | Denied = actor
        if isinstance(actor, Actor):
            need = KINDS[IntentKind.LAUNCH].role
            decision = authorization.decide(await services.rules(), actor, place, need=need, changes=True)
            found = decision if isinstance(decision, Denied) else actor
        if isinstance(found, Actor):
            return found
        by = await self._by(schedule, services)
        why = replies.may_not(by, found.rule, found.reason, place.chat.title())
        return _NotYet(why) if found.rule == UNTOLD else _No(why, stays=found.rule != READ_ONLY)

    async def _person(self, schedule: Schedule) -> Actor | Denied:
        """Return who scheduled it as they are now; whoever sits at the terminal is always the same."""
        actor = Actor(id=schedule.actor, principals=schedule.principals)
        if actor.id == TERMINAL:
            return actor
        chat = Place(channel=schedule.channel).chat
        ask = self._people.get(chat)
        if ask is None:
            return Denied("", UNTOLD)
        return await ask(_invocation(schedule, actor), actor)

    async def _launch(self, schedule: Schedule, intent: Intent, actor: Actor, services: Services) -> None:
        """Let a draft go the way of every launch, and tell what came of it."""
        asked = Asked(
            invocation=replace(_invocation(schedule, actor), at=services.clock.now()), command=ParsedCommand(),
            context=Context(), report=report_to_nobody,
        )  # fmt: skip
        reply: Reply | None = None
        why = ""
        try:
            reply = await confirm.go(intent, asked, services)
        except UserError as error:
            why = f"{error.problem} {error.hint}".strip()
        if reply is not None:
            why = replies.answered(await self._by(schedule, services), plain(reply.card.text))
        stands = await services.store.intent(intent.id) or intent
        if stands.state is IntentState.DRAFT:
            await self._let_go(stands, why, services)
        await self._tell(schedule, services, why)

    # What became of it ----------------------------------------------------------------------------

    async def _go_on(self, schedule: Schedule, services: Services) -> None:
        """Go on with what was due before a restart, and tell what came of it."""
        intent = await services.store.intent(schedule.last_intent or "")
        if intent is None or intent.state is not IntentState.DRAFT:
            await self._tell(schedule, services, "")
            return
        due = schedule.last_due or intent.created_at
        if services.clock.now() - due > GRACE:
            await self._let_go(intent, self._waits.get(intent.id, replies.NOT_RUNNING), services)
            await self._tell(schedule, services, "")
            return
        differs = scheduling.differences(schedule.request, schedule.connection, services)
        if stopped := schedule.paused or " ".join(map(plain, differs)):
            await self._let_go(intent, stopped, services)
            await self._tell(schedule, services, "", stays=not schedule.paused)
            return
        asked = await self._may(schedule, intent.id, services)
        if isinstance(asked, _NotYet):
            self._waits[intent.id] = asked.why
        elif isinstance(asked, _No):
            await self._let_go(intent, asked.why, services)
            await self._tell(schedule, services, "", stays=asked.stays)
        elif await services.store.change_schedule(schedule, schedule, services.clock.now()):
            # Nobody paused or removed it while the chat was asked.
            await self._launch(replace(schedule, version=schedule.version + 1), intent, asked.actor, services)

    async def _let_go(self, intent: Intent, why: str, services: Services) -> None:
        now, draft = services.clock.now(), frozenset({IntentState.DRAFT})
        if await services.store.advance(intent.id, draft, IntentState.DECLINED, now, reason=why):
            await send.note(intent, "denied", why, store=services.store, now=now)

    async def _tell(self, schedule: Schedule, services: Services, why: str, *, stays: bool = False) -> None:
        """Tell the channel what came of what was due, once, and say that it was told.

        `why`: what was answered, where it was not launched. Of what was withdrawn `bot.watch.launches` tells. What got no
        answer is told once that is settled: a message that nobody updates does not say that it is being looked for.
        """
        store, now = services.store, services.clock.now()
        intent = await store.intent(schedule.last_intent or "")
        if intent is None or intent.state in _GOES_ON:
            return
        declined = intent.state is IntentState.DECLINED
        last = (intent.reason or why) if declined else ""
        after = replace(schedule, told=True, last=last, paused=last if stays else schedule.paused)
        card = await self._outcome(after, intent, last, services)
        message = await self._message(after, f"schedule:{intent.id}", card, services) if card else None
        if await store.change_schedule(schedule, after, now, message=message):
            self._on_rows()
            if stays:
                await self._note(schedule, "paused", _named(schedule), services)
        elif message is not None and all(
            s.id != schedule.id for s in await store.schedules(schedule.channel)
        ):
            await store.enqueue(
                message, now
            )  # it was removed while this was launched; what was launched is told
            self._on_rows()

    async def _outcome(self, schedule: Schedule, intent: Intent, why: str, services: Services) -> Card | None:
        by = await self._by(schedule, services)
        due = schedule.last_due or intent.created_at
        if intent.state is IntentState.DECLINED:
            return replies.not_launched(schedule, due, by, why)
        if intent.state is IntentState.EXPIRED:
            return None
        outlook = send.outlook_of(intent, services.platforms.get(intent.connection))
        return replies.by_schedule(intents.card(intent, services.clock.now(), outlook), schedule, due, by)

    async def _refused(
        self, schedule: Schedule, after: Schedule, due: datetime, no: _No, services: Services
    ) -> None:
        after = replace(after, last=no.why, paused=no.why if no.stays else "")
        card = replies.not_launched(after, due, await self._by(schedule, services), no.why)
        message = await self._message(after, f"schedule:{key_of(schedule, due)}", card, services)
        if await services.store.change_schedule(schedule, after, services.clock.now(), message=message):
            self._on_rows()
            await self._note(schedule, "denied", f"{_named(schedule)}: {no.why}", services)
            if no.stays:
                await self._note(schedule, "paused", _named(schedule), services)

    async def _missed(self, schedule: Schedule, dues: list[datetime], services: Services) -> None:
        why = self._waits.pop(key_of(schedule, dues[-1]), replies.NOT_RUNNING)
        after = replace(schedule, done_until=dues[-1], last_due=dues[-1], last_intent=None, last=why)
        card = replies.missed(schedule, dues, await self._by(schedule, services), why)
        message = await self._message(schedule, f"schedule:{key_of(schedule, dues[-1])}", card, services)
        if await services.store.change_schedule(schedule, after, services.clock.now(), message=message):
            self._on_rows()
            await self._note(schedule, "missed", f"{_named(schedule)}: {len(dues)} times", services)

    async def _suspend(self, schedule: Schedule, differs: list[Line], services: Services) -> None:
        """Pause what would not launch what was confirmed any more."""
        after = replace(schedule, paused=" ".join(map(plain, differs)))
        card = replies.suspended(after, await self._by(schedule, services), differs)
        key = f"schedule:{schedule.id}:{schedule.version}:paused"
        message = await self._message(after, key, card, services)
        if await services.store.change_schedule(schedule, after, services.clock.now(), message=message):
            self._on_rows()
            await self._note(schedule, "paused", f"{_named(schedule)}: {after.paused}", services)

    # Telling --------------------------------------------------------------------------------------

    async def _by(self, schedule: Schedule, services: Services) -> str:
        return await services.store.name(schedule.actor) or schedule.actor

    async def _message(
        self, schedule: Schedule, key: str, card: Card, services: Services
    ) -> NewDelivery | None:
        """Return a message, held while its channel is quiet; None for a chat that nobody knows of."""
        render = self._renderers.get(Place(channel=schedule.channel).chat)
        if render is None:
            log.warning("no chat posts to %s; it is not told of its schedule", schedule.channel)
            return None
        launch = schedule.request.launch
        about = replace(
            Run.of_id(RunRef(schedule.connection, "")),
            launcher=launch.launcher,
            launcher_key=launch.launcher_key,
        )
        quiet = await quiet_of(services.store, schedule.channel)
        return NewDelivery(
            key=key, channel=schedule.channel, payload=render(card), context=card.context,
            held_until=quiet.until(about, services.clock.now()),
        )  # fmt: skip

    async def _note(self, schedule: Schedule, decision: str, detail: str, services: Services) -> None:
        """Add a line to the audit trail, in the name of who scheduled it."""
        await services.store.audit(
            AuditEntry(
                at=services.clock.now(), actor=schedule.actor, channel=schedule.channel, action="schedule",
                decision=decision, detail=f"{schedule.id}: {detail}",
            )
        )  # fmt: skip


def key_of(schedule: Schedule, due: datetime) -> str:
    """Return the id of the draft that a due time becomes: the same in every process."""
    return sha256(f"{schedule.id} {due.isoformat()}".encode()).hexdigest()[:32]


def _named(schedule: Schedule) -> str:
    return f"{schedule.request.name} {replies.of_request(schedule.request, schedule.times)}"


def _invocation(schedule: Schedule, actor: Actor) -> Invocation:
    """Return what somebody did when they scheduled it: since then, all that a chat knows of them may have changed."""
    return Invocation(
        actor=actor, place=Place(channel=schedule.channel), text="", key=schedule.id, at=schedule.made_at
    )
