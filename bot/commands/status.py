"""Show recent runs, or how one run is doing.

status [RUN] [launcher=NAME] [count=NUMBER]
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot import grammar
from bot.cards import FieldKind, Reply
from bot.commands.parameters import CONNECTION
from bot.commands.target import findings_for, service_of
from bot.commands.verb import Asked, Desk, Parameter, Verb
from bot.earlier import kept_results
from bot.errors import ServiceError
from bot.model import Capability, Run, RunQuery
from bot.ports import RunService
from bot.replies import runs as replies
from bot.replies.charts import failing_so_far
from bot.state import StoredResults

LISTED = 8
MOST_LISTED = 30


async def handle(asked: Asked, desk: Desk) -> Reply:
    """Answer with one run where one is meant, else with the recent ones."""
    pasted = asked.words.pasted
    if asked.value("run", 0) or pasted is not None or (asked.context.run and not asked.value("launcher")):
        service, found = await findings_for(asked, desk)
        card = replies.one(found, desk.clock.now(), service.capabilities)
        return Reply(card=replace(card, chart=failing_so_far(found)))
    return await _recent(asked, desk)


async def _recent(asked: Asked, desk: Desk) -> Reply:
    service = service_of(asked, desk)
    wanted = asked.value("launcher")
    query = RunQuery(launcher=grammar.launcher(wanted) if wanted else None)
    count = asked.value("count")
    number = grammar.whole_number(count, "count", MOST_LISTED) if count else LISTED
    async for page in service.runs(query):
        shown = page[:number]
        kept = await asyncio.gather(*(_kept(service, desk, run) for run in shown))
        stored = {run.ref: results for run, results in zip(shown, kept, strict=True)}
        return replies.recent(shown, stored, desk.clock.now(), launcher=wanted)
    return replies.recent((), {}, desk.clock.now(), launcher=wanted)


async def _kept(service: RunService, desk: Desk, run: Run) -> StoredResults | None:
    """Return a listed run's results; one that cannot be read is listed without a verdict, not left out."""
    if Capability.PROPERTIES not in service.capabilities:
        return None
    try:
        return await kept_results(service, desk.store, run)
    except ServiceError:
        return None


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
