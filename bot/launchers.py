"""Which launchers a connection has, as far as that is known."""

from __future__ import annotations

from bot.command import Services
from bot.errors import ServiceError
from bot.model import RunQuery
from bot.platform import Platform, newest_runs


async def launchers_of(platform: Platform, services: Services) -> tuple[str, ...]:
    """Return those of the settings, then those of runs seen; where none was seen yet, the platform is asked.

    Raises `ServiceError`, `StoreError`.
    """
    seen = await services.store.launchers(platform.connection)
    listed = [] if seen else await newest_runs(platform, RunQuery())
    return _together(platform, services, (*seen, *(run.launcher for run in listed)))


async def known_launchers(platform: Platform, services: Services) -> tuple[str, ...]:
    """Return the same, without what a platform that does not answer would add. Raises `StoreError`."""
    try:
        return await launchers_of(platform, services)
    except ServiceError:
        return _together(platform, services, ())


def _together(platform: Platform, services: Services, seen: tuple[str, ...]) -> tuple[str, ...]:
    named = services.launchers.get(platform.connection, ())
    return tuple(dict.fromkeys(launcher for launcher in (*named, *seen) if launcher))
