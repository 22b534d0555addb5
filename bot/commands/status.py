"""Show recent runs, or how one run is doing.

status [RUN] [launcher=NAME] [count=NUMBER]
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot import grammar
from bot.actions import send
from bot.analysis import RunAnalysis
from bot.cards import FieldKind, Reply
from bot.command import Asked, Parameter, Services, Verb
from bot.commands.parameters import CONNECTION
from bot.errors import ServiceError
from bot.model import Run, RunQuery
from bot.platform import Platform
from bot.recent import newest_here, newest_of, recent_of
from bot.replies import finding, known
from bot.replies import runs as replies
from bot.replies.charts import failing_so_far
from bot.targets.follow import follow
from bot.targets.run import Search, analysis_for, platform_of
from bot.triage import LauncherRow

LISTED = 8
MOST_LISTED = 30


async def handle(asked: Asked, services: Services) -> Reply:
    """Answer with one run where one is meant, else with the recent ones."""
    narrowed = asked.value("launcher") or asked.value("count")
    named = asked.value("run", 0) or asked.command.pasted is not None
    if named or (asked.context.run and not narrowed):
        found = await _one(asked, services)
        found = replace(found, run=await send.by_name(found.run, services.store))
        card = replies.one(found, services.clock.now())
        return Reply(card=replace(card, chart=failing_so_far(found)))
    return await _recent(asked, services)


async def _one(asked: Asked, services: Services) -> RunAnalysis:
    """Return the run that is named. Raises `UserError` where a value does not go with it: none is passed over."""
    if asked.value("count"):
        raise finding.count_of_one()
    launcher = asked.value("launcher")
    wanted = grammar.launcher(launcher) if launcher else None
    found = await analysis_for(asked, services)
    await follow(found.platform, found.run, asked, services)
    if wanted and wanted.casefold() != found.run.launcher.casefold():
        raise finding.of_another(found.run, wanted)
    return found


async def _recent(asked: Asked, services: Services) -> Reply:
    wanted = asked.value("launcher")
    query = RunQuery(launcher=grammar.launcher(wanted) if wanted else None)
    count = asked.value("count")
    number = grammar.whole_number(count, "count", MOST_LISTED) if count else LISTED
    alone = asked.value("connection") is not None or asked.context.run is not None
    meant = [await platform_of(asked, services)] if alone else [*services.platforms.values()]
    if len(meant) == 1 and meant[0].lists is None and not wanted:
        return await _known(meant[0], number, services)
    search = Search(asked, meant)

    async def newest(platform: Platform) -> tuple[Run, ...]:
        return tuple(await newest_here(platform, services.store, query))[:number]

    pages = await search.each(newest)
    if not pages:
        raise search.nothing(finding.no_runs(services.terms))
    search.told()
    asked.remarks.extend(finding.lists_none(p.connection, p.terms) for p, _ in pages if p.lists is None)
    chosen = newest_of([runs for _, runs in pages], number)
    shown = await asyncio.gather(
        *(recent_of(p, services.store, [run for run in runs if run in chosen]) for p, runs in pages)
    )
    by_ref = {recent.run.ref: recent for of_one in shown for recent in of_one}
    several = len(services.platforms) > 1
    runs = tuple(by_ref[run.ref] for run in chosen)
    return replies.recent(runs, services.clock.now(), launcher=wanted, several=several)


async def _known(platform: Platform, number: int, services: Services) -> Reply:
    """List what is known of a connection that lists no runs."""
    followed = (await newest_here(platform, services.store, RunQuery()))[:number]
    shown = await recent_of(platform, services.store, followed)
    rows: tuple[LauncherRow, ...] = ()
    problem = ""
    if platform.lists_launchers is not None:
        try:
            rows = await platform.lists_launchers.launchers()
        except ServiceError as error:
            problem = error.problem
    now = services.clock.now()
    return known.listing(platform, shown, rows, now, problem=problem)


VERB = Verb(
    name="status",
    summary="recent runs, or one run: verdict, progress, what is new",
    handle=handle,
    parameters=(
        Parameter(name="run", summary="The run; none lists recent runs", kind=FieldKind.RUN, positional=True,
                  example="latest"),
        Parameter(name="launcher", summary="Only this launcher's runs", kind=FieldKind.LAUNCHER),
        Parameter(name="count", summary="How many runs to list", kind=FieldKind.COUNT, example="count=20"),
        CONNECTION,
    ),
    examples=("status", "status latest", "status latest Payments Nightly"),
)  # fmt: skip
