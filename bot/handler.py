"""The one way in: an invocation goes in, a reply comes out, and no error ever does."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from bot import access, authorization, grammar, home, lengths, moments, preview, reading
from bot.access import Afresh
from bot.cards import Card, Command, Context, Form, Reply, fingerprint
from bot.command import FILE, PASTED_INTO, Asked, Services, Verb, adapted, uses_of
from bot.commands import fields, replied
from bot.commands.corrected import offers
from bot.commands.mark import VERB as MARK
from bot.commands.parameters import RUN
from bot.commands.registry import VERBS
from bot.delivery.lost_channels import restore
from bot.errors import ClewError, Forbidden, UserError, WrongValue
from bot.model import Secret
from bot.parsed import ParsedCommand
from bot.ports import FindAddressee, OpenFile, Report, Span
from bot.redact import scrub, scrub_given, scrub_word
from bot.replies import commands, finding, parts, problems, reported
from bot.replies import home as home_replies
from bot.state import Actor, Invocation, LiveCard, MessageRef, Owner, Place
from bot.suggest import Autocomplete, Limits, Suggestion, Typing

log = logging.getLogger(__name__)


def _scrubbed(invocation: Invocation, secrets: tuple[Secret, ...]) -> tuple[Invocation, bool]:
    """Return it without the secrets in it, and whether there were any but the signature of a report link.

    A pasted link still names its report, and opens it no more.
    """
    invocation = lengths.bounded(invocation)
    text = scrub(invocation.text, secrets)
    arguments = tuple(scrub_word(argument, secrets) for argument in invocation.arguments)
    values = {name: scrub_given(name, value, secrets) for name, value in invocation.values.items()}
    name = scrub(invocation.actor.name, secrets).text  # people choose their own
    clean = replace(
        invocation,
        actor=replace(invocation.actor, name=name),
        text=text.text,
        arguments=tuple(argument.text for argument in arguments),
        values={name: value.text for name, value in values.items()},
        attached=tuple(replace(f, name=scrub(f.name, secrets).text) for f in invocation.attached),
    )
    return clean, any(part.removed for part in (text, *arguments, *values.values()))


UNOWNED = timedelta(minutes=1)  # in which an older version, which keeps no owner, answers what it accepted
ALIASES = {"runs": "status", "list": "status"}  # what people type for a verb
PROSE = frozenset(name for name, verb in VERBS.items() if verb.prose)
HELP = frozenset({"?", "-h", "-?", "help"})


def _parse(invocation: Invocation) -> ParsedCommand:
    """Read what was typed; other names of a verb, and the ways to ask for help, become the one that is known."""
    if (said := _replied(invocation)) is not None:
        return ParsedCommand(verb=MARK.name, named=dict(said))
    if invocation.arguments:
        parsed = grammar.of_arguments(invocation.text, invocation.arguments, PROSE)
    else:
        parsed = grammar.split(invocation.text, PROSE)
    first, *others = (*parsed.positional, "")
    helping = parsed.named.get("help") == "true"
    if not parsed.verb and (first in HELP or helping):
        return ParsedCommand(verb="help", positional=tuple(word for word in others if word))
    if parsed.verb == "help" and (helping or parsed.bare in HELP - {"help"}):
        return ParsedCommand(verb="help")
    if parsed.verb not in {"", "help"} and (helping or parsed.bare in HELP):
        return ParsedCommand(verb="help", positional=(ALIASES.get(parsed.verb, parsed.verb),))
    return replace(parsed, verb=ALIASES.get(parsed.verb, parsed.verb))


def _replied(invocation: Invocation) -> Mapping[str, str] | None:
    """Return what a reply to a failure says that is made of words alone, None where it is a command."""
    return None if invocation.arguments or invocation.values else replied.read(invocation.text)


def _with_values(parsed: ParsedCommand, invocation: Invocation) -> ParsedCommand:
    """Return all that was given by name, typed or chosen, as if it had been typed."""
    return replace(parsed, named={**parsed.named, **invocation.values})


def _with_pastes(
    verb: Verb, parsed: ParsedCommand, values: Mapping[str, str]
) -> tuple[ParsedCommand, Mapping[str, str]]:
    """Read the link, moment or id that was pasted into the value of a run: a value is never read as a command."""
    own = verb.positional
    text = values.get(own.name) if own and own.kind in PASTED_INTO else None
    if own is None or not text or parsed.pasted is not None or verb.prose:
        return parsed, values
    pasted, rest = moments.read(text)
    if pasted is None:
        return parsed, values
    return replace(parsed, pasted=pasted), {**values, own.name: rest}


class Handler:
    """Answers invocations for every chat; it may be called concurrently.

    `verbs`: those that at least one connection offers are there, the others answer that they are not.
    """

    def __init__(self, services: Services, verbs: Mapping[str, Verb] = VERBS) -> None:
        self.services = services
        self.verbs: Mapping[str, Verb] = adapted(verbs, services.platforms.values())
        self._not_offered = {n: v for n, v in verbs.items() if n not in self.verbs}
        self._autocomplete = self._completing()
        self.owner = Owner(id=uuid4().hex)  # whoever accepts here, until it is known among the replicas

    def govern(self, policy: access.Policy) -> None:
        """Decide by these rules from now on, also whatever is being confirmed."""
        self.services = replace(self.services, policy=policy)
        self._autocomplete = self._completing()

    def _completing(self) -> Autocomplete:
        return Autocomplete(self.services, self.verbs.values(), verb_of=self.verb_of, asked=self._asked)

    def field_problem(self, verb: str, name: str, kind: str, value: str, label: str) -> str:
        """Say what is wrong with a field of a form, "" where it can be right; no secret in it is repeated."""
        clean = scrub(value, self.services.secrets).text
        return fields.problem(self.verbs.get(verb), name, kind, clean, label)

    def verb_of(self, invocation: Invocation) -> Verb | None:
        """Return the verb that a command begins with, None where it begins with none: cheap, nothing else is read."""
        name = grammar.first_verb(invocation.text[: lengths.LONGEST])
        return self.verbs.get(ALIASES.get(name, name))

    def reads_files(self, invocation: Invocation) -> bool:
        """Whether a file would be read that came with a command; cheap, like `verb_of`."""
        verb = self.verb_of(invocation)
        if verb is None:
            return not invocation.text and any(each.reads_files for each in self.verbs.values())
        return verb.reads_files

    def principals(self, prefix: str) -> frozenset[str]:
        """Return those of whom or of which the settings give a role, of all whose ids begin so."""
        members = frozenset[str]().union(*self.services.policy.roles.values())
        return frozenset(name for name in members if name.startswith(prefix))

    async def accept(self, invocation: Invocation, owner: Owner | None = None) -> bool:
        """Accept an invocation into the inbox, durably, before the chat is acknowledged; False where it was accepted before.

        `owner`: who answers it; this program as it is known now.

        A yes that was given beforehand was for that one moment: whoever resumes the command asks, or a
        launch that was sent already would be sent twice. Raises `StoreError`: then the chat must not be acknowledged, so
        that it delivers again.
        """
        kept = replace(self.clean(invocation), confirmed=False)
        owner = owner or self.owner
        return await self.services.store.accept(invocation.place.chat, invocation.key, kept, owner)

    def command_of(self, invocation: Invocation) -> Command | None:
        """Return what was asked for as a command that a button can hold.

        None where it cannot be read, or holds what no message may keep.
        """
        try:
            parsed = self._parsed(invocation)
            verb = self._verb(parsed)
            reading.check_words(verb, reading.as_meant(verb, parsed), invocation.values)
            return self._with_file(reading.typed(verb, _with_values(parsed, invocation)), invocation)
        except UserError:
            return None

    def clean(self, invocation: Invocation) -> Invocation:
        """Return an invocation as it may be shown or kept: without the secrets in it."""
        return _scrubbed(invocation, self.services.secrets)[0]

    async def adopt(self, chat: str, since: datetime, owner: Owner) -> tuple[Invocation, ...]:
        """Own what was accepted since then, never answered, and is nobody's who lives; return it. Raises `StoreError`."""
        now = self.services.clock.now()
        found = await self.services.store.adopt(chat, since, owner, unowned_until=now - UNOWNED)
        return tuple(invocation for _, invocation in found)

    async def is_owned(self, invocation: Invocation, owner: Owner) -> bool:
        """Whether a command is still its owner's to answer: nobody found that one dead, and adopted it. Raises `StoreError`."""
        if not owner.listed or (owner.id == self.owner.id and owner.sure()):
            return True
        return await self.has_kept(invocation, owner)

    async def has_kept(self, invocation: Invocation, owner: Owner) -> bool:
        """Whether a command is in the inbox, for that owner to answer. Raises `StoreError`."""
        return await self.services.store.owner_of(invocation.place.chat, invocation.key) == owner.id

    async def handle(
        self,
        invocation: Invocation,
        report: Report,
        afresh: Afresh | None = None,
        open_file: OpenFile | None = None,
        find_addressee: FindAddressee | None = None,
        *,
        resumed: bool = False,
    ) -> Reply:
        """Answer; no secret in it goes further, and the card says so.

        `afresh` is asked who the person is before anything is changed; a chat whose messages carry the person's
        permissions as they are has none. `open_file` opens what they attached, `find_addressee` finds whom a mention names.
        `resumed`: a process before this one accepted it, and may have acted on it.
        """
        if (refusal := lengths.refusal(invocation)) is not None:
            return problems.mistake(refusal)
        clean, removed = _scrubbed(invocation, self.services.secrets)

        def with_chat(asked: Asked) -> Asked:
            return replace(
                asked, afresh=afresh, open_file=open_file, find_addressee=find_addressee, resumed=resumed
            )

        reply = await self._safely(clean, report, with_chat)
        return problems.secret_removed(reply) if removed else reply

    async def form(
        self, invocation: Invocation, report: Report, *, untouched: frozenset[str] | None = None
    ) -> Form | None:
        """Return the form of the verb that is asked for, prefilled; None where it has none.

        `untouched`: the fields of one that is open which nobody has changed: they may be filled in anew.
        Raises `ClewError` like the verb would.
        """
        if (refusal := lengths.refusal(invocation)) is not None:
            raise refusal
        invocation = self.clean(invocation)
        verb, asked = await self._read(_parse(invocation), invocation, report)
        if denied := await self._allow(verb, asked):
            raise UserError(denied.reason, await authorization.whom_to_ask(denied, self.services))
        asked = replace(asked, untouched=untouched)
        try:
            form = await verb.form(asked, self.services) if verb.form else None
        except Forbidden as error:
            await self.refused(invocation.actor, invocation.place, error.noted, action=verb.name)
            raise
        if form is None:
            return None
        return replace(form, fields=tuple(field for field in form.fields if field.name not in verb.untaken))

    async def suggest(self, typing: Typing, limits: Limits) -> tuple[Suggestion, ...]:
        """Return what fits where somebody is typing; a failure is no reason to disturb them."""
        try:
            return await self._autocomplete.suggest(typing, limits)
        except Exception:
            log.exception("nothing could be suggested")
            return ()

    async def preview(self, invocation: Invocation, link: Secret) -> Card | None:
        """Return what to show beside a link that somebody shared, None where nothing is to be shown.

        `invocation`: who shared it, and where. Nobody asked, so nobody is told of a failure or a refusal.
        """
        if not authorization.may_show_unasked(self.services.policy, invocation.actor, invocation.place):
            return None
        try:
            return await preview.card(self.services, invocation, link, _silent)
        except Exception:
            log.exception("a link could not be looked up")
            return None

    async def home(self, actor: Actor, channels: home.AskChannels) -> tuple[Card, ...]:
        """Return what Clew shows a person at a glance, a card for each part; `channels`: those that they are in."""
        here = Place(channel=actor.id)
        decision = authorization.decide(
            self.services.policy, actor, here, need=access.Role.READ, changes=False
        )
        if isinstance(decision, access.Denied):
            await self.refused(actor, here, decision.rule, action="home")
            return (home_replies.refused(decision.reason),)
        try:
            return await home.cards(self.services, actor.id, channels)
        except ClewError as error:
            return (problems.failure(error).card,)
        except Exception:
            log.exception("the home could not be made")
            return (problems.unexpected().card,)

    async def refused(self, actor: Actor, place: Place, rule: str, *, action: str = "any") -> None:
        """Note in the audit trail that a chat refused somebody, where no verb was used or nothing was read of it."""
        await self.services.note(actor, place, action, "denied", rule)

    async def access_restored(self, under: str) -> None:
        """Know that the chat lets us into a channel (or all of a server) again: what waits is tried at once."""
        await restore(self.services.store, under)

    async def speaks_of_run(self, place: Place, about: str | None = None) -> bool:
        """Whether a thread, or the message of ours that is answered, is about a run. Raises `StoreError`."""
        name = about or place.thread
        context = await self.services.store.context(place.channel, name) if name else None
        return context is not None and context.run is not None

    async def answered(self, invocation: Invocation, reply: Reply, message: MessageRef | None) -> None:
        """Say that the reply was shown, in which message, so that its thread knows what it speaks of.

        Raises `StoreError`; then it can be said again.
        """
        shown_at, store = self.services.clock.now(), self.services.store
        if message is not None:
            if reply.card.context is not None:
                for known in {message.thread or message.message_id, message.message_id}:
                    before = await store.context(message.channel, known)
                    await store.set_context(message.channel, known, reply.card.context.after(before))
            if reply.live is not None:
                shown = fingerprint(reply.as_live or reply.card)
                await store.add_live(LiveCard(intent_id=reply.live, message=message, shown=shown))
        await store.finish(invocation.place.chat, invocation.key)
        self._trace(invocation, reply, shown_at)

    def _trace(self, invocation: Invocation, reply: Reply, shown_at: datetime) -> None:
        """Tell how long it took from what came in to what was shown."""
        verb, place = self.verb_of(invocation), invocation.place
        about = {"chat": place.chat, "channel": place.channel, "verb": verb.name if verb else ""}
        run = reply.card.context.run if reply.card.context else None
        if run is not None:
            about |= {"connection": run.connection, "run": run.run_id}
        self.services.trace(
            Span(name="command", began=invocation.at, ended=shown_at, attributes=about, failed=reply.failed)
        )

    async def _safely(
        self, invocation: Invocation, report: Report, with_chat: Callable[[Asked], Asked]
    ) -> Reply:
        """Answer; every failure becomes a card, and what is unexpected is logged, never shown."""
        parsed = ParsedCommand()
        try:
            parsed = self._parsed(invocation)
            verb, asked = await self._read(parsed, invocation, report)
            return await self._answer(verb, with_chat(asked))
        except UserError as error:
            meant, said = _with_values(parsed, invocation), self.verbs.get(parsed.verb)
            buttons = offers(error.corrections, meant, said, self.verbs)
            carried = [replace(b, command=self._with_file(b.command, invocation)) for b in buttons]
            return problems.mistake(error, tuple(button for button in carried if button.command is not None))
        except ClewError as error:
            return problems.failure(error)
        except Exception:
            log.exception("a verb failed", extra={"words_length": len(invocation.text)})
            return problems.unexpected()

    async def _answer(self, verb: Verb, asked: Asked) -> Reply:
        denied = await self._allow(verb, asked)
        if denied is not None:
            return await authorization.refusal(denied, self.services)
        reading.check_names(verb, asked.command)
        reading.check_given(verb, asked.command)
        reading.check_words(verb, asked.command, asked.invocation.values)
        reading.check_secrets(verb, asked.command, asked.invocation.values)
        try:
            return problems.remarked(await verb.handle(asked, self.services), asked.remarks)
        except Forbidden as error:
            await self.refused(asked.invocation.actor, asked.invocation.place, error.noted, action=verb.name)
            return await authorization.forbidden(error, self.services)
        except WrongValue as error:
            raise error.of(asked.command.as_typed(error.name)) from error

    async def _read(
        self, parsed: ParsedCommand, invocation: Invocation, report: Report
    ) -> tuple[Verb, Asked]:
        verb = self._verb(parsed)
        remarks = [reported.nobody_reads()] if invocation.attached and parsed == ParsedCommand() else []
        context = await self._context(invocation)
        if _replied(invocation) is not None and invocation.about is None:
            # The thread may have gone on to another failure since: the one to mark is asked for where there are several.
            context = replace(context, property_name=None, moment=None)
        parsed, values = _with_pastes(verb, reading.as_meant(verb, parsed), invocation.values)
        asked = replace(invocation, values=values)
        return verb, Asked(
            invocation=asked,
            command=parsed,
            context=context,
            report=report,
            remarks=remarks,
            verbs=self.verbs,
        )

    async def _context(self, invocation: Invocation) -> Context:
        """Return what the message in question speaks of, else what its thread does.

        Raises `UserError` for a message of our own that is about no run: its text must not be guessed from.
        """
        channel = invocation.place.channel
        for name in (invocation.about, invocation.place.thread):
            context = await self.services.store.context(channel, name) if name else None
            if context is not None:
                return context
        if invocation.about is not None:
            raise finding.about_no_run()
        return Context()

    async def _asked(self, invocation: Invocation) -> Asked:
        """Read what stands beside a value that is being typed. Raises `ClewError`."""
        clean = self.clean(invocation)
        _, asked = await self._read(_parse(clean), clean, _silent)
        return asked

    def _parsed(self, invocation: Invocation) -> ParsedCommand:
        """Read what was typed; a file without a word is to be read, where a verb reads files."""
        parsed = _parse(invocation)
        if not invocation.attached or parsed != ParsedCommand():
            return parsed
        reader = next((verb for verb in self.verbs.values() if verb.reads_files), None)
        return replace(parsed, verb=reader.name) if reader else parsed

    def _with_file(self, command: Command | None, invocation: Invocation) -> Command | None:
        """Let a button go on with the file that came with a command; None where there were several.

        Without it the button would ask about a run.
        """
        if command is None or not invocation.attached or not self.verbs[command.verb].reads_files:
            return command
        if command.values.keys() & {FILE, RUN.name}:
            return command
        file, *others = invocation.attached
        return None if others else replace(command, values={**command.values, FILE: file.ref})

    def _verb(self, parsed: ParsedCommand) -> Verb:
        if parsed.verb in self.verbs:
            return self.verbs[parsed.verb]
        if parsed.verb in self._not_offered:
            lacking = self._not_offered[parsed.verb].needs[0]
            raise parts.nowhere(lacking, self.services.platforms.values())
        if parsed.pasted is not None:  # a link, moment or id among other words: show what it is about
            return self.verbs["find"]
        if not parsed.verb and not parsed.named:
            return self.verbs["help"]
        said = parsed.verb or next(iter(parsed.positional), f"{next(iter(parsed.named), '')}=")
        offered = [verb for verb in self.verbs.values() if not verb.hidden]
        raise commands.unknown_verb(said, [verb.name for verb in offered], uses_of(said, offered))

    async def _allow(self, verb: Verb, asked: Asked) -> access.Denied | None:
        """Return why not, None where it is allowed; refusals and changes go into the audit trail."""
        who, where = asked.invocation.actor, asked.invocation.place
        only_reads = verb.only_reads is not None and verb.only_reads(asked)
        need, changes = (access.Role.READ, False) if only_reads else (verb.role, verb.changes)
        decision = await authorization.decide_now(
            await self.services.rules() if changes else self.services.policy,
            who,
            where,
            need=need,
            changes=changes,
            afresh=asked.afresh,
        )
        denied = decision if isinstance(decision, access.Denied) else None
        await self._keep_name_of_admin(who)
        if denied or changes:
            await self.services.note(who, where, verb.name, "denied" if denied else "allowed", decision.rule)
        return denied

    async def _keep_name_of_admin(self, who: Actor) -> None:
        """Know what an admin is called, so that a refusal can say whom to ask."""
        store, admins = self.services.store, self.services.policy.roles.get(access.Role.ADMIN, ())
        if who.name and who.id in admins and await store.name(who.id) != who.name:
            await store.keep_name(who.id, who.name)


async def _silent(_: str) -> None:
    """Report nothing."""
