"""The plans of an account: their names, how they stand, and the names of their tests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing, suppress

import msgspec

from adapters.platforms.ai_test_harness import protocol
from adapters.platforms.ai_test_harness.decode import PageBody, PlanBody, id_of, plans_of, row_of, tests_of
from adapters.platforms.http.caller import Caller
from adapters.platforms.http.lenient import read_struct, readable
from adapters.platforms.http.paging import Listed, walk
from bot.errors import AccessRefused, ListCut, RateLimited, ServiceError, UnexpectedAnswer
from bot.triage import LauncherRow

KEPT = 15.0  # seconds: one command asks several times, and a minute has few requests
MOST_PAGES = 50
REMEMBERED = 1_000  # plans whose names and tests are known


class Plans:
    """Reads plans. `totals`: how many tests a plan had when it was read last."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._lock = asyncio.Lock()
        self._read_at: float | None = None
        self._rows: tuple[LauncherRow, ...] = ()
        self._one: dict[str, PlanBody] = {}
        self.totals: dict[str, int] = {}

    async def rows(self) -> tuple[LauncherRow, ...]:
        """Return the plans, as far as the list can be read. Raises `ServiceError`."""
        async with self._lock:
            now = asyncio.get_running_loop().time()
            if self._read_at is None or now - self._read_at >= KEPT:
                self._rows = await self._read()
                self._read_at = now
            return self._rows

    async def name(self, plan: str) -> str:
        """Return a plan's name, its id where it cannot be read. Raises `AccessRefused`, `RateLimited`."""
        listed = next((row.name for row in self._rows if row.key == plan), None)
        if listed is not None:
            return listed
        body = await self._body(plan)
        row = row_of(body) if body is not None else None
        return row.name if row is not None else plan

    async def tests(self, plan: str | None) -> Mapping[str, str]:
        """Return the names of a plan's tests by their ids; none where they cannot be read."""
        body = await self._body(plan) if plan is not None else None
        return tests_of(body) if body is not None else {}

    async def _read(self) -> tuple[LauncherRow, ...]:
        """Read the list: it ends at an empty page, at its total, or where its number does not move."""
        found: dict[str, LauncherRow] = {}
        sent: list[msgspec.Raw] = []

        async def page(after: str | None) -> Listed[PlanBody]:
            number = int(after or "1")
            body = await self._page(number)
            sent.extend(body.plans)
            stuck = body.page is not None and body.page != number
            over = not body.plans or stuck or (body.total is not None and body.total <= len(sent))
            return Listed(plans_of(body.plans), str(number + 1), not over, 0)

        with suppress(ListCut):
            async with aclosing(walk(page, lambda body: id_of(body.id), most=MOST_PAGES)) as pages:
                async for bodies in pages:
                    for body in bodies:
                        row = row_of(body)
                        if row is not None:
                            found[row.key] = row
                            self._count(row.key, body)
        return tuple(readable(tuple(found.values()), sent, "test plans"))

    async def _page(self, number: int) -> PageBody:
        page = read_struct((await self._caller.read(protocol.plans_request(number))).body, PageBody)
        if page is None:
            raise UnexpectedAnswer("The platform answered with something that is not a list of test plans.")
        return page

    async def _body(self, plan: str) -> PlanBody | None:
        if plan not in self._one:
            try:
                answer = await self._caller.read(protocol.plan_request(plan), what="test plan")
            except (AccessRefused, RateLimited):
                raise
            except ServiceError:
                return None
            body = read_struct(answer.body, PlanBody)
            if body is None:
                return None
            while len(self._one) >= REMEMBERED:
                del self._one[next(iter(self._one))]
            self._one[plan] = body
            self._count(plan, body)
        return self._one[plan]

    def _count(self, plan: str, body: PlanBody) -> None:
        if body.total_tests is not None and body.total_tests > 0 and len(self.totals) < REMEMBERED:
            self.totals[plan] = body.total_tests
