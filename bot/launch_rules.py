"""What a launch may be, whoever may launch: who uses a preset, what it leaves free, where images are from and mail goes.

Asked when a launch is proposed, and again when it is confirmed or falls due: the settings, or what somebody belongs to,
may have changed since. It holds whatever way a launch came: typed, by a form, a button, a rerun or a schedule.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from bot import grammar
from bot.access import Afresh, Denied
from bot.authorization import among, at_terminal
from bot.cards import Field, FieldKind
from bot.command import Preset, Services
from bot.errors import Forbidden, Rejected, UserError
from bot.launchers import is_called
from bot.model import DebugRequest, LaunchRequest, Repository
from bot.platform import Launches, Platform
from bot.replies import access as replies
from bot.state import Actor, Place, Request, ScheduleRequest

IMAGES = frozenset({FieldKind.IMAGE, FieldKind.IMAGES})
LAUNCHER = "launcher"  # the name that `free` may have for it


def may_use(preset: Preset, actor: Actor, place: Place) -> bool:
    """Whether a preset is for somebody, and for whoever is in that channel."""
    return not preset.people or at_terminal(actor, place) or among(preset.people, actor, place)


def usable(services: Services, actor: Actor, place: Place) -> Mapping[str, Preset]:
    """Return the presets that somebody may use in a channel, by name."""
    return {name: preset for name, preset in services.presets.items() if may_use(preset, actor, place)}


async def check(
    request: Request,
    preset: str,
    platform: Platform,
    services: Services,
    *,
    actor: Actor,
    place: Place,
    afresh: Afresh | None = None,
) -> None:
    """Refuse what the settings do not allow. Raises `Forbidden`, `UserError` where a value cannot be read.

    `preset`: the name of the one that it came by, "" for none; one that is gone rules nothing any more. `afresh` asks the
    chat who the person is now.
    """
    if isinstance(request, ScheduleRequest):
        request = request.launch
    used = services.presets.get(preset)
    if used is not None:
        await _check_people(used, actor, place, afresh)
    if isinstance(request, DebugRequest):
        check_mail(request.recipients, actor, services)
    if isinstance(request, LaunchRequest) and platform.launches is not None:
        _check_values(request, used, platform.launches, actor, services)


def check_mail(
    addresses: Iterable[str], actor: Actor, services: Services, chosen: Iterable[str] = ()
) -> None:
    """Refuse mail to anywhere but the domains that are set, else the person's own address; `chosen` may get it too.

    What is mailed opens a report to whoever reads it, so where it may go is not for a chat to say. What the preset of
    a launch has of its own was chosen by whoever runs Clew. Raises `Forbidden` naming an address that is not.
    """
    for address in addresses:
        if not _may_mail(address, actor, services, chosen):
            raise replies.mail_stays_inside(address, services.recipient_domains)


def _may_mail(address: str, actor: Actor, services: Services, chosen: Iterable[str]) -> bool:
    domains, plain = services.recipient_domains, address.lower()
    own = () if domains else (actor.email or "",)
    return plain.rpartition("@")[2] in domains or plain in {each.lower() for each in (*chosen, *own)}


def without_mail(
    request: LaunchRequest, preset: str, launches: Launches, actor: Actor, services: Services
) -> LaunchRequest:
    """Return a launch that is repeated without the addresses that this person may not have mailed.

    Who asked first may have named their own. Raises `UserError`.
    """
    used = services.presets.get(preset)
    chosen = mailed(launches.form(request.launcher, used.values)) if used is not None else ()
    kept = dict(request.values)
    for field in launches.form(request.launcher, request.values):
        if field.kind is FieldKind.ADDRESSES and field.value:
            fine = [each for each in mailed((field,)) if _may_mail(each, actor, services, chosen)]
            kept[field.name] = ";".join(fine)
    return replace(request, values={name: value for name, value in kept.items() if value})


def check_images(fields: Iterable[Field], registries: Collection[Repository] | None) -> None:
    """Refuse an image from elsewhere than the registries that are set. Raises `Forbidden`, `UserError`."""
    if registries is None:
        return
    for field in fields:
        for image in grammar.images(field.value, field.name) if field.kind in IMAGES and field.value else ():
            found = grammar.repository(image, field.name)
            if not any(found.within(registry) for registry in registries):
                raise replies.registry_not_listed(field.name, image, found.registry, [*map(str, registries)])


def _check_values(
    request: LaunchRequest, used: Preset | None, launches: Launches, actor: Actor, services: Services
) -> None:
    if used is not None:
        _check_free(used, request, launches)
    fields = launches.form(request.launcher, request.values)
    check_images(fields, services.image_registries)
    chosen = mailed(launches.form(request.launcher, used.values)) if used is not None else ()
    check_mail(mailed(fields), actor, services, chosen)


async def _check_people(preset: Preset, actor: Actor, place: Place, afresh: Afresh | None) -> None:
    now = await afresh(actor) if afresh is not None and preset.people else actor
    if isinstance(now, Denied):
        raise Forbidden(now.reason, "", rule=now.rule)
    if not may_use(preset, now, place):
        raise replies.not_for_you(preset.name)


def _check_free(preset: Preset, request: LaunchRequest, launches: Launches) -> None:
    """Refuse values that a preset has not, or has otherwise, and does not leave free."""
    if preset.free is None:
        return
    if LAUNCHER not in preset.free and not is_of(request, preset.launcher):
        raise replies.not_free(preset.name, LAUNCHER, preset.launcher, preset.free)
    free = _known(preset.free, request.launcher, launches)
    own, given = (_by_field(values, request.launcher, launches) for values in (preset.values, request.values))
    for name in dict.fromkeys((*given, *own)):
        if name not in free and _sent(name, given, request, launches) != _sent(name, own, request, launches):
            raise replies.not_free(preset.name, name, own.get(name), preset.free)


def is_of(request: LaunchRequest, launcher: str) -> bool:
    """Whether a launch is of the launcher of that name; one that was looked up has the name that tells it apart, and a key."""
    if request.launcher_key is None:
        return request.launcher == launcher
    return launcher == request.launcher_key or is_called(launcher, request.launcher)


def wrong_with(preset: Preset, launches: Launches, registries: Collection[Repository] | None) -> str:
    """Say what keeps a preset from being launched on a platform as it stands in the settings, "" where nothing does."""
    try:
        values = _by_field(preset.values, preset.launcher, launches)
        launches.parameters(LaunchRequest(launcher=preset.launcher, key="", values=values))
        fields = launches.form(preset.launcher, values)
        check_images(fields, registries)
        unknown = [
            n for n in preset.free or () if n != LAUNCHER and not _known([n], preset.launcher, launches)
        ]
        lacking = [f.name for f in fields if f.required and not f.value]
    except (UserError, Rejected) as error:
        return error.problem
    bound = [name for name in lacking if not is_free(preset, name, preset.launcher, launches)]
    return (
        replies.frees_unknown(unknown)
        if unknown
        else replies.preset_lacks(preset.name, bound[0]).problem
        if bound
        else ""
    )


def is_free(preset: Preset | None, name: str, launcher: str, launches: Launches) -> bool:
    """Whether a parameter may be given beside a preset, or there is none."""
    return preset is None or preset.free is None or name in _known(preset.free, launcher, launches)


def _known(names: Iterable[str], launcher: str, launches: Launches) -> frozenset[str]:
    """Return names as the form of a launch has them; one that it does not know frees nothing."""
    found: set[str] = set()
    for name in names:
        with suppress(UserError):
            found.update(_by_field({name: "x"}, launcher, launches))
    return frozenset(found)


def _by_field(values: Mapping[str, str], launcher: str, launches: Launches) -> dict[str, str]:
    return {field.name: field.value for field in launches.form(launcher, values) if field.value}


def _sent(name: str, values: Mapping[str, str], request: LaunchRequest, launches: Launches) -> object:
    """Return what one value alone sends: "30" and "30m" are the same."""
    given = {name: values[name]} if name in values else {}
    return launches.parameters(LaunchRequest(launcher=request.launcher, key=request.key, values=given))


def mailed(fields: Iterable[Field]) -> tuple[str, ...]:
    """Return who gets mail by the fields of a launch. Raises `UserError`."""
    texts = (field.value for field in fields if field.kind is FieldKind.ADDRESSES and field.value)
    return tuple(address for text in texts for address in grammar.recipients(text))
