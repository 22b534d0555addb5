"""A launch beside the last runs of its launcher: what they usually were given, what differs, what it is compared with.

All pure; where the runs say nothing, nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from bot.errors import Rejected, UserError
from bot.model import Group, LaunchRequest, Run, RunStatus
from bot.platform import Launches
from bot.usual import Habit, values

_NO_BASELINE = frozenset({RunStatus.CANCELLED, RunStatus.INCOMPLETE})


def usual(launches: Launches, launcher: str, runs: Sequence[Run]) -> Mapping[str, Habit]:
    """Return by field what most of a launcher's last runs were given, of what is offered at all and can be sent."""
    offered = {field.name for field in launches.form(launcher) if field.usual}
    request = LaunchRequest(launcher=launcher, key="")
    said = [_readable(launches, request, run) for run in runs]
    return values({n: v for n, v in given.items() if n in offered} for given in said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlike:
    """What a launch tests otherwise than a run did: by the names that are sent, its value and the run's.

    None: it is not given. `alike`: the run says all that it was given, so that no other difference is known.
    `comparable`: the launch will be compared with the run.
    """

    run: Run
    values: Mapping[str, tuple[str | None, str | None]]
    alike: bool
    comparable: bool


def unlike(launches: Launches, request: LaunchRequest, runs: Sequence[Run]) -> Unlike | None:
    """Compare a launch with the last run that it will be compared with, else with its launcher's last; None: none says anything."""
    group = launches.group(request)
    own = next((run for run in comparable(runs) if group and run.series[1:] == group.series[1:]), None)
    last = own or next((run for run in runs if not run.unread), None)
    given = _readable(launches, request, last) if last is not None else {}
    if last is None or not given:
        return None
    whole = bool(last.parameters) and len(given) == len(launches.given(last))
    now = launches.tested(request)
    then = launches.tested(replace(request, values=given))
    names = (*now, *(name for name in then if name not in now and whole))
    told = {name: (now.get(name), then.get(name)) for name in names if whole or name in then}
    differ = {name: pair for name, pair in told.items() if pair[0] != pair[1]}
    return Unlike(run=last, values=differ, alike=whole, comparable=own is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """In what a launch differs from the run that it repeats: by the names that are sent, its value and the run's.

    `unread`: what the run was given and nobody can read, so that it is not given again. `untold`: the names of the form that
    the platform does not tell of a run.
    """

    values: Mapping[str, tuple[str | None, str | None]]
    unread: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()


def repeated(launches: Launches, request: LaunchRequest, run: Run, first: LaunchRequest | None) -> Repeated:
    """Compare a launch with the run that it repeats; `first`: the launch that this came from, where that is known here."""
    own = _sent(launches, first) if first is not None else {}
    then = {n: v for n, v in run.parameters.items() if n not in run.withheld} | own
    given = launches.given(run)
    untold: tuple[str, ...] = ()
    if first is None and not run.parameters:
        then = _sent(launches, replace(request, values=given))
        untold = tuple(field.name for field in launches.form(run.launcher) if field.name not in given)
    now = _sent(launches, request)
    ours = {name for name, value in launches.parameters(request) if value == request.key}
    differ = {
        name: (now.get(name), then.get(name))
        for name in dict.fromkeys((*now, *then))
        if name not in ours and now.get(name) != _as_sent(launches, request, name, then.get(name))
    }
    return Repeated(values=differ, unread=tuple(n for n in run.withheld if n not in own), untold=untold)


def _sent(launches: Launches, request: LaunchRequest) -> dict[str, str]:
    """Return what a launch sends, but for its key; nothing where it cannot be sent as it is any more."""
    with suppress(UserError, Rejected):
        return {name: value for name, value in launches.parameters(request) if value != request.key}
    return {}


def _as_sent(launches: Launches, request: LaunchRequest, name: str, value: str | None) -> str | None:
    """Return a run's value as a launch would send it ("30" for "30.0"), or as it is."""
    if value is None:
        return None
    with suppress(UserError, Rejected):
        values = {f.name: f.value for f in launches.form(request.launcher, {name: value}) if f.value}
        return _sent(launches, replace(request, values=values)).get(name, value)
    return value


def comparable(runs: Sequence[Run]) -> list[Run]:
    """Return those of some runs that a later one can be compared with, once they have completed."""
    return [run for run in runs if not (run.ephemeral or run.unread or run.status in _NO_BASELINE)]


def first_of_its_kind(group: Group, runs: Sequence[Run]) -> bool:
    """Whether there are runs to compare with, and none of them is of the group."""
    return bool(runs) and all(run.series[1:] != group.series[1:] for run in runs)


def _readable(launches: Launches, request: LaunchRequest, run: Run) -> Mapping[str, str]:
    """Return what a run was given, but for what a launch does not take."""
    found: dict[str, str] = {}
    for name, value in launches.given(run).items():
        with suppress(UserError, Rejected):
            launches.tested(replace(request, values={name: value}))
            found[name] = value
    return found
