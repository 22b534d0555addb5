"""Which launchers a connection has, as far as that is known."""

from __future__ import annotations

from bot.command import Services
from bot.errors import ServiceError
from bot.model import RunQuery
from bot.platform import Platform, listed


async def launchers_of(platform: Platform, services: Services) -> tuple[str, ...]:
    """Return those of the settings, then those of runs seen; where none was seen yet, the platform is asked.

    Raises `ServiceError`, `StoreError`.
    """
    return _together(
        platform, services, await services.store.launchers(platform.connection) or await _listed(platform)
    )


async def known_launchers(platform: Platform, services: Services) -> tuple[str, ...]:
    """Return the same, without what a platform that does not answer would add. Raises `StoreError`."""
    try:
        return await launchers_of(platform, services)
    except ServiceError:
        return _together(platform, services, ())


async def _listed(platform: Platform) -> tuple[str, ...]:
    async for page in listed(platform, RunQuery()):
        return tuple(run.launcher for run in page)
    return ()


def _together(platform: Platform, services: Services, seen: tuple[str, ...]) -> tuple[str, ...]:
    named = services.launchers.get(platform.connection, ())
    return tuple(dict.fromkeys(launcher for launcher in (*named, *seen) if launcher))
