"""Show a run's failing properties, newly failing first.

failing [RUN] [property=NAME|NUMBER] [quarantined=yes] [from=NUMBER]
failing file=FILE ... shows what failed by an attached report file
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace

from bot.analysis import RunAnalysis, explained
from bot.cards import FROM, FieldKind, Reply
from bot.command import Asked, Parameter, Services, Verb
from bot.commands.parameters import BEGIN, CONNECTION, FILE, PROPERTY, RUN, first_of
from bot.in_full import OF_ONE_RUN
from bot.model import Check
from bot.platform import REPORT_FILES, Platform, has_moments
from bot.replies import commands
from bot.replies import failing as replies
from bot.replies import reported as in_file
from bot.state import AttachedFile
from bot.targets.moment import choose_property, chosen
from bot.targets.report import files_meant, report_in
from bot.targets.run import analysis_for
from bot.terms import PLAIN
from bot.triage import PastResult, ReportedCheck


async def handle(asked: Asked, services: Services) -> Reply:
    """Answer with the list, or with one property of it."""
    if asked.value("property") and asked.value(FROM):
        raise commands.beside(FROM, asked.command.as_typed("property"))
    wanted, files = asked.value("property"), files_meant(asked)
    if len(files) > 1:
        return in_file.which(files)
    if files:
        return await _in_file(files[0], asked, services)
    found = await analysis_for(asked, services, ended=True)
    _check_excused(found, asked, services)
    if wanted is not None:
        chosen = choose_property(found, wanted)
        past, reported = await asyncio.gather(_past(found, chosen), _reported(found, chosen))
        return replies.one(found, chosen, past, reported)
    if asked.flag(found.terms.excused):
        there = found.results.excused if found.results else ()
        return replies.listing_excused(found, first_of(asked, len(there)))
    found = found if found.failing else await explained(found)
    return replies.listing(found, first_of(asked, len(found.failing)))


def _check_excused(found: RunAnalysis, asked: Asked, services: Services) -> None:
    """Refuse to list what does not count by another platform's word for it, or beside one check. Raises `UserError`."""
    for word in {p.terms.excused for p in services.platforms.values()}:
        if asked.value(word) and word != found.terms.excused:
            raise commands.not_taken(word, [found.platform.connection])
        if asked.value(word) and asked.value("property"):
            raise commands.beside(word, asked.command.as_typed("property"))


async def _in_file(file: AttachedFile, asked: Asked, services: Services) -> Reply:
    """Answer with what failed by a report file, or with one failure of it."""
    found = await report_in(file, asked, services)
    names, wanted = found.report.names, asked.value("property")
    if wanted is None:
        return in_file.listing(found, first_of(asked, len(names)))
    position = chosen(names, wanted, found.platform.terms)
    return in_file.one(found, found.report.entry(position))


async def _past(found: RunAnalysis, chosen: Check) -> tuple[PastResult, ...]:
    """Return what came of a check before, where the platform says so; it is told beside the rest, or not at all."""
    histories = found.platform.histories
    if histories is None or chosen.ref is None:
        return ()
    try:
        return await histories.history(chosen.ref)
    except OF_ONE_RUN:
        return ()


async def _reported(found: RunAnalysis, chosen: Check) -> ReportedCheck | None:
    """Return what a report file says of a check; it is told beside the rest, or not at all."""
    files = found.platform.report_files
    try:
        return await files.reported(found.run.ref.run_id, chosen.name) if files is not None else None
    except OF_ONE_RUN:
        return None


def _adapted(verb: Verb, platforms: Collection[Platform]) -> Verb:
    """Let report files be read where a platform has some, and what does not count be listed by the platform's word."""
    files = (FILE,) if any(REPORT_FILES.of(platform) is not None for platform in platforms) else ()
    words = sorted({p.terms.excused for p in platforms} - {PLAIN.excused})
    further = (
        Parameter(
            name=word, summary=f"Those that fail and are {word}", kind=FieldKind.FLAG, example=f"{word}=yes"
        )
        for word in words
        if " " not in word
    )
    summary = f"{verb.summary}, each with its moment" if any(map(has_moments, platforms)) else verb.summary
    return replace(verb, summary=summary, parameters=(*verb.parameters, *files, *further))


VERB = Verb(
    name="failing",
    summary="failing checks, newly failing first",
    handle=handle,
    adapt=_adapted,
    parameters=(
        RUN,
        PROPERTY,
        BEGIN,
        CONNECTION,
    ),
    examples=("failing", "failing latest", "failing latest property=1"),
)  # fmt: skip
