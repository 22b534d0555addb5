"""Look at a team of Automated Future without writing anything: which projects its key sees, and what is not known there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from adapters.platforms.automated_future.client import ReportService
from adapters.platforms.automated_future.settings import Team
from adapters.platforms.http.transport import open_http
from adapters.platforms.kind import Checked
from adapters.platforms.unwritten import EmptyLedger
from bot.errors import NotAvailable
from bot.ports import Clock
from bot.replies.wording import count

NO_LIST = (
    "no run and no result can be listed there: Clew knows what it wrote, and single results by their ids"
)


async def check(own: Team, clock: Clock) -> AsyncIterator[Checked]:
    """Say of each thing what was found and how to fix it. Raises `ServiceError`."""
    async with open_http(proxy=own.proxy, ca_file=own.ca_file) as http:
        service = ReportService(http, own, spool=Path(), ledger=EmptyLedger(), now=clock.now)
        seen = await service.launchers()
        yield Checked(f"{count(len(seen), 'project')} seen; {NO_LIST}")
        if own.project is None:
            yield Checked("publishing into it is off: project (AUTOMATED_FUTURE_PROJECT) is not set")
            return
        try:
            into = await service.platform.publishes.target() if service.platform.publishes else ""
        except NotAvailable as error:
            yield Checked(
                f"nothing can be published: {error.problem}", "Check `project` of the connection.", odd=True
            )
        else:
            yield Checked(f"runs are published into {into}")
