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
from bot.model import Run, RunQuery
from bot.platform import Platform, newest_runs
from bot.recent import newest_of, recent_of
from bot.replies import finding
from bot.replies import runs as replies
from bot.replies.charts import failing_so_far
from bot.targets.run import Search, analysis_for, platform_of

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
    if wanted and wanted.casefold() != found.run.launcher.casefold():
        raise finding.of_another(found.run, wanted)
    return found


async def _recent(asked: Asked, services: Services) -> Reply:
    wanted = asked.value("launcher")
    query = RunQuery(launcher=grammar.launcher(wanted) if wanted else None)
    count = asked.value("count")
    number = grammar.whole_number(count, "count", MOST_LISTED) if count else LISTED
    alone = asked.value("connection") is not None or asked.context.run is not None
    search = Search(asked, [await platform_of(asked, services)] if alone else [*services.platforms.values()])

    async def newest(platform: Platform) -> tuple[Run, ...]:
        return tuple(await newest_runs(platform, query))[:number]

    pages = await search.each(newest)
    if not pages:
        raise search.nothing(finding.no_runs())
    search.told()
    chosen = newest_of([runs for _, runs in pages], number)
    shown = await asyncio.gather(
        *(recent_of(p, services.store, [run for run in runs if run in chosen]) for p, runs in pages)
    )
    by_ref = {recent.run.ref: recent for of_one in shown for recent in of_one}
    several = len(services.platforms) > 1
    runs = tuple(by_ref[run.ref] for run in chosen)
    return replies.recent(runs, services.clock.now(), launcher=wanted, several=several)


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
