"""Start a test run.

    launch LAUNCHER|PRESET [duration=]MINUTES [config_image=IMAGE] [images=IMAGE;IMAGE] [description=TEXT]
           [source=NAME] [test_name=NAME] [ephemeral=yes|no] [recipients=ADDRESS;ADDRESS] [custom.NAME=TEXT]

Parameters are also understood by the platform's names (antithesis.duration=30). Nothing is sent before the
person has confirmed the exact parameters.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from bot import grammar, launching
from bot.access import Role
from bot.actions import confirm
from bot.cards import Field, FieldKind, Form, Line, Reply
from bot.command import Asked, Parameter, Preset, Services, Verb
from bot.commands.parameters import may_mail
from bot.errors import ServiceError, UserError
from bot.launchers import known_launchers
from bot.model import LaunchRequest, Run, RunQuery
from bot.parsed import ParsedCommand
from bot.platform import LAUNCHES, Platform, listed
from bot.replies import launching as replies
from bot.replies.forms import TITLES
from bot.state import Intent, IntentKind, IntentState
from bot.targets.run import require, service_of
from bot.wordlike import nearest

OWN = ("launcher", "preset", "connection", "again")  # parameters of the verb that are none of the run's
FIELDS = (
    Field(name="duration", label="Duration in minutes", kind=FieldKind.MINUTES, required=True,
          hint="30, 1h30m or 10s"),
    Field(name="config_image", label="Config image", kind=FieldKind.TEXT,
          hint="[REGISTRY/]NAME:TAG; empty: the launcher's own"),
    Field(name="images", label="Images", kind=FieldKind.LONG_TEXT, hint="separated by ;"),
    Field(name="description", label="Description", kind=FieldKind.TEXT),
    Field(name="source", label="Source", kind=FieldKind.TEXT, hint="usually a branch; compared within one"),
    Field(name="test_name", label="Test name", kind=FieldKind.TEXT),
    Field(name="ephemeral", label="Leave it out of the history", kind=FieldKind.FLAG),
    Field(name="recipients", label="Mail the report to", kind=FieldKind.TEXT, hint="addresses separated by ;"),
)  # fmt: skip
UNCLEAR_FOR = timedelta(hours=24)  # how long a launch without an answer is looked for


async def handle(asked: Asked, services: Services) -> Reply:
    """Check everything, keep it as a draft, and ask for a confirmation; or ask for what is missing."""
    platform = service_of(asked, services)
    require(platform, LAUNCHES, services)
    launcher, values = given(asked, services)
    timed = "duration" in values or launching.own_duration(values) is not None
    lacking = [what for what, there in (("a launcher", launcher), ("a duration", timed)) if not there]
    if lacking:
        return replies.missing(lacking, await form(asked, services))
    request = launching.build(launcher, values, services.new_key())
    return await propose(request, platform, asked, services)


async def propose(
    request: LaunchRequest, platform: Platform, asked: Asked, services: Services, *, reason: str = ""
) -> Reply:
    """Keep a launch as a draft and show it for confirmation; what was confirmed beforehand is sent at once."""
    may_mail(request.recipients, asked, services)
    parameters = require(platform, LAUNCHES, services).parameters(request)
    place = asked.invocation.place
    repeated = await confirm.repeated(request, platform.connection, services)
    warnings = (*_of_repetition(repeated, services), *await _warnings(request, platform, services))
    intent = Intent(
        id=request.key,
        connection=platform.connection,
        actor=asked.invocation.actor.id,
        channel=place.channel,
        thread=place.thread,
        request=request,
        subject=request.launcher,
        state=IntentState.DRAFT,
        created_at=services.clock.now(),
        reason=_reason(reason, repeated),
    )
    await services.store.draft(intent)
    if asked.invocation.confirmed and (repeated is None or asked.flag("again")):
        return await confirm.go(intent, asked, services)
    return replies.confirmation(intent, request, parameters, alone=place.direct, warnings=warnings)


def given(asked: Asked, services: Services) -> tuple[str, dict[str, str]]:
    """Return the launcher, "" where none is named, and the run's parameters; a preset fills what is not said."""
    said = asked.command.bare
    preset = _preset(asked.value("preset") or said, services, named=asked.value("preset") is not None)
    if said and asked.value("preset"):
        raise replies.preset_and_launcher(asked.value("preset") or "", said)
    launcher = asked.value("launcher") or (preset.launcher if preset else said)
    own = {**asked.command.named, **asked.invocation.values}
    values = launching.normalised({name: value for name, value in own.items() if name not in OWN})
    return launcher, {**launching.normalised(preset.values if preset else {}), **values}


def with_duration(words: ParsedCommand) -> ParsedCommand:
    """Read `launch basic_test 30` as people mean it: a length of time at the end, unless one is named.

    Behind a text (`description=wait 30`) it may belong to that, so it is left to be asked about.
    """
    behind = words.strays[-1][0] if words.strays else None
    if {"duration", "antithesis.duration"} & words.named.keys() or behind not in {None, *OWN}:
        return words
    for length in (2, 1):
        last = words.positional[-length:]
        with suppress(UserError):
            minutes = grammar.minutes(" ".join(last)) if last and last[0][:1].isdigit() else None
            if minutes:
                return replace(
                    words,
                    positional=words.positional[:-length],
                    strays=words.strays[:-length],
                    named={**words.named, "duration": minutes},
                )
    return words


async def form(asked: Asked, services: Services) -> Form:
    """Return the form, prefilled with what was given so far; further parameters get a field of their own."""
    launcher, values = given(asked, services)
    first = Field(name="launcher", label="Launcher", kind=FieldKind.LAUNCHER, value=launcher, required=True,
                  hint="the exact name, for example basic_test")  # fmt: skip
    timed = launching.own_duration(values) is not None
    fields = [replace(field, value=values.pop(field.name, "")) for field in FIELDS]
    fields[0] = replace(fields[0], required=not timed)
    further = [
        Field(name=name, label=name, kind=FieldKind.TEXT, value=value) for name, value in values.items()
    ]
    if len(services.platforms) > 1:
        chosen = service_of(asked, services).connection
        further.append(Field(name="connection", label="Connection", kind=FieldKind.CHOICE, value=chosen,
                             choices=tuple(services.platforms)))  # fmt: skip
    return Form(verb="launch", title=TITLES["launch"], submit="Continue", fields=(first, *fields, *further))


def _preset(name: str, services: Services, *, named: bool) -> Preset | None:
    if name in services.presets:
        return services.presets[name]
    if not named:
        return None
    raise replies.no_preset(name, list(services.presets))


def _reason(given: str, repeated: Intent | None) -> str:
    """Return what a draft came from, and the launch that its card calls the same."""
    if repeated is None or repeated.id in given:
        return given
    return "; ".join(part for part in (given, f"{confirm.REPEATED}{repeated.id}") if part)


def _of_repetition(repeated: Intent | None, services: Services) -> tuple[Line, ...]:
    if repeated is None:
        return ()
    return (replies.just_launched(repeated, services.clock.now()),)


async def _warnings(request: LaunchRequest, platform: Platform, services: Services) -> tuple[Line, ...]:
    """Say what makes this launch look like a slip: an unseen launcher, or one that is at work already."""
    launcher = request.launcher
    own = launching.own_duration(dict(request.extra))
    warnings: list[Line] = [replies.own_duration(own)] if own and request.minutes is None else []
    newest = await _newest(launcher, platform)
    if newest == () and launcher not in (seen := await known_launchers(platform, services)):
        warnings.append(replies.not_seen(launcher, nearest(launcher, [*seen, *services.presets])))
    going = next((run for run in newest or () if not run.status.terminal), None)
    if going is not None:
        warnings.append(replies.under_way(going))
    if any(_unclear(intent, request, platform, services) for intent in await services.store.open_intents()):
        warnings.append(replies.undecided(launcher))
    return tuple(warnings)


def _unclear(intent: Intent, request: LaunchRequest, platform: Platform, services: Services) -> bool:
    """Whether an intent is a launch like this one that may yet turn out to have started."""
    same = (intent.connection, intent.subject) == (platform.connection, request.launcher)
    return (
        same and intent.kind is IntentKind.LAUNCH and services.clock.now() - intent.created_at < UNCLEAR_FOR
    )


async def _newest(launcher: str, platform: Platform) -> tuple[Run, ...] | None:
    """Ask the platform for a launcher's newest runs: what is on record here may be younger, or older, than they are.

    None where that cannot be told; then nothing is warned of.
    """
    try:
        async for page in listed(platform, RunQuery(launcher=launcher)):
            return page
    except ServiceError:
        return None
    return ()


VERB = Verb(
    name="launch",
    summary="start a test run; shows what would be sent and asks first",
    handle=handle,
    needs=(LAUNCHES,),
    parameters=(
        Parameter(name="launcher", summary="The launcher's exact name, or a preset", kind=FieldKind.LAUNCHER,
                  required=True, positional=True, example="launch basic_test duration=30"),
        Parameter(name="duration", summary="How long to test", kind=FieldKind.MINUTES, required=True,
                  example="duration=1h30m"),
        Parameter(name="preset", summary="A launch prepared in the settings", kind=FieldKind.TEXT),
        Parameter(name="config_image", summary="The image that holds the configuration", kind=FieldKind.TEXT,
                  example="config_image=config:main", check=grammar.image),
        Parameter(name="images", summary="Images to use, separated by ;", kind=FieldKind.LONG_TEXT,
                  example="images=app:1.4;db:16", check=grammar.images),
        Parameter(name="description", summary="Stands in the report and in mails", kind=FieldKind.TEXT,
                  example='description="retry fix"', check=launching.description),
        Parameter(name="source", summary="Usually a branch; runs of one source are compared",
                  kind=FieldKind.TEXT, example="source=main", check=launching.plain_text),
        Parameter(name="test_name", summary="The test's name in the history", kind=FieldKind.TEXT,
                  check=launching.plain_text),
        Parameter(name="ephemeral", summary="Leave the run out of the history", kind=FieldKind.FLAG,
                  example="ephemeral=yes"),
        Parameter(name="recipients", summary="Who gets the report by mail, separated by ;",
                  kind=FieldKind.TEXT, example="recipients=ann@example.com", check=grammar.recipients),
        Parameter(name="again", summary="With --yes: although the same was just launched", kind=FieldKind.FLAG,
                  example="again=yes"),
        Parameter(name="connection", summary="The connection, where there are several", kind=FieldKind.TEXT),
    ),
    examples=(
        "launch basic_test duration=30",
        'launch Payments Nightly duration=1h30m source=main description="retry fix"',
        "launch basic_test duration=10 custom.seed=7 antithesis.performance_tier=high",
    ),
    role=Role.LAUNCH,
    changes=True,
    open_names=True,
    form=form,
    reread=with_duration,
)  # fmt: skip
