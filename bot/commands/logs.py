"""Show the log lines before a moment.

logs [RUN] [MOMENT] [window=SECONDS] [grep=TEXT] [source=NAME] [errors=yes] [lines=COUNT] [property=NAME]
     [compare=yes] [events=yes] [handover=yes]
     [build=yes] [file=yes] [artifact=NAME] [list=yes] [from=NUMBER]
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace

from bot import grammar
from bot.cards import FROM, Command, Field, FieldKind, Form, Reply
from bot.command import Asked, Look, MomentTarget, NoMomentTarget, Parameter, Services, Verb
from bot.commands import compared, handover, instances
from bot.commands.parameters import (
    BEGIN,
    CONNECTION,
    MOMENT,
    PROPERTY,
    RUN,
    first_of,
    moment_field,
    run_field,
)
from bot.errors import NotAvailable, NotFound
from bot.model import LogExcerpt, LogQuery, Run, RunLogQuery
from bot.platform import MOMENT_LOGS, RUN_LOGS, Platform
from bot.replies import at_moment, commands, finding
from bot.replies import logs as replies
from bot.replies.forms import TITLES
from bot.severity import Severity, marks
from bot.targets.moment import moment_target_of, name_of_check, window_before
from bot.targets.run import require, run_of

WINDOW = 10.0  # virtual seconds
LINES = 20
WIDER = 4  # how many times as much the next look shows
MOST_LINES = 500
LONGEST_GREP = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """What to show of a window: its length in virtual seconds, the filters, and how many lines; or of a run's own log."""

    window: float = WINDOW
    grep: str | None = None
    source: str | None = None
    errors: bool = False
    compare: bool = False
    lines: int = LINES
    build: bool = False
    artifact: str | None = None
    file: bool = False
    files: bool = False

    @property
    def of_run(self) -> bool:
        """Whether only a run's own log, or a file of it, can be meant."""
        return self.build or self.file or self.files or self.artifact is not None


def parse(asked: Asked) -> Logs:
    """Read and check the parameters. Raises `UserError` naming the one that is wrong."""
    window, lines = asked.value("window"), asked.value("lines")
    grep = asked.value("grep")
    if grep is not None and len(grep) > LONGEST_GREP:
        raise replies.text_too_long(LONGEST_GREP)
    for name in ("errors", "lines") if asked.flag("compare") else ():
        if asked.value(name):
            raise commands.beside(name, "compare")
    length = float(grammar.virtual_seconds(window, "window")) if window else WINDOW
    return Logs(
        window=length,
        grep=grep,
        source=asked.value("source"),
        errors=asked.flag("errors"),
        compare=asked.flag("compare"),
        lines=grammar.whole_number(lines, "lines", MOST_LINES) if lines else _lines(length),
        build=asked.flag("build"),
        artifact=asked.value("artifact"),
        file=asked.flag("file"),
        files=asked.flag("list") or asked.value(FROM) is not None,
    )


async def handle(asked: Asked, services: Services) -> Reply:
    """Read the window, and answer with its end, the faults that were active, and the whole as a file."""
    wanted = parse(asked)
    for name, (look, takes) in _BESIDE.items():
        if asked.flag(name):
            _alone(asked, name, takes)
            return await look(asked, services, wanted.window)
    before = None if wanted.of_run else _look(asked)
    known = services.looked_at.get(before) if before is not None else None
    if known is not None:
        return await _window(known, wanted, asked, services)
    if wanted.of_run or _may_lack_moments(asked, services):
        platform, run = await run_of(asked, services)
        if wanted.files:
            return await _files(platform, run, asked, services)
        if wanted.of_run or platform.moment_logs is None:
            return await _run_log(platform, run, wanted, asked, services)
    target = await moment_target_of(asked, services, MOMENT_LOGS)
    if isinstance(target, NoMomentTarget):
        return await _run_log(target.platform, target.run, wanted, asked, services, why=target.why)
    return await _window(target, wanted, asked, services)


def _look(asked: Asked) -> Look | None:
    """Return which moment is meant, where a button says it whole, or the thread does; None where it must be found."""
    if asked.command.pasted is not None or asked.value("connection"):
        return None
    run, moment, name = asked.value("run", 0), asked.value("moment"), asked.value("property")
    if run and moment:
        return run, moment, name
    context = asked.context
    if run or moment or name or context.run is None or context.moment is None:
        return None
    return context.run.text, context.moment.text, context.property_name


def _remember(target: MomentTarget, services: Services) -> None:
    """Keep what is known of a moment, and of the property's others, for the next look: as far as it is final."""
    run, name = target.run, target.property_name
    if run is None or not run.status.terminal or (name is not None and target.check is None):
        return
    for moment in {target.moment, *target.moments}:
        known = replace(target, moment=moment, others=(), warning="")
        services.looked_at.put((run.ref.text, moment.text, name), known)


async def _window(target: MomentTarget, wanted: Logs, asked: Asked, services: Services) -> Reply:
    """Show the log before a moment."""
    moment_logs = require(target.platform, MOMENT_LOGS, services)
    if target.run is None:
        raise finding.no_run_of_session_moment()
    query = LogQuery(
        run_id=target.run.ref.run_id,
        moment=target.moment,
        window=wanted.window,
        grep=wanted.grep,
        source=wanted.source,
        errors=wanted.errors,
        lines=wanted.lines,
    )
    if wanted.compare:
        return await compared.compare(target, moment_logs, query, asked.report)
    target, excerpt = await window_before(target, moment_logs, query, asked.report)
    _remember(target, services)
    offers = {
        "errors": _errors(target, wanted, excerpt),
        "source": _source(target, wanted, excerpt),
        "compare": _compare(target, wanted),
        "wider": _wider(target, wanted, excerpt),
        "next": _next(target, wanted),
    }
    return replies.window(
        target, query, excerpt, {name: offer for name, offer in offers.items() if offer is not None}
    )


async def _files(platform: Platform, run: Run, asked: Asked, services: Services) -> Reply:
    """List the files of a run, or of the check that is meant."""
    if platform.files is None:
        raise replies.no_such_log("list", platform.terms)
    _alone(asked, "list" if asked.value("list") else FROM, {"list", FROM})
    of_checks = platform.files.of_checks
    if asked.value("property") and not of_checks:
        raise commands.beside(asked.command.as_typed("property"), "list")
    check = await name_of_check(platform, run, asked, services) if of_checks else None
    found = await platform.files.files(run.ref.run_id, check)
    return replies.files(run, check, found, first_of(asked, len(found)))


_OTHERS = ("artifact", "file", "build", "grep", "source", "errors", "compare", "events", "handover", "lines", "window",
           "moment", "list", FROM)  # fmt: skip
_BESIDE: Mapping[str, tuple[Callable[[Asked, Services, float], Awaitable[Reply]], Collection[str]]] = {
    "events": (instances.look, {"moment"}),
    "handover": (handover.hand_over, {"moment", "window"}),
}  # what is shown instead of lines, by its flag, with the parameters that it takes beside a run and its property


def _alone(asked: Asked, way: str, takes: Collection[str]) -> None:
    """Refuse what a way to look at a log would pass over; `takes`: what it does not."""
    for name in _OTHERS:
        if name != way and name not in takes and asked.value(name):
            raise commands.beside(name, way)


_READ_BY = {"grep": "grep", "property": "check"}  # parameters, by the fields of a query


async def _run_log(
    platform: Platform, run: Run, wanted: Logs, asked: Asked, services: Services, *, why: str = ""
) -> Reply:
    """Show the run's own log; `why`: no moment was there to look at, so it is shown instead."""
    if why and platform.moment_logs is not None and platform.run_logs is None:
        raise NotAvailable(why)
    if platform.run_logs is None and not wanted.build:
        require(platform, MOMENT_LOGS, services)
    run_logs = require(platform, RUN_LOGS, services)
    check = await name_of_check(platform, run, asked, services) if "check" in run_logs.narrows else None
    query = RunLogQuery(run_id=run.ref.run_id, lines=wanted.lines, grep=wanted.grep, check=check,
                        artifact=wanted.artifact, file=wanted.file)  # fmt: skip
    lacking = [
        name for name in ("artifact", "file") if getattr(wanted, name) and name not in run_logs.narrows
    ]
    if lacking:
        raise replies.no_such_log(lacking[0], platform.terms)
    try:
        excerpt = await run_logs.run_log(query, asked.report)
    except (NotAvailable, NotFound) as error:
        if why:
            raise NotAvailable(replies.no_log_at_all(why, error)) from error
        raise
    if platform.moment_logs is None:
        passed_over = [
            name for name in ("window", "moment", "source", "errors", "compare") if asked.value(name)
        ]
        lacking = [
            name
            for name in ("grep", "property")
            if asked.value(name) and _READ_BY[name] not in run_logs.narrows
        ]
        return replies.run_log(run, query, excerpt, platform, ignored=[*lacking, *passed_over])
    of_moments = ("window", "moment", "property") if wanted.build else ()
    ignored = tuple(
        n
        for n in ("grep", "source", "errors", "compare", *of_moments)
        if asked.value(n) and _READ_BY.get(n, n) not in run_logs.narrows
    )
    return replies.build_logs(run, excerpt, why=why, ignored=ignored)


def _may_lack_moments(asked: Asked, services: Services) -> bool:
    """Whether the run that is meant may be of a platform whose logs know no moments."""
    pasted = asked.command.pasted
    if pasted is not None and pasted.moment is not None:
        return False
    return any(platform.moment_logs is None for platform in services.platforms.values())


async def form(asked: Asked, services: Services) -> Form:
    """Return the form, prefilled with what the thread or the words already say."""
    given = asked.value
    return Form(
        verb="logs",
        title=TITLES["logs"],
        submit="Show",
        fields=(
            run_field(asked),
            moment_field(asked),
            Field(name="window", label="Window, virtual seconds", kind=FieldKind.SECONDS,
                  value=given("window") or f"{WINDOW:g}"),
            Field(name="grep", label="Only lines with", kind=FieldKind.TEXT, value=given("grep") or ""),
            Field(name="source", label="Only this container", kind=FieldKind.TEXT, value=given("source") or ""),
            Field(name="lines", label="Lines to show", kind=FieldKind.COUNT, value=given("lines") or str(LINES)),
        ),
    )  # fmt: skip


def _lines(window: float) -> int:
    """Return how many lines to show where nobody says: a wider window shows more, in proportion."""
    return max(LINES, min(MOST_LINES, round(LINES * window / WINDOW)))


def _wider(target: MomentTarget, wanted: Logs, excerpt: LogExcerpt) -> Command | None:
    """Ask for more of the same: a longer window and more lines of it; None where all is shown."""
    from_start = wanted.window >= target.moment.exact and excerpt.cut is None
    if from_start and len(excerpt.lines) == excerpt.matched:
        return None
    window = min(wanted.window * WIDER, grammar.MOST_VIRTUAL_SECONDS)
    lines = min(wanted.lines * WIDER, MOST_LINES)
    if (window, lines) == (wanted.window, wanted.lines):
        return None
    kept = _filters(wanted) | ({"errors": "yes"} if wanted.errors else {})
    return at_moment.command("logs", target.context, window=f"{window:g}", lines=f"{lines}", **kept)


def _errors(target: MomentTarget, wanted: Logs, excerpt: LogExcerpt) -> Command | None:
    """Ask for the error lines of the same window; None where they are shown already, or no line is there."""
    if wanted.errors or not excerpt.matched:
        return None
    more = {"window": f"{wanted.window:g}", "errors": "yes"}
    return at_moment.command("logs", target.context, **more, **_filters(wanted))


def _compare(target: MomentTarget, wanted: Logs) -> Command | None:
    """Ask for the same window beside the one before a passing example; None where none is known of the property."""
    if target.property_name is None or (target.check is not None and not target.check.held):
        return None
    more = {"window": f"{wanted.window:g}", "compare": "yes"}
    return at_moment.command("logs", target.context, **more, **_filters(wanted))


def _source(target: MomentTarget, wanted: Logs, excerpt: LogExcerpt) -> Command | None:
    """Ask for the lines of one container alone: that of the newest error line, else of the newest line."""
    sources = [line.source for line in excerpt.lines if line.source]
    if wanted.source or len({*sources}) <= 1:
        return None
    marked = zip(excerpt.lines, marks(excerpt.lines), strict=True)
    bad = [line.source for line, mark in marked if line.source and mark.severity >= Severity.ERROR]
    return _same(target, replace(wanted, source=(bad or sources)[-1]))


def _next(target: MomentTarget, wanted: Logs) -> Command | None:
    """Ask for the same before the property's next counterexample; None where none is known."""
    moment = target.next
    return _same(replace(target, moment=moment), wanted) if moment is not None else None


def _same(target: MomentTarget, wanted: Logs) -> Command:
    """Ask for a window as it was asked for, before another moment or of another source."""
    asked = {"window": (wanted.window, WINDOW), "lines": (wanted.lines, _lines(wanted.window))}
    more = {name: f"{value:g}" for name, (value, usual) in asked.items() if value != usual}
    errors = {"errors": "yes"} if wanted.errors else {}
    return at_moment.command("logs", target.context, **more, **_filters(wanted), **errors)


def _filters(wanted: Logs) -> dict[str, str]:
    filters = {"source": wanted.source, "grep": wanted.grep}
    return {name: value for name, value in filters.items() if value}


def _adapted(verb: Verb, platforms: Collection[Platform]) -> Verb:
    """Speak of moments only where there are some."""
    if not any(map(_by_moment, platforms)):
        return verb
    return replace(verb, summary="log lines before a moment, with the faults that were active")


def _by_moment(platform: Platform) -> bool:
    """Whether its logs are read before a moment."""
    return platform.moment_logs is not None


def _finds_instances(platform: Platform) -> bool:
    """Whether events can be looked for."""
    return platform.instances is not None


def _has_both(platform: Platform) -> bool:
    """Whether a run's own log is there beside those before a moment."""
    return platform.moment_logs is not None and platform.run_logs is not None


def _lists_files(platform: Platform) -> bool:
    """Whether the files of a run can be listed."""
    return platform.files is not None


def _of_run(name: str) -> Callable[[Platform], bool]:
    """Return whether a run's own log is read less by a field of the query."""
    return lambda platform: platform.run_logs is not None and name in platform.run_logs.narrows


def _either(name: str) -> Callable[[Platform], bool]:
    """Return whether one of both logs is read less by it."""
    return lambda platform: _by_moment(platform) or _of_run(name)(platform)


VERB = Verb(
    name="logs",
    adapt=_adapted,
    summary="the log of a run, or of one check in it",
    handle=handle,
    needs=(MOMENT_LOGS, RUN_LOGS),
    long=True,
    parameters=(
        RUN,
        replace(MOMENT, taken=_by_moment),
        Parameter(name="window", summary="How far back, in virtual seconds", kind=FieldKind.SECONDS,
                  example="window=30", taken=_by_moment),
        Parameter(name="grep", summary="Only lines with this text, or matching /a pattern/", kind=FieldKind.TEXT, example="grep=panic",
                  taken=_either("grep")),
        Parameter(name="source", summary="Only lines of this container", kind=FieldKind.TEXT,
                  example="source=etcd0", taken=_either("source")),
        Parameter(name="errors", summary="Only error lines, with the stack traces behind them", kind=FieldKind.FLAG,
                  example="errors=yes", taken=_either("errors")),
        Parameter(name="compare", summary="Beside the window before a passing example: what only one of them has",
                  kind=FieldKind.FLAG, example="compare=yes", taken=_by_moment),
        Parameter(name="events", summary="More instances of the property: a sample of the events with its name",
                  kind=FieldKind.FLAG, example="events=yes", taken=_finds_instances),
        Parameter(name="handover", summary="All that is known of the failure as a file to hand over",
                  kind=FieldKind.FLAG, example="handover=yes"),
        Parameter(name="lines", summary="How many lines to show in chat", kind=FieldKind.COUNT, example="lines=50",
                  check=lambda text, name: grammar.whole_number(text, name, MOST_LINES)),
        replace(PROPERTY, taken=_either("check")),
        Parameter(name="build", summary="The end of the build log instead", kind=FieldKind.FLAG,
                  example="build=yes", taken=_has_both),
        Parameter(name="file", summary="The whole log as a file", kind=FieldKind.FLAG, example="file=yes",
                  taken=_of_run("file")),
        Parameter(name="artifact", summary="This file of the run instead", kind=FieldKind.TEXT,
                  example="artifact=server.log", taken=_of_run("artifact")),
        Parameter(name="list", summary="The files that there are", kind=FieldKind.FLAG, example="list=yes",
                  taken=_lists_files),
        replace(BEGIN, summary="The file that their list begins with", taken=_lists_files),
        CONNECTION,
    ),
    examples=("logs", "logs latest property=1 window=30", "logs latest grep=panic source=etcd0"),
    form=form,
)  # fmt: skip
