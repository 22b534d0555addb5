"""Which launchers a connection has, as far as that is known."""

from __future__ import annotations

from bot.command import Services
from bot.errors import ServiceError
from bot.model import RunQuery
from bot.ports import RunService


async def launchers_of(service: RunService, services: Services) -> tuple[str, ...]:
    """Return those of the settings, then those of runs seen; where none was seen yet, the platform is asked.

    Raises `ServiceError`, `StoreError`.
    """
    return _together(
        service, services, await services.store.launchers(service.connection) or await _listed(service)
    )


async def known_launchers(service: RunService, services: Services) -> tuple[str, ...]:
    """Return the same, without what a platform that does not answer would add. Raises `StoreError`."""
    try:
        return await launchers_of(service, services)
    except ServiceError:
        return _together(service, services, ())


async def _listed(service: RunService) -> tuple[str, ...]:
    async for page in service.runs(RunQuery()):
        return tuple(run.launcher for run in page)
    return ()


def _together(service: RunService, services: Services, seen: tuple[str, ...]) -> tuple[str, ...]:
    named = services.launchers.get(service.connection, ())
    return tuple(dict.fromkeys(launcher for launcher in (*named, *seen) if launcher))
