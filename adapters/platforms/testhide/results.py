"""What came of a build's tests: the counts of its report, the names of those that failed, and which of them count.

All names of a large build are never read: that would be hundreds of requests.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapters.platforms.http.caller import Caller
from adapters.platforms.http.lenient import read_struct
from adapters.platforms.http.paging import Listed, walk
from adapters.platforms.testhide import protocol
from adapters.platforms.testhide.decode import (
    BuildBody,
    ReportBody,
    ResultBody,
    check_of,
    counts_of,
    rows_of,
)
from adapters.platforms.testhide.quarantine import Quarantine, covers, excuse
from bot.errors import ListCut, NotFound, RateLimited, ServiceError
from bot.model import Availability, Check, CheckStatus, Counts, Results, Run, RunStatus, Says
from bot.redact import MASK
from bot.replies.failing import of_which_listed
from bot.replies.quarantine import perhaps_later
from bot.terms import Terms

MOST_PAGES = 50  # of failing tests
MOST_FOUND_PAGES = 3  # of tests in whose name another one's stands
LATELY = timedelta(
    days=1
)  # before Clew looks: where a build has no times at all, what is older is taken to be older than its end
NOT_COUNTED = "not counted by Testhide"
_OTHERS = frozenset({CheckStatus.PASSING, CheckStatus.SKIPPED})  # of a list of failed ones only by mistake
_CUT = re.compile(f"…|{re.escape(MASK)}")


@dataclass(frozen=True, slots=True)
class ResultReader:
    """Reads results of one connection."""

    caller: Caller
    quarantine: Quarantine
    terms: Terms
    now: Callable[[], datetime]

    async def of(self, run: Run) -> Results:
        """Return what came of the tests of a build that has ended. Raises `ServiceError`."""
        if not run.status.terminal:
            return Results(ref=run.ref, availability=Availability.NOT_YET)
        if run.status is not RunStatus.COMPLETED:
            return Results(ref=run.ref, availability=Availability.ABSENT)
        counts, (failed, whole) = await asyncio.gather(self._counts(run), self._failed(run.ref.run_id))
        checks, unsure = await self._excused(run, failed) if failed else ((), False)
        found = Results(
            ref=run.ref,
            availability=Availability.READY,
            checks=checks,
            whole=False,
            excused_now=True,
            note=perhaps_later(self.terms) if unsure else "",
        )
        if counts is not None:
            unlisted = whole and counts.failing > len(failed)
            said = of_which_listed(counts.failing, len(failed), self.terms) if unlisted else ""
            note = " ".join(filter(None, (said, found.note)))
            found = replace(found, counts=_without(counts, len(found.excused)), note=note)
        elif not whole:
            return found
        else:
            found = replace(found, uncounted=True)
        if found.total.all or run.says is not Says.FAILED:
            return found
        return replace(found, availability=Availability.ABSENT)

    async def checks(self, run: Run, names: Collection[str]) -> tuple[Check, ...]:
        """Return those of these tests that a build has, a request each. Raises `ServiceError`."""
        found = await asyncio.gather(*(self._by_name(run.ref.run_id, name) for name in names))
        there = tuple(check for check in found if check is not None)
        if not any(check.status is CheckStatus.FAILING for check in there):
            return there
        return (await self._excused(run, there))[0]

    async def _counts(self, run: Run) -> Counts | None:
        """Return the counts of the report, else those of the build itself; None where it has none."""
        try:
            answer = await self.caller.read(protocol.report_request(run.ref.run_id), what="report")
        except NotFound:
            answer = await self.caller.read(protocol.build_request(run.ref.run_id), what="run")
            body = read_struct(answer.body, BuildBody)
            return counts_of(body.total_tests, body.passed, body.failed, body.skipped) if body else None
        report = read_struct(answer.body, ReportBody)
        return counts_of(report.total, report.passed, report.failed, report.skipped) if report else None

    async def _failed(self, build: str) -> tuple[tuple[Check, ...], bool]:
        """Return the tests that failed, and whether these are all of them."""
        found: list[Check] = []
        try:
            async for page in self._tests(build, MOST_PAGES, status="failed"):
                found += (replace(c, status=CheckStatus.FAILING) for c in page if c.status not in _OTHERS)
        except ListCut:
            return tuple(found), False
        return tuple(found), True

    async def _by_name(self, build: str, name: str) -> Check | None:
        # A name that was cut, or that held a secret, is looked for by its longest part that was served just so.
        part = max(_CUT.split(name), key=len)
        try:
            async for page in self._tests(build, MOST_FOUND_PAGES, search=part):
                for check in page:
                    if check.name == name:
                        return check
        except ListCut:
            return Check(name=name, status=CheckStatus.UNKNOWN)
        return None

    async def _tests(
        self, build: str, most: int, *, status: str | None = None, search: str | None = None
    ) -> AsyncIterator[tuple[Check, ...]]:
        seen = 0

        async def page(after: str | None) -> Listed[Check]:
            nonlocal seen
            number = int(after or "1")
            request = protocol.checks_request(build, number, status=status, search=search)
            items, total = rows_of((await self.caller.read(request, what="run")).body)
            bodies = [body for item in items if (body := read_struct(item, ResultBody))]
            seen += len(items)
            more = bool(items) and seen != total
            return Listed(tuple(map(check_of, bodies)), str(number + 1), more, len(items) - len(bodies))

        async with aclosing(walk(page, lambda check: (check.name, check.ref), most=most)) as pages:
            async for checks in pages:
                yield checks

    async def _excused(self, run: Run, checks: tuple[Check, ...]) -> tuple[tuple[Check, ...], bool]:
        """Say of failing tests which do not count, and whether one may have been quarantined after the build's end.

        Where the list cannot be read and the platform calls the build passed, none does: it alone knows.
        """
        try:
            entries = await self.quarantine.of(run.launcher_key or "")
        except RateLimited:
            raise
        except ServiceError:  # a wrong key has been refused by the other requests already
            why = NOT_COUNTED if run.says is Says.PASSED else None
            return tuple(_with(check, why) for check in checks), False
        ended = run.completed_at
        found = tuple(_with(check, excuse(check.name, entries, ended)) for check in checks)
        began = run.started_at or run.created_at or self.now() - LATELY
        late = [
            entry for entry in entries if ended is None and entry.since is not None and entry.since > began
        ]
        unsure = any(check.excused and covers(entry, check.name) for check in found for entry in late)
        return found, unsure


def _with(check: Check, why: str | None) -> Check:
    return replace(check, excused=why) if check.status is CheckStatus.FAILING else check


def _without(counts: Counts, excused: int) -> Counts:
    """Take what does not count out of what failed."""
    excused = min(excused, counts.failing)
    return replace(counts, failing=counts.failing - excused, excused=excused)
