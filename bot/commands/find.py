"""Turn pasted text into a card: a run or session id or its beginning, any link, a moment, a command, a log event.

find TEXT
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace

from bot import moments
from bot.actions import send
from bot.cards import FieldKind, Reply
from bot.command import MESSAGE, Asked, Parameter, Services, Verb
from bot.errors import NotFound, ServiceError, UserError
from bot.launchers import known_launchers
from bot.lengths import LONGEST
from bot.parsed import Pasted
from bot.platform import Platform, has_moments
from bot.replies import failing, finding, known
from bot.replies import runs as replies
from bot.targets.follow import follow
from bot.targets.moment import moment_of
from bot.targets.run import SHORTEST_ID, Search, addressed, analysis_for, meant, runs_beginning_with

MOST_BEGINNINGS = 20  # words of a text that are tried as the beginning of an id
_BEGINNING = re.compile(
    rf"(?<![\w-])(?=[0-9-]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{{{SHORTEST_ID},32}}(?:-[0-9]{{1,6}}){{0,2}}(?![\w-])",
    re.ASCII,
)


_NODE = re.compile(r"\S::\S")  # in a test's id, as test runners write it


async def handle(asked: Asked, services: Services) -> Reply:
    """Answer with what the text is about, and the buttons that follow from it."""
    pasted = asked.command.pasted
    if pasted is not None and pasted.moment is not None and not pasted.moment.placeholder:
        beside = asked if pasted.run_id else _naming(asked, moments.run_ids(pasted.rest), pasted)
        return replies.moment_found(await moment_of(beside, services))
    if pasted is None or not (pasted.run_id or pasted.session_id or pasted.report_url):
        asked = await _naming_run(asked, services)
    try:
        found = await analysis_for(asked, services)
    except (UserError, NotFound):
        launcher = await _launcher(asked, services)
        if launcher is None:
            raise
        return launcher
    await follow(found.platform, found.run, asked, services)
    found = replace(found, run=await send.by_name(found.run, services.store))
    text = asked.invocation.values.get(MESSAGE, "") or asked.invocation.full_text
    check = next((check for check in found.failing if _NODE.search(check.name) and check.name in text), None)
    if check is not None:
        return failing.one(found, check)
    return Reply(card=replies.one(found, services.clock.now()))


async def _launcher(asked: Asked, services: Services) -> Reply | None:
    """Return the card of the launcher whose id was typed; None where no connection lists one."""
    typed = asked.value("run", 0) or ""
    for platform in await meant(asked, services):
        if platform.lists_launchers is None or " " in typed:
            continue
        with suppress(ServiceError):
            rows = await platform.lists_launchers.launchers()
            row = next((row for row in rows if row.key == typed), None)
            if row is not None:
                return known.launcher(platform.connection, row, platform.terms)
    return None


def _by_noun(text: str, platforms: Sequence[Platform]) -> tuple[str, ...]:
    """Return the runs that a text names as a platform and its users do: "build 1024", "build:1024"."""
    found = [
        match[1]
        for platform in platforms
        for match in re.finditer(
            rf"(?i)\b{re.escape(platform.terms.run.one)}[ :#]{{1,3}}([\w-]{{1,128}})", text
        )
        if platform.reads.owns(match[1])
    ]
    return tuple(dict.fromkeys(found))


def _naming(asked: Asked, ids: tuple[str, ...], pasted: Pasted | None = None) -> Asked:
    """Ask for these ids and what was pasted, whatever other words stand beside them."""
    parsed = replace(asked.command, positional=ids, named={}, strays=(), pasted=pasted)
    return replace(asked, command=parsed, invocation=replace(asked.invocation, values={}))


async def _naming_run(asked: Asked, services: Services) -> Asked:
    """Take the one run that stands somewhere in the text, by its id or its beginning; without any, the thread's.

    What somebody wrote in a message is read for ids only; what was typed here may be any name of a run.
    """
    message, typed = asked.invocation.values.get(MESSAGE, ""), asked.value("run", 0) or ""
    text = (message or f"{asked.invocation.full_text} {typed}")[:LONGEST]
    search = Search(asked, await meant(asked, services))
    named, starts = moments.run_ids(text) or addressed(text, search.platforms), list[str]()
    if not named:
        starts = list(dict.fromkeys(_BEGINNING.findall(text)))[:MOST_BEGINNINGS]
        found = await runs_beginning_with(search, services, starts)
        named = tuple(run.ref.text for _, run in found)
    named = named or _by_noun(text, search.platforms)
    if named and typed == f"{typed.partition('/')[0]}/{named[0]}":  # with its connection
        return asked
    if len(named) > 1:
        raise finding.several_runs(len(named))
    refusal = asked.command.pasted.refusal if asked.command.pasted else None
    of_thread = asked.context.run is not None and (not typed or _NODE.search(typed))
    if named or of_thread:
        return _naming(asked, named)
    if refusal is None and typed and await _may_be_a_name(typed, asked, services):
        return asked
    unknown = search.nothing(finding.begins_no_recent(starts[0])) if starts else None
    raise (
        refusal
        or unknown
        or finding.nothing_named(
            message or typed,
            LONGEST,
            services.terms,
            moments=any(map(has_moments, services.platforms.values())),
        )
    )


async def _may_be_a_name(typed: str, asked: Asked, services: Services) -> bool:
    """Whether what was typed can be a name of a run: one word, the latest of a launcher, or a launcher."""
    first, *others = typed.casefold().split()
    if not others or first == "latest":
        return True
    known = [
        name.casefold()
        for platform in await meant(asked, services)
        for name in await known_launchers(platform, services)
    ]
    return typed.casefold() in known


def _adapted(verb: Verb, platforms: Collection[Platform]) -> Verb:
    """Speak of moments only where there are some, and show what ids look like on these platforms."""
    ids = dict.fromkeys(p.terms.run_id for p in platforms if p.terms.run_id)
    examples = tuple(f"find {run_id}" for run_id in ids) or verb.examples
    if any(map(has_moments, platforms)):
        return replace(verb, examples=(*examples, "find 9043254f"))
    [text] = verb.parameters
    text = replace(text, summary="What was pasted: a run id, or the address of a run")
    return replace(verb, examples=examples, parameters=(text,),
                   summary="turn a pasted link or run id into a card with the next steps")  # fmt: skip


VERB = Verb(
    name="find",
    adapt=_adapted,
    summary="turn a pasted link, moment or run id into a card with the next steps",
    handle=handle,
    parameters=(
        Parameter(
            name="run",
            summary="What was pasted: a run id, a report link or a moment",
            kind=FieldKind.LONG_TEXT,
            positional=True,
            example="latest",
        ),
    ),
    examples=("find 9043254f65c9c65d63fe043a0abfc7fc-53-1", "find 9043254f"),
    open_names=True,  # whatever stands around a link or id
)
