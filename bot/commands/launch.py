"""Start a run.

    launch LAUNCHER|PRESET [NAME=VALUE ...] [connection=NAME] [at="DAYS TIME [ZONE]"|CRON]
    launch schedules
    launch [LAUNCHER|PRESET] at=pause|resume|off

What a launch takes, how it is checked and what it costs is the platform's. Nothing is sent before the person has
confirmed the exact parameters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

from bot import grammar, habits
from bot.access import Role
from bot.actions import confirm, reserving, scheduling, second
from bot.cards import Field, FieldKind, Form, Line, Reply
from bot.command import Asked, Parameter, Preset, Services, Verb
from bot.commands import schedule
from bot.errors import ServiceError, UserError
from bot.launch_rules import check, is_free, may_use, usable
from bot.launchers import known_launchers, resolved
from bot.model import LaunchRequest, Run, RunQuery
from bot.parsed import ParsedCommand
from bot.platform import LAUNCHES, Launches, Platform
from bot.recent import newest_here
from bot.replies import launching as replies
from bot.replies import scheduling as scheduled
from bot.replies.access import not_for_you, preset_lacks
from bot.replies.confirming import just_confirmed
from bot.replies.forms import TITLES
from bot.replies.suggestions import preset as preset_of
from bot.state import BEGINNING, Intent, IntentKind, Schedule
from bot.targets.run import having_launcher, platform_of, require
from bot.usual import Habit
from bot.wordlike import nearest

OWN = (
    "launcher",
    "preset",
    "connection",
    "again",
    *schedule.NAMES,
)  # parameters of the verb that are none of the run's
PATIENCE = 1.5  # seconds for what a form is filled in with: a chat waits three for it
UNCLEAR_FOR = timedelta(hours=24)  # how long a launch without an answer is looked for


async def handle(asked: Asked, services: Services) -> Reply:
    """Check everything, keep it as a draft, and ask for a confirmation; or ask for what is missing."""
    if schedule.is_about_schedules(asked):
        done = await schedule.handle(asked, services)
        return done if isinstance(done, Reply) else await _anew(done, asked, services)
    preset = _launcher(asked, services)[1]
    at = await schedule.when(asked, services, preset)
    platform = await _platform(asked, services)
    launches = require(platform, LAUNCHES, services)
    fields = _given(asked, launches, services)
    lacking = [field for field in fields if field.required and not field.value]
    if lacking:
        bound = next((f for f in lacking if not is_free(preset, f.name, fields[0].value, launches)), None)
        if preset is not None and bound is not None:
            raise preset_lacks(preset.name, bound.name)
        offered = await _offered(fields, platform, asked, services)
        usual = _words(offered) if any(field.offered for field in offered[1:]) else ""
        return replies.missing(
            lacking, _form(offered, platform, asked, services), platform.terms,
            usual=usual, preset=preset.name if preset else "",
        )  # fmt: skip
    launcher, *others = fields
    values = {field.name: field.value for field in others if field.value}
    request = LaunchRequest(launcher=grammar.launcher(launcher.value), key=services.new_key(), values=values)
    by = preset.name if preset else ""
    if at is not None:
        return await _propose_schedule(request, platform, asked, services, at, preset=by)
    return await propose(request, platform, asked, services, preset=by)


async def propose(
    request: LaunchRequest,
    platform: Platform,
    asked: Asked,
    services: Services,
    *,
    reason: str = "",
    preset: str = "",
    of: Run | None = None,
    first: LaunchRequest | None = None,
) -> Reply:
    """Keep a launch as a draft and show it for confirmation; what was confirmed beforehand is sent at once.

    `preset`: the one that it is asked for by. `of`: the run that it does once more, `first`: the launch that
    this came from, where that was asked for here.
    """
    launches = require(platform, LAUNCHES, services)
    request, shown = await _checked(request, platform, asked, services, preset)
    repeated = await confirm.repeated(
        request, platform.connection, services, key=request.key, subject=request.launcher
    )
    again = (just_confirmed(repeated, platform, services.clock.now()),) if repeated else ()
    newest: list[Run] | None = None  # that cannot be told: then nothing is warned of
    with suppress(ServiceError):  # what is on record here may be younger, or older, than they are
        newest = await _newest(request, platform, services)
    gone = (replies.preset_gone(preset),) if preset and preset not in services.presets else ()
    warnings = (*gone, *again, *await _warnings(request, newest, platform, asked, services))
    intent = await confirm.draft(request, platform.connection, asked, services, key=request.key,
                                 subject=request.launcher, reason=_reason(reason, repeated), preset=preset)  # fmt: skip
    if asked.invocation.confirmed and (repeated is None or asked.flag("again")):
        return await confirm.go(intent, asked, services)
    left = await reserving.left(intent, platform, services)
    if isinstance(left, Reply):
        return left
    cost, alone = launches.cost(request), asked.invocation.place.direct
    if of is not None:
        found = habits.repeated(launches, request, of, first)
        differs = replies.repeated(found, platform.terms, alone=alone)
    else:
        unlike, labels = habits.unlike(launches, request, newest or ()), _labels(launches, request)
        differs = (replies.unlike(unlike, labels, services.clock.now(), platform.terms),) if unlike else ()
    return replies.confirmation(
        intent, request, shown, platform.terms, cost=cost, alone=alone, warnings=warnings, differs=differs,
        findable=platform.lists is not None, of=of, quotas=left, second=second.warning(intent, services),
    )  # fmt: skip


async def _checked(
    request: LaunchRequest, platform: Platform, asked: Asked, services: Services, preset: str
) -> tuple[LaunchRequest, tuple[tuple[str, str], ...]]:
    """Return a launch with its launcher looked up, and its parameters as they are sent. Raises `UserError`."""
    launches = require(platform, LAUNCHES, services)
    request = await resolved(request, platform)
    sent = second.parameters(request, launches)
    who, where = asked.invocation.actor, asked.invocation.place
    await check(request, preset, platform, services, actor=who, place=where, afresh=asked.afresh)
    return request, sent


def _labels(launches: Launches, request: LaunchRequest) -> dict[str, str]:
    return {field.name: field.label for field in launches.form(request.launcher, request.values)}


async def _propose_schedule(
    request: LaunchRequest,
    platform: Platform,
    asked: Asked,
    services: Services,
    at: schedule.When,
    *,
    preset: str,
) -> Reply:
    """Keep a schedule of a launch as a draft and show it for confirmation; what was confirmed beforehand is kept at once."""
    launches, now = require(platform, LAUNCHES, services), services.clock.now()
    request, parameters = await _checked(request, platform, asked, services, preset)
    scheduling.check_approval(preset, services)
    wanted = at.request(request, preset)
    instead_of = await schedule.check(wanted, platform.connection, asked, services)
    newest: list[Run] | None = None
    with suppress(ServiceError):
        newest = await _newest(request, platform, services)
    warnings = await _warnings(request, newest, platform, asked, services, at_once=False)
    intent = await confirm.draft(wanted, platform.connection, asked, services, key=request.key,
                                 subject=request.launcher, preset=preset)  # fmt: skip
    if asked.invocation.confirmed:
        return await confirm.go(intent, asked, services)
    quotas = await reserving.each_time(replace(intent, request=request), platform, services)
    if isinstance(quotas, Reply):
        return quotas
    shown = scheduled.Shown(
        request=wanted, times=at.times, terms=platform.terms, cost=launches.cost(request), warnings=warnings,
        parameters=tuple((name, value) for name, value in parameters if value != request.key),
        alone=asked.invocation.place.direct, instead_of=instead_of, quotas=quotas,
    )  # fmt: skip
    return scheduled.confirmation(intent, shown, now)


async def _anew(there: Schedule, asked: Asked, services: Services) -> Reply:
    """Ask for a confirmation of what a schedule launches by the settings of now, in the name of who asks."""
    platform = services.platforms.get(there.connection)
    launch: LaunchRequest | None = None
    if platform is not None and platform.launches is not None:
        launch = scheduling.of_now(there.request, platform.launches, services)
    if platform is None or launch is None:
        differs = scheduling.differences(there.request, there.connection, services)
        raise scheduled.cannot_resume(there, differs)
    at = schedule.When(times=there.times, zone=there.request.zone, given=dict(there.request.given))
    launch = replace(launch, key=services.new_key())
    return await _propose_schedule(launch, platform, asked, services, at, preset=there.request.preset)


async def _platform(asked: Asked, services: Services) -> Platform:
    """Return the connection to launch on: where none is named, of those that have the launcher and take what is given.

    Raises `UserError` where several do, and none of them is the thread's, the channel's or the first.
    """
    launcher = _launcher(asked, services)[0]
    platform = await platform_of(asked, services, launcher=launcher)
    if asked.value("connection") or asked.context.run is not None or len(services.platforms) == 1:
        return platform
    having = await having_launcher(launcher, services) if launcher else []
    able = [p for p in having or services.platforms.values() if _takes(p, launcher, asked, services)]
    if platform in able or not able:
        return platform
    if len(able) > 1:
        raise replies.which_connection(launcher, [p.connection for p in able])
    return able[0]


def _takes(platform: Platform, launcher: str, asked: Asked, services: Services) -> bool:
    """Whether launches on a connection take everything that is given."""
    with suppress(UserError):
        return platform.launches is not None and bool(_given(asked, platform.launches, services))
    return False


def _launcher(asked: Asked, services: Services) -> tuple[str, Preset | None]:
    """Return the launcher that is named, "" where none is, and the preset that names it. Raises `UserError`."""
    said, named = asked.command.bare, asked.value("preset")
    preset = services.presets.get(named or said)
    if named and preset is None:
        raise replies.no_preset(named, list(_presets(asked, services)))
    if said and named:
        raise replies.preset_and_launcher(named, said)
    if preset is not None and not may_use(preset, asked.invocation.actor, asked.invocation.place):
        raise not_for_you(preset.name)
    return asked.value("launcher") or (preset.launcher if preset else said), preset


def _presets(asked: Asked, services: Services) -> Mapping[str, Preset]:
    return usable(services, asked.invocation.actor, asked.invocation.place)


def _given(asked: Asked, launches: Launches, services: Services) -> tuple[Field, ...]:
    """Return the launcher and what the platform asks for, filled in; a preset fills what is not said."""
    launcher, preset = _launcher(asked, services)
    own = {**asked.command.named, **asked.invocation.values}
    values = scheduling.filled(launches, launcher, preset.values if preset else {})
    values |= scheduling.filled(
        launches, launcher, {name: value for name, value in own.items() if name not in OWN}
    )
    first = Field(name="launcher", label="Launcher", kind=FieldKind.LAUNCHER, value=launcher, required=True,
                  hint="the exact name, for example basic_test", shapes=True)  # fmt: skip
    return (first, *launches.form(launcher, values))


def _reread(platforms: Collection[Platform], command: ParsedCommand) -> ParsedCommand:
    """Read the words behind `at=` as its value, and a length of time at the end."""
    return _with_length(platforms, schedule.reread(command))


def _with_length(platforms: Collection[Platform], command: ParsedCommand) -> ParsedCommand:
    """Read `launch basic_test 30` as people mean it: a length of time at the end, where a launch takes one.

    Behind a text (`description=wait 30`) it may belong to that, so it is left to be asked about.
    """
    behind = command.strays[-1][0] if command.strays else None
    name = _length(command.named, platforms) if behind in {None, *OWN} else None
    for words in (2, 1) if name else ():
        last = command.positional[-words:]
        with suppress(UserError):
            if last and last[0][:1].isdigit():
                length = grammar.minutes(" ".join(last))
                return replace(
                    command,
                    positional=command.positional[:-words],
                    strays=command.strays[:-words],
                    named={**command.named, str(name): length},
                )
    return command


def _length(named: Mapping[str, str], platforms: Collection[Platform]) -> str | None:
    """Return the name of the length of time that a launch takes, None where it is given or some launch takes none."""
    given = {name: value for name, value in named.items() if name not in OWN}
    for platform in [p for p in platforms if p.connection == named.get("connection")] or platforms:
        with suppress(UserError):
            fields = platform.launches.form("", given) if platform.launches else ()
            return next((f.name for f in fields if f.kind is FieldKind.MINUTES and not f.value), None)
    return None


async def form(asked: Asked, services: Services) -> Form:
    """Return the form, prefilled with what was given so far; further parameters get a field of their own."""
    platform = await _platform(asked, services)
    launches = require(platform, LAUNCHES, services)
    fields = await _offered(_given(asked, launches, services), platform, asked, services)
    return _form(fields, platform, asked, services)


async def _offered(
    fields: tuple[Field, ...], platform: Platform, asked: Asked, services: Services
) -> tuple[Field, ...]:
    """Fill in, where it will be seen, what most of the launcher's last runs had, where nobody has touched the form.

    So what somebody emptied stays so when they correct another field, or choose another launcher. In the thread of a run its launcher is filled in
    too. What cannot be told soon is left empty.
    """
    first, *others = fields
    free = asked.untouched
    if free is None:
        free = frozenset(field.name for field in others if not any(other.value for other in others))
    if not free or platform.launches is None:
        return fields
    if not first.value and (launcher := await _of_thread(asked, services)):
        first = replace(first, value=launcher, offered=True)
        fields = (first, *others)
    if not first.value:
        return fields
    try:
        async with asyncio.timeout(PATIENCE):
            named = LaunchRequest(launcher=grammar.launcher(first.value), key="")
            request = await resolved(named, platform)
            runs = await _newest(request, platform, services)
    except (TimeoutError, ServiceError, UserError):
        return fields
    usual = habits.usual(platform.launches, request.launcher, runs)
    habit_of = {field.name: usual.get(field.name) for field in others if field.name in free}
    return (first, *(_with(field, habit_of.get(field.name), platform) for field in others))


async def _of_thread(asked: Asked, services: Services) -> str:
    """Return the launcher of the run that the thread speaks of, "" where there is none, or none is on record."""
    about = asked.context.run
    kept = await services.store.recorded(about.connection, (about.run_id,)) if about else {}
    return kept[about.run_id].launcher if about and about.run_id in kept else ""


def _with(field: Field, habit: Habit | None, platform: Platform) -> Field:
    """Fill in a field that is empty, and say what with."""
    if habit is None or not field.usual:
        return field
    return replace(
        field, value=habit.value, offered=True, hint=replies.as_usual(habit, field.hint, platform.terms)
    )


def _words(fields: Sequence[Field]) -> str:
    """Write the launch that a form would ask for as it can be typed."""
    launcher, *others = fields
    bare = launcher.value if grammar.is_plain(launcher.value) else grammar.quoted(launcher.value)
    return grammar.written("launch", bare, {field.name: field.value for field in others if field.value})


async def _newest(request: LaunchRequest, platform: Platform, services: Services) -> list[Run]:
    """Return the newest runs of a launcher. Raises `ServiceError`, `StoreError`."""
    query = RunQuery(launcher=request.launcher, launcher_key=request.launcher_key)
    return await newest_here(platform, services.store, query)


def _form(fields: tuple[Field, ...], platform: Platform, asked: Asked, services: Services) -> Form:
    """Return the form; one of a preset says so in place of the launcher, and asks for what that leaves free."""
    preset, launches = _launcher(asked, services)[1], platform.launches
    if preset is not None and launches is not None:
        said = Field(name="preset", label="Preset", kind=FieldKind.CHOICE, value=preset.name, required=True,
                     choices=(preset.name,), hint=preset_of(preset.launcher))  # fmt: skip
        given = (f for f in fields[1:] if is_free(preset, f.name, preset.launcher, launches))
        fields = (said, *given)
    if len(services.platforms) > 1:
        where = Field(name="connection", label="Connection", kind=FieldKind.CHOICE, value=platform.connection,
                      choices=tuple(services.platforms), offered=not asked.value("connection"))  # fmt: skip
        fields = (*fields, where)
    if at := asked.value(schedule.AT):  # it stays a launch at times
        fields = (
            *fields,
            Field(name=schedule.AT, label="When", kind=FieldKind.TEXT, value=at),
        )
    return Form(verb="launch", title=TITLES["launch"], submit="Continue", fields=fields)


def _reason(given: str, repeated: Intent | None) -> str:
    """Return what a draft came from, and the launch that its card calls the same."""
    if repeated is None or repeated.id in given:
        return given
    return "; ".join(part for part in (given, confirm.warned_of(repeated)) if part)


async def _warnings(
    request: LaunchRequest,
    newest: list[Run] | None,
    platform: Platform,
    asked: Asked,
    services: Services,
    *,
    at_once: bool = True,
) -> tuple[Line, ...]:
    """Say what makes this launch look like a slip: an unseen launcher, nothing to compare with.

    `at_once`: it is launched now, so that one at work already counts too.
    """
    launcher = request.launcher
    warnings = [*require(platform, LAUNCHES, services).notes(request)]
    unlisted = newest == [] and request.launcher_key is None
    if unlisted and launcher not in (seen := await known_launchers(platform, services)):
        warnings.append(replies.not_seen(launcher, nearest(launcher, [*seen, *_presets(asked, services)])))
    going = next((run for run in newest or () if not run.status.terminal), None)
    if going is not None and at_once:
        warnings.append(replies.under_way(going, platform.terms))
    warnings += await _not_compared(request, newest or (), platform, services)
    if at_once and any(
        _unclear(intent, request, platform, services) for intent in await services.store.open_intents()
    ):
        warnings.append(replies.undecided(launcher))
    return tuple(warnings)


async def _not_compared(
    request: LaunchRequest, newest: Sequence[Run], platform: Platform, services: Services
) -> tuple[Line, ...]:
    """Warn of a launch whose run will have nothing to be compared with, or that later ones will not be."""
    group = platform.launches.group(request) if platform.launches else None
    if group is None:
        return ()
    ephemeral = (replies.ephemeral(platform.terms),) if group.ephemeral else ()
    there = habits.comparable(newest)
    if not habits.first_of_its_kind(group, there):
        return ephemeral
    for timed in (True, False):
        now, store = services.clock.now(), services.store
        if await store.earlier(platform.connection, group.series, now, BEGINNING, 1, timed=timed, ended=True):
            return ephemeral
    return (*ephemeral, replies.no_baseline(group, there, platform.terms))


def _unclear(intent: Intent, request: LaunchRequest, platform: Platform, services: Services) -> bool:
    """Whether an intent is a launch like this one that may yet turn out to have started."""
    same = (intent.connection, intent.subject) == (platform.connection, request.launcher)
    return (
        same and intent.kind is IntentKind.LAUNCH and services.clock.now() - intent.created_at < UNCLEAR_FOR
    )


def _adapted(verb: Verb, platforms: Collection[Platform]) -> Verb:
    """Return the verb with the parameters that a launch takes on these platforms."""
    able = [platform.launches for platform in platforms if platform.launches]
    forms = [{field.name: field for field in launches.form("")} for launches in able]

    def anywhere(request: LaunchRequest) -> object:
        wrong: UserError | None = None
        for launches in able:
            try:
                return launches.parameters(request)
            except UserError as error:
                wrong = wrong or error
        raise wrong or replies.nothing_to_launch_on()

    def check(text: str, name: str) -> object:
        """Read one value as the platforms do. Raises `UserError` where none takes it."""
        return anywhere(LaunchRequest(launcher="basic_test", key="", values={name: text}))

    def check_launcher(text: str, name: str) -> object:
        """Read a launcher's name as the platforms do. Raises `UserError` where none takes it."""
        return anywhere(LaunchRequest(launcher=grammar.launcher(text, name), key=""))

    fields = {name: field for form in reversed(forms) for name, field in form.items()}
    taken = (
        Parameter(name=name, summary=field.summary or field.label, kind=field.kind, choices=field.choices,
                  required=all(name in form and form[name].required for form in forms), example=field.example,
                  check=check)
        for name, field in fields.items()
    )  # fmt: skip
    first = (replace(launcher, check=check_launcher) for launcher in verb.parameters[:1])
    parameters = (*first, *taken, *verb.parameters[1:])
    if all(platform.runs_nothing for platform in platforms if platform.launches):
        verb = replace(verb, summary="open a run to report into; shows what would be sent and asks first")
    return replace(verb, parameters=parameters, further=check, reread=partial(_reread, platforms))


VERB = Verb(
    name="launch",
    summary="start a test run; shows what would be sent and asks first",
    handle=handle,
    needs=(LAUNCHES,),
    parameters=(
        Parameter(name="launcher", summary="The launcher's exact name, or a preset", kind=FieldKind.LAUNCHER,
                  required=True, positional=True, example="launch basic_test duration=30"),
        Parameter(name="preset", summary="A launch prepared in the settings", kind=FieldKind.TEXT),
        Parameter(name="again", summary="For “clew ask --yes”: launch even if the same was just launched", kind=FieldKind.FLAG,
                  example="again=yes"),
        Parameter(name="connection", summary="The connection, if there are several", kind=FieldKind.TEXT),
        *schedule.PARAMETERS,
    ),
    examples=(
        "launch basic_test duration=30",
        'launch Payments Nightly duration=1h30m source=main description="retry fix"',
        "launch basic_test duration=10 custom.seed=7 antithesis.performance_tier=high",
        'launch basic_test duration=30 at="weekdays 02:00"',
    ),
    role=Role.LAUNCH,
    changes=True,
    starts=True,
    open_names=True,
    adapt=_adapted,
    form=form,
)  # fmt: skip
