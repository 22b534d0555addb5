"""Control endpoints under `/_control/`: the tenant's strings for whoever is not in its process. No key needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from adapters.simulator.tenant import SimulatedTenant

ROOT = "/_control/"


class Control:
    """One method per endpoint; each does what the tenant's method of the same name does."""

    def __init__(self, tenant: SimulatedTenant) -> None:
        self.tenant = tenant

    def add_to(self, app: web.Application) -> None:
        """Register the endpoints."""
        app.router.add_get(ROOT + "violations", self.violations)
        app.router.add_get(ROOT + "requests", self.requests)
        app.router.add_post(ROOT + "{action:misbehave|behave|advance|add_run|finish_run|forget}", self.act)

    async def violations(self, _request: web.Request) -> web.Response:
        """List what requests did against the API description."""
        return web.json_response({"violations": self.tenant.violations()})

    async def requests(self, _request: web.Request) -> web.Response:
        """Count requests by method and route."""
        return web.json_response({"now": self.tenant.now().isoformat(), "counts": dict(self.tenant.counts)})

    async def act(self, request: web.Request) -> web.Response:
        """Call a method of the tenant with the JSON object that was sent as its arguments."""
        action = request.match_info["action"]
        try:
            result = getattr(self.tenant, action)(**await _arguments(request))
        except (TypeError, ValueError, KeyError) as error:
            return web.json_response({"message": f"{action}: {error}"}, status=400)
        return web.json_response({"result": result})


async def _arguments(request: web.Request) -> dict[str, Any]:
    arguments = await request.json() if await request.read() else {}
    if not isinstance(arguments, dict):
        raise TypeError("send a JSON object")
    return arguments
