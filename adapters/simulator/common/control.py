"""Control endpoints under `/_control/`: the server's strings for whoever is not in its process. No key needed."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from adapters.simulator.common.server import CONTROL, SimulatedServer


class Control:
    """One method per endpoint; an action does what the server's method of the same name does."""

    def __init__(self, server: SimulatedServer) -> None:
        self.server = server

    def add_to(self, app: web.Application) -> None:
        """Register the endpoints."""
        app.router.add_get(CONTROL + "violations", self.violations)
        app.router.add_get(CONTROL + "requests", self.requests)
        actions = "|".join(sorted(self.server.controls))
        app.router.add_post(CONTROL + f"{{action:{actions}}}", self.act)

    async def violations(self, _request: web.Request) -> web.Response:
        """List what requests did against the contract."""
        return web.json_response({"violations": self.server.violations()})

    async def requests(self, _request: web.Request) -> web.Response:
        """Count requests by method and route."""
        return web.json_response({"now": self.server.now().isoformat(), "counts": dict(self.server.counts)})

    async def act(self, request: web.Request) -> web.Response:
        """Call a method of the server with the JSON object that was sent as its arguments."""
        action = request.match_info["action"]
        try:
            result = getattr(self.server, action)(**await _arguments(request))
        except (TypeError, ValueError, KeyError) as error:
            return web.json_response({"message": f"{action}: {error}"}, status=400)
        return web.json_response({"result": result})


async def _arguments(request: web.Request) -> dict[str, Any]:
    arguments = await request.json() if await request.read() else {}
    if not isinstance(arguments, dict):
        raise TypeError("send a JSON object")
    return arguments
