"""Write a finished run into another platform; shows what would be written and asks first.

publish [RUN] [to=CONNECTION]
"""

from __future__ import annotations

from bot.access import Role
from bot.actions import confirm
from bot.analysis import RunAnalysis, analysis_of
from bot.cards import FieldKind, Line, Reply
from bot.command import Asked, Parameter, Services, Verb
from bot.commands.parameters import CONNECTION, RUN
from bot.model import Availability, Run
from bot.platform import PUBLISHES, Platform
from bot.publication import Publication
from bot.publishing import Plan, planned
from bot.replies import commands
from bot.replies import publishing as replies
from bot.state import BEGINNING, IntentKind, IntentState
from bot.targets.run import require, run_of
from bot.watch.decide import lagging

UNREADABLE = frozenset({Availability.NOT_YET, Availability.AGED_OUT})
MAY_BE_THERE = frozenset({IntentState.ACCEPTED, IntentState.POSTING, IntentState.UNKNOWN})


async def handle(asked: Asked, services: Services) -> Reply:
    """Read the run as it ended, keep what would be written, and ask for a confirmation."""
    platform, run = await run_of(asked, services, ended=True)
    target = _target(asked, run, services)
    publishes = require(target, PUBLISHES, services)
    plan = planned(await _found(platform, run, services), publishes.most, services.secrets)
    into = await publishes.target()
    warnings = (*await _earlier(run, target, services), *_left_out(plan))
    key, now = services.new_key(), services.clock.now()
    kept = Publication(key=key, source=run.ref, target=target.connection, created_at=now, intent_id=key)
    await services.store.plan_publication(kept, plan.checks, now)
    intent = await confirm.draft(
        plan.request, target.connection, asked, services, key=key, subject=run.ref.text
    )
    if asked.invocation.confirmed:
        return await confirm.go(intent, asked, services)
    return replies.confirmation(
        intent,
        run,
        plan.request,
        target=into,
        counts=plan.counts,
        logs=plan.logs,
        requests=plan.requests,
        warnings=warnings,
    )


def _target(asked: Asked, run: Run, services: Services) -> Platform:
    """Return where the run is written: what is named, else the only connection that takes runs."""
    having = [p for p in services.platforms.values() if PUBLISHES.of(p) is not None]
    named = asked.value("to")
    if named is not None and named not in services.platforms:
        raise commands.no_connection(named, services.platforms)
    others = [p for p in having if p.connection != run.ref.connection]
    if named is None and len(others) != 1:
        raise replies.which_target([p.connection for p in others])
    target = services.platforms[named] if named is not None else others[0]
    if target.connection == run.ref.connection:
        raise replies.into_itself(target.connection)
    return target


async def _found(platform: Platform, run: Run, services: Services) -> RunAnalysis:
    """Read what came of a run. Raises `UserError` where that is not known yet, or any more."""
    if not run.status.terminal:
        raise replies.not_ended(run)
    found = await analysis_of(platform, services.store, run)
    if found.results is None or found.results.availability in UNREADABLE or lagging(found):
        raise replies.no_results()
    return found


async def _earlier(run: Run, target: Platform, services: Services) -> tuple[Line, ...]:
    """Warn of what was published of the same run into the same place."""
    sent = await services.store.sent(IntentKind.PUBLISH, target.connection, run.ref.text, BEGINNING)
    there = next((intent for intent in sent if intent.state in MAY_BE_THERE), None)
    return (replies.published_before(there, services.clock.now()),) if there is not None else ()


def _left_out(plan: Plan) -> tuple[Line, ...]:
    return replies.left_out(len(plan.checks), plan.total, plan.no_result)


VERB = Verb(
    name="publish",
    summary="write a finished run into another platform; shows what would be written and asks first",
    handle=handle,
    needs=(PUBLISHES,),
    between=True,
    parameters=(
        RUN,
        Parameter(name="to", summary="The connection to write it into", kind=FieldKind.TEXT, example="to=af"),
        CONNECTION,
    ),
    examples=("publish latest to=af", "publish"),
    role=Role.LAUNCH,
    changes=True,
)  # fmt: skip
