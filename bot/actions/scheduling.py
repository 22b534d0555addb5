"""Schedules: what one launches by the settings of now, and keeping one that its maker confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.actions import send
from bot.cards import Line, Reply, Untrusted
from bot.command import Asked, Services
from bot.errors import UserError
from bot.launch_rules import LAUNCHER, is_of
from bot.model import LaunchRequest
from bot.platform import Launches
from bot.replies import scheduling as replies
from bot.state import Intent, Schedule, ScheduleRequest


def filled(launches: Launches, launcher: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return values by the names of the platform's form, whatever they are called where they were given."""
    return {field.name: field.value for field in launches.form(launcher, given) if field.value}


def differences(request: ScheduleRequest, connection: str, services: Services) -> list[Line]:
    """Say why a schedule would not launch, by the settings of now, what was confirmed; nothing where it would."""
    platform = services.platforms.get(connection)
    if platform is None or platform.launches is None:
        return [(Untrusted(replies.gone(connection)),)]
    try:
        now = of_now(request, platform.launches, services)
    except UserError as error:
        return [(Untrusted(f"{error.problem} {error.hint}".strip()),)]
    return replies.differs(request, now)


def of_now(request: ScheduleRequest, launches: Launches, services: Services) -> LaunchRequest | None:
    """Return what a schedule would launch by the settings of now; None where its preset is gone.

    What was confirmed is what stands in the request. Raises `UserError` where a value is none that a launch takes any more.
    """
    if not request.preset:
        return request.launch
    preset = services.presets.get(request.preset)
    if preset is None:
        return None
    launcher = request.given.get(LAUNCHER, preset.launcher)
    given = {name: value for name, value in request.given.items() if name != LAUNCHER}
    values = filled(launches, launcher, preset.values) | filled(launches, launcher, given)
    if not is_of(request.launch, launcher):
        return replace(request.launch, launcher=launcher, launcher_key=None, values=values)
    return request.launch if values == request.launch.values else replace(request.launch, values=values)


def check_approval(preset: str, services: Services) -> None:
    """Refuse a preset that needs a second person: nobody can be asked when it is due. Raises `Forbidden`."""
    used = services.presets.get(preset)
    if used is not None and used.approve is not None:
        raise replies.needs_approval(preset)


async def keep(intent: Intent, asked: Asked, services: Services) -> Reply | None:
    """Keep what was confirmed; None where somebody settled it meanwhile. Raises `UserError` where there are too many."""
    now, who = services.clock.now(), asked.invocation.actor
    request = intent.request_as(ScheduleRequest)
    here = await services.store.schedules(intent.channel)
    others = [other for other in here if other.same != request.same(intent.connection)]
    # What is due in this very moment is not lost where it takes the place of one that goes on.
    goes_on = (other.done_until for other in here if other not in others and not other.paused)
    schedule = Schedule(
        id=intent.id, channel=intent.channel, connection=intent.connection, actor=intent.actor,
        principals=who.principals, request=request, made_at=now, done_until=min((now, *goes_on)),
    )  # fmt: skip
    if len(others) >= replies.MOST:
        raise replies.too_many()
    if not await services.store.schedule(schedule, now):
        return None
    if who.name:
        await services.store.keep_name(who.id, who.name)
    when = replies.of_request(schedule.request, schedule.times)
    said = f"{schedule.request.name} {when}"
    await send.note(intent, "confirmed", said, store=services.store, now=now)
    return replies.scheduled(schedule, intent, now)
