"""What `launch` does with `at=`: launches that are made at times, and how they are listed, paused, resumed and removed.

launch NAME at="weekdays 02:00 [ZONE]"      (or cron: at="0 2 * * 1-5")
launch schedules
launch [NAME] at=pause|resume|off
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot import grammar, reading
from bot.actions import scheduling
from bot.cards import FieldKind, Line, Reply, Untrusted
from bot.command import Asked, Parameter, Preset, Services
from bot.commands.parameters import first_of
from bot.cron import Cron
from bot.launchers import is_called
from bot.model import LaunchRequest
from bot.parsed import ParsedCommand
from bot.replies import scheduling as replies
from bot.replies import values
from bot.state import Schedule, ScheduleRequest

AT, SCHEDULE, SCHEDULES = "at", "schedule", "schedules"
NAMES = (AT, SCHEDULE, SCHEDULES)
PAUSE, RESUME, OFF = "pause", "resume", "off"
_CHANGES = {
    **dict.fromkeys(("pause", "paused"), PAUSE), **dict.fromkeys(("resume", "on"), RESUME),
    **dict.fromkeys(("off", "never", "none", "no", "remove"), OFF),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """When a launch is to be made again and again. `given`: what was given beside its preset."""

    times: Cron
    zone: str
    given: dict[str, str]

    def request(self, launch: LaunchRequest, preset: str) -> ScheduleRequest:
        """Return what is asked for."""
        return ScheduleRequest(
            launch=replace(launch, key=""), times=self.times.text, zone=self.zone, preset=preset,
            given=self.given if preset else {},
        )  # fmt: skip


def is_about_schedules(asked: Asked) -> bool:
    """Whether schedules are listed or changed, and nothing is launched."""
    return asked.flag(SCHEDULES) or asked.value(SCHEDULE) is not None or _change(asked) is not None


def _change(asked: Asked) -> str | None:
    return _CHANGES.get(" ".join((asked.value(AT) or "").casefold().split()))


def reread(parsed: ParsedCommand) -> ParsedCommand:
    """Read the words behind `at=` as one value: “launch nightly at=weekdays 02:00”."""
    value = parsed.named.get(AT, "")
    behind = [word for name, word in parsed.strays if name == AT]
    if not behind:
        return parsed
    if value.casefold() in _CHANGES:  # the words are what is launched
        return replace(parsed, strays=tuple(stray for stray in parsed.strays if stray[0] != AT))
    return replace(reading.without(parsed, behind), named={**parsed.named, AT: " ".join([value, *behind])})


async def when(asked: Asked, services: Services, preset: Preset | None) -> When | None:
    """Return when a launch is to be made again and again, None where it is to be made now. Raises `UserError`."""
    text = asked.value(AT)
    if text is None:
        return None
    times, zone = grammar.schedule(text, AT)
    now = services.clock.now()
    if not zone:
        zone = await _zone_of(asked.invocation.place.channel, services)
    if times.next(now, zone) is None:
        raise values.never(times, AT)
    own = {**asked.command.named, **asked.invocation.values} if preset else {}
    left_out = {*NAMES, "preset", "connection", "again"}
    return When(
        times=times, zone=zone, given={n: v for n, v in own.items() if n not in left_out and v.strip()}
    )


async def _zone_of(channel: str, services: Services) -> str:
    settings = await services.store.channel_settings(channel)
    return settings[0].zone if settings else "UTC"


async def check(request: ScheduleRequest, connection: str, asked: Asked, services: Services) -> str:
    """Refuse a schedule that is there just so; return whose it takes the place of, "" for nobody's.

    Raises `UserError`, also where the channel has too many.
    """
    here = await services.store.schedules(asked.invocation.place.channel)
    same = next((s for s in here if s.same == request.same(connection)), None)
    if same is None and len(here) >= replies.MOST:
        raise replies.too_many()
    if same is None or same.actor != asked.invocation.actor.id:
        return await name_of(same.actor, services) if same else ""
    if not same.paused and same.request == request:
        raise replies.there_already(same, replies.of_request(same.request, same.times))
    return ""


async def name_of(actor: str, services: Services) -> str:
    """Return how a person is called, else their id."""
    return await services.store.name(actor) or actor


async def handle(asked: Asked, services: Services) -> Reply | Schedule:
    """List this channel's schedules, or pause, resume or remove one; one to be confirmed anew is returned instead."""
    change, named = _change(asked), asked.value(SCHEDULE)
    if change is None:
        if asked.value(AT) is not None:
            raise values.not_a_schedule(asked.value(AT) or "", AT)
        return await _listing(asked, services)
    meant = await _meant(asked, services)
    if not meant:
        raise replies.no_such(named) if named else replies.none_meant(_name(asked))
    if len(meant) > 1:  # what is so already is not meant
        meant = [s for s in meant if change == OFF or (change == RESUME) == bool(s.paused)]
    if len(meant) != 1:
        return replies.which(meant, change) if meant else replies.all_so(change)
    return await {PAUSE: _pause, RESUME: _resume, OFF: _remove}[change](meant[0], asked, services)


async def _meant(asked: Asked, services: Services) -> list[Schedule]:
    named = asked.value(SCHEDULE)
    here = await services.store.schedules(asked.invocation.place.channel)
    return [s for s in here if s.id == named] if named else _named(here, asked)


def _name(asked: Asked) -> str:
    return asked.value("preset") or asked.value("launcher", 0) or ""


def _named(here: Sequence[Schedule], asked: Asked) -> list[Schedule]:
    """Return the schedules that are called so, else those that launch something called so; all where nothing is named."""
    name, connection = _name(asked), asked.value("connection")
    there = [s for s in here if connection in {None, s.connection}]
    called = [s for s in there if not name or s.request.name == name]
    return called or [s for s in there if is_called(name, s.request.launch.launcher)]


async def _listing(asked: Asked, services: Services) -> Reply:
    named, meant = asked.value(SCHEDULE), await _meant(asked, services)
    only = {"schedule": named, "launcher": _name(asked), "connection": asked.value("connection")}
    narrowed = {name: value for name, value in only.items() if value}
    if narrowed and not meant:
        raise replies.no_such(named) if named else replies.none_meant(_name(asked))
    standings = [await standing(schedule, services) for schedule in meant]
    return replies.listing(standings, services.clock.now(), first_of(asked, len(standings)), narrowed)


async def lines(services: Services, channel: str) -> list[Line]:
    """Say in a line each what is launched in a channel at times."""
    here, now = await services.store.schedules(channel), services.clock.now()
    said = [replies.in_short(each, await name_of(each.actor, services), now) for each in here]
    return [(Untrusted(f"Clew {each}."),) for each in said]


async def standing(schedule: Schedule, services: Services) -> replies.Standing:
    """Find out how a schedule stands."""
    became = await services.store.intent(schedule.last_intent) if schedule.last_intent else None
    differs = scheduling.differences(schedule.request, schedule.connection, services)
    return replies.Standing(
        schedule=schedule, by=await name_of(schedule.actor, services), differs=differs, became=became
    )


async def _pause(schedule: Schedule, asked: Asked, services: Services) -> Reply:
    if schedule.paused:
        return replies.is_so(schedule)
    who = asked.invocation.actor
    await _changed(schedule, replace(schedule, paused=replies.paused_by(who.name or who.id)), services)
    return await _noted(schedule, "paused", asked, services)


async def _resume(schedule: Schedule, asked: Asked, services: Services) -> Reply | Schedule:
    """Go on with a schedule. Somebody else's, and one that launches something else by now, is confirmed anew."""
    if not schedule.paused:
        return replies.is_so(schedule)
    differs = scheduling.differences(schedule.request, schedule.connection, services)
    if schedule.actor != asked.invocation.actor.id or differs:
        return schedule
    await _changed(schedule, replace(schedule, paused="", done_until=services.clock.now()), services)
    return await _noted(schedule, "resumed", asked, services)


async def _remove(schedule: Schedule, asked: Asked, services: Services) -> Reply:
    if not await services.store.remove_schedule(schedule):
        raise replies.no_such(schedule.id)
    return await _noted(schedule, "removed", asked, services)


async def _changed(before: Schedule, after: Schedule, services: Services) -> None:
    now: datetime = services.clock.now()
    if not await services.store.change_schedule(before, after, now):
        raise replies.changed_meanwhile()


async def _noted(schedule: Schedule, did: str, asked: Asked, services: Services) -> Reply:
    who, where = asked.invocation.actor, asked.invocation.place
    if who.name:
        await services.store.keep_name(who.id, who.name)
    said = replies.of_request(schedule.request, schedule.times)
    await services.note(who, where, "schedule", did, f"{schedule.id}: {schedule.request.name} {said}")
    others = schedule.actor != who.id
    return replies.settled(schedule, did, await name_of(schedule.actor, services) if others else "")


def _check_at(text: str, name: str) -> object:
    """Read the value of `at=` where it is filled in. Raises `UserError`."""
    said = " ".join(text.casefold().split())
    return said if said in _CHANGES else grammar.schedule(text, name)


PARAMETERS = (
    Parameter(name=AT, summary="Launch at times instead of now: days and a time, or cron; off, pause or resume changes that",
              kind=FieldKind.TEXT, example='at="weekdays 02:00"', check=_check_at),
    Parameter(name=SCHEDULES, summary="List what this channel launches at times; whoever may launch here can change it", kind=FieldKind.FLAG,
              example="schedules"),
    Parameter(name=SCHEDULE, summary="Which schedule, by its id", kind=FieldKind.TEXT),
)  # fmt: skip
