"""Start a run again as it was, or only its checks that failed.

    rerun [RUN] [failed=yes|flaky=yes] [connection=NAME]

Where a platform has no such call and starts runs, its launch is asked for again, filled in with what the run was
started with.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from bot.access import Role
from bot.actions import confirm, reserving, second
from bot.cards import FieldKind, Reply
from bot.command import Asked, Parameter, Services, Verb
from bot.commands.launch import propose
from bot.commands.parameters import CONNECTION, RUN
from bot.launch_rules import check, without_mail
from bot.model import LaunchRequest, Run
from bot.platform import LAUNCHES_AGAIN, RERUNS, Launches, Platform, Reruns
from bot.replies import acting as replies
from bot.replies.confirming import just_confirmed
from bot.replies.launching import cannot_repeat, launcher_unknown
from bot.targets.run import require, run_of
from bot.terms import Terms
from bot.triage import RerunRequest, RerunScope


async def handle(asked: Asked, services: Services) -> Reply:
    """Keep a draft and ask for a confirmation; a run that goes on is not run again."""
    scope = _scope(asked)
    platform, run = await run_of(asked, services, ended=True)
    reruns = platform.reruns
    if reruns is None:
        require(platform, LAUNCHES_AGAIN, services)
    if not run.status.terminal:
        raise replies.not_ended(run, platform.terms)
    if reruns is None:
        return await _launch_again(run, scope, platform, asked, services)
    return await _again(run, scope, reruns, platform, asked, services)


async def _again(
    run: Run, scope: RerunScope, reruns: Reruns, platform: Platform, asked: Asked, services: Services
) -> Reply:
    if scope not in reruns.scopes:
        raise replies.whole_only(scope, platform.terms)
    key = services.new_key()
    request = RerunRequest(
        run_id=run.ref.run_id, scope=scope, launcher=run.launcher, launcher_key=run.launcher_key
    )
    of = await services.store.intent_of_run(run.ref)
    preset = of.preset if of else ""
    who, where = asked.invocation.actor, asked.invocation.place
    await check(request, preset, platform, services, actor=who, place=where, afresh=asked.afresh)
    earlier = await confirm.repeated(request, platform.connection, services, key=key, subject=request.run_id)
    intent = await confirm.draft(request, platform.connection, asked, services, key=key,
                                 subject=request.run_id, reason=confirm.warned_of(earlier),
                                 preset=preset)  # fmt: skip
    if asked.invocation.confirmed and earlier is None:
        return await confirm.go(intent, asked, services)
    left = await reserving.left(intent, platform, services)
    if isinstance(left, Reply):
        return left
    warnings = (just_confirmed(earlier, platform, services.clock.now()),) if earlier else ()
    needed = second.warning(intent, services)
    return replies.confirm_rerun(intent, request, platform.terms, warnings, left, needed)


async def _launch_again(
    run: Run, scope: RerunScope, platform: Platform, asked: Asked, services: Services
) -> Reply:
    """Ask for the launch that a run came from; one that was not asked for here is filled in as far as it can be read."""
    if scope is not RerunScope.ALL:
        raise replies.whole_only(scope, platform.terms)
    intent = await services.store.intent_of_run(run.ref)
    launches = require(platform, LAUNCHES_AGAIN, services)
    first = intent.request if intent is not None and isinstance(intent.request, LaunchRequest) else None
    preset = intent.preset if intent is not None else ""
    request = _request(run, first, launches, services.new_key(), platform.terms)
    request = without_mail(request, preset, launches, asked.invocation.actor, services)
    return await propose(request, platform, asked, services, reason=f"rerun of {run.ref.run_id}",
                         preset=preset, of=run, first=first)  # fmt: skip


def _request(
    run: Run, first: LaunchRequest | None, launches: Launches, key: str, terms: Terms
) -> LaunchRequest:
    """Return the launch of a run once more: as it was asked for here, else as far as the run tells.

    Raises `UserError` where that is nothing, and a launch needs more.
    """
    if not run.launcher:
        raise launcher_unknown(run, terms)
    values = first.values if first is not None else launches.given(run)
    lacking = [field for field in launches.form(run.launcher, values) if field.required and not field.value]
    if lacking and first is None and not run.parameters:
        raise cannot_repeat(run, lacking, terms)
    return LaunchRequest(launcher=run.launcher, key=key, launcher_key=run.launcher_key, values=values)


def _scope(asked: Asked) -> RerunScope:
    failed, flaky = asked.flag("failed"), asked.flag("flaky")
    if failed and flaky:
        raise replies.one_scope()
    return RerunScope.FAILED if failed else RerunScope.FLAKY if flaky else RerunScope.ALL


def _can(scope: RerunScope) -> Callable[[Platform], bool]:
    """Return whether such a part of a run can be run again by itself."""
    return lambda platform: platform.reruns is not None and scope in platform.reruns.scopes


def _adapted(verb: Verb, platforms: Collection[Platform]) -> Verb:
    """Speak of parts only where there are some."""
    parts = any(map(_can(RerunScope.FAILED), platforms))
    return verb if parts else replace(verb, summary="start a run again; asks first")


VERB = Verb(
    name="rerun",
    adapt=_adapted,
    summary="start a run again, or only what failed in it; asks first",
    handle=handle,
    needs=(RERUNS, LAUNCHES_AGAIN),
    parameters=(
        RUN,
        Parameter(name="failed", summary="Only what failed", kind=FieldKind.FLAG, example="failed=yes",
                  taken=_can(RerunScope.FAILED)),
        Parameter(name="flaky", summary="Only what the platform calls flaky", kind=FieldKind.FLAG,
                  example="flaky=yes", taken=_can(RerunScope.FLAKY)),
        CONNECTION,
    ),
    examples=("rerun", "rerun latest failed=yes"),
    role=Role.LAUNCH,
    changes=True,
    starts=True,
)  # fmt: skip
