"""A simulated server: middlewares around a platform's routes, and the strings to pull."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.simulator.common.answers import MIB, RULE, Refusal, changed, drop, instead
from adapters.simulator.common.clock import SimulatedClock
from adapters.simulator.common.journal import Journal, Judge
from adapters.simulator.common.misbehave import FAULTS, Rule, Rules, rule_from
from adapters.simulator.common.seen import Seen

CONTROL = "/_control/"
KEPT = ("User-Agent", "Content-Type")  # headers that are judged; keys are not kept
SEEN = web.RequestKey("seen", Seen)


class SimulatedServer:
    """The part that every platform shares; each fills `routes`, `admit` and `settle`.

    `mount`: what stands before the contract's paths. `api`: what the paths that are judged begin with. `strict`: a
    request that breaks the contract is answered 400, not only taken down. `most`: bytes of a request's body. `base_url`
    is set once it listens.
    """

    mount: ClassVar[str] = ""
    api: ClassVar[str] = "/"
    strict: ClassVar[bool] = True
    most: ClassVar[int] = MIB
    faults: ClassVar[Mapping[str, Rule]] = FAULTS
    controls: ClassVar[frozenset[str]] = frozenset({"misbehave", "behave", "advance", "forget"})

    def __init__(self, clock: SimulatedClock, judge: Judge) -> None:
        self.clock = clock
        self.journal = Journal(judge)
        self.rules = Rules()
        self.base_url = ""

    def routes(self) -> list[web.RouteDef]:
        """Return the platform's endpoints."""
        raise NotImplementedError

    def admit(self, request: web.Request) -> None:
        """Let a request of the API pass, or raise `Refusal`: the key, and what a gateway looks at."""
        raise NotImplementedError

    def settle(self) -> None:
        """Let happen what is due by now."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Return the settings that point Clew at this server."""
        raise NotImplementedError

    def secrets(self) -> tuple[str, ...]:
        """Return every text of this server that nobody but its client may ever see."""
        raise NotImplementedError

    async def start(self) -> None:
        """Begin what goes on beside the requests; called when it listens."""

    async def stop(self) -> None:
        """End it."""

    def refusal(self, status: int, message: str) -> Refusal:
        """Return an error as this platform words it."""
        return Refusal(status, {"message": message})

    def app(self) -> web.Application:
        """Return the application, ready to be served."""
        middlewares = [self._take_down, self._misbehave, self._guard]
        app = web.Application(middlewares=middlewares, client_max_size=self.most)
        app.router.add_routes(self.routes())
        return app

    @property
    def counts(self) -> Counter[str]:
        """Requests by method and route, as in "GET /api/v0/runs/{run_id}"."""
        return self.journal.counts

    def now(self) -> datetime:
        """Return simulated time."""
        return self.clock.now()

    def advance(self, seconds: float) -> str:
        """Move simulated time on at once; return it as text."""
        self.clock.advance(seconds)
        self.settle()
        return self.now().isoformat()

    def misbehave(self, fault: str, **changes: Any) -> None:
        """Spoil the next matching request; faults are named in `faults`, changes are fields of `Rule`.

        Raises ValueError for an unknown fault or field.
        """
        self.rules.add(rule_from(self.faults, fault, changes))

    def behave(self) -> None:
        """Drop all rules."""
        self.rules.clear()

    def violations(self) -> list[str]:
        """Return what requests did against the contract; empty is good."""
        return self.journal.violations()

    def requests(self, method: str = ".*", path: str = ".*") -> list[Seen]:
        """Return the requests whose method and path match these expressions whole, oldest first."""
        return self.journal.requests(method, path)

    def forget(self) -> None:
        """Forget requests, counts and violations."""
        self.journal.clear()

    def _judges(self, request: web.Request) -> bool:
        return request.path.startswith(self.api) and not request.path.startswith(CONTROL)

    @web.middleware
    async def _take_down(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self._judges(request):
            request[SEEN] = await self._seen(request)
            self.journal.add(request[SEEN])
        return await handler(request)

    @web.middleware
    async def _misbehave(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        rule = None if request.path.startswith(CONTROL) else self.rules.take(request.method, request.path)
        if rule is None:
            return await handler(request)
        request[RULE] = rule
        if rule.delay:
            await self.clock.sleep(rule.delay)
        answer = await handler(request) if rule.acts or not rule.replaces else None
        if rule.drop:
            drop(request)
        if answer is None or rule.replaces:
            return instead(rule)
        if not isinstance(answer, web.Response):
            return answer  # a stream has been spoilt on its way
        if rule.first_byte_delay:
            await self.clock.sleep(rule.first_byte_delay)
        return changed(answer, rule, request.query)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if self._judges(request):
                self.admit(request)
                self._hold_to_contract(request[SEEN])
            return await handler(request)
        except Refusal as refusal:
            return refusal.answer()
        except web.HTTPException as error:
            if error.text == "":  # a bare answer, on purpose
                return web.Response(status=error.status, text="")
            return self.refusal(error.status, "Resource not found").answer()

    def _hold_to_contract(self, seen: Seen) -> None:
        problems = self.journal.judged(seen) if self.strict and seen.route else []
        if problems:
            raise self.refusal(400, problems[0])

    async def _seen(self, request: web.Request) -> Seen:
        resource = request.match_info.route.resource
        return Seen(
            request.method,
            request.path,
            resource.canonical.removeprefix(self.mount) if resource else "",
            tuple(request.query.items()),
            {name: request.headers[name] for name in KEPT if name in request.headers},
            await request.read(),
        )
