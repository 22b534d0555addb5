"""Show recent runs and how things stand beside them, or how one run is doing.

status [RUN] [launcher=NAME] [source=NAME] [test_name=NAME] [creator=NAME] [since=TIME] [count=NUMBER] [from=NUMBER]
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot import grammar
from bot.actions import send
from bot.analysis import RunAnalysis, explained
from bot.cards import FROM, Command, FieldKind, Line, Pages, Reply
from bot.command import Asked, Parameter, Services, Verb
from bot.commands.parameters import BEGIN, CONNECTION, MOST_ENTRIES, first_of
from bot.errors import ServiceError
from bot.overview import overview_of
from bot.platform import Platform, terms_of
from bot.recent import Narrowed, newest_of, recent_of
from bot.replies import finding, known, overview
from bot.replies import runs as replies
from bot.replies.charts import failing_so_far
from bot.replies.data import RunsFound
from bot.targets.follow import follow
from bot.targets.listed import Listed, read_listed
from bot.targets.run import Search, analysis_for, platform_of
from bot.terms import shared
from bot.triage import LauncherRow

LISTED = 8
MOST_LISTED = 30
STANDING = 3  # of each kind that says how things stand
OF_A_LIST = (
    "source",
    "test_name",
    "creator",
    "since",
    "count",
)  # parameters that no single run is asked for with
NARROWS = ("launcher", *OF_A_LIST)


async def handle(asked: Asked, services: Services) -> Reply:
    """Answer with one run where one is meant, else with the recent ones."""
    changes = asked.flag("changes")
    narrowed = not changes and any(asked.value(name) for name in (*NARROWS, FROM))
    named = asked.value("run", 0) or asked.command.pasted is not None
    if named or (asked.context.run and not narrowed):
        found = await _one(asked, services)
        if changes:
            begin = first_of(asked, replies.number_changed(found))
            return replace(replies.every_change(found, begin, services.clock.now()), data=found)
        found = await explained(found)
        found = replace(found, run=await send.by_name(found.run, services.store))
        card = replies.one(found, services.clock.now())
        return Reply(card=replace(card, chart=failing_so_far(found)), data=found)
    if changes:
        raise finding.changes_of_one()
    return await _recent(asked, services)


async def _one(asked: Asked, services: Services) -> RunAnalysis:
    """Return the run that is named. Raises `UserError` where a value does not go with it: none is passed over."""
    for name in OF_A_LIST if asked.flag("changes") else (*OF_A_LIST, FROM):
        if asked.value(name):
            raise finding.of_a_list(asked.command.as_typed(name))
    launcher = asked.value("launcher")
    wanted = grammar.launcher(launcher) if launcher else None
    found = await analysis_for(asked, services)
    await follow(found.platform, found.run, asked, services)
    if wanted and wanted.casefold() != found.run.launcher.casefold():
        raise finding.of_another(found.run, wanted, asked.command.as_typed("launcher"))
    return found


async def _recent(asked: Asked, services: Services) -> Reply:
    count = asked.value("count")
    number = grammar.whole_number(count, "count", MOST_LISTED) if count else LISTED
    narrowed = _narrowed(asked, services)
    alone = asked.value("connection") is not None or asked.context.run is not None
    meant = [await platform_of(asked, services)] if alone else [*services.platforms.values()]
    if len(meant) == 1 and meant[0].lists is None and not narrowed:
        return await _standing(await _known(meant[0], asked, number, services), meant, asked, services)
    begin = first_of(asked, MOST_ENTRIES)
    search = Search(asked, meant)
    found = await search.each(lambda p: read_listed(p, services.store, narrowed, begin + number))
    if not found:
        raise search.nothing(finding.no_runs(services.terms))
    search.told()
    asked.remarks.extend(finding.lists_none(p.connection, p.terms) for p, _ in found if p.lists is None)
    there = newest_of([listed.runs for _, listed in found], begin + number)
    first_of(asked, len(there))  # where the list ends before that, the number is wrong
    pages = Pages.of(_again(asked, narrowed, meant[0] if alone else None), len(there), begin, number)
    chosen = there[begin - 1 : pages.last]
    shown = await asyncio.gather(
        *(recent_of(p, services.store, [run for run in chosen if run in listed.runs]) for p, listed in found)
    )
    by_ref = {recent.run.ref: recent for of_one in shown for recent in of_one}
    listed = tuple(by_ref[run.ref] for run in chosen)
    reply = replies.recent(
        listed, services.clock.now(), narrowed=narrowed, pages=pages, terms=shared([p.terms for p, _ in found]),
        several=len(services.platforms) > 1, left_out=_left_out(narrowed, found),
    )  # fmt: skip
    whole = not any(of.cut or of.untold or p.lists is None for p, of in found)
    data = RunsFound(
        runs=listed, first=begin, more=pages.left_out > 0, whole=whole, unread=tuple(search.down)
    )
    reply = replace(reply, data=data)
    return reply if narrowed else await _standing(reply, meant, asked, services)


async def _standing(reply: Reply, meant: Sequence[Platform], asked: Asked, services: Services) -> Reply:
    """Say beside the newest runs how things stand for whoever asks and for the channel."""
    if asked.value("count") or asked.value(FROM):
        return reply
    who, channel = asked.invocation.actor, asked.invocation.place.channel
    found = await overview_of(services, who.id, lambda other: other == channel, meant, STANDING)
    return overview.with_overview(
        reply,
        found,
        who.name,
        services.terms,
        lambda name: terms_of(services.platforms.get(name)),
        most=STANDING,
    )


def _narrowed(asked: Asked, services: Services) -> Narrowed:
    """Read what the list is narrowed to. Raises `UserError` naming the value that is wrong."""
    launcher, since = asked.value("launcher"), asked.value("since")
    source, test_name, creator = (
        grammar.plain_text(asked.value(name) or "", name) for name in ("source", "test_name", "creator")
    )
    return Narrowed(
        launcher=grammar.launcher(launcher) if launcher else "",
        source=source,
        test_name=test_name,
        creator=creator,
        since=grammar.since(since, "since", services.clock.now()) if since else None,
    )


def _again(asked: Asked, narrowed: Narrowed, alone: Platform | None) -> Command:
    """Return what asks for the same list: of the same time and connection, wherever it is pressed."""
    given = {name: value for name in NARROWS if (value := asked.value(name))}
    if narrowed.since is not None:
        given["since"] = f"{narrowed.since:%Y-%m-%dT%H:%M}"
    if alone is not None:
        given["connection"] = alone.connection
    return Command("status", given)


def _left_out(narrowed: Narrowed, found: Sequence[tuple[Platform, Listed]]) -> tuple[Line, ...]:
    """Say of each connection how far the list is known: what was not looked at, and what may or may not be in it."""
    said = [finding.looked_through(p.connection, len(of.looked), p.terms) for p, of in found if of.cut]
    said += [finding.not_told(p.connection, of.untold, p.terms) for p, of in found if of.untold]
    if narrowed.source and not any(of.runs for _, of in found):
        there = {run.source for _, of in found for run in of.looked if run.source}
        said += finding.sources(narrowed.source, there)
    return tuple(said)


async def _known(platform: Platform, asked: Asked, number: int, services: Services) -> Reply:
    """List what is known of a connection that lists no runs."""
    found = await read_listed(platform, services.store, Narrowed(), MOST_ENTRIES)
    rows: tuple[LauncherRow, ...] = ()
    problem = ""
    if platform.lists_launchers is not None:
        try:
            rows = await platform.lists_launchers.launchers()
        except ServiceError as error:
            problem = error.problem
    total = len(found.runs) + len(rows)
    size = number if asked.value("count") else LISTED + known.PLANS
    pages = Pages.of(_again(asked, Narrowed(), platform), total, first_of(asked, total), size)
    shown = await recent_of(platform, services.store, found.runs[pages.first - 1 : pages.last])
    reply = known.listing(
        platform,
        found.runs,
        shown,
        rows,
        services.clock.now(),
        pages=pages,
        whole=not found.cut,
        problem=problem,
    )
    more = len(found.runs) > pages.last
    return replace(reply, data=RunsFound(runs=tuple(shown), first=pages.first, more=more, whole=False))


def _names_tests(platform: Platform) -> bool:
    """Whether runs of a platform can have the name of a test beside their source: then a launch takes one."""
    launches = platform.launches
    return launches is not None and any(field.name == "test_name" for field in launches.form(""))


VERB = Verb(
    name="status",
    summary="recent runs, or one run: verdict, progress, what is new",
    handle=handle,
    parameters=(
        Parameter(name="run", summary="The run; none lists recent runs", kind=FieldKind.RUN, positional=True,
                  example="latest", own_noun=True),
        Parameter(name="launcher", summary="Only this launcher's runs", kind=FieldKind.LAUNCHER, own_noun=True),
        Parameter(name="source", summary="Only runs of this source", kind=FieldKind.TEXT, example="source=main",
                  own_noun=True),
        Parameter(name="test_name", summary="Only runs of this test name", kind=FieldKind.TEXT, taken=_names_tests),
        Parameter(name="creator", summary="Only runs that this person started", kind=FieldKind.TEXT,
                  example="creator=ann"),
        Parameter(name="since", summary="Only runs created since then, in UTC", kind=FieldKind.TEXT,
                  example="since=24h"),
        Parameter(name="count", summary="How many runs a page lists", kind=FieldKind.COUNT, example="count=20"),
        Parameter(name="changes", summary="All that changed in the run, against the one before", kind=FieldKind.FLAG,
                  example="changes=yes"),
        BEGIN,
        CONNECTION,
    ),
    examples=("status", "status latest", "status latest Payments Nightly", "status source=main since=2d"),
)  # fmt: skip
