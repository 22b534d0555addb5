"""Say who takes care of a failing check, or why its failing is no news; every card shows it, in every chat.

mark PROPERTY own|snooze TIME|RUNS|known LINK|not-a-bug|clear [run=RUN|LAUNCHER]
mark list shows all that was said
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot import grammar, marks
from bot.access import Role
from bot.analysis import RunAnalysis, analysis_of
from bot.cards import Command, Field, FieldKind, Form, Pages, Reply
from bot.command import LONG_ENTRY, PROPERTY, Asked, Parameter, Services, Verb
from bot.commands.choices import chosen, spelled
from bot.commands.parameters import BEGIN, CONNECTION, first_of
from bot.errors import UserError, WrongValue
from bot.in_full import OF_ONE_RUN
from bot.marks import Mark
from bot.model import Check, Run, RunQuery
from bot.parsed import ParsedCommand
from bot.people import people_of
from bot.platform import Platform
from bot.replies import finding
from bot.replies import marking as replies
from bot.replies.forms import TITLES, asking
from bot.state import PropertyState, Word
from bot.targets.moment import choose_property
from bot.targets.run import analysis_for, meant, platform_of
from bot.targets.series import check_on_record, reread, series_of
from bot.watch.marked import edit_posts

OWN, SNOOZE, KNOWN, NOT_A_BUG, CLEAR, LIST = "own", "snooze", "known", "not-a-bug", "clear", "list"
SAID = (OWN, SNOOZE, KNOWN, NOT_A_BUG, CLEAR)  # of one check
LONGEST_SNOOZE = timedelta(days=366)
LONGEST_LINK = 300  # characters
LISTED = 10
TRIES = 5  # to change what others change at the same moment

_LINK = re.compile(r"https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?", re.ASCII)
_TICKET = re.compile(r"[\w#][\w#./-]{0,59}")
_RUNS = re.compile(r"(?:for )?([0-9]{1,4}) ?([a-z]+(?: [a-z]+)?)", re.ASCII)

Change = Callable[[PropertyState], PropertyState]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A check of a launcher; `run`: in which it was meant, `failing`: what fails there, as far as that is known."""

    platform: Platform
    run: Run
    name: str
    failing: Sequence[Check] = ()

    @property
    def checks(self) -> tuple[Check, ...]:
        """The check as it fails in the run, in each of its groups."""
        return tuple(check for check in self.failing if check.name == self.name)


async def handle(asked: Asked, services: Services) -> Reply:
    """Change what is said of one check, in one step; or list all of it."""
    if asked.value("as") == LIST:
        return await _list(asked, services)
    given = asked.value("as")
    what = chosen(given, "as", (*SAID, LIST)) if given else None
    named = asked.value(PROPERTY, 0) or asked.context.property_name
    if what is None:
        return asking(replies.which_word(SAID), await form(asked, services))
    _check_beside(what, asked)
    named = named or await _only_one(asked, services)
    if named is None:
        return asking(finding.which_check(services.terms), await form(asked, services))
    if what == SNOOZE and not asked.value("until"):
        return asking(replies.how_long(services.terms), await form(asked, services))
    zone = await _zone(asked, services)
    values = _read(asked, services, zone)
    target = await _target(named, what, asked, services)
    if what == KNOWN and not asked.value("link") and not (await _state(target, services)).ticket:
        return asking(replies.which_ticket(), await form(asked, services))
    change = await _change(what, values, target, asked, services)
    before, after = await _changed(target, change, services)
    if after != before:
        who, where = asked.invocation.actor, asked.invocation.place
        await services.store.keep_name(who.id, who.name)
        await services.note(who, where, "mark", "done", _in_short(what, target, after))
        await edit_posts(services.store, after, services.clock.now())
    owner = await services.store.name(after.owner) if after.owner else ""
    mine = marks.owns(after, asked.invocation.actor.id, await people_of(services))
    if what == OWN and not mine:
        raise replies.taken(target.name, owner, after)
    return replies.marked(
        target.run, target.name, Mark(state=after, owner=owner), target.platform.terms,
        as_before=after == before, mine=mine, zone=zone,
    )  # fmt: skip


def _in_short(what: str, target: Target, state: PropertyState) -> str:
    """Say for the audit trail what was said of which check."""
    until = f" until {state.until:%Y-%m-%dT%H:%MZ}" if what == SNOOZE and state.until else ""
    runs = f" for {state.runs} runs" if what == SNOOZE and state.runs else ""
    ticket = f" {state.ticket}" if what not in {OWN, CLEAR} and state.ticket else ""
    return f"{state.connection} {state.launcher_key} {target.name}: {what}{until}{runs}{ticket}"


def _check_beside(what: str, asked: Asked) -> None:
    """Refuse what does not go with a word. Raises `UserError`."""
    for name, takes in (("until", {SNOOZE}), ("link", {SNOOZE, KNOWN, NOT_A_BUG})):
        if asked.value(name) and what not in takes:
            raise replies.goes_with(name, what, sorted(takes))


# Which check


async def _only_one(asked: Asked, services: Services) -> str | None:
    """Return the only check that fails in the run that is meant; None where no run is. Raises `UserError` for several."""
    if asked.value("run") is None and asked.context.run is None and asked.command.pasted is None:
        return None
    found = await analysis_for(asked, services, position=None, ended=True, depth=1)
    names = [*dict.fromkeys(check.name for check in found.failing)]
    if len(names) > 1:
        raise replies.which_of(names, found.terms)
    return names[0] if names else None


async def _target(named: str, what: str, asked: Asked, services: Services) -> Target:
    """Return the check that is meant: one on record, or one that fails in the run. Raises `UserError` where there is none."""
    platform, run = await series_of(named, asked, services)
    if not run.series[0]:
        raise replies.no_launcher(platform.terms)
    known = await services.store.known_checks(run.ref.connection, run.series[0])
    exact = next((check for check in known if check.name == named), None)
    if exact is not None and what in {OWN, CLEAR}:
        return Target(platform=platform, run=run, name=named)
    found = await _as_it_fails(platform, run, services)
    if found is not None and (exact is None or LONG_ENTRY.fullmatch(named)):
        with suppress(UserError):  # the record may have it
            check = choose_property(found, named)
            return Target(platform=platform, run=found.run, name=check.name, failing=found.failing)
    if not known and found is not None:
        choose_property(found, named)  # says what there is
    name = exact.name if exact else (await check_on_record(named, known, platform, run, services)).name
    return Target(platform=platform, run=run, name=name, failing=found.failing if found else ())


async def _as_it_fails(platform: Platform, run: Run, services: Services) -> RunAnalysis | None:
    """Read what fails in a run; None where it cannot be read any more."""
    try:
        whole = await platform.reads.run(run.ref.run_id)
        return await analysis_of(platform, services.store, whole, depth=1)
    except OF_ONE_RUN:
        return None


# What is said of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What was given beside a word, as it was read."""

    until: datetime | None = None
    runs: int | None = None
    ticket: str = ""


async def _zone(asked: Asked, services: Services) -> str:
    """Return the zone by whose clocks people of a channel say times."""
    settings = await services.store.channel_settings(asked.invocation.place.channel)
    return next((each.zone for each in settings), "UTC")


def _read(asked: Asked, services: Services, zone: str) -> Values:
    """Read the values that were given, before anything is looked up. Raises `UserError` for one that is wrong."""
    text, link = asked.value("until"), asked.value("link")
    ticket = _ticket(link, "link") if link else ""
    nouns = {noun for p in services.platforms.values() for noun in (p.terms.run.one, p.terms.run.many)}
    runs = _runs(text, nouns) if text else None
    if not text or runs:
        return Values(runs=runs, ticket=ticket)
    try:
        until = grammar.until(text, "until", services.clock.now(), zone, longest=LONGEST_SNOOZE)
    except WrongValue as error:
        raise error.with_example(f'"3 {services.terms.run.many}"') from None
    return Values(until=until, ticket=ticket)


async def _change(what: str, values: Values, target: Target, asked: Asked, services: Services) -> Change:
    """Return what is done to the state, whatever it is by then."""
    who, now = asked.invocation.actor.id, services.clock.now()
    if what == CLEAR:
        return marks.cleared
    if what == OWN:
        people = await people_of(services)
        return lambda state: marks.owned(state, who, now, people) or state
    word = {SNOOZE: Word.SNOOZED, KNOWN: Word.KNOWN, NOT_A_BUG: Word.NOT_A_BUG}[what]
    since = await _newest(target, services)
    return lambda state: marks.said(
        state, word, by=who, now=now, ticket=values.ticket, until=values.until, runs=values.runs, checks=target.checks,
        counts_from=since,
    )  # fmt: skip


async def _changed(target: Target, change: Change, services: Services) -> tuple[PropertyState, PropertyState]:
    """Change the state in one step, again where somebody else did in between; return it before and after."""
    for _ in range(TRIES):
        before = await _state(target, services)
        after = change(before)
        if after == before or await services.store.save_property_state(after):
            return before, after
    raise replies.busy(target.name)


async def _state(target: Target, services: Services) -> PropertyState:
    run = target.run
    return await services.store.property_state(run.ref.connection, run.series[0], target.name)


async def _newest(target: Target, services: Services) -> datetime:
    """Return from when on runs count as later ones: those that were created after the newest that has ended."""
    run = target.run
    ended = await services.store.check_in_runs(run.ref.connection, run.series, target.name, 1)
    there = [at for one in (run, *(each.run for each in ended)) if (at := one.ordered_by) is not None]
    return max(there, default=services.clock.now())


def _runs(text: str, nouns: set[str]) -> int | None:
    """Read a number of runs: "3 runs", "for 3 builds"; None where a text is none."""
    found = _RUNS.fullmatch(" ".join(text.split()).casefold())
    if found is None or found[2] not in {"run", "runs", *(noun.casefold() for noun in nouns)}:
        return None
    return grammar.whole_number(found[1], "until", marks.MOST_RUNS)


def _ticket(text: str, name: str) -> str:
    """Read a link, or the id of a ticket. Raises `UserError`."""
    text = text.strip().removeprefix("<").removesuffix(">")
    if len(text) > LONGEST_LINK:
        raise replies.too_long(name, LONGEST_LINK)
    if "://" in text:
        if _LINK.fullmatch(text) and "@" not in urlsplit(text).netloc:
            return text
        raise replies.not_a_link(text, name)
    if not _TICKET.fullmatch(text):
        raise replies.not_a_ticket(text, name)
    return text


# All of it


async def _list(asked: Asked, services: Services) -> Reply:
    """List what is said of checks, what was reopened first."""
    for name in (PROPERTY, "run", "until", "link"):
        if asked.value(name, 0 if name == PROPERTY else None):
            raise replies.of_one(name)
    alone = asked.value("connection") is not None
    platforms = (await meant(asked, services))[:1] if alone else tuple(services.platforms.values())
    there = [(p, state) for p in platforms for state in await services.store.property_states(p.connection)]
    there.sort(key=lambda pair: pair[1].reopened is None)
    again = Command("mark", {"as": LIST} | ({"connection": platforms[0].connection} if alone else {}))
    pages = Pages.of(again, len(there), first_of(asked, len(there)), LISTED)
    shown = [there[number - 1] for number in pages.numbers]
    entries = [await _entry(platform, state, services) for platform, state in shown]
    return replies.listing(
        entries, pages, services.terms, services.clock.now(), several=len(services.platforms) > 1
    )


async def _entry(platform: Platform, state: PropertyState, services: Services) -> replies.Entry:
    query = RunQuery(launcher_key=state.launcher_key)
    newest = await services.store.newest(state.connection, query, 1)
    owner = await services.store.name(state.owner) if state.owner else ""
    return replies.Entry(
        mark=Mark(state=state, owner=owner), run=newest[0] if newest else None, terms=platform.terms
    )


async def form(asked: Asked, services: Services) -> Form:
    """Return the form, filled in with what the thread, the button or the words already say."""
    terms = (await platform_of(asked, services)).terms
    given, context = asked.value, asked.context
    name = given(PROPERTY, 0) or context.property_name or ""
    fields = (
        Field(name=PROPERTY, label=terms.check.title, kind=FieldKind.TEXT, required=True, value=name,
              hint="its name, or its number in “failing”"),
        Field(name="as", label="Mark as", kind=FieldKind.CHOICE, choices=SAID, required=True, value=given("as") or ""),
        Field(name="until", label="Snooze until", kind=FieldKind.TEXT, value=given("until") or "",
              hint=f"a day, a time, or for example 3 {terms.run.many}"),
        Field(name="link", label="Ticket", kind=FieldKind.TEXT, value=given("link") or "", hint="a link, or its id"),
        Field(name="run", label=terms.run.title, kind=FieldKind.RUN,
              value=given("run") or (context.run.text if context.run else ""), hint="an id, or a launcher's name"),
    )  # fmt: skip
    return Form(verb="mark", title=TITLES["mark"], submit="Mark", fields=fields)


def _reread(parsed: ParsedCommand) -> ParsedCommand:
    """Read “mark no torn page known JIRA-12” as the check, what it is, and what belongs to that."""
    words = parsed.positional
    if "as" not in parsed.named:
        for at in reversed(range(len(words))):
            what = spelled(words[at], (*SAID, LIST))
            read = _tail(what, words[at + 1 :]) if what else None
            if read is None and (at == len(words) - 3 and " ".join(words[at:]).casefold() == "not a bug"):
                read = {"as": NOT_A_BUG}
            if read is not None and not read.keys() & parsed.named.keys():
                return reread(_cut(parsed, at, read))
    return reread(parsed)


def _tail(what: str, words: tuple[str, ...]) -> dict[str, str] | None:
    """Read what stands behind a word; None where that does not belong to it."""
    behind = " ".join(words)
    if what == SNOOZE:
        return {"as": what, **({"until": behind} if behind else {})}
    if what == LIST:
        return {"as": what} if not words else None
    if len(words) > (what in {KNOWN, NOT_A_BUG}):
        return None
    return {"as": what, **({"link": behind} if behind else {})}


def _cut(parsed: ParsedCommand, at: int, named: dict[str, str]) -> ParsedCommand:
    """Take the bare words from a place on out of a command."""
    leading = len(parsed.positional) - len(parsed.strays)
    return replace(
        parsed,
        positional=parsed.positional[:at],
        strays=parsed.strays[: max(0, at - leading)],
        named={**parsed.named, **named},
    )


def _only_lists(asked: Asked) -> bool:
    return asked.value("as") == LIST


VERB = Verb(
    name="mark",
    summary="own, snooze or explain a failing check; every card shows it",
    handle=handle,
    reread=_reread,
    parameters=(
        Parameter(name=PROPERTY, summary="The failing check, by name, or by its number in “failing”", kind=FieldKind.PROPERTY,
                  positional=True, example="property=2", own_noun=True),
        Parameter(name="as", summary="What to say of it; list shows all that was said", kind=FieldKind.CHOICE,
                  choices=(*SAID, LIST), example="as=own"),
        Parameter(name="until", summary="How long to snooze: until a day or time, or for a number of runs", kind=FieldKind.TEXT,
                  example='until="3 runs"'),
        Parameter(name="link", summary="The ticket of a known issue: a link, or its id", kind=FieldKind.TEXT,
                  example="link=JIRA-12", check=_ticket),
        Parameter(name="run", summary="A run, or a launcher's name", kind=FieldKind.RUN, example="run=latest", own_noun=True),
        BEGIN,
        CONNECTION,
    ),
    examples=("mark 2 own", "mark 2 known JIRA-12", "mark 2 snooze 3 runs", "mark list"),
    role=Role.DEBUG,
    changes=True,
    only_reads=_only_lists,
    form=form,
)  # fmt: skip
