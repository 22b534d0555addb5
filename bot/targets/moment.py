"""Which moment and property a command is about, and the run they lie in.

A pasted moment wins over an explicit argument, an explicit argument over the thread. With only a run given, it
is what `RunAnalysis.focus` says: where an incomplete run broke, else the first failing property with a moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot import moments
from bot.analysis import RunAnalysis, analysis_of
from bot.command import ENTRY, LONG_ENTRY, Asked, MomentTarget, NoMomentTarget, Services
from bot.errors import NotFound, ServiceError, UserError
from bot.in_full import in_full
from bot.model import Check, LogExcerpt, LogQuery, Run
from bot.parsed import Pasted
from bot.platform import MomentLogs, Need, Platform
from bot.ports import Report
from bot.replies import at_moment, pasting
from bot.replies import finding as replies
from bot.targets.run import analysis_for, platform_of, require, run_of, run_of_session
from bot.terms import Terms


async def moment_of(asked: Asked, services: Services, needs: Need[object] | None = None) -> MomentTarget:
    """Return the moment that a command is about, and the run it lies in. Raises `UserError` where there is none.

    `needs`: what is wanted there; a platform that does not offer it is said to before a moment is missed.
    """
    target = await moment_target_of(asked, services, needs)
    if needs is not None:
        require(target.platform, needs, services)
    if isinstance(target, NoMomentTarget):
        raise replies.no_moment(target.why)
    return target


async def moment_target_of(
    asked: Asked, services: Services, needs: Need[object] | None = None
) -> MomentTarget | NoMomentTarget:
    """Return the moment that a command is about, or the run that was meant and has none.

    `needs`: what is wanted there; where the run's platform does not offer it, no moment is looked for.
    """
    pasted = given_moment(asked)
    if pasted is not None and pasted.moment is not None:
        return await _pasted_target(asked, services, pasted)
    if pasted is not None and pasted.refusal is not None:
        raise pasted.refusal
    explicit = asked.value("run", 0) or (pasted is not None) or asked.value("property")
    if not explicit and asked.context.moment is not None and asked.context.run is not None:
        platform = await platform_of(asked, services)
        run = await platform.reads.run(asked.context.run.run_id)
        name = asked.context.property_name
        return MomentTarget(platform=platform, run=run, moment=asked.context.moment, property_name=name)
    if not explicit and asked.context.run is None:
        raise pasting.which_moment()
    found = await analysis_for(asked, services, ended=True, depth=1)
    of_thread = asked.context.property_name if found.run.ref == asked.context.run else None
    if needs is not None and needs.of(found.platform) is None:
        return NoMomentTarget(platform=found.platform, run=found.run, why="")
    return _target_in(found, asked.value("property") or of_thread)


def choose_property(found: RunAnalysis, wanted: str) -> Check:
    """Return the failing property with that name or number, as the list of failing ones shows them."""
    return found.failing[chosen([check.name for check in found.failing], wanted, found.terms)]


def chosen(names: Sequence[str], wanted: str, terms: Terms) -> int:
    """Return the position of the name in a list that is meant, by name or by number.

    Raises `UserError` where none or several can be meant.
    """
    if wanted in names:
        return names.index(wanted)
    if LONG_ENTRY.fullmatch(wanted) and int(wanted) <= len(names):
        return int(wanted) - 1
    if ENTRY.fullmatch(wanted):
        raise replies.no_entry(int(wanted), len(names), terms)
    folded = wanted.casefold()
    alike = [n for n, name in enumerate(names) if folded in name.casefold()]
    alike = [n for n in alike if names[n].casefold().endswith(folded)] or alike
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise replies.several_checks(len(alike), wanted, terms.check)
    raise replies.no_check(wanted, names, terms.check)


def given_moment(asked: Asked) -> Pasted | None:
    """Return what was pasted, else the moment that was given by its name. Raises `UserError` where that is none."""
    if asked.command.pasted is not None:
        return asked.command.pasted
    text = asked.value("moment")
    if text is None:
        return None
    found = moments.find(text) or moments.find(f"moment={text}")
    if found is None or found.moment is None:
        raise pasting.moment_not_read()
    return found


async def _pasted_target(asked: Asked, services: Services, pasted: Pasted) -> MomentTarget:
    moment = pasted.moment
    if moment is None:  # the caller looked
        raise pasting.which_moment()
    if moment.placeholder:
        raise replies.no_pinned_moment()
    if pasted.session_id and not pasted.run_id:
        session = pasted.session_id
        found = await run_of_session(asked, services, session)
        if found is None and asked.value("run", 0) is not None:  # the run was given beside it
            found = await run_of(replace(asked, command=replace(asked.command, pasted=None)), services)
        platform, run = found or (await platform_of(asked, services), None)
        name, check = await _named(asked, services, platform, run)
        return MomentTarget(platform=platform, run=run, session_id=session, moment=moment, property_name=name,
                   check=check, warning=pasted.warning)  # fmt: skip
    if pasted.run_id is None and asked.value("run", 0) is None and asked.context.run is None:
        raise replies.run_of_moment()
    platform, run = await run_of(asked, services)
    name, check = await _named(asked, services, platform, run)
    return MomentTarget(platform=platform, run=run, moment=moment, property_name=name, check=check,
                        warning=pasted.warning)  # fmt: skip


async def _named(
    asked: Asked, services: Services, platform: Platform, run: Run | None
) -> tuple[str | None, Check | None]:
    """Return the name of the property that was given beside a moment, and the property where it was read.

    The name is as given where the run cannot tell.
    """
    wanted = asked.value("property")
    if wanted is None:
        return _of_thread(asked, run), None
    if run is None:
        return wanted, None
    try:
        found = await analysis_of(platform, services.store, run)
    except ServiceError:  # the moment is known all the same
        return wanted, None
    there = found.results.checks if found.results else ()
    exact = next((check for check in there if check.name == wanted), None)
    if exact is not None or not found.failing:  # the button of a card may be older than these
        return wanted, exact
    chosen = choose_property(found, wanted)
    return chosen.name, chosen


def _of_thread(asked: Asked, run: Run | None) -> str | None:
    """Return the thread's property where the moment is the thread's own: a form gives it back as it was prefilled."""
    pasted = given_moment(asked)
    context = asked.context
    own = (
        run is not None and run.ref == context.run and pasted is not None and pasted.moment == context.moment
    )
    return context.property_name if own else None


def _target_in(found: RunAnalysis, wanted: str | None) -> MomentTarget | NoMomentTarget:
    platform, run = found.platform, found.run
    if wanted is not None:
        chosen = choose_property(found, wanted)
        if chosen.moment is None:
            raise replies.check_without_moment(chosen.name, found.terms)
        return MomentTarget(
            platform=platform, run=run, moment=chosen.moment, property_name=chosen.name, check=chosen
        )
    focus = found.focus
    if focus.moment is None:
        return NoMomentTarget(platform=platform, run=run, why=at_moment.no_moment(found))
    name = focus.property_name
    others = tuple(n for n, p in enumerate(found.failing, 1) if p.moment is not None and p.name != name)
    check = next((p for p in found.failing if p.name == name), None)
    return MomentTarget(
        platform=platform, run=run, moment=focus.moment, property_name=name, check=check, others=others
    )


async def name_of_check(platform: Platform, run: Run, asked: Asked, services: Services) -> str | None:
    """Return the name of the check that is meant in a run: as listed, else as given; the thread's where none is."""
    wanted = asked.value("property")
    if wanted is None:
        return asked.context.property_name if run.ref == asked.context.run else None
    found = await analysis_of(platform, services.store, await in_full(platform, run), depth=1)
    try:
        return choose_property(found, wanted).name
    except UserError:
        if LONG_ENTRY.fullmatch(wanted):
            raise
        return wanted


async def check_named(platform: Platform, run: Run, name: str) -> Check | None:
    """Return the check of that name as the platform gives it now; None where the run has none."""
    results = await platform.reads.results(run)
    return next((check for check in results.checks if check.name == name), None)


async def check_of(target: MomentTarget) -> Check | None:
    """Return the property of a target as the platform gives it now; None where it has none, or none of that name."""
    if target.run is None or target.property_name is None:
        return None
    return await check_named(target.platform, target.run, target.property_name)


async def window_before(
    target: MomentTarget, logs: MomentLogs, query: LogQuery, report: Report
) -> tuple[MomentTarget, LogExcerpt]:
    """Read the log before a moment. One that went stale is fetched again by its property's name, and that is said."""
    try:
        return target, await logs.logs(query, report)
    except NotFound as error:
        check = await check_of(target) if error.what == "moment" else None
        if check is None or check.moment is None or check.moment == target.moment:
            raise
    fresh = replace(target, moment=check.moment, check=check, warning=replies.moment_again(target.moment))
    return fresh, await logs.logs(replace(query, moment=check.moment), report)
