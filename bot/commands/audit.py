"""Show who did what, and what was refused; let an admin stop all changes at once.

audit [PERSON|RUN|VERB] [since=TIME] [until=TIME] [person=NAME] [run=RUN] [verb=VERB] [from=NUMBER]
audit read_only=on|off
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot import grammar, reading
from bot.access import Role
from bot.cards import Command, FieldKind, Pages, Reply
from bot.command import Asked, Parameter, Services, Verb
from bot.commands.parameters import BEGIN, first_of
from bot.errors import ClewError, UserError
from bot.parsed import ParsedCommand
from bot.ports import Store
from bot.replies import audit as replies
from bot.replies import commands
from bot.replies.values import not_a_choice
from bot.state import AuditEntry, AuditQuery, IntentKind, Switched
from bot.targets.run import run_of

FURTHER_ACTIONS = frozenset({
    "agent", "any", "home", "hooks register", "mcp", "page", "read-only", "schedule", "settings", "outbox drop", "outbox retry", "db backup", "db prune", "db restore",
    "settings watch", "settings channel", "settings expect", "settings mention", "settings preset", "settings publish",
    "settings connection", "settings people", "settings general",
})  # fmt: skip
"""What stands in the trail beside verbs: what was refused before a verb was read, and what an operator did."""

READ_ONLY = "read_only"
NEWEST = "newest"  # the newest line of a list's first page: the pages stay the same while the trail grows
LATEST = "latest"
_LIKE_A_RUN = re.compile(
    rf"{LATEST}(?: |$)|[0-9a-f-]{{6,}}$|\S+…\S*$", re.IGNORECASE
)  # no verb's, hardly a person's name
ON, OFF = ON_OFF = ("on", "off")
PAGE = 20
MOST_OF_ONE_RUN = 500  # lines among which the requests about a run are looked for
ALWAYS = datetime(9999, 1, 1, tzinfo=UTC)
_MENTION = re.compile(r"<@!?([A-Za-z0-9]{1,30})(?:\|[^>]{0,80})?>", re.ASCII)
_LINE = 10**12
_PRINCIPAL = 2  # colons of a whole id


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asks the trail for, as they put it; "" for what was not said. `about`: a person, a run or a verb."""

    about: str = ""
    person: str = ""
    run: str = ""
    verb: str = ""
    since: datetime | None = None
    until: datetime | None = None
    me: str = ""  # the id of who asks

    @property
    def words(self) -> str:
        """All of it but the time, as one text."""
        return " ".join(part for part in (self.about, self.person, self.run, self.verb) if part)


async def query_of(wanted: Wanted, store: Store) -> AuditQuery:
    """Find out which lines are meant, one for each act. Raises `UserError` for a person or a verb of whom there are none."""
    actors = await store.audit_actors()
    if wanted.since and wanted.until and wanted.until <= wanted.since:
        raise replies.no_time_between()
    query = AuditQuery(since=wanted.since, until=wanted.until, acts=True)
    if wanted.person:
        query = replace(query, actors=_of_person(wanted.person, actors, wanted.me))
        if not query.actors:
            raise replies.nobody(wanted.person, [*actors, *filter(None, actors.values())])
    if wanted.verb:
        query = replace(query, actions=_of_verb(wanted.verb))
        if not query.actions:
            raise replies.no_action(wanted.verb, known_actions())
    if wanted.run:
        query = await _of_run(query, wanted.run, store)
    return await _about(query, wanted, actors, store) if wanted.about else query


async def _about(query: AuditQuery, wanted: Wanted, actors: Mapping[str, str], store: Store) -> AuditQuery:
    """Read a word without its name: a verb, else a person, else an id."""
    if (actions := _of_verb(wanted.about)) and not query.actions:
        return replace(query, actions=actions)
    if (people := _of_person(wanted.about, actors, wanted.me)) and not query.actors:
        return replace(query, actors=people)
    if query.naming:
        raise replies.which(wanted.about)
    return await _of_run(query, wanted.about, store)


def known_actions() -> Collection[str]:
    """Return all that can stand in the trail as what was done."""
    from bot.commands.registry import VERBS  # the registry lists this verb too

    return {*VERBS, *FURTHER_ACTIONS}


def _of_verb(text: str) -> frozenset[str]:
    """Return what a verb is noted as; a task for an agent is asked for by “ask” and by “debug”."""
    word = " ".join(text.casefold().split())
    found = {action for action in known_actions() if action == word or action.startswith(f"{word} ")}
    return frozenset(found | {IntentKind.AGENT.value} if word == "ask" else found)


def _of_person(text: str, actors: Mapping[str, str], me: str) -> frozenset[str]:
    """Return the ids of a person by id, mention or name; of several with one name, all."""
    if text.casefold() == "me" and me:
        return frozenset({me})
    if text.count(":") >= _PRINCIPAL:
        return frozenset({text})
    mention = _MENTION.fullmatch(text)
    said = (mention[1] if mention else text.removeprefix("@")).casefold()
    return frozenset(
        actor
        for actor, name in actors.items()
        if said in {actor.casefold(), actor.rpartition(":")[2].casefold(), name.casefold()}
    )


async def _of_run(query: AuditQuery, text: str, store: Store) -> AuditQuery:
    """Mean the lines that name a run, and those of the requests that became it or were about it."""
    if text.partition(" ")[0].casefold() == LATEST:
        raise replies.not_looked_up()
    run = text.rpartition("/")[2]
    named = replace(query, naming=frozenset({run}), since=None, until=None)
    lines, _ = await store.audit_lines(named, skip=0, limit=MOST_OF_ONE_RUN)
    requests = {
        line.entry.detail.partition(":")[0] for line in lines if line.entry.action in tuple(IntentKind)
    }
    return replace(query, naming=frozenset({run, *requests}))


async def handle(asked: Asked, services: Services) -> Reply:
    """Answer with a page of the trail, newest lines first; the pages stay the same while it grows."""
    if (to := asked.value(READ_ONLY)) is not None:
        return await _switch(to.casefold(), asked, services)
    wanted = await _with_run(_wanted(asked, services), asked, services)
    newest = asked.value(NEWEST)
    query = await query_of(wanted, services.store)
    if newest is not None:
        query = replace(query, newest=grammar.whole_number(newest, NEWEST, _LINE))
    first = first_of(asked, _LINE)
    lines, total = await services.store.audit_lines(query, skip=first - 1, limit=PAGE)
    names = await services.store.audit_actors()
    if not lines and total:
        raise replies.no_such_entry(first, total)
    if not lines and wanted.about and query.naming and not any(map(str.isdigit, wanted.about)):
        raise replies.nothing_about(wanted.about, [*known_actions(), *filter(None, names.values())])
    newest = newest or (str(lines[0].number) if lines else "")
    command = Command("audit", {**_given(asked, wanted), NEWEST: newest})
    pages = Pages.of(command, total, first, PAGE)
    return replies.listing(lines, names, wanted.words, (wanted.since, wanted.until), pages)


async def _switch(to: str, asked: Asked, services: Services) -> Reply:
    """Switch read-only on or off, for every program on this database, and note it."""
    if to not in ON_OFF:
        raise not_a_choice(to, READ_ONLY, ON_OFF)
    given = (p.name for p in VERB.parameters if asked.value(p.name, 0 if p.positional else None))
    if others := [name for name in given if name != READ_ONLY]:
        raise commands.beside(others[0], READ_ONLY)
    who, now = asked.invocation.actor, services.clock.now()
    before = await services.store.read_only()
    wanted = Switched(at=now, actor=who.id, by=who.name) if to == ON else None
    noted = AuditEntry(
        at=now, actor=who.id, channel=asked.invocation.place.channel, action="read-only", decision=to
    )
    changed = await services.store.switch_read_only(wanted, noted)
    in_settings = services.policy.read_only
    return replies.switched(wanted, before, changed=changed, in_settings=in_settings, now=now)


async def _with_run(wanted: Wanted, asked: Asked, services: Services) -> Wanted:
    """Return it with the run that is meant, read as other verbs read it; one that is gone is meant by what was typed."""
    loose = wanted.about if _LIKE_A_RUN.match(wanted.about) else ""
    text = wanted.run or loose
    if not text:
        return wanted
    named = replace(
        asked, invocation=replace(asked.invocation, values={"run": text}), command=ParsedCommand()
    )
    try:
        run_id = (await run_of(named, services, None))[1].ref.run_id
    except ClewError:
        if text.partition(" ")[0].casefold() == LATEST:
            raise
        return wanted
    return replace(wanted, run=run_id, about="" if loose and not wanted.run else wanted.about)


def _wanted(asked: Asked, services: Services) -> Wanted:
    since, until, now = asked.value("since"), asked.value("until"), services.clock.now()
    pasted = asked.command.pasted
    about = asked.value("about", 0) or ""
    if pasted is not None and pasted.run_id:
        about = pasted.run_id
    return Wanted(
        about=about,
        person=asked.value("person") or "",
        run=asked.value("run") or "",
        verb=asked.value("verb") or "",
        since=grammar.since(since, "since", now).replace(microsecond=0) if since else None,
        until=grammar.since(until, "until", now).replace(microsecond=0) if until else None,
        me=asked.invocation.actor.id,
    )


def _given(asked: Asked, wanted: Wanted) -> dict[str, str]:
    """Return what asks for the same lines, whoever presses it and whenever."""
    person = wanted.me if wanted.person.casefold() == "me" else wanted.person
    about = wanted.me if wanted.about.casefold() == "me" else wanted.about
    times = {name: getattr(wanted, name) for name in ("since", "until")}
    given = {"about": about, "person": person, "run": wanted.run, "verb": wanted.verb}
    given |= {name: f"{at:%Y-%m-%dT%H:%M:%S}" if at else "" for name, at in times.items()}
    return {name: value for name, value in given.items() if value}


def _reread(parsed: ParsedCommand) -> ParsedCommand:
    """Read a time at the end as that: “audit launch 24h”, “audit yesterday”."""
    if "since" in parsed.named:
        return parsed
    for words in (parsed.positional[-2:], parsed.positional[-1:]):
        if words and _is_time(" ".join(words)):
            return replace(
                reading.without(parsed, list(words)), named={**parsed.named, "since": " ".join(words)}
            )
    return parsed


def _is_time(text: str) -> bool:
    try:
        grammar.since(text, "since", ALWAYS)
    except UserError:
        return False
    return True


VERB = Verb(
    name="audit",
    summary="who did what, and what was refused; stop all changes",
    handle=handle,
    reread=_reread,
    parameters=(
        Parameter(name="about", summary="A person, a run or a verb; none: everything", kind=FieldKind.TEXT,
                  positional=True, example="launch"),
        Parameter(name="since", summary="Only since then, in UTC", kind=FieldKind.TEXT, example="since=24h"),
        Parameter(name="person", summary="Only what this person did: a name, an id, or me", kind=FieldKind.TEXT,
                  example="person=me"),
        Parameter(name="run", summary="Only what was done about this run", kind=FieldKind.RUN),
        Parameter(name="verb", summary="Only this verb", kind=FieldKind.TEXT, example="verb=launch"),
        Parameter(name="until", summary="Only what was before then, in UTC", kind=FieldKind.TEXT, example="until=2d"),
        Parameter(name=NEWEST, summary="Only lines up to this number", kind=FieldKind.COUNT),
        BEGIN,
        Parameter(name=READ_ONLY, summary="on: nothing is started or changed from now on, until it is off again",
                  kind=FieldKind.CHOICE, choices=ON_OFF, example="read_only=on"),
    ),
    examples=("audit", "audit launch 24h", "audit person=me since=7d", "audit read_only=on"),
    role=Role.ADMIN,
    private=True,
)  # fmt: skip
