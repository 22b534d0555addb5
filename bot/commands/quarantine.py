"""Keep the failures of one check from counting at one launcher, or let them count again.

quarantine [RUN] test=NAME|NUMBER reason=REASON [remove=yes] [launcher=NAME] [connection=NAME]
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bot.access import Role
from bot.actions import confirm
from bot.cards import Field, FieldKind, Form, Reply
from bot.command import Asked, Parameter, Services, Verb
from bot.commands.choices import choices_of, chosen, with_choices
from bot.commands.parameters import CONNECTION, PROPERTY, RUN, check_field, run_field
from bot.errors import UserError
from bot.launchers import one_launcher
from bot.platform import QUARANTINES, Platform
from bot.replies import commands, finding
from bot.replies import quarantine as replies
from bot.replies.forms import TITLES, asking
from bot.state import Intent
from bot.targets.moment import choose_property
from bot.targets.run import analysis_for, platform_of, require
from bot.triage import LauncherRow, Quarantined, QuarantineRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A check at a launcher; `entry`: what is quarantined there and means it."""

    platform: Platform
    launcher: LauncherRow
    check: str
    run_id: str | None
    held: tuple[Quarantined, ...]

    @property
    def entry(self) -> Quarantined | None:
        """The entry of exactly this name."""
        return next((entry for entry in self.held if entry.check == self.check), None)


async def handle(asked: Asked, services: Services) -> Reply:
    """Keep a draft and ask for a confirmation; what is so already needs none."""
    remove, given = asked.flag("remove"), asked.value("reason")
    if remove and given:
        raise commands.beside("reason", "remove")
    if asked.value("launcher") and asked.value("run", 0):
        raise commands.beside(*map(asked.command.as_typed, ("run", "launcher")))
    target = await _target(asked, services, remove=remove)
    if isinstance(target, UserError):
        return asking(target, await form(asked, services))
    quarantines = require(target.platform, QUARANTINES, services)
    if given is None and not remove:
        return asking(replies.which_reason(quarantines.reasons), await form(asked, services))
    reason = "" if remove else chosen(given or "", "reason", quarantines.reasons)
    if remove is (target.entry is None):
        raise replies.is_so_already(
            target.check, target.launcher.name, target.held, target.platform.terms, remove=remove
        )
    request = QuarantineRequest(launcher=target.launcher.name, launcher_key=target.launcher.key,
                                check=target.check, reason=reason, remove=remove, run_id=target.run_id)  # fmt: skip
    intent = await _draft(request, target.platform, asked, services)
    if asked.invocation.confirmed:
        return await confirm.go(intent, asked, services)
    return replies.confirmation(intent, request, target.held, target.platform.terms, services.clock.now())


async def _draft(request: QuarantineRequest, platform: Platform, asked: Asked, services: Services) -> Intent:
    subject = f"{request.launcher_key} {request.check}"
    return await confirm.draft(
        request, platform.connection, asked, services, key=services.new_key(), subject=subject
    )


async def _target(asked: Asked, services: Services, *, remove: bool) -> Target | UserError:
    """Return the check that is meant: of a launcher that is named, else among what failed in a run; or what is missing."""
    name = asked.value("launcher")
    if name is not None:
        return await _of_launcher(name, remove, asked, services)
    found = await analysis_for(asked, services, ended=True, depth=1)
    quarantines = require(found.platform, QUARANTINES, services)
    wanted = asked.value("property") or (
        asked.context.property_name if found.run.ref == asked.context.run else None
    )
    if wanted is None:
        return finding.which_check(found.terms)
    if not found.run.launcher_key:
        raise replies.no_launcher_known(found.terms)
    row = LauncherRow(key=found.run.launcher_key, name=found.run.launcher)
    held = await quarantines.quarantined(row.key)
    names = {entry.check for entry in held}
    check = _held(wanted, names) if remove else None
    check = check or (wanted if wanted in names else choose_property(found, wanted).name)
    return Target(platform=found.platform, launcher=row, check=check, run_id=found.run.ref.run_id, held=held)


async def _of_launcher(name: str, remove: bool, asked: Asked, services: Services) -> Target | UserError:
    platform = await platform_of(asked, services, launcher=name)
    quarantines = require(platform, QUARANTINES, services)
    wanted = asked.value("property")
    if wanted is None:
        return finding.which_check(platform.terms)
    lists = platform.lists_launchers
    row = await one_launcher(name, lists, platform.terms) if lists else LauncherRow(key=name, name=name)
    held = await quarantines.quarantined(row.key)
    check = (_held(wanted, {entry.check for entry in held}) if remove else None) or wanted
    return Target(platform=platform, launcher=row, check=check, run_id=None, held=held)


def _held(wanted: str, names: Collection[str]) -> str | None:
    """Return the one entry that is meant by its name or its end, case aside; None where none or several are."""
    if wanted in names:
        return wanted
    alike = [name for name in names if name.casefold().endswith(wanted.casefold())]
    return alike[0] if len(alike) == 1 else None


async def form(asked: Asked, services: Services) -> Form:
    """Return the form, filled in with what the thread, the button or the words already say."""
    platform = await platform_of(asked, services)
    quarantines = require(platform, QUARANTINES, services)
    launcher = asked.value("launcher")
    where = Field(
        name="launcher", label=platform.terms.launcher.title, kind=FieldKind.LAUNCHER, value=launcher or ""
    )
    fields = (
        where if launcher else run_field(asked),
        check_field(asked, platform.terms),
        Field(name="reason", label="Reason", kind=FieldKind.CHOICE, choices=quarantines.reasons,
              value=asked.value("reason") or ""),
    )  # fmt: skip
    return Form(verb="quarantine", title=TITLES["quarantine"], submit="Continue", fields=fields)


def _adapted(verb: Verb, platforms: Collection[Platform]) -> Verb:
    """Return the verb with the reasons that these platforms take."""
    return with_choices(
        verb, "reason", choices_of(part.reasons for p in platforms if (part := p.quarantines))
    )


VERB = Verb(
    name="quarantine",
    summary="keep the failures of one check from counting; asks first",
    handle=handle,
    needs=(QUARANTINES,),
    parameters=(
        RUN,
        PROPERTY,
        Parameter(name="reason", summary="Why", kind=FieldKind.CHOICE, example="reason=flaky"),
        Parameter(name="remove", summary="Let its failures count again", kind=FieldKind.FLAG, example="remove=yes"),
        Parameter(name="launcher", summary="The launcher, where no run is meant", kind=FieldKind.LAUNCHER,
                  example='launcher="Regression Suite"', own_noun=True),
        CONNECTION,
    ),
    examples=("quarantine property=1 reason=flaky", "quarantine property=1 remove=yes"),
    role=Role.LAUNCH,
    changes=True,
    form=form,
    adapt=_adapted,
)  # fmt: skip
