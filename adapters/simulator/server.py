"""The HTTP side: middlewares around the routes, from the outside in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.simulator import gate
from adapters.simulator.answers import RULE, Refusal, drop, refuse
from adapters.simulator.journal import Journal
from adapters.simulator.misbehave import Rule, Rules, rewrite
from adapters.simulator.routes import Routes
from adapters.simulator.seen import Seen

if TYPE_CHECKING:
    from adapters.simulator.clock import TenantClock
    from adapters.simulator.world import World

CONTROL = "/_control/"
API = "/api/"


class Server:
    """The application of a simulated tenant."""

    def __init__(self, world: World, credentials: gate.Credentials) -> None:
        self.world = world
        self.credentials = credentials
        self.rules = Rules()
        self.journal = Journal()

    @property
    def clock(self) -> TenantClock:
        """Tenant time."""
        return self.world.clock

    def app(self) -> web.Application:
        """Return the application, ready to be served."""
        app = web.Application(middlewares=[self._take_down, self._misbehave, self._guard])
        Routes(self.world).add_to(app)
        return app

    @web.middleware
    async def _take_down(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(API):
            self.journal.add(await _seen(request))
        return await handler(request)

    @web.middleware
    async def _misbehave(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        rule = None if request.path.startswith(CONTROL) else self.rules.take(request.method, request.path)
        if rule is None:
            return await handler(request)
        request[RULE] = rule
        if rule.delay:
            await self.clock.sleep(rule.delay)
        answer = await handler(request) if rule.acts or not (rule.drop or rule.status) else None
        if rule.drop:
            drop(request)
        return await self._spoilt(request, rule, answer)

    async def _spoilt(
        self, request: web.Request, rule: Rule, answer: web.StreamResponse | None
    ) -> web.StreamResponse:
        if answer is None or rule.status or rule.drop:
            status = rule.status or 500  # a dropped connection never sees it
            return web.Response(
                status=status, text=rule.body, content_type=rule.content_type, headers=rule.headers
            )
        if not isinstance(answer, web.Response):
            return answer  # a stream has been spoilt on its way
        if rule.first_byte_delay:
            await self.clock.sleep(rule.first_byte_delay)
        return _rewritten(request, rule, answer)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if request.path.startswith(API):
                gate.check(request, self.credentials)
            return await handler(request)
        except Refusal as refusal:
            return refusal.answer()
        except web.HTTPException as error:
            if error.text == "":  # a bare answer, on purpose
                return web.Response(status=error.status, text="")
            return refuse(error.status, "Resource not found").answer()


async def _seen(request: web.Request) -> Seen:
    resource = request.match_info.route.resource
    return Seen(
        request.method,
        request.path,
        resource.canonical if resource else "",
        tuple(request.query.items()),
        {name: request.headers[name] for name in ("User-Agent", "Content-Type") if name in request.headers},
        await request.read(),
    )


def _rewritten(request: web.Request, rule: Rule, answer: web.Response) -> web.Response:
    status = rule.answer_status or answer.status
    if not rule.rewrite or not answer.text:
        return answer
    body = rewrite(rule.rewrite, json.loads(answer.text), request.query.get("after"))
    return web.json_response(body, status=status)
