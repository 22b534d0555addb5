"""Which launchers a connection has, as far as that is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from bot.command import Services
from bot.errors import ServiceError
from bot.model import LaunchRequest, RunQuery
from bot.platform import ListsLaunchers, Platform, newest_runs
from bot.replies import launching as replies
from bot.terms import Terms
from bot.triage import LauncherRow


async def launchers_of(platform: Platform, services: Services) -> tuple[str, ...]:
    """Return those of the settings, those that the platform lists, and those of runs seen.

    Where it lists none and no run was seen yet, its runs are asked for. Raises `ServiceError`, `StoreError`.
    """
    seen = await services.store.launchers(platform.connection)
    if platform.lists_launchers is not None:
        rows = await platform.lists_launchers.launchers()
        shared = {row.name for row in rows} - {*(names := told_apart(rows).values())}
        return _together(platform, services, (*names, *(name for name in seen if name not in shared)))
    listed = [] if seen else await newest_runs(platform, RunQuery())
    return _together(platform, services, (*seen, *(run.launcher for run in listed)))


def told_apart(rows: Iterable[LauncherRow]) -> Mapping[str, str]:
    """Return the names of launchers by their keys: "Smoke Tests (55)" where two have one name, case aside."""
    listed = tuple(rows)
    having = Counter(row.name.casefold() for row in listed)
    return {
        row.key: f"{row.name} ({row.key})" if having[row.name.casefold()] > 1 else row.name for row in listed
    }


def is_called(said: str, name: str) -> bool:
    """Whether what was typed is a launcher's name, with the key that tells it apart or without; case aside."""
    return name.casefold() == said.casefold() or name.casefold().startswith(f"{said.casefold()} (")


async def resolved(request: LaunchRequest, platform: Platform) -> LaunchRequest:
    """Return a launch with the key of its launcher, and the name that tells it apart, where the platform lists them.

    A name is taken with its key behind it or without, and a key alone. Raises `UserError` for one that is not there,
    that two have, or that is switched off; `ServiceError`.
    """
    if platform.lists_launchers is None:
        return request
    row = await one_launcher(request.launcher, platform.lists_launchers, platform.terms, request.launcher_key)
    if not row.enabled:
        raise replies.switched_off(row.name, platform.terms)
    return replace(request, launcher=row.name, launcher_key=row.key)


async def one_launcher(
    launcher: str, lists: ListsLaunchers, terms: Terms, launcher_key: str | None = None
) -> LauncherRow:
    """Return the launcher that is meant, by its key or as it was typed, under the name that tells it apart.

    Raises `UserError` for one that is not there or that two have, `ServiceError`.
    """
    rows = await lists.launchers()
    names, said = told_apart(rows), launcher.casefold()
    tests = (
        lambda row: row.key == launcher_key,
        lambda row: said in {names[row.key].casefold(), f"{row.name} ({row.key})".casefold()},
        lambda row: row.name.casefold() == said,
        lambda row: row.key == launcher,
    )
    for test in tests if launcher_key is None else tests[:1]:
        found = [row for row in rows if test(row)]
        if len(found) > 1:
            raise replies.several_launchers(launcher, [names[row.key] for row in found], terms)
        if found:
            return replace(found[0], name=names[found[0].key])
    raise replies.no_launcher(launcher, [*names.values()], terms)


async def known_launchers(platform: Platform, services: Services) -> tuple[str, ...]:
    """Return the same, without what a platform that does not answer would add. Raises `StoreError`."""
    try:
        return await launchers_of(platform, services)
    except ServiceError:
        return _together(platform, services, ())


def _together(platform: Platform, services: Services, seen: tuple[str, ...]) -> tuple[str, ...]:
    named = services.launchers.get(platform.connection, ())
    return tuple(dict.fromkeys(launcher for launcher in (*named, *seen) if launcher))
