"""Show what became of one check over the last runs of a series, all of it from the record.

history PROPERTY [run=RUN|LAUNCHER]
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.cards import FieldKind, Reply
from bot.command import PROPERTY, Asked, Parameter, Services, Verb
from bot.commands.parameters import CONNECTION
from bot.history import RUNS, History, may_be_same, replaces
from bot.marks import Mark
from bot.model import Run
from bot.platform import Platform
from bot.replies import finding
from bot.replies import history as replies
from bot.state import CheckInRun, KnownCheck
from bot.targets.series import check_on_record, reread, series_of


async def handle(asked: Asked, services: Services) -> Reply:
    """Find the series, then the check by its name, and show what the runs of the one say of the other."""
    name = asked.value(PROPERTY, 0) or asked.context.property_name
    if name is None:
        raise finding.which_check(services.terms)
    platform, run = await series_of(name, asked, services)
    known = await services.store.known_checks(run.ref.connection, run.series[0])
    check = await check_on_record(name, known, platform, run, services)
    return replies.one(await _shown(check, known, platform, run, services), services.clock.now())


async def _shown(
    check: KnownCheck, known: Sequence[KnownCheck], platform: Platform, run: Run, services: Services
) -> replies.Shown:
    async def course(name: str) -> tuple[CheckInRun, ...]:
        return await services.store.check_in_runs(run.ref.connection, run.series, name, RUNS + 1)

    runs = await course(check.name)
    alike = [(other, replaces(runs, await course(other.name))) for other in may_be_same(check, known)]
    coverage = await services.store.coverage(run.ref.connection)
    oldest = runs[:RUNS][-1].run if runs else run
    at = oldest.ordered_by
    whole_since = coverage.whole_since if coverage is not None else None
    state = await services.store.property_state(run.ref.connection, run.series[0], check.name)
    owner = await services.store.name(state.owner) if state.owner else ""
    return replies.Shown(
        connection=platform.connection,
        mark=Mark(state=state, owner=owner),
        run=run,
        terms=platform.terms,
        check=check,
        history=History(runs[:RUNS], more=len(runs) > RUNS),
        begins=min(each.first_seen for each in known),
        renamed=[(other, after) for other, after in alike if after is not None],
        holes_before=whole_since if whole_since and at and at < whole_since else None,
        unlisted=platform.lists is None,
        several=len(services.platforms) > 1,
    )


VERB = Verb(
    name="history",
    summary="one check over the last runs: when it failed, how long it is quiet",
    handle=handle,
    reread=reread,
    parameters=(
        Parameter(name=PROPERTY, summary="The check, by name, or by its number in “failing”", kind=FieldKind.PROPERTY,
                  positional=True, example="property=2", own_noun=True),
        Parameter(name="run", summary="A run of the series, or a launcher's name", kind=FieldKind.RUN, example="run=latest",
                  own_noun=True),
        CONNECTION,
    ),
    examples=("history", "history 2 latest", 'history property="no torn page" run="Payments Nightly"'),
)  # fmt: skip
