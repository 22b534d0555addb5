"""The life of a command, the same in every chat: accepted once, answered once, within what the chat waits for.

Whatever comes in goes through `Conversation.receive`. It accepts a command into the inbox before anything is done for
it, tells the chat in time that an answer comes, and answers in the person's turn: who and where it is, what the core
says, as a form or a card, to all or to one person. What a process before this one accepted and never answered is
resumed. What differs between chats are answers of `surface.Surface`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Generic, Protocol

from adapters.chat import metrics
from adapters.chat.lanes import MOST, Lanes
from adapters.chat.priority import Priority
from adapters.chat.responder import AskOurs, Responder, TakenAway, always_ours
from adapters.chat.surface import Inbound, Kind, Receipt, Surface, T
from adapters.chat.tasks import Tasks
from adapters.lanes import acting, silent
from bot.cards import Card, Form, Reply
from bot.commands import fields
from bot.errors import ClewError, ServiceError, StoreError, UserError
from bot.handler import Handler
from bot.home import AskChannels
from bot.model import Secret
from bot.ports import Clock
from bot.replies import conversation as sentences
from bot.replies import load, problems
from bot.state import Actor, Invocation, MessageRef, Owner
from bot.suggest import Limits, Suggestion, Typing
from bot.waiting import Backoff

log = logging.getLogger(__name__)

RESUMED = timedelta(minutes=15)  # what is older is not answered after a restart; the person is notified
NOTED_SECONDS = RESUMED.total_seconds()  # for so long it is tried to note that a command was answered
LOOKED_BACK = RESUMED * 8  # older commands were asked so long ago that nobody waits for an answer
GIVE_WAY_SECONDS = 1.5  # that answering gives way to accepting: in a burst all are acknowledged first
LOOK_SECONDS = 4.0  # between two looks for what others left who died meanwhile
RETRY_SECONDS, LONGEST_RETRY_SECONDS = 1.0, 30.0  # until a database that cannot be read is asked again
INTERRUPTED_SECONDS = 2.0  # for saying that a restart came between


class Conversation(Generic[T]):
    """All conversations of one chat; the only one in a process that answers there.

    A command is answered once by construction: the inbox accepts each command once, for this process to answer, and others
    adopt it only when they found this process dead. Before anything is shown, a process that may have been found dead asks
    whether the command is still its own. `handler` is the core, for what is no command.
    """

    def __init__(self, handler: Handler, surface: Surface[T], clock: Clock) -> None:
        self.handler = handler
        self._surface = surface
        self._clock = clock
        self._chat = surface.chat.name
        self._work = Tasks()
        self._lanes = Lanes(self._work)
        self._priority = Priority(GIVE_WAY_SECONDS)
        self._accepting: set[asyncio.Task[bool]] = set()
        # What may have been kept although the database failed, by its key.
        self._doubted: dict[str, tuple[Inbound[T], Owner]] = {}
        self._finding_out: asyncio.Task[None] | None = None
        self._resuming: asyncio.Task[None] | None = None
        self._resuming_later: asyncio.Task[None] | None = None

    # What comes in ---------------------------------------------------------------------------------------

    def begin(self) -> asyncio.Task[None]:
        """Resume what others left unanswered, now and later; the task ends when that has been read once, not answered.

        To be called when answers can be shown.
        """
        if self._resuming is None:
            self._resuming = asyncio.create_task(self._resume_unanswered())
        return self._resuming

    async def receive(self, inbound: Inbound[T]) -> Receipt:
        """Accept a command and begin to answer it; a chat that waits to be acknowledged is when this returns.

        Raises `StoreError` where it was not accepted and the chat sends again what is not acknowledged.
        """
        if inbound.opens_form:
            return self._begin(inbound, self._open_form(inbound))
        start = self._clock.monotonic()
        try:
            with self._priority.urgent():
                return await self._accepted(inbound)
        finally:
            metrics.ACKNOWLEDGED.labels(self._chat).observe(self._clock.monotonic() - start)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something in the background that nobody waits for."""
        self._work.start(work)

    def start_for(self, person: str, work: Coroutine[Any, Any, None]) -> None:
        """Do something for a person that is no command, such as showing a home; not where too much is under way."""
        if self._lanes.is_full(person):
            work.close()
        else:
            self._lanes.start(person, work)

    async def suggest(self, typing: Typing, limits: Limits) -> tuple[Suggestion, ...]:
        """Return what fits where a person is typing; what is read for it counts as theirs."""
        with acting(typing.actor.id):
            return await self.handler.suggest(typing, limits)

    async def home(self, actor: Actor, channels: AskChannels) -> tuple[Card, ...]:
        """Return what a person sees at a glance; it is read in their turn."""
        async with self._lanes.turn(actor.id):
            return await self.handler.home(actor, channels)

    async def preview(self, invocation: Invocation, link: Secret) -> Card | None:
        """Return what to show beside a link that a person shared, None for nothing; it is read in their turn."""
        async with self._lanes.turn(invocation.actor.id):
            return await self.handler.preview(invocation, link)

    async def drain(self, seconds: float) -> int:
        """Finish what is being answered, at most so long; return how much was cut off, to be resumed."""
        return await self._work.drain(seconds)

    async def end(self) -> None:
        """Cut off what still goes on: the connections that it needs are taken away after this."""
        looking = {
            task for task in (self._resuming, self._resuming_later, self._finding_out) if task is not None
        }
        for task in looking:
            task.cancel()
        if looking:
            await asyncio.wait(looking)  # it may be at the database, which is closed after this
        await self._work.end(0)

    # Accepted once -----------------------------------------------------------------------------------------

    async def _accepted(self, inbound: Inbound[T]) -> Receipt:
        """Accept it into the inbox and tell the chat that an answer comes, in the chat's time."""
        deadlines = self._surface.deadlines
        owner = self.handler.owner
        accepting = asyncio.create_task(self._accept(inbound, owner))
        self._accepting.add(accepting)  # the loop itself keeps no hold on a task
        accepting.add_done_callback(self._accepting.discard)
        await asyncio.wait({accepting}, timeout=deadlines.defer)
        repeated = accepting.done() and not accepting.exception() and not accepting.result()
        if not repeated:
            inbound = await self._surface.defer(inbound, ephemeral=self._is_private(inbound))
            await asyncio.wait({accepting}, timeout=deadlines.accept)
        if not accepting.done():
            self._work.start(self._accepted_late(accepting, inbound, owner))
            return await self._not_accepted(inbound, StoreError(sentences.database_slow()))
        if (error := accepting.exception()) is not None:
            return await self._not_accepted(inbound, error)
        if not accepting.result():
            metrics.REPEATED.labels(self._chat).inc()
            return Receipt()
        return self._begin_answer(inbound, owner)

    async def _accept(self, inbound: Inbound[T], owner: Owner) -> bool:
        """Accept it; False where it was accepted before, and is answered by whoever did that. Raises `StoreError`.

        A database may keep a command and break off before it can say so: delivered again it is known then, and nobody
        answers it.
        """
        doubted = self._doubted.pop(inbound.invocation.key, None)  # from here on, this delivery finds out
        try:
            accepted = await self.handler.accept(inbound.invocation, owner)
            return accepted or (
                doubted is not None and await self.handler.has_kept(inbound.invocation, owner)
            )
        except StoreError:
            self._doubted[inbound.invocation.key] = inbound, owner
            if self._finding_out is None or self._finding_out.done():
                self._finding_out = asyncio.create_task(self._find_out())
            raise

    async def _find_out(self) -> None:
        """Ask until it is known which commands were kept after all, also those that are not delivered again."""
        again = Backoff(RETRY_SECONDS, LONGEST_RETRY_SECONDS)
        while self._doubted:
            await self._clock.sleep(again.next())
            try:
                for entry in tuple(self._doubted.values()):
                    await self._settle_doubt(*entry)
            except StoreError as error:
                log.warning("whether a command was kept is not known yet: %s", error)

    async def _settle_doubt(self, inbound: Inbound[T], owner: Owner) -> None:
        key, before = inbound.invocation.key, self._doubted.get(inbound.invocation.key)
        kept = await self.handler.has_kept(inbound.invocation, owner)
        if self._doubted.get(key) is before is not None:  # else it was delivered again meanwhile
            if kept:
                await self._kept_after_all(inbound, owner)
            self._doubted.pop(key, None)

    async def _kept_after_all(self, inbound: Inbound[T], owner: Owner) -> None:
        """Answer what was kept although the chat heard otherwise; but nothing that a person was told is not done."""
        if self._surface.redelivers:
            self._begin_answer(replace(inbound, shown_by_receipt=False), owner)
            return
        failed = problems.failure(StoreError(sentences.database_slow()))
        await self._note(inbound.invocation, failed, None)

    async def _accepted_late(self, accepting: asyncio.Task[bool], inbound: Inbound[T], owner: Owner) -> None:
        """Do what the chat was told of a command that was accepted too late for it to hear so."""
        with suppress(StoreError):
            if await asyncio.shield(accepting):
                await self._kept_after_all(inbound, owner)

    async def _not_accepted(self, inbound: Inbound[T], cause: BaseException) -> Receipt:
        metrics.NOT_ACCEPTED.labels(self._chat).inc()
        if not isinstance(cause, StoreError):
            log.error("a command could not be accepted", exc_info=cause)
        error = cause if isinstance(cause, StoreError) else StoreError(sentences.database_slow())
        if self._surface.redelivers:
            raise error
        await self._responder(inbound).show(problems.failure(error))
        return Receipt()

    def _begin_answer(self, inbound: Inbound[T], owner: Owner) -> Receipt:
        metrics.ACCEPTED.labels(self._chat, inbound.kind).inc()
        return self._begin(inbound, self._answer(inbound, owner))

    def _begin(self, inbound: Inbound[T], work: Coroutine[Any, Any, None]) -> Receipt:
        """Begin to answer a person; where too much of theirs is under way it is left out, which they are told."""
        person = inbound.invocation.actor.id
        if not self._lanes.is_full(person):
            return Receipt(answered=self._lanes.start(person, work))
        work.close()
        refusal = load.too_many(MOST)
        return Receipt(refusal=refusal, answered=self._work.start(self._leave_out(inbound, refusal)))

    async def _leave_out(self, inbound: Inbound[T], refusal: UserError) -> None:
        reply = problems.mistake(refusal)
        responder = self._responder(inbound)
        if inbound.must_answer:
            await responder.show(reply)
        elif not inbound.shown_by_receipt:
            await self._lanes.refuse(inbound.invocation.actor.id, lambda: responder.show(reply))
        await self._note(inbound.invocation, reply, None)

    # Resumed -----------------------------------------------------------------------------------------------

    async def _resume_unanswered(self) -> None:
        done = await self._resumed()
        self._resuming_later = asyncio.create_task(self._resume_later(done=done))

    async def _resume_later(self, *, done: bool) -> None:
        """Look again until that could be read, and as long as other processes may die that answer here."""
        again = Backoff(RETRY_SECONDS, LONGEST_RETRY_SECONDS)
        while not done or self.handler.owner.listed:
            await self._clock.sleep(LOOK_SECONDS if done else again.next())
            done = await self._resumed()

    async def _resumed(self) -> bool:
        """Begin to answer what was accepted and never answered; False where that cannot be read just now."""
        owner = self.handler.owner
        try:
            left = await self.handler.adopt(self._chat, self._clock.now() - LOOKED_BACK, owner)
        except StoreError as error:
            log.warning("what was left unanswered could not be read yet: %s", error)
            return False
        except Exception:
            log.exception("what was left unanswered could not be read")
            return True
        for invocation in left:
            self._lanes.start(invocation.actor.id, self._resume(invocation, owner))
        return True

    async def _resume(self, invocation: Invocation, owner: Owner) -> None:
        """Answer what a restart cut off; an answer that is there already is completed, not doubled."""
        inbound: Inbound[T] = Inbound(invocation=invocation, kind=Kind.RESUMED)
        if self._clock.now() - invocation.at > RESUMED:
            await self._settle(inbound, sentences.too_old(self.handler.command_of(invocation)))
        else:
            await self._answer(inbound, owner)

    # Answered ----------------------------------------------------------------------------------------------

    async def _answer(self, inbound: Inbound[T], owner: Owner) -> None:
        responder = self._responder(inbound, partial(self._is_ours, inbound.invocation, owner))
        try:
            await self._answered(responder)
        except TakenAway:
            log.warning("a command is left to another program, which found this one dead and answers it")

    async def _is_ours(self, invocation: Invocation, owner: Owner) -> bool:
        """Whether a command is still this process's to answer; nothing is shown before that is known."""
        again = Backoff(RETRY_SECONDS, LONGEST_RETRY_SECONDS)
        while True:
            try:
                return await self.handler.is_owned(invocation, owner)
            except StoreError as error:
                log.warning(
                    "an answer waits: whether it is still this program's to give is not known: %s", error
                )
                await self._clock.sleep(again.next())

    async def _answered(self, responder: Responder[T]) -> None:
        inbound = responder.inbound
        async with announcing_a_restart(responder):
            await self._priority.give_way()
            try:
                inbound = await self._resolved(inbound)
            except UserError as error:
                reply = problems.mistake(error)
                await responder.show(reply)
                await self._note(inbound.invocation, reply, None)
                return
            responder.inbound = inbound
            if inbound.kind is Kind.RESUMED:
                await responder.find_earlier()
            await self._show(responder, await self._reply(inbound, responder))

    async def _resolved(self, inbound: Inbound[T]) -> Inbound[T]:
        """Find out who and where it is. Raises `UserError` for an account that is nobody's, and notes it."""
        try:
            return replace(inbound, invocation=await self._surface.resolve(inbound.invocation))
        except UserError:
            await self.handler.refused(inbound.invocation.actor, inbound.invocation.place, "account")
            raise

    async def _reply(self, inbound: Inbound[T], responder: Responder[T]) -> Reply:
        """Return the answer of the core; where it takes long, the person sees that it is being worked on."""
        clean = self.handler.clean(inbound.invocation) if inbound.kind is Kind.FORM else None
        if clean is not None and (wrong := self._mistakes(clean)):
            return fields.correctable(problems.mistake(UserError(wrong)), clean)
        task = asyncio.ensure_future(self._in_turn(inbound, responder))
        try:
            if patience := self._surface.deadlines.progress:
                await asyncio.wait({task}, timeout=patience)
            if not task.done():
                await responder.impatient()
            reply = await task
        finally:
            task.cancel()
        return fields.correctable(reply, clean) if clean is not None and reply.failed else reply

    def _mistakes(self, clean: Invocation) -> str:
        """Say at once what is wrong with the fields of a form, for chats that show no errors beside them."""
        verb = self.handler.verbs.get(clean.text)
        return " ".join(fields.problems(verb, clean.values)) if verb is not None else ""

    async def _in_turn(self, inbound: Inbound[T], responder: Responder[T]) -> Reply:
        invocation = inbound.invocation
        verb = self.handler.verb_of(invocation)
        long = verb is not None and verb.long
        async with self._lanes.turn(invocation.actor.id, responder.report, long=long):
            return await self.handler.handle(
                invocation,
                responder.report,
                partial(self._surface.afresh, invocation),
                partial(self._surface.open_file, inbound),
                partial(self._surface.find_addressee, invocation),
                resumed=inbound.kind is Kind.RESUMED,
            )

    async def _show(self, responder: Responder[T], reply: Reply) -> None:
        inbound, form = responder.inbound, reply.card.form
        if form is not None and await self._surface.show_form(inbound, form):
            await responder.dismiss()
            message = None
        else:
            message = await responder.show(reply)
        took = self._clock.now() - inbound.invocation.at
        metrics.ANSWERED.labels(self._chat).observe(max(0.0, took.total_seconds()))
        await self._note(inbound.invocation, reply, message)

    async def _note(self, invocation: Invocation, reply: Reply, message: MessageRef | None) -> None:
        """Note that a command is answered, as soon as that can be written: whoever comes later would answer it once more."""
        again, end = Backoff(RETRY_SECONDS, LONGEST_RETRY_SECONDS), self._clock.monotonic() + NOTED_SECONDS
        while True:
            try:
                return await self.handler.answered(invocation, reply, message)
            except StoreError as error:
                if self._clock.monotonic() > end:
                    raise
                log.warning("that a command was answered could not be noted yet: %s", error)
                await self._clock.sleep(again.next())

    async def _settle(self, inbound: Inbound[T], reply: Reply) -> None:
        """Answer without asking the core."""
        await self._responder(inbound).show(reply)
        await self._note(inbound.invocation, reply, None)

    # Forms -------------------------------------------------------------------------------------------------

    async def _open_form(self, inbound: Inbound[T]) -> None:
        trouble = await self._surface.open_form(inbound, partial(self._form, inbound))
        if trouble is not None:
            await self._responder(inbound).show(problems.mistake(trouble))

    async def form_again(self, inbound: Inbound[T], untouched: frozenset[str]) -> Form | None:
        """Return the form of what was given so far in one that is open; None where there is none: nobody waits for it.

        `untouched`: the fields that may be filled in anew.
        """
        form = await self._form(inbound, untouched)
        return None if isinstance(form, UserError) else form

    async def _form(self, inbound: Inbound[T], untouched: frozenset[str] | None = None) -> Form | UserError:
        """Return the form that is asked for, else what to tell the person, who waits for nothing else."""
        try:
            invocation = (await self._resolved(inbound)).invocation
            async with self._lanes.turn(invocation.actor.id):
                form = await self.handler.form(invocation, silent, untouched=untouched)
        except UserError as error:
            return error
        except ClewError as error:
            return UserError(str(error), error.detail if isinstance(error, ServiceError) else "")
        except Exception:
            log.exception("a form could not be built")
            return UserError(problems.FAULT)
        return form or UserError(problems.NO_FORM, problems.NO_FORM_HINT)

    # Pieces ------------------------------------------------------------------------------------------------

    def _responder(self, inbound: Inbound[T], is_ours: AskOurs = always_ours) -> Responder[T]:
        private = self._is_private(inbound)
        return Responder(self._surface, self._clock, self._work, inbound, ephemeral=private, is_ours=is_ours)

    def _is_private(self, inbound: Inbound[T]) -> bool:
        """Whether the verb that is asked for answers the person alone."""
        verb = self.handler.verb_of(inbound.invocation)
        return verb is not None and verb.private


class Interruptible(Protocol):
    """Shows that an answer comes."""

    async def interrupted(self) -> None:
        """Say that it will come later."""
        ...


@asynccontextmanager
async def announcing_a_restart(responder: Interruptible) -> AsyncIterator[None]:
    """Where what is done inside is cut off, say that it is resumed; the process does not wait for it long."""
    try:
        yield
    except asyncio.CancelledError:
        with suppress(TimeoutError):
            await asyncio.wait_for(responder.interrupted(), INTERRUPTED_SECONDS)
        raise
